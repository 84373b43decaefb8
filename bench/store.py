"""The embedded store: append rate, bytes, as-of, restart; beside plain SQLite rows, one row for each object version.

    python bench/store.py [OBJECTS] [CHANGES] [FOLDER]

Prints one JSON line for each figure. Objects come from `generate.py` through a real session.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

import generate
from calipso.graph.protocol import GraphReader
from calipso.graph.value import Delta, Graph
from calipso.model.environment import Environment
from calipso.stores.sqlite import SqliteStore

RESTART = "restart"
TICK = 50_000
"""µs between ticks."""
TURN = 50
"""Commits that each store makes before it is the other's turn."""


def show(figure: str, value: float, unit: str, limit: float | None = None, peer: float | None = None) -> None:
    line: dict[str, Any] = {"figure": figure, "value": round(value, 3), "unit": unit}
    if limit is not None:
        line["limit"] = limit
    if peer is not None:
        line |= {"rows": round(peer, 3), "ratio": round(value / peer, 3) if peer else None}
    print(json.dumps(line), flush=True)


class Rows:
    """What one would write without a graph store: a table of object versions as JSON, with an index by object."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("CREATE TABLE IF NOT EXISTS version (id TEXT, ts INTEGER, kind TEXT, name TEXT, json BLOB)")
        self.db.execute("CREATE INDEX IF NOT EXISTS version_id ON version (id, ts)")
        self.db.execute("CREATE INDEX IF NOT EXISTS version_name ON version (name, ts)")

    def append(self, rows: list[tuple[Any, ...]]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO version VALUES (?, ?, ?, ?, ?)", rows)
        self.db.execute("COMMIT")

    def heads(self, at: int) -> int:
        query = "SELECT count(*) FROM (SELECT id, max(ts), kind, name FROM version WHERE ts <= ? GROUP BY id)"
        return int(self.db.execute(query, (at,)).fetchone()[0])

    def read_all(self) -> dict[str, Any]:
        """What one would begin with: the newest version of every object, and which are found by a name."""
        newest = "SELECT id, max(ts), name, json FROM version GROUP BY id"
        objects, by_name = {}, dict[str, list[str]]()
        for id, _, name, said in self.db.execute(newest):
            objects[id] = msgspec.json.decode(said)
            by_name.setdefault(name, []).append(id)
        return objects

    def named(self, name: str, at: int) -> list[Any]:
        query = "SELECT id, max(ts), json FROM version WHERE name = ? AND ts <= ? GROUP BY id"
        return [msgspec.json.decode(json) for _, _, json in self.db.execute(query, (name, at))]


def versions(graph: Graph, delta: Delta) -> list[tuple[Any, ...]]:
    """The objects a tick changed, whole."""
    touched = {ord for ord, _ in delta.heads} | {graph.bound.get(ord, ord) for ord, _, _ in delta.facets}
    rows = []
    for ord in touched:
        head = graph.get(ord)
        if head is not None:
            rows.append((head.id, delta.ts, head.kind, head.name, msgspec.json.encode(graph.attributes(head))))
    return rows


def size(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def timed(run: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result


def read(view: GraphReader, name: str) -> list[Any]:
    return [view.attributes(head) for ord in view.find("name", name) if (head := view.get(ord)) is not None]


class Bench:
    def __init__(self, folder: Path, objects: int) -> None:
        self.path = folder / "store.db"
        self.store = SqliteStore(self.path, Environment())
        self.rows = Rows(folder / "rows.db")
        self.graph = self.store.load()
        self.ts = 1_700_000_000_000_000
        self.records = list(generate.Estate().records(objects))

    def ticks(self, changes: Iterable[list[Any]]) -> Iterator[tuple[Graph, Delta]]:
        for tick in changes:
            self.ts += TICK
            self.graph, delta = self.graph.apply(tick, self.ts)
            yield self.graph, delta

    def fill(self) -> None:
        """The estate appears."""
        spent, rows = 0.0, 0
        gc.disable()
        for graph, delta in self.ticks(generate.ticks(self.store.codec, iter(self.records), 1000)):
            took, _ = timed(lambda delta=delta: self.store.append(delta))
            spent += took
            rows = graph.rev
            self.rows.append(versions(graph, delta))
        gc.enable()
        show("objects", len(self.graph), "objects")
        show("first sight, append", rows / spent, "rows/s")

    def append(self, count: int, commit: int) -> None:
        """Facets change, in commits of a size."""
        before, rows_before = size(self.path), size(self.rows.path)
        changes = generate.updates(self.store.codec, self.records, seed=commit)
        batches = (list(islice(changes, commit)) for _ in range(count // commit))
        spent, peer_spent, rev, peer_rows, facets = 0.0, 0.0, self.graph.rev, 0, 0
        longest = []
        ticks = ((delta, versions(graph, delta)) for graph, delta in self.ticks(batches))
        while turn := list(islice(ticks, TURN)):  # one after the other: neither waits for what the other has to write
            for delta, _ in turn:
                took, _ = timed(lambda delta=delta: self.store.append(delta))
                longest.append(took)
                spent += took
                facets += len(delta.facets)
            for _, plain in turn:
                peer_took, _ = timed(lambda plain=plain: self.rows.append(plain))
                peer_spent += peer_took
                peer_rows += len(plain)
        rows = self.graph.rev - rev
        show(f"append, commits of {commit}", rows / spent, "rows/s", 50_000, peer_rows / peer_spent)
        show(f"commit of {commit}, median", median(longest) * 1000, "ms")
        grown, peer_grown = size(self.path) - before, size(self.rows.path) - rows_before
        show(f"a change, commits of {commit}", grown / facets, "B", 300, peer_grown / peer_rows)

    def snapshot(self) -> None:
        took, _ = timed(lambda: self.store.roll(self.graph))
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            query = "SELECT sum(length(heads) + length(facets)) FROM snap WHERE epoch = 1"
            (bytes_,) = db.execute(query).fetchone()
        show("snapshot", bytes_ / len(self.graph), "B/object", 250)
        show("snapshot, time", took, "s")

    def past(self, at: int, label: str, limit: float) -> None:
        names = [head.name for head in islice(self.graph.objects(), 0, None, max(1, len(self.graph) // 50))]
        opened = [timed(lambda: self.store.graph(at))[0] for _ in range(5)]
        show(f"graph(at), {label}", median(opened) * 1000, "ms", limit)
        looked, peer_looked = [], []
        for name in random.Random(3).sample(names, 20):
            view = self.store.graph(at)
            took, _ = timed(
                lambda view=view, name=name: [view.attributes(view.get(o)) for o in view.find("name", name)]
            )
            looked.append(took)
            peer_looked.append(timed(lambda name=name: self.rows.named(name, at))[0])
        show(f"first look-up, {label}", median(looked) * 1000, "ms", 5, median(peer_looked) * 1000)
        view = self.store.graph(at)
        took, count = timed(lambda: sum(1 for _ in view.objects()))
        peer_took, _ = timed(lambda: self.rows.heads(at))
        show(f"scan of {count} heads, {label}", took * 1000, "ms", 1500 if count > 500_000 else 150, peer_took * 1000)
        took, _ = timed(lambda: sum(1 for head in view.objects() if view.attributes(head)))
        show(f"scan of all facets, {label}", took * 1000, "ms")

    def restart(self) -> None:
        """In a process of its own, as a server that begins: this one holds what it made the objects of."""
        self.store.close()
        self.graph = Graph(Environment())
        self.records = []
        gc.collect()
        subprocess.run([sys.executable, __file__, RESTART, str(self.path), str(self.rows.path)], check=True)


def restarted(path: Path, rows: Path) -> None:
    def start() -> Graph:
        return SqliteStore(path, Environment()).load()

    took, graph = timed(start)
    count, peak = len(graph), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    del graph
    gc.disable()
    peer_took, _ = timed(Rows(rows).read_all)
    show(f"restart with {count} objects", took, "s", 45 if count > 500_000 else 5, peer_took)
    show("memory of what restarted, at its peak", peak, "MB")


def main(objects: int, changes: int, folder: Path) -> None:
    bench = Bench(folder, objects)
    bench.fill()
    bench.snapshot()
    middle = 0
    for commit in (100, 1000):
        bench.append(changes // 2, commit)
        middle = middle or bench.ts
        if bench.store.due(len(bench.graph), bench.ts):
            bench.snapshot()
    bench.past(middle, "half of the changes", 150 if objects <= 100_000 else 1000)
    bench.past(bench.ts, "all changes", 150 if objects <= 100_000 else 1000)
    bench.restart()


if __name__ == "__main__":
    if sys.argv[1:2] == [RESTART]:
        restarted(Path(sys.argv[2]), Path(sys.argv[3]))
        sys.exit()
    with tempfile.TemporaryDirectory() as temporary:
        sizes = [int(word) for word in sys.argv[1:3]]
        main(*(sizes + [100_000, 100_000][len(sizes) :]), Path(sys.argv[3] if len(sys.argv) > 3 else temporary))
