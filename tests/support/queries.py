"""Worlds for queries, and answers as plain values that can be compared."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from calipso.graph.protocol import GraphReader
from calipso.query.evaluate import Answer, Found, Tie, evaluate
from calipso.query.plan import Ordered
from calipso.query.run import FlowReader, History, Life, Limits

NOW = 1_700_000_000_000_000


class World:
    """One graph, whatever the moment, or the graphs of a store."""

    def __init__(
        self, graph: GraphReader, history: Any = None, metrics: Mapping[str, Mapping[str, float]] | None = None,
        now: int = NOW,
    ) -> None:  # fmt: skip
        self.value = graph
        self.now = now
        self.patterns: tuple[str, ...] = ()
        self.history: History | None = history
        self.counters = metrics or {}
        self.flows: FlowReader | None = None

    def graph(self, at: int | None) -> GraphReader:
        store: Any = self.history
        found: GraphReader = self.value if at is None or store is None else store.graph(at)
        return found

    def metrics(self, id: str) -> Mapping[str, float]:
        return self.counters.get(id, {})

    def outcome(self, ordered: Ordered) -> Any:
        return [ordered.workflow, *ordered.values]

    def life(self, ord: int, at: int | None) -> Life | None:
        store: Any = self.history
        if store is None:
            return None
        rows = [row.ts for row in store.timeline(ord) if row.what != "link"]
        return Life(rows[0], rows[-1], len(rows))


def answered(text: str, world: World, **limits: Any) -> Answer:
    return evaluate(text, world, time.monotonic, Limits(**limits) if limits else None)


def told(text: str, world: World, **limits: Any) -> list[Any]:
    """Objects as ids, links as (type, source, target), values as they are."""
    return [plain(row.value) for row in answered(text, world, **limits).rows]


def plain(value: Any) -> Any:
    if isinstance(value, Found):
        return value.head.id
    if isinstance(value, Tie):
        return (value.type, value.source, value.target)
    return [plain(each) for each in value] if isinstance(value, list) else value
