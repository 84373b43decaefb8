"""`kill -9` at any moment of an ingest of 100,000 changes loses no acknowledged change."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from calipso.graph.value import Graph
from calipso.model.environment import Environment
from calipso.stores.sqlite import SqliteStore

pytestmark = pytest.mark.live

APPENDER = Path(__file__).with_name("appender.py")
CHANGES = 100_000
COMMIT = 250


def appender() -> ModuleType:
    spec = importlib.util.spec_from_file_location("appender", APPENDER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_until_killed(path: Path, first: int, ticks: int, later: float) -> tuple[int, int] | None:
    """(time, revision) of the last acknowledged tick.

    The process is killed `later` seconds after so many ticks; 0: after it began to write a snapshot.
    """
    count = CHANGES - first
    command = [sys.executable, str(APPENDER), str(path), str(first), str(count), str(COMMIT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        lines = [process.stdout.readline() for _ in range(ticks)]
        while not ticks and lines[-1:] != ["rolling\n"]:
            lines.append(process.stdout.readline())
        time.sleep(later)
        process.kill()
        lines += process.stdout.readlines()  # what it had said before it died
    acknowledged = [line.split() for line in lines if line.endswith("\n") and line[0].isdigit()]
    return (int(acknowledged[-1][0]), int(acknowledged[-1][1])) if acknowledged else None


def replayed(store: SqliteStore, changes: int) -> Graph:
    """The graph that so many changes must give, derived from nothing."""
    graph = Graph(Environment(), store.codec)
    module = appender()
    for tick in range(0, changes, COMMIT):
        graph, _ = graph.apply(module.changes(store, tick, COMMIT), tick + COMMIT)
    return graph


def told(graph: Graph) -> dict[str, object]:
    """Everything a user can see, by id."""
    return {
        head.id: (
            head.kind, head.type, graph.attributes(head),
            sorted((end.type, graph.id_of(end.other), end.outgoing) for end in graph.links(head.ord)),
        )
        for head in graph.objects()
    }  # fmt: skip


@pytest.mark.timeout(300)
def test_no_acknowledged_change_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    moment = random.Random(20)
    first = 0
    kills = 0
    history: dict[int, int] = {}
    while first < CHANGES and kills < 8:
        before_end = (CHANGES - first) // COMMIT
        ticks = 0 if kills == 0 else min(moment.randrange(1, 60), before_end)
        last = run_until_killed(path, first, ticks, moment.random() * 0.03)
        kills += 1
        store = SqliteStore(path, Environment())
        graph = store.load()
        if last is not None:
            history[last[0]] = last[1]
            assert graph.ts in (last[0], last[0] + COMMIT), "the acknowledged ticks, or one more"
            assert graph.rev >= last[1]
            assert store.graph(last[0]).rev == last[1]
        first = graph.ts
        store.close()

    done = subprocess.run(
        [sys.executable, str(APPENDER), str(path), str(first), str(CHANGES - first), str(COMMIT)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.endswith("done\n")

    store = SqliteStore(path, Environment())
    graph = store.load()
    assert graph.ts == CHANGES
    assert told(graph) == told(replayed(store, CHANGES))
    changes = list(store.changes(0, CHANGES))
    assert [change.rev for change in changes] == list(range(1, graph.rev + 1))
    assert {change.ts for change in changes} == set(range(COMMIT, CHANGES + 1, COMMIT))
    for ts, rev in history.items():
        assert store.graph(ts).rev == rev
    some = moment.sample(sorted(history), 2)
    for ts in some:
        then, view = replayed(store, ts), store.graph(ts)
        assert len(view) == len(then)
        for head in then.objects():
            seen = view.resolve(head.id)
            assert seen is not None
            assert view.attributes(seen) == then.attributes(head)
    store.close()
