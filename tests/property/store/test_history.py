"""For random histories, what a store shows of a time equals the graph value that was held then."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings
from store_histories import ticks

from calipso.graph.index import FEW_VALUED
from calipso.graph.keys import keys_of
from calipso.graph.protocol import GraphReader
from calipso.graph.value import Graph
from calipso.model.environment import Environment
from calipso.stores.memory import MemoryStore
from calipso.stores.sqlite import SqliteStore

TICK = 10
ACTIONS = ("", "", "", "", "roll", "roll behind", "prune", "reopen", "load")


def assert_same(held: Graph, view: GraphReader) -> None:
    """Objects, facets, links, and every answer to every declared key."""
    assert (view.rev, view.ts, len(view)) == (held.rev, held.ts, len(held))
    heads = list(held.objects())
    assert list(view.objects()) == heads
    for head in heads:
        assert view.get(head.ord) == head
        assert view.resolve(head.id) == head
        assert view.facets(head) == held.facets(head)
        assert view.attributes(head) == held.attributes(head)
        assert view.records(head) == held.records(head)
        assert sorted(view.links(head.ord)) == sorted(held.links(head.ord))
        for member in head.members:
            assert view.resolve(held.ordinals.id(member)) == head
        for key, value in keys_of(held, head):
            assert sorted(view.find(key, value)) == sorted(held.find(key, value)), (key, value)
    for key in FEW_VALUED:
        assert _sorted(view.values(key)) == _sorted(held.values(key))
    for ord in range(len(held.ordinals)):
        assert (view.get(ord) is None) == (held.get(ord) is None)


def assert_goes_on(held: Graph, loaded: Graph) -> None:
    """The loaded graph is the one that was there, with all that sessions need to go on from it."""
    assert_same(held, loaded)
    assert loaded.hosts == held.hosts
    assert loaded.bound == held.bound
    assert loaded.presence == held.presence
    assert {where: set(ords) for where, ords in loaded.index.items()} == {
        where: set(ords) for where, ords in held.index.items()
    }
    assert [loaded.facts.get(ord) for ord in range(len(held.ordinals))] == [
        held.facts.get(ord) for ord in range(len(held.ordinals))
    ]


def _sorted(values: Any) -> dict[Any, list[int]]:
    return {value: sorted(ords) for value, ords in values.items()}


FIRST = itemgetter(0)
"""The object of a change: a stable sort by it keeps the order of each object's own."""


class Run:
    """One random history, written to the store and to the reference."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "local.db"
        self.environment = Environment()
        self.store = SqliteStore(self.path, self.environment)
        self.reference = MemoryStore(self.environment)
        self.reference.ordinals = self.store.ordinals
        self.reference.codec = self.store.codec
        self.graph = self.store.load()
        self.held = [self.graph]
        self.epochs = [0]
        """Times at which the kept epochs began."""

    def tick(self, ts: int, changes: Iterable[Any]) -> None:
        graph, delta = self.graph.apply(changes, ts)
        if delta:
            self.store.append(delta)
            self.reference.append(delta)
            self.graph = graph
            self.held.append(graph)

    def act(self, action: str) -> None:
        if action.startswith("roll"):
            graph = self.held[-2] if action == "roll behind" and len(self.held) > 1 else self.graph
            if graph.ts >= self.epochs[-1]:
                self.store.roll(graph)
                self.reference.roll(graph)
                self.epochs.append(graph.ts)
        elif action == "prune":
            before = self.held[len(self.held) // 2].ts
            dropped = self.store.prune(before)
            assert dropped == self.reference.prune(before)
            self.epochs = self.epochs[dropped:]
        elif action == "load":
            assert_goes_on(self.graph, self.store.load())
        elif action == "reopen":
            self.store.close()
            self.store = SqliteStore(self.path, self.environment)
            assert_same(self.graph, self.store.graph(self.graph.ts))  # before its ids are loaded
            loaded = self.store.load()
            assert_goes_on(self.graph, loaded)
            self.graph = self.held[-1] = loaded
            self.reference.ordinals = self.store.ordinals

    def check(self) -> None:
        first = self.epochs[0]
        for graph in self.held:
            if graph.ts >= first:
                assert_same(graph, self.store.graph(graph.ts))
                assert_same(graph, self.store.graph(graph.ts + TICK - 1))
                assert_same(graph, self.reference.graph(graph.ts))
        assert_goes_on(self.graph, self.store.load())
        assert list(self.store.changes(first, 2**60)) == list(self.reference.changes(first, 2**60))
        for ord in range(len(self.store.ordinals)):
            assert list(self.store.timeline(ord)) == list(self.reference.timeline(ord))
            mine = [(ts, gone) for _, ts, gone in self.store.briefs([ord])]
            assert mine == [(ts, gone) for _, ts, gone in self.reference.briefs([ord])]
        everything = range(len(self.store.ordinals))
        assert sorted(self.store.briefs(everything), key=FIRST) == sorted(self.reference.briefs(everything), key=FIRST)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ticks, st.sampled_from(ACTIONS)), min_size=2, max_size=14))
def test_the_graph_of_a_time_is_the_value_held_then(history: list[tuple[Any, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        try:
            for i, (changes, action) in enumerate(history):
                run.tick((i + 1) * TICK, changes)
                run.act(action)
            run.check()
        finally:
            run.store.close()
