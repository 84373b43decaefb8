"""What sources say, against what is known: the changes that follow. Absence needs proof (DESIGN §2.3).

A run looks at a scope; only a completed run ends what it did not see. A failed or partial one ends nothing and leaves
its scope stale. Time is an argument, in microseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sys import intern

import msgspec

from calipso.graph.codec import Codec
from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from calipso.model.record import (
    Gone,
    Measured,
    Observation,
    RunBegan,
    RunEnded,
    RunResumed,
    Scope,
    ScopeGone,
    ScopeState,
    Seen,
)

COALESCED = frozenset({
    "netlink.fdb", "netlink.neighbors", "netlink.routes", "netlink.rules", "netfilter", "sockets", "ovs.flows",
    "ovs.fdb", "ovs.tunnels",
})  # fmt: skip
"""Facets that change at their own pace: at most one revision a second an object (CORE §2)."""
REVISION_GAP = 1_000_000

Place = tuple[str, str]
"""(id, stored facet name)."""


class Outcome(msgspec.Struct):
    """What follows from some observations: changes for the graph, scopes that changed, latest counters by id."""

    changes: list[FacetChange] = msgspec.field(default_factory=list)
    scopes: dict[str, ScopeState] = msgspec.field(default_factory=dict)
    metrics: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)


class _Run:
    """A look at a scope that has begun and not ended."""

    def __init__(self, began: int) -> None:
        self.began = began
        self.seen: set[Place] = set()
        self.changed = 0


def stored_name(id: str, facet: str, scope: Scope) -> str:
    """The facet's name in the store: with its reporter where another host could speak of the same id."""
    return facet if ids.host_of(id) == scope.reporter else f"{facet}@{scope.reporter}"


