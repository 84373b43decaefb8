"""The reference store: every value and every delta of a graph, in memory. What other stores do is compared with it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import immutables

from calipso.errors import Conflict, NotFound, StoreError
from calipso.graph.adjacency import Adjacency, Ends
from calipso.graph.codec import Codec
from calipso.graph.heads import encode_head
from calipso.graph.ordinals import Ordinals
from calipso.graph.pages import Pages
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.restore import restore
from calipso.graph.value import Delta, Facts, Graph
from calipso.model.environment import Environment
from calipso.model.links import CODES
from calipso.model.moments import rfc3339
from calipso.model.record import Scope, ScopeState
from calipso.native.skimming import skimmer
from calipso.seams import LoggedChange
from calipso.stores.words import words


class Held(NamedTuple):
    """The parts of a graph's value from which the others follow."""

    ts: int
    rev: int
    heads: Pages[Obj]
    facts: Pages[Facts]
    ends: Pages[Ends]
    hosts: immutables.Map[str, str]


class MemoryStore:
    """Keeps all, forgets all when it is closed. Implements `GraphStore`."""

    def __init__(self, environment: Environment) -> None:
        self.codec = Codec(skimmer)
        self.ordinals = Ordinals()
        self._environment = environment
        self._held = [Held(0, 0, Pages(), Pages(), Pages(), immutables.Map())]
        self._deltas: list[Delta] = []
        self._epochs = [0]
        self._begins = 0
        """Time before which history was pruned."""
        self._scopes: dict[Scope, ScopeState] = {}
        self._runs: list[ScopeState] = []
        self._documents: dict[str, dict[str, Any]] = {}
        self._marks: dict[str, int] = {}
        self._text: dict[int, str] = {}

    def append(self, delta: Delta, marks: Mapping[str, int] = {}) -> None:
        if not delta:
            self._marks |= marks
            return
        last = self._held[-1]
        if delta.ts <= last.ts:
            raise StoreError(f"a tick of {delta.ts} µs cannot follow one of {last.ts} µs")
        for ord, id in delta.ids:
            if self.ordinals.get(id) is None:
                self.ordinals.put(ord, id)
        heads, facts, ends = last.heads.edit(), last.facts.edit(), Adjacency(last.ends)
        for ord, head in delta.heads:
            heads.set(ord, head)
        for ord, facet, body in delta.facets:
            facts.set(ord, with_facet(facts.get(ord), facet, body))
        for name, a, b, op in delta.links:
            (ends.add if op > 0 else ends.remove)(CODES[name], a, b)
        hosts = last.hosts if delta.hosts is None else immutables.Map(delta.hosts)
        rev = last.rev + len(delta.facets) + len(delta.heads) + len(delta.links)
        self._held.append(Held(delta.ts, rev, heads.finish(), facts.finish(), ends.finish(), hosts))
        self._deltas.append(delta)
        self._marks |= marks

    def marks(self) -> Mapping[str, int]:
        return dict(self._marks)

    def load(self) -> Graph:
        return self._value(self._held[-1])

    def _value(self, held: Held) -> Graph:
        graph = Graph(self._environment, self.codec, self.ordinals)
        graph.ts, graph.rev, graph.hosts = held.ts, held.rev, held.hosts
        graph.heads, graph.facts, graph.ends = held.heads, held.facts, held.ends
        return restore(graph)

    def graph(self, at: int) -> GraphReader:
        if at < self._begins:
            raise NotFound(f"the history begins at {rfc3339(self._begins)}, {rfc3339(at)} is before it")
        return self._value(self._held[bisect_right(self._held, at, key=lambda held: held.ts) - 1])

    # ── history ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def begins(self) -> int:
        return self._begins

    def changes(self, t0: int, t1: int) -> Iterator[LoggedChange]:
        if t0 < self._begins:
            raise NotFound(f"the history begins at {rfc3339(self._begins)}, {rfc3339(t0)} is before it")
        return (change for change in self._logged() if t0 < change.ts <= t1)

    def revision(self, at: int) -> int:
        return max((change.rev for change in self._logged() if change.ts <= at), default=0)

    def _logged(self) -> Iterator[LoggedChange]:
        rev = 0
        for delta in self._deltas:
            for change in _rows(delta, rev + 1):
                rev = change.rev
                if change.ts > self._begins:
                    yield change

    def timeline(self, ord: int, t0: int = 0, t1: int = 2**62) -> Iterator[LoggedChange]:
        for change in self._logged():
            if not t0 < change.ts <= t1:
                continue
            if change.what == "facet":
                at = bisect_right(self._held, change.ts, key=lambda held: held.ts) - 1
                heads = [held.heads.get(ord) for held in self._held[max(at - 1, 0) : at + 1]]
                if change.ord == ord or any(head is not None and change.ord in head.members for head in heads):
                    yield change
            elif change.ord == ord or (change.what == "link" and change.other == ord):
                yield change

    def briefs(self, ords: Collection[int], t1: int = 2**62) -> Iterator[tuple[int, int, bool]]:
        for ord in ords:
            for change in self.timeline(ord, 0, t1):
                if change.what != "link":
                    yield ord, change.ts, change.what == "head" and change.body is None

    def id_of(self, ord: int) -> str:
        try:
            return self.ordinals.id(ord)
        except IndexError:
            raise NotFound(f"no object has the ordinal {ord}") from None

    def ord_of(self, id: str) -> int | None:
        return self.ordinals.get(id)

    def index_text(self, graph: Graph) -> int:
        self._text.update((head.ord, words(graph, head)) for head in graph.objects())
        return len(graph)

    def search(self, text: str, limit: int = 100) -> list[int]:
        wanted = text.strip().lower()
        return [ord for ord, text in self._text.items() if wanted and wanted in text][:limit]

    # ── epochs ───────────────────────────────────────────────────────────────────────────────────────────────────

    def roll(self, graph: Graph) -> None:
        if not any(held.ts == graph.ts and held.rev == graph.rev for held in self._held) or graph.ts < self._epochs[-1]:
            raise Conflict(f"the graph at revision {graph.rev} is not one of the open epoch")
        self._epochs.append(graph.ts)

    def prune(self, before: int) -> int:
        ended = [ts for ts in self._epochs if ts <= before]
        if len(ended) < 2:
            return 0
        self._epochs = self._epochs[len(ended) - 1 :]
        self._begins = self._epochs[0]
        return len(ended) - 1

    def retain(self, age: int, now: int) -> int:
        """Keep what is needed to show the last `age` µs; the number of epochs dropped."""
        return self.prune(now - age)

    def due(self, objects: int, now: int) -> bool:
        """Memory has no epochs to close."""
        return False

    # ── beside the graph ─────────────────────────────────────────────────────────────────────────────────────────

    def put_scopes(self, states: Iterable[ScopeState]) -> None:
        for state in states:
            self._scopes[state.scope] = state
            if state.status == "running" or not state.ended:
                continue
            last = next((run for run in reversed(self._runs) if run.scope == state.scope), None)
            same = last is not None and (last.status, last.errors) == (state.status, state.errors)
            if state.changed or state.gone or not same:
                self._runs.append(state)

    def runs(self, t0: int, t1: int) -> list[ScopeState]:
        found = [run for run in self._runs if t0 < run.ended <= t1 and run.ended >= self._begins]
        return sorted(found, key=lambda run: (run.ended, run.scope))

    def scopes(self) -> Mapping[Scope, ScopeState]:
        return dict(self._scopes)

    def put_document(self, collection: str, key: str, document: Mapping[str, Any] | None) -> None:
        kept = self._documents.setdefault(collection, {})
        if document is None:
            kept.pop(key, None)
        else:
            kept[key] = dict(document)

    def put_documents(self, collection: str, documents: Mapping[str, Mapping[str, Any] | None]) -> None:
        for key, document in documents.items():
            self.put_document(collection, key, document)

    def documents(self, collection: str) -> Mapping[str, Any]:
        return dict(sorted(self._documents.get(collection, {}).items()))

    def close(self) -> None:
        self._held, self._deltas = self._held[:1], []


def with_facet(facts: Facts | None, facet: str, body: bytes | None) -> Facts | None:
    """What is said about an id with one facet set or ended, sorted by name."""
    said = dict(zip((facts or ())[::2], (facts or ())[1::2], strict=True))
    said.pop(facet, None)
    if body is not None:
        said[facet] = body
    return tuple(part for row in sorted(said.items()) for part in row) or None


def _rows(delta: Delta, rev: int) -> Iterator[LoggedChange]:
    ts = delta.ts
    for ord, facet, body in delta.facets:
        yield LoggedChange(rev, ts, "facet", ord, facet=facet, body=body)
        rev += 1
    for ord, head in delta.heads:
        yield LoggedChange(rev, ts, "head", ord, body=None if head is None else encode_head(head))
        rev += 1
    for name, a, b, op in delta.links:
        yield LoggedChange(rev, ts, "link", a, link_type=name, other=b, op=op)
        rev += 1
