"""A part of a graph, read as a graph of its own: some objects, and some or all links among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pyroaring import BitMap

from calipso.graph.adjacency import around, parted
from calipso.graph.protocol import ColumnReader, Facet, GraphReader, LinkEnd, Obj, Ordinals, Spec
from calipso.model.record import Attributes
from calipso.query.elements import Link


class Part:
    """Implements `GraphReader`. links: those it has, None for all among its objects."""

    def __init__(self, whole: GraphReader, ords: Collection[int], links: frozenset[Link] | None = None) -> None:
        self._whole = whole
        self._links = links
        self.ords = BitMap(sorted(ords))

    @property
    def rev(self) -> int:
        return self._whole.rev

    @property
    def ts(self) -> int:
        return self._whole.ts

    def __len__(self) -> int:
        return len(self.ords)

    def objects(self) -> Iterator[Obj]:
        return (head for ord in self.ords if (head := self._whole.get(ord)) is not None)

    def get(self, ord: int) -> Obj | None:
        return self._whole.get(ord) if ord in self.ords else None

    def resolve(self, id: str) -> Obj | None:
        head = self._whole.resolve(id)
        return head if head is not None and head.ord in self.ords else None

    def id_of(self, ord: int) -> str:
        return self._whole.id_of(ord)

    def find(self, key: str, value: Any) -> Ordinals:
        return [ord for ord in self._whole.find(key, value) if ord in self.ords]

    def values(self, key: str) -> Mapping[Any, Ordinals]:
        found = {value: [ord for ord in ords if ord in self.ords] for value, ords in self._whole.values(key).items()}
        return {value: ords for value, ords in found.items() if ords}

    def links(self, ord: int, types: Iterable[str] | None = None) -> Iterator[LinkEnd]:
        return (end for end in self._whole.links(ord, types) if self._has(ord, end.type, end.other, end.outgoing))

    def _has(self, ord: int, type: str, other: int, outgoing: bool) -> bool:
        if ord not in self.ords or other not in self.ords:
            return False
        link = Link(type, ord, other) if outgoing else Link(type, other, ord)
        return self._links is None or link in self._links

    def flat_ends(self, ord: int) -> Sequence[int]:
        flat, names = self._whole.flat_ends(ord), self._whole.link_names()
        out: list[int] = []
        for i in range(0, len(flat), 2):
            if self._has(ord, names[flat[i] >> 1], flat[i + 1], not flat[i] & 1):
                out += (flat[i], flat[i + 1])
        return out

    def around(self, ords: Iterable[int], codes: Collection[int]) -> list[int]:
        return around(self.flat_ends, ords, codes)

    def parted(self, ords: Iterable[int], codes: Collection[int], asked: frozenset[int]) -> tuple[list[int], list[int]]:
        return parted(self.flat_ends, ords, codes, asked)

    def link_names(self) -> Mapping[int, str]:
        return self._whole.link_names()

    def column(self, spec: Spec) -> ColumnReader | None:
        return None

    def facets(self, obj: Obj) -> list[Facet]:
        return self._whole.facets(obj)

    def records(self, obj: Obj) -> list[tuple[str, Facet]]:
        return self._whole.records(obj)

    def attributes(self, obj: Obj) -> Attributes:
        return self._whole.attributes(obj)
