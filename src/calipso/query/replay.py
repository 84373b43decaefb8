"""A graph that goes forward in time: as of a moment, with rows of the log applied one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from calipso.graph.adjacency import around, parted
from calipso.graph.columns import Column, amended
from calipso.graph.heads import decode_head
from calipso.graph.index import FEW_VALUED
from calipso.graph.keys import few_keys, values_of
from calipso.graph.merge import Decoder
from calipso.graph.protocol import ColumnReader, Facet, GraphReader, LinkEnd, Obj, Ordinals, Spec
from calipso.graph.timeline import Row as Change
from calipso.model.record import Attributes
from calipso.query.run import History

if TYPE_CHECKING:
    from calipso.graph.value import Facts


class Replay:
    """Implements `GraphReader`; `apply` changes it. What is not changed is read from the graph it began with."""

    def __init__(self, base: Any, history: History, patterns: tuple[str, ...]) -> None:
        self._base: GraphReader = base
        self._raw = base
        self._history = history
        self._heads: dict[int, Obj | None] = {}
        self._facts: dict[int, dict[str, bytes]] = {}
        self._links: dict[int, dict[tuple[int, int], int]] = {}
        self._owner: dict[int, int] = {}
        self._said: dict[int, Facts | None] = {}
        self._known_changed: BitMap | None = None
        self.recent: set[int] = set()
        """Objects that rows spoke of since whoever reads it has emptied it."""
        self._decoder = Decoder(history.codec, patterns)
        self._codes = {name: code for code, name in base.link_names().items()}
        self.hosts: Mapping[str, str] = base.hosts
        self.rev: int = base.rev
        self.ts: int = base.ts

    def apply(self, row: Change) -> None:
        """Go one row on."""
        self.ts = row.ts
        self._known_changed = None
        if row.what == "head":
            before = self.get(row.ord)
            head = None if row.body is None else decode_head(row.ord, row.body)
            self._heads[row.ord] = head
            for member in () if before is None else before.members:
                self._owner[member] = member
            for member in () if head is None else head.members:
                self._owner[member] = row.ord
            self.recent.add(row.ord)
        elif row.what == "facet":
            facets = self._facts_at(row.ord)
            facets.pop(row.facet, None)
            if row.body is not None:
                facets[row.facet] = row.body
            self._said.pop(row.ord, None)
            self.recent.add(self._owner_of(row.ord))
        else:
            code = 2 * self._codes[row.link_type]
            self._links.setdefault(row.ord, {})[code, row.other] = row.op
            self._links.setdefault(row.other, {})[code + 1, row.ord] = row.op

    def _facts_at(self, ord: int) -> dict[str, bytes]:
        if ord not in self._facts:
            flat = self._raw.facts_of(Obj(ord, "", "", "", "", ""))[0] or ()
            self._facts[ord] = dict(zip(flat[::2], flat[1::2], strict=True))
        return self._facts[ord]

    def _facts_of(self, obj: Obj) -> tuple[Facts | None, ...]:
        return tuple(self._flat(member) for member in obj.members or (obj.ord,))

    def _flat(self, ord: int) -> Facts | None:
        if ord not in self._facts:
            found: Facts | None = self._raw.facts_of(Obj(ord, "", "", "", "", ""))[0]
            return found
        if ord not in self._said:
            self._said[ord] = tuple(part for row in sorted(self._facts[ord].items()) for part in row) or None
        return self._said[ord]

    @property
    def _changed(self) -> BitMap:
        """Objects that may be other than they were at the start."""
        if self._known_changed is None:
            self._known_changed = BitMap({*self._heads, *(self._owner_of(ord) for ord in self._facts)})
        return self._known_changed

    def _owner_of(self, ord: int) -> int:
        if ord in self._owner:
            return self._owner[ord]
        if self._heads.get(ord) is not None:
            return ord
        head = self._base.get(ord) or self._base.resolve(self._history.id_of(ord))
        return ord if head is None else head.ord

    # ── reading protocol ─────────────────────────────────────────────────────────────────────────────────────────

    def __len__(self) -> int:
        return sum(1 for _ in self.objects())

    def objects(self) -> Iterator[Obj]:
        changed = self._heads
        yield from (head for head in self._base.objects() if head.ord not in changed)
        yield from (head for _, head in sorted(changed.items()) if head is not None)

    def get(self, ord: int) -> Obj | None:
        return self._heads[ord] if ord in self._heads else self._base.get(ord)

    def resolve(self, id: str) -> Obj | None:
        ord = self._history.ord_of(id)
        return None if ord is None else self.get(self._owner_of(ord))

    def id_of(self, ord: int) -> str:
        return self._history.id_of(ord)

    def find(self, key: str, value: Any) -> Ordinals:
        if key == "id":
            head = self.resolve(value)
            return () if head is None else (head.ord,)
        if key in FEW_VALUED:
            return self.values(key).get(value, ())
        changed = self._changed
        found = [ord for ord in self._base.find(key, value) if ord not in changed]
        for ord in changed:
            head = self.get(ord)
            if head is not None and value in values_of(self, head, key):
                found.append(ord)
        return sorted(found)

    def values(self, key: str) -> Mapping[Any, Ordinals]:
        changed = self._changed
        out: dict[Any, Any] = {
            value: (ords if isinstance(ords, BitMap) else BitMap(ords)) - changed
            for value, ords in self._base.values(key).items()
        }
        for ord in changed:
            head = self.get(ord)
            for name, value in () if head is None else few_keys(head, self.attributes(head)):
                if name == key:
                    out.setdefault(value, BitMap()).add(ord)
        return {value: ords for value, ords in out.items() if ords}

    def flat_ends(self, ord: int) -> Sequence[int]:
        flat = self._base.flat_ends(ord)
        changed = self._links.get(ord)
        if changed is None:
            return flat
        kept = [end for end in zip(flat[::2], flat[1::2], strict=True) if end not in changed]
        return [each for end in (*kept, *(end for end, op in changed.items() if op > 0)) for each in end]

    def around(self, ords: Iterable[int], codes: Collection[int]) -> list[int]:
        return around(self.flat_ends, ords, codes)

    def parted(self, ords: Iterable[int], codes: Collection[int], asked: frozenset[int]) -> tuple[list[int], list[int]]:
        return parted(self.flat_ends, ords, codes, asked)

    def link_names(self) -> Mapping[int, str]:
        return self._base.link_names()

    def links(self, ord: int, types: Iterable[str] | None = None) -> Iterator[LinkEnd]:
        flat, names = self.flat_ends(ord), self.link_names()
        wanted = None if types is None else frozenset(types)
        for i in range(0, len(flat), 2):
            name = names[flat[i] >> 1]
            if wanted is None or name in wanted:
                yield LinkEnd(name, flat[i + 1], not flat[i] & 1)

    def column(self, spec: Spec) -> ColumnReader | None:
        column = self._base.column(spec)
        return amended(column, self._base, self, self._changed, spec) if isinstance(column, Column) else None

    def facets(self, obj: Obj) -> list[Facet]:
        return self._decoder.facets(self._facts_of(obj), self.hosts)

    def records(self, obj: Obj) -> list[tuple[str, Facet]]:
        return [
            (self.id_of(member), facet)
            for member in obj.members or (obj.ord,)
            if (facts := self._flat(member)) is not None
            for facet in self._decoder.facets((facts,), {})
        ]

    def attributes(self, obj: Obj) -> Attributes:
        return self._decoder.attributes(self._facts_of(obj), self.hosts)
