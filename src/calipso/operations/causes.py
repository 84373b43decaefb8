"""What brought a change: the look at a scope that found it, an event in between, or derivation from something else."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Literal

import msgspec

from calipso.graph.protocol import GraphReader
from calipso.model.moments import rfc3339
from calipso.model.record import ScopeState
from calipso.operations.context import Site
from calipso.seams import LoggedChange

MOST = 8
"""Causes of one difference that are told: the last ones."""


class Cause(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change of the history. by: run (a look at a scope found it), event (told between looks), derived.

    scope: who said so; of what is derived, who spoke in that tick. began, status: of the run.
    """

    at: str
    revision: int
    by: Literal["run", "event", "derived"]
    scope: str = ""
    began: str = ""
    status: str = ""


class Causes:
    """Reads the history between two moments once, and tells what brought the differences."""

    def __init__(self, site: Site, old: GraphReader, new: GraphReader) -> None:
        self._site, self._old, self._new = site, old, new
        self._scopes: dict[tuple[int, str], str] = {}
        self._spoke: dict[int, dict[str, None]] = {}
        """Moment → scopes that said something then."""
        self._of: dict[int, dict[tuple[int, str], int]] = {}
        """Ordinal → (moment, scope) → revision."""
        self._links: dict[tuple[str, int, int], LoggedChange] = {}
        self.touched: set[int] = set()
        for row in site.store.changes(old.ts, new.ts):
            self._note(row)
        self._runs = self._looks(site.store.runs(old.ts, 2**62))

    def _note(self, row: LoggedChange) -> None:
        self.touched.add(row.ord)
        if row.what == "link":
            self.touched.add(row.other)
            self._links[row.link_type, row.ord, row.other] = row
            return
        owners = self._owners(row.ord)
        self.touched |= owners
        scope = self._scope(row) if row.what == "facet" else ""
        if scope:
            self._spoke.setdefault(row.ts, {})[scope] = None
        for owner in owners:
            self._of.setdefault(owner, {})[row.ts, scope] = row.rev

    def _owners(self, ord: int) -> set[int]:
        """The objects that a record belonged or belongs to."""
        id = self._site.store.id_of(ord)
        heads = (graph.resolve(id) for graph in (self._old, self._new))
        return {ord, *(head.ord for head in heads if head is not None)}

    def _scope(self, row: LoggedChange) -> str:
        place = (row.ord, row.facet)
        if row.body is not None:
            self._scopes[place] = self._site.store.codec.scope_of(row.body)
        elif place not in self._scopes:
            self._scopes[place] = self._said_before(row)
        return self._scopes[place]

    def _said_before(self, row: LoggedChange) -> str:
        id = self._site.store.id_of(row.ord)
        head = self._old.resolve(id)
        found = self._old.records(head) if head is not None else []
        return next((facet.scope for who, facet in found if (who, facet.name) == (id, row.facet)), "")

    def _looks(self, kept: Iterable[ScopeState]) -> dict[str, list[ScopeState]]:
        """Scope → its looks by when they ended, the one under way last."""
        out: dict[str, list[ScopeState]] = {}
        for state in kept:
            out.setdefault(state.scope.key, []).append(state)
        for state in self._site.scopes():
            if state.status == "running":
                out.setdefault(state.scope.key, []).append(msgspec.structs.replace(state, ended=2**62))
        return out

    def _cause(self, ts: int, revision: int, scope: str) -> Cause:
        if not scope:
            return Cause(rfc3339(ts), revision, "derived", ", ".join(self._spoke.get(ts, ())))
        looks = self._runs.get(scope, [])
        place = bisect_left(looks, ts, key=lambda look: look.ended)
        if place < len(looks) and looks[place].began <= ts:
            look = looks[place]
            return Cause(rfc3339(ts), revision, "run", scope, rfc3339(look.began), look.status)
        return Cause(rfc3339(ts), revision, "event", scope)

    def of_object(self, id: str) -> list[Cause]:
        """What brought the changes of an object, oldest first; derivations only where nobody spoke of it."""
        ords = {head.ord for graph in (self._old, self._new) if (head := graph.resolve(id)) is not None}
        found = {key: rev for ord in ords for key, rev in self._of.get(ord, {}).items()}
        said = {ts for ts, scope in found if scope}
        rows = sorted((rev, ts, scope) for (ts, scope), rev in found.items() if scope or ts not in said)
        return [self._cause(ts, rev, scope) for rev, ts, scope in rows[-MOST:]]

    def of_link(self, type: str, source: str, target: str) -> list[Cause]:
        """What brought a link or its end: those who spoke of its ends then, else all who spoke."""
        from_, to = self._site.store.ord_of(source), self._site.store.ord_of(target)
        row = None if from_ is None or to is None else self._links.get((type, from_, to))
        if row is None:
            return []
        said = (place for ord in (row.ord, row.other) for place in self._of.get(ord, {}))
        spoke = {scope: None for ts, scope in said if ts == row.ts and scope}
        return [self._cause(row.ts, row.rev, scope) for scope in spoke] or [self._cause(row.ts, row.rev, "")]
