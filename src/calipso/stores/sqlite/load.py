"""The live graph, rebuilt from the newest snapshot and the log after it: nothing is derived again (CORE §6)."""

from __future__ import annotations

import gc
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from pyroaring import BitMap

from calipso.graph import adjacency
from calipso.graph.adjacency import HUB, Adjacency, Ends, Hub
from calipso.graph.codec import Codec
from calipso.graph.index import Builder
from calipso.graph.ordinals import Ordinals
from calipso.graph.pages import BITS, MASK, SIZE, Pages
from calipso.graph.protocol import Obj
from calipso.graph.restore import restore
from calipso.graph.value import Facts, Graph
from calipso.model.environment import Environment
from calipso.model.links import CODES
from calipso.native import ordering
from calipso.stores.sqlite import keyring, places
from calipso.stores.sqlite.chunk import CHUNK_BITS, FacetChunk, Heads, unpack_facets, written_heads
from calipso.stores.sqlite.log import Epoch
from calipso.stores.sqlite.overlay import Overlay

T = TypeVar("T")

Held = dict[str, set[tuple[str, str]]]
"""Scope key → (id, facet) of the records it holds."""

FOREVER = 2**62
NEWEST = (
    "snap JOIN (SELECT chunk AS c, max(epoch) AS e FROM snap WHERE epoch IN"
    " (SELECT n FROM epoch WHERE few IS NOT NULL) GROUP BY chunk) ON chunk = c AND epoch = e ORDER BY chunk"
)
"""The newest complete snapshot of every chunk."""


@contextmanager
def without_collections() -> Iterator[None]:
    """Millions of objects come to life and none dies: the cycle collector would only look at them over and over.

    Afterwards they are among its oldest at once, or out of its sight where its owner has put others there.
    """
    was, owned = gc.isenabled(), gc.get_freeze_count()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()  # else the very next allocation would have it look at all of them
            if not owned:
                gc.unfreeze()
            gc.enable()


