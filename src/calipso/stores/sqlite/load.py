"""The live graph, rebuilt from the newest snapshot and the log after it: nothing is derived again (CORE §6)."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

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
from calipso.stores.sqlite import keyring
from calipso.stores.sqlite.chunk import FacetChunk, HeadChunk, unpack_facets, unpack_heads
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
    """Millions of objects come to life and none dies: the cycle collector would only look at them over and over."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
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
        self._heads: list[list[Obj | None]] = []
        self._facts: list[list[Facts | None]] = []
        self._ends: list[list[Ends | None]] = []
        self.held: Held = {}

    def load(self, reader: sqlite3.Connection, epochs: list[Epoch]) -> Graph:
        """The newest graph; `epochs` begin with the newest complete one. Raises `StoreDamaged`."""
        with without_collections():
            for chunk, heads, facets in reader.execute(
                f"SELECT chunk, heads, facets FROM {NEWEST}"  # noqa: S608 - a constant
            ):
                self._take(chunk, unpack_heads(heads), unpack_facets(facets))
            graph = self._graph
            graph.heads, graph.facts, graph.ends = _pages(self._heads), _pages(self._facts), _pages(self._ends)
            overlay = Overlay(reader, epochs, FOREVER)
            graph.rev, graph.ts, graph.hosts = overlay.rev, overlay.ts, overlay.hosts
            self._patch(overlay)
            return restore(graph, *self._stored_keys(reader, overlay))

    def _take(self, chunk: int, heads: HeadChunk, facets: FacetChunk) -> None:
        for ord, head in heads.heads.items():
            _put(self._heads, ord, self._lean(head))
        for ord, flat in heads.ends.items():
            ends: Ends | None = self._own_ends(flat)
            _put(self._ends, ord, ends)
        names, pack = self._names, self._codec.pack
        for ord, said in facets.items():
            facts: list[str | bytes] = []
            for i in range(0, len(said), 2):
                name, plain = names[said[i]], said[i + 1]  # type: ignore[index]
                facts += (name, pack(plain, keep=False))  # type: ignore[arg-type]
                self._hold(ord, name, plain)  # type: ignore[arg-type]
            _put(self._facts, ord, tuple(facts))

    def _hold(self, ord: int, name: str, body: bytes) -> None:
        self.held.setdefault(self._codec.scope_of(body), set()).add((self._ordinals.id(ord), name))

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
        ends = [(codes[flat[i]], flat[i + 1]) for i in range(0, len(flat), 2) if flat[i] in codes]
        if 2 * len(ends) <= HUB:
            return tuple(part for end in ends for part in end) or None
        hub = Hub()
        for code, other in ends:
            hub.setdefault(code, BitMap()).add(other)
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

    def _stored_keys(self, reader: sqlite3.Connection, overlay: Overlay) -> tuple[Builder, set[int]]:
        """The index of the objects that are as in their snapshot, and which others there are."""
        graph = self._graph
        fresh = {head.ord for head in graph.objects()}
        owner = {member: head.ord for head in graph.objects() for member in head.members}
        changed = {owner.get(ord, ord) for ord in overlay.ids} | overlay.heads.keys()
        made_by, index = keyring.maker(graph), Builder()
        for chunk, blob in reader.execute(f"SELECT chunk, keys FROM {NEWEST}"):  # noqa: S608 - a constant
            fresh.difference_update(keyring.stand(blob, chunk, made_by, changed, index))
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


def _put(pages: list[list[T]], ord: int, value: T) -> None:
    number = ord >> BITS
    while len(pages) <= number:
        pages.append([None] * SIZE)  # type: ignore[list-item]
    pages[number][ord & MASK] = value


def _pages(pages: list[list[T | None]]) -> Pages[T]:
    return Pages(pages, sum(SIZE - page.count(None) for page in pages))
