"""What the source openstack says while it listens, and in one pass, as the graph that a server makes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from calipso.graph.codec import Codec
from calipso.graph.reconcile import Reconciler
from calipso.graph.value import Graph
from calipso.model.environment import Environment
from calipso.model.record import Observation, RunEnded
from calipso.seams import SourceConfig, Transport
from calipso.sources.openstack import SOURCE

Facets = dict[tuple[str, str], bytes]


class Listened:
    """What a watch said, through the reconciler that a server has."""

    def __init__(self) -> None:
        self.codec = Codec()
        self.graph = Graph(Environment(name="sim"), self.codec)
        self._reconciler = Reconciler(self.codec)
        self._now = 0
        self.said: list[Observation] = []

    def take(self, observation: Observation) -> None:
        self.said.append(observation)
        self._now += 2_000_000
        outcome = self._reconciler.take([observation], self.graph, self._now)
        if outcome.changes:
            self.graph, _ = self.graph.apply(outcome.changes, self._now)

    def facets(self) -> Facets:
        return {
            (self.graph.ordinals.id(ord), str(facts[i])): self.codec.plain(facts[i + 1])  # type: ignore[arg-type]
            for ord, facts in self.graph.facts.items() for i in range(0, len(facts), 2)
        }  # fmt: skip

    def last(self, part: str) -> str:
        """How the last look at a part ended; "" before there was one."""
        ends = [each.status for each in self.said if isinstance(each, RunEnded) and each.scope.part == part]
        return ends[-1] if ends else ""


@contextlib.asynccontextmanager
async def listening(transport: Transport, config: SourceConfig) -> AsyncIterator[Listened]:
    listened = Listened()

    async def follow() -> None:
        async for observation in SOURCE.watch(transport, config):
            listened.take(observation)

    task = asyncio.create_task(follow())
    try:
        yield listened
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def scanned(transport: Transport, config: SourceConfig) -> Facets:
    fresh = Listened()
    async for observation in SOURCE.collect(transport, config):
        fresh.take(observation)
    return fresh.facets()
