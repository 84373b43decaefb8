"""The graph as an immutable value (CORE §3): `apply` gives the next one and shares everything untouched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress, count, zip_longest
from typing import Any

import immutables
import msgspec

from calipso.graph import adjacency
from calipso.graph.adjacency import Ends
from calipso.graph.codec import Codec
from calipso.graph.columns import Column, Columns
from calipso.graph.index import FEW_VALUED, REFERENCES, Index
from calipso.graph.keys import values_of
from calipso.graph.merge import Decoder
from calipso.graph.ordinals import Ordinals
from calipso.graph.pages import BITS, MASK, SIZE, Pages
from calipso.graph.protocol import Facet, LinkEnd, Obj, Spec
from calipso.graph.protocol import Ordinals as Found
from calipso.graph.tracking import Tracked
from calipso.model.environment import Environment
from calipso.model.links import CODES, LINK_TYPES
from calipso.model.record import Attributes

Facts = tuple[str | bytes, ...]
"""Flat: facet name, encoded facet, facet name, encoded facet … sorted by name. What sources say about one id."""

Presence = immutables.Map[tuple[str, str], immutables.Map[str, int]]

NO_NAMES: immutables.Map[str, str] = immutables.Map()
"""Host names as they were said."""

LINK_NAMES = {code: link.name for code, link in enumerate(LINK_TYPES)}

NOTHING: list[None] = [None] * SIZE
SEVERAL = -1
NO_CODES: frozenset[int] = frozenset()

VERIFIED = 64
"""Buckets up to this size are checked against hash collisions when read."""


class FacetChange(msgspec.Struct, frozen=True):
    """One record set (`body` is an encoded facet) or ended (None)."""

    id: str
    facet: str
    body: bytes | None


class Delta(msgspec.Struct):
    """What a tick changed: exactly what the store appends and what subscribers are told.

    `ids`: ordinals given for the first time. `facets`: (ordinal of the record's id, facet, bytes or None).
    `heads`: (ordinal, new head or None). `links`: (link type, source, target, +1/−1). `keys`: declared keys that
    objects got, for the history's search. `hosts`: all host names as said → canonical, None when unchanged.
    `places`: (ordinal, whether it stands there now, name, value) of every place of the index that was changed, but
    fields of heads and what came to objects with a new head; None when that is not known.
    """

    ts: int
    ids: list[tuple[int, str]] = msgspec.field(default_factory=list)
    facets: list[tuple[int, str, bytes | None]] = msgspec.field(default_factory=list)
    heads: list[tuple[int, Obj | None]] = msgspec.field(default_factory=list)
    links: list[tuple[str, int, int, int]] = msgspec.field(default_factory=list)
    keys: list[tuple[int, tuple[str, Any]]] = msgspec.field(default_factory=list)
    hosts: dict[str, str] | None = None
    places: list[tuple[int, bool, str, Any]] | None = None

    def __bool__(self) -> bool:
        return bool(self.facets or self.heads or self.links)


class Graph:
    """All objects and links of one environment at one moment. Implements `GraphReader`.

    facts: what sources say, by ordinal of the record's id · heads: derived objects · ends: derived links ·
    index: key → ordinals · bound: ordinal of an id that is not an object of its own → its object ·
    hosts: host name as said → canonical name, where they differ · tracked: dependencies of tracked rules ·
    presence: (host, medium) → network id → how many objects of the host are bound to it · columns: attributes indexed
    when first asked for, shared by the lineage.
    """

    __slots__ = (
        "bound", "codec", "columns", "decoder", "ends", "environment", "facts", "heads", "hosts", "index", "ordinals",
        "presence", "rev", "tracked", "ts",
    )  # fmt: skip

    def __init__(self, environment: Environment, codec: Codec | None = None, ordinals: Ordinals | None = None) -> None:
        self.rev = 0
        self.ts = 0
        self.environment = environment
        self.codec = codec if codec is not None else Codec()
        self.ordinals = ordinals if ordinals is not None else Ordinals()
        self.decoder = Decoder(self.codec, tuple(environment.service_patterns))
        self.facts: Pages[Facts] = Pages()
        self.heads: Pages[Obj] = Pages()
        self.ends: Pages[Ends] = Pages()
        self.index = Index()
        self.bound: immutables.Map[int, int] = immutables.Map()
        self.hosts: immutables.Map[str, str] = immutables.Map()
        self.presence: Presence = immutables.Map()
        self.tracked: Tracked = immutables.Map()
        self.columns = Columns()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def __len__(self) -> int:
        return len(self.heads)

    def objects(self) -> Iterator[Obj]:
        for _, head in self.heads.items():
            yield head

    def get(self, ord: int) -> Obj | None:
        return self.heads.get(ord)

    def resolve(self, id: str) -> Obj | None:
        ord = self.ordinals.get(id)
        if ord is None:
            return None
        return self.heads.get(self.bound.get(ord, ord))

    def id_of(self, ord: int) -> str:
        return self.ordinals.id(ord)

    def find(self, key: str, value: Any) -> Found:
        if key == "id":
            head = self.resolve(value)
            return () if head is None else (head.ord,)
        found = self.index.get((key, value))
        if key in FEW_VALUED or (len(found) > VERIFIED and key not in REFERENCES):
            return found
        return [ord for ord in found if self._has(ord, key, value)]

    def _has(self, ord: int, key: str, value: Any) -> bool:
        head = self.heads.get(ord)
        return head is not None and value in values_of(self, head, key)

    def values(self, key: str) -> Mapping[Any, Found]:
        return dict(self.index.values(key))

    def links(self, ord: int, types: Iterable[str] | None = None) -> Iterator[LinkEnd]:
        mine = self.ends.get(ord)
        wanted = None if types is None else {CODES[name] for name in types if name in CODES}
        for code, other in adjacency.ends(mine):
            if wanted is None or code >> 1 in wanted:
                yield LinkEnd(LINK_TYPES[code >> 1].name, other, not code & 1)

    def flat_ends(self, ord: int) -> Sequence[int]:
        mine = self.ends.get(ord)
        if mine is None:
            return ()
        if type(mine) is tuple:
            return mine
        return [each for end in adjacency.ends(mine) for each in end]

    def around(self, ords: Iterable[int], codes: Collection[int]) -> list[int]:
        return self.parted(ords, codes, NO_CODES)[0]

    def parted(self, ords: Iterable[int], codes: Collection[int], asked: frozenset[int]) -> tuple[list[int], list[int]]:
        pages, count = self.ends.pages, len(self.ends.pages)
        out: list[int] = []
        left: list[int] = []
        picks = adjacency.picks(frozenset(codes), asked)
        for ord in ords:  # searches come by here for every object they pass: as few calls as can be
            flat = pages[ord >> BITS][ord & MASK] if ord >> BITS < count else None
            if type(flat) is tuple:
                pick = picks[flat[::2]]
                if pick is None:
                    left.append(ord)
                else:
                    out += pick(flat)
            elif flat is not None:
                _several(ord, flat, codes, asked, out, left)  # type: ignore[arg-type]
        return out, left

    def link_names(self) -> Mapping[int, str]:
        return LINK_NAMES

    def column(self, spec: Spec) -> Column:
        return self.columns.of(self, spec)

    def facets(self, obj: Obj) -> list[Facet]:
        return self.decoder.facets(self.facts_of(obj), self.hosts)

    def records(self, obj: Obj) -> list[tuple[str, Facet]]:
        said = []
        for member in obj.members or (obj.ord,):
            facts = self.facts.get(member)
            if facts is not None:
                said += [(self.ordinals.id(member), facet) for facet in self.decoder.facets((facts,), NO_NAMES)]
        return said

    def attributes(self, obj: Obj) -> Attributes:
        return self.decoder.attributes(self.facts_of(obj), self.hosts)

    def facts_of(self, obj: Obj) -> tuple[Facts | None, ...]:
        """The encoded facets of each member."""
        get = self.facts.get
        return tuple(map(get, obj.members)) if obj.members else (get(obj.ord),)

    def everything(self) -> Iterator[tuple[Sequence[int], Sequence[Facts]]]:
        """Objects, a page at a time, and beside each its encoded facets, those of all its members.

        Hardly an object is looked at: with very many of them that alone would be most of the time that passing takes.
        Its own facts stand before those of another member (`objects._ordered`).
        """
        bound: dict[int, dict[int, int]] = {}
        for member, ord in self.bound.items():
            mine = bound.setdefault(ord >> BITS, {})
            mine[ord & MASK] = member if ord & MASK not in mine else SEVERAL
        get = self.facts.get
        for number, (heads, said) in enumerate(zip_longest(self.heads.pages, self.facts.pages, fillvalue=NOTHING)):
            facts = list(said)
            for place, member in bound.get(number, {}).items():
                if member != SEVERAL:
                    facts[place] = (facts[place] or ()) + (get(member) or ())
                elif (head := heads[place]) is not None:
                    facts[place] = tuple(chain.from_iterable([each or () for each in self.facts_of(head)]))
            there = [head is not None for head in heads]
            yield list(compress(count(number << BITS), there)), [each or () for each in compress(facts, there)]

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def apply(self, changes: Iterable[FacetChange], ts: int) -> tuple[Graph, Delta]:
        """The graph with these changes made and everything derived anew, and what that changed."""
        from calipso.graph.session import Session

        graph, delta = Session(self, ts).run(changes)
        graph.columns.let_go(graph.rev, len(graph))
        return graph, delta

    def configured(self, environment: Environment) -> Graph:
        """The same graph for an environment with other options; nothing is derived by them yet."""
        other = self.copy()
        other.environment = environment
        other.decoder = Decoder(self.codec, tuple(environment.service_patterns))
        return other

    def copy(self) -> Graph:
        """A new value that shares all parts."""
        other = Graph.__new__(Graph)
        for name in Graph.__slots__:
            setattr(other, name, getattr(self, name))
        return other


def _several(
    ord: int, ends: Mapping[int, Collection[int]], codes: Collection[int], asked: frozenset[int], out: list[int],
    left: list[int],
) -> None:  # fmt: skip
    """`Graph.parted` of one object with so many links that they stand by their codes."""
    if not asked.isdisjoint(ends):
        left.append(ord)
        return
    for code, others in ends.items():
        if code in codes:
            out += others
