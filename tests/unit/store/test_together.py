"""Ticks, snapshots, pruning and readers at the same time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from calipso.errors import NotFound
from calipso.graph.value import FacetChange, Graph
from calipso.model.environment import Environment
from calipso.stores.sqlite import SqliteStore

DEVICES = 1500


def tick(store: SqliteStore, graph: Graph, ts: int, some: range) -> Graph:
    encode = store.codec.encode
    changes = [
        FacetChange(f"h1/dev:d{i}", "netlink", encode("veth", "s", {"host": "h1", "name": f"d{i}", "mtu": ts}))
        for i in some
    ]
    graph, delta = graph.apply(changes, ts)
    store.append(delta)
    return graph


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "local.db", Environment())


def test_ticks_go_on_while_snapshots_are_written(store: SqliteStore) -> None:
    graph = tick(store, store.load(), 1, range(DEVICES))
    held = {1: graph}
    for round in range(1, 6):
        rolling = threading.Thread(target=store.roll, args=(graph,))
        rolling.start()
        while True:
            ts = graph.ts + 1
            graph = held[ts] = tick(store, graph, ts, range(ts * 7 % DEVICES, DEVICES, 97 + round))
            if not rolling.is_alive():
                break
        rolling.join()
    for ts, then in held.items():
        view = store.graph(ts)
        assert list(view.objects()) == list(then.objects())
        for head in list(then.objects())[:: 1 + ts % 50]:
            assert view.attributes(head) == then.attributes(head)
    loaded = store.load()
    assert [loaded.attributes(head) for head in loaded.objects()] == [
        graph.attributes(head) for head in graph.objects()
    ]
    store.close()


def test_a_view_says_when_its_past_was_pruned_under_it(store: SqliteStore) -> None:
    graph = tick(store, store.load(), 1, range(DEVICES))
    store.roll(graph)
    view = store.graph(1)
    complete = store.graph(1)
    assert sum(1 for _ in complete.objects()) == DEVICES
    for ts in (2, 3):
        graph = tick(store, graph, ts, range(DEVICES))
        store.roll(graph)
    assert store.prune(3) == 3
    with pytest.raises(NotFound, match="pruned"):
        view.get(0)
    assert len(view) == DEVICES, "what was read is still there"
    store.close()