class Loader:
    """Puts chunks and log together. `facet_names`, `link_types`: number → name. `held`: see `Held`."""

    def __init__(
        self,
        environment: Environment,
        codec: Codec,
        ordinals: Ordinals,
        facet_names: Mapping[int, str],
        link_types: Mapping[int, str],
    ) -> None:
        self._graph = Graph(environment, codec, ordinals)
        self._codec = codec
        self._ordinals = ordinals
        self._names = facet_names
        self._link_types = link_types
        self._codes: dict[int, int] = {}
        """Code in the file → code of this program; links of types that are no more are left out."""
        for n, name in link_types.items():
            if name in CODES:
                self._codes |= {2 * n: 2 * CODES[name], 2 * n + 1: 2 * CODES[name] + 1}
        self._shared: dict[str, str] = {}
        self._heads: list[list[Obj | None]] = _room(ordinals)
        self._facts: list[list[Facts | None]] = _room(ordinals)
        self._ends: list[list[Ends | None]] = _room(ordinals)
        self.held: Held = defaultdict(set)

    def load(self, reader: sqlite3.Connection, epochs: list[Epoch]) -> Graph:
        """The newest graph; `epochs` begin with the newest complete one. Raises `StoreDamaged`."""
        with without_collections():
            for heads, facets in reader.execute(f"SELECT heads, facets FROM {NEWEST}"):  # noqa: S608 - a constant
                self._take(written_heads(heads), unpack_facets(facets))
            graph = self._graph
            graph.heads, graph.facts, graph.ends = _pages(self._heads), _pages(self._facts), _pages(self._ends)
            overlay = Overlay(reader, epochs, FOREVER)
            graph.rev, graph.ts, graph.hosts = overlay.rev, overlay.ts, overlay.hosts
            self._patch(overlay)
            moved = places.since(reader, epochs[0].rev)
            if moved is None:
                return restore(graph, Builder(ordering.order()))
            return restore(graph, *self._kept_places(reader, overlay, moved))

    def _take(self, heads: Heads, facets: FacetChunk) -> None:
        """Put a chunk where it belongs. Millions of objects: every step counts."""
        pages, id_of, fact_pages, end_pages = self._heads, self._ordinals.id, self._facts, self._ends
        share = self._shared.setdefault
        for ord, (_, kind, type, name, host, parent, members, networks, media) in heads[0]:
            pages[ord >> BITS][ord & MASK] = Obj(
                ord, id_of(ord), share(kind, kind), share(type, type), name, share(host, host), share(parent, parent),
                members, networks, media,
            )  # fmt: skip
        for ord, flat in heads[2]:
            end_pages[ord >> BITS][ord & MASK] = self._own_ends(flat)
        names, scope_of, held = self._names, self._codec.scope_of, self.held
        plains: list[bytes] = [plain for said in facets.values() for plain in said[1::2]]  # type: ignore[misc]
        packed = zip(plains, self._codec.pack_all(plains), strict=True)
        for ord, said in facets.items():
            facts: list[str | bytes] = []
            id = id_of(ord)
            for number in said[::2]:
                name = names[number]  # type: ignore[index]
                plain, body = next(packed)
                facts += (name, body)
                held[scope_of(plain)].add((id, name))
            fact_pages[ord >> BITS][ord & MASK] = tuple(facts)

    def _hold(self, ord: int, name: str, body: bytes) -> None:
        self.held[self._codec.scope_of(body)].add((self._ordinals.id(ord), name))

    def _let_go(self, ord: int, name: str, body: bytes) -> None:
        self.held[self._codec.scope_of(body)].discard((self._ordinals.id(ord), name))

    def _lean(self, head: Obj) -> Obj:
        """The same head, sharing its strings with everybody who has the same."""
        share = self._shared.setdefault
        return Obj(
            head.ord, self._ordinals.id(head.ord), share(head.kind, head.kind), share(head.type, head.type),
            head.name, share(head.host, head.host), share(head.parent, head.parent), head.members, head.networks,
            head.media,
        )  # fmt: skip

    def _own_ends(self, flat: tuple[int, ...]) -> Ends | None:
        codes = self._codes
        if len(flat) <= HUB:
            try:
                own = list(flat)
                own[::2] = map(codes.__getitem__, flat[::2])
                return tuple(own) or None
            except KeyError:  # of a type that is no more
                return tuple(
                    part for code, other in zip(flat[::2], flat[1::2], strict=True) if code in codes
                    for part in (codes[code], other)
                ) or None  # fmt: skip
        hub = Hub()
        for code, other in zip(flat[::2], flat[1::2], strict=True):
            if code in codes:
                hub.setdefault(codes[code], BitMap()).add(other)
        return hub

    def _patch(self, overlay: Overlay) -> None:
        graph = self._graph
        heads = graph.heads.edit()
        for ord, head in overlay.heads.items():
            heads.set(ord, None if head is None else self._lean(head))
        facts = graph.facts.edit()
        for ord in overlay.ids:
            changed = overlay.said(ord, self._names)
            old = facts.get(ord) or ()
            said: dict[str, bytes | None] = dict(zip(old[::2], old[1::2], strict=True))  # type: ignore[arg-type]
            for n, body in changed.items():
                name = self._names[n]
                if (before := said.get(name)) is not None:
                    self._let_go(ord, name, before)
                if body is not None:
                    self._hold(ord, name, body)
                said[name] = body
            rows = sorted((name, body) for name, body in said.items() if body is not None)
            facts.set(ord, tuple(part for row in rows for part in row) or None)
        graph.heads, graph.facts, graph.ends = heads.finish(), facts.finish(), self._patched_ends(overlay)

    def _kept_places(
        self, reader: sqlite3.Connection, overlay: Overlay, moved: places.Moved
    ) -> tuple[Builder, set[int]]:
        """The index as in the snapshot and as it changed since; the objects of which more has to be found."""
        made_by, index, fresh = keyring.maker(self._graph), Builder(ordering.order()), set(overlay.heads)
        for chunk, blob in reader.execute(f"SELECT chunk, keys FROM {NEWEST}"):  # noqa: S608 - a constant
            if not keyring.stand(blob, chunk, made_by, moved.gone, index):
                fresh.update(range(chunk << CHUNK_BITS, (chunk + 1) << CHUNK_BITS))
        for name, stood in moved.came.items():
            index.stand(name, *stood)
        return index, fresh

    def _patched_ends(self, overlay: Overlay) -> Pages[Ends]:
        session = Adjacency(self._graph.ends)
        for ord, changed in overlay.ends.items():
            there = set(adjacency.ends(self._graph.ends.get(ord)))
            for (numbered, other), op in changed.items():
                code = self._codes.get(numbered)
                if code is None or code & 1:  # seen from its source once, that is both ends
                    continue
                if op > 0 and (code, other) not in there:
                    session.add(code >> 1, ord, other)
                elif op < 0 and (code, other) in there:
                    session.remove(code >> 1, ord, other)
        return session.finish()


def _room(ordinals: Ordinals) -> list[list[Any]]:
    """Empty pages for every ordinal."""
    return [[None] * SIZE for _ in range((len(ordinals) >> BITS) + 1)]


def _pages(pages: list[list[T | None]]) -> Pages[T]:
    return Pages(pages, sum(SIZE - page.count(None) for page in pages))