class Reconciler:
    """Knows which records each scope holds and which runs are under way. One an environment, used by its writer."""

    def __init__(self, codec: Codec, scopes: Mapping[Scope, ScopeState] | None = None) -> None:
        self._codec = codec
        self.states: dict[str, ScopeState] = {scope.key: state for scope, state in (scopes or {}).items()}
        self._held: dict[str, set[Place]] = {}
        self._runs: dict[str, _Run] = {}
        self._revised: dict[Place, int] = {}
        self._waiting: dict[Place, bytes] = {}

    def restore(self, graph: Graph, held: Mapping[str, Iterable[Place]] | None = None) -> None:
        """Learn from a graph which records each scope holds, unless it is known: the scope is inside every facet."""
        if held is not None:
            self._held = {intern(scope): set(places) for scope, places in held.items()}
            return
        for ord, facts in graph.facts.items():
            id = graph.ordinals.id(ord)
            for i in range(0, len(facts), 2):
                scope = self._codec.scope_of(facts[i + 1])  # type: ignore[arg-type]
                self._held.setdefault(intern(scope), set()).add((id, str(facts[i])))

    def take(self, observations: Iterable[Observation], graph: Graph, now: int) -> Outcome:
        """The changes that follow from observations, in their order, on top of `graph`."""
        tick = _Tick(graph, now)
        self._release(tick)
        for observation in observations:
            if isinstance(observation, Seen):
                self._seen(observation, tick)
            elif isinstance(observation, RunBegan):
                self._began(observation.scope, tick)
            elif isinstance(observation, RunEnded):
                self._ended(observation, tick)
            elif isinstance(observation, Gone):
                self._gone(observation, tick)
            elif isinstance(observation, RunResumed):
                self._resumed(observation, tick)
            elif isinstance(observation, ScopeGone):
                self._scope_gone(observation.scope, tick)
            elif isinstance(observation, Measured):
                for id, metrics in observation.metrics.items():
                    tick.outcome.metrics.setdefault(id, {}).update(metrics)
        tick.outcome.changes = [FacetChange(id, facet, body) for (id, facet), body in tick.pending.items()]
        return tick.outcome

    @property
    def waiting(self) -> bool:
        """Whether coalesced facets wait for their second to pass."""
        return bool(self._waiting)

    # ── one observation ──────────────────────────────────────────────────────────────────────────────────────────

    def _began(self, scope: Scope, tick: _Tick) -> None:
        self._runs[scope.key] = _Run(tick.now)
        self._state(tick, scope, status="running", began=tick.now)

    def _resumed(self, observation: RunResumed, tick: _Tick) -> None:
        scope = observation.scope
        if scope.key not in self._runs:
            self._began(scope, tick)
            self._runs[scope.key].seen |= {(id, stored_name(id, facet, scope)) for id, facet in observation.seen}

    def _seen(self, observation: Seen, tick: _Tick) -> None:
        scope = observation.scope
        held = self._held.setdefault(scope.key, set())
        run = self._runs.get(scope.key)
        for record in observation.records:
            place = (record.id, stored_name(record.id, record.facet, scope))
            plain = self._codec.spell(record.type, scope.key, record.attributes)
            held.add(place)
            if run is not None:
                run.seen.add(place)
            known = self._waiting.get(place) or tick.known(place)
            if known is not None and self._codec.plain(known) == plain:
                continue
            if run is not None:
                run.changed += 1
            body = self._codec.pack(plain)
            if known is not None and self._too_soon(place, tick.now):
                self._waiting[place] = body
            else:
                self._put(place, body, tick)

    def _ended(self, observation: RunEnded, tick: _Tick) -> None:
        scope = observation.scope
        run = self._runs.pop(scope.key, None)
        began = run.began if run is not None else tick.now
        confirmed = run.seen if run is not None else self._held.get(scope.key, ())
        seen = len(confirmed) if run is not None or observation.status == "completed" else 0
        changed = run.changed if run is not None else 0
        if observation.status == "completed":
            if run is not None:
                for place in self._held.get(scope.key, set()) - run.seen:
                    changed += self._drop(place, scope.key, tick)
            self._state(
                tick, scope, status="completed", began=began, ended=tick.now, completed=tick.now, seen=seen, errors=(),
                changed=changed,
            )  # fmt: skip
        else:
            self._state(
                tick, scope, status=observation.status, began=began, ended=tick.now, seen=seen,
                errors=observation.errors, changed=changed,
            )  # fmt: skip

    def _gone(self, observation: Gone, tick: _Tick) -> None:
        held = self._held.get(observation.scope.key, set())
        reporter = observation.scope.reporter
        for id, facet in observation.facets:
            gone = [p for p in held if p[0] == id and (not facet or p[1] in (facet, f"{facet}@{reporter}"))]
            for place in gone:
                self._drop(place, observation.scope.key, tick)

    def _scope_gone(self, scope: Scope, tick: _Tick) -> None:
        for place in list(self._held.get(scope.key, ())):
            self._drop(place, scope.key, tick)
        self._held.pop(scope.key, None)
        self._runs.pop(scope.key, None)
        state = self.states.pop(scope.key, ScopeState(scope))
        ended = msgspec.structs.replace(
            state, status="completed", ended=tick.now, completed=tick.now, seen=0, gone=True
        )
        tick.outcome.scopes[scope.key] = ended

    # ── what becomes of a record ─────────────────────────────────────────────────────────────────────────────────

    def _put(self, place: Place, body: bytes, tick: _Tick) -> None:
        tick.pending[place] = body
        self._waiting.pop(place, None)
        if place[1].partition("@")[0] in COALESCED:
            self._revised[place] = tick.now

    def _drop(self, place: Place, scope: str, tick: _Tick) -> bool:
        """End a record, unless another scope has claimed it since; whether it was ended."""
        self._held[scope].discard(place)
        if any(run is not None and place in run.seen for key, run in self._runs.items() if key != scope):
            return False
        known = self._waiting.get(place) or tick.known(place)
        if known is None or self._codec.scope_of(known) != scope:
            return False
        self._waiting.pop(place, None)
        self._revised.pop(place, None)
        tick.pending[place] = None
        return True

    def _too_soon(self, place: Place, now: int) -> bool:
        return now - self._revised.get(place, -REVISION_GAP) < REVISION_GAP

    def _release(self, tick: _Tick) -> None:
        """Let go of coalesced facets whose second has passed."""
        for place in [place for place in self._waiting if not self._too_soon(place, tick.now)]:
            self._put(place, self._waiting[place], tick)

    def _state(self, tick: _Tick, scope: Scope, **changes: object) -> None:
        old = self.states.get(scope.key, ScopeState(scope))
        self.states[scope.key] = tick.outcome.scopes[scope.key] = msgspec.structs.replace(old, **changes)


class _Tick:
    """What one call of `take` has found so far."""

    def __init__(self, graph: Graph, now: int) -> None:
        self.graph = graph
        self.now = now
        self.pending: dict[Place, bytes | None] = {}
        self.outcome = Outcome()

    def known(self, place: Place) -> bytes | None:
        """The encoded facet that holds at this point, None when there is none."""
        if place in self.pending:
            return self.pending[place]
        id, facet = place
        ord = self.graph.ordinals.get(id)
        facts = self.graph.facts.get(ord) if ord is not None else None
        for i in range(0, len(facts or ()), 2):
            if facts[i] == facet:  # type: ignore[index]
                return facts[i + 1]  # type: ignore[index,return-value]
        return None
