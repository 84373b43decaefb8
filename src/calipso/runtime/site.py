"""An environment at work: its configuration, its writer, its graph now and then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from calipso.errors import NotFound
from calipso.graph.protocol import GraphReader
from calipso.model.environment import Environment
from calipso.model.record import Observation, ScopeState
from calipso.runtime.at import now
from calipso.runtime.writer import Writer
from calipso.seams import GraphStore

HELD = 64
"""Graphs kept for further pages; older ones are read from the store."""


class Site:
    """What operations see of an environment. Implements `operations.context.Site`."""

    def __init__(self, config: Environment, writer: Writer) -> None:
        self.config = config
        self.writer = writer
        self.began = now()
        self._held: OrderedDict[int, GraphReader] = OrderedDict()

    async def reconfigure(self, environment: Environment) -> None:
        """Go on with other options: everything is derived anew by them."""
        await self.writer.rederive(environment)
        self.config = environment

    @property
    def store(self) -> GraphStore:
        return self.writer.store

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        return self.writer.metrics

    @property
    def waiting(self) -> int:
        """Hand-overs that the writer has not taken yet."""
        return self.writer.waiting

    @property
    def trouble(self) -> str:
        return self.writer.trouble

    def scopes(self) -> list[ScopeState]:
        """Every scope that is looked at, by key."""
        states = self.writer.reconciler.states
        return [states[key] for key in sorted(states)]

    def graph(self, at: int | None = None) -> GraphReader:
        """The graph now, or as of a moment: held, else from the store. Raises `NotFound` before history begins."""
        live = self.writer.graph
        if at is None or at >= live.ts:
            return live
        held = self._held.get(at)
        if held is None:
            held = self.writer.ring.get(at)
        if held is not None:
            return held
        try:
            return self.store.graph(at)
        except NotFound as error:
            raise NotFound(f"{self.config.name} has no history that far back", hint=error.message) from error

    def hold(self, graph: GraphReader) -> None:
        """Keep a graph for a while, for the further pages of an answer: values share what is the same in them."""
        self._held[graph.ts] = graph
        self._held.move_to_end(graph.ts)
        while len(self._held) > HELD:
            self._held.popitem(last=False)

    async def put(self, observations: Sequence[Observation]) -> None:
        """Hand observations to the writer and wait until they are kept."""
        await self.writer.put(observations)
        await self.writer.settled()

    def known_ids(self) -> Iterable[tuple[int, str]]:
        """(ordinal, id) of everything that is or was."""
        return self.writer.graph.ordinals.items()

    def changed_at(self, ord: int, at: int | None = None) -> int | None:
        """When an object last changed, at or before a moment; None when it is not known."""
        if at is None:
            known = self.writer.changed.get(ord)
            if known is not None:
                return known
        last = None
        for row in self.store.timeline(ord, 0, at if at is not None else 2**62):
            if row.what != "link":
                last = row.ts
        return last
