"""Attributes without a declared key, indexed when first asked for (CORE §5).

A column holds, for one value of the graph, which objects have which value of one attribute. Of another value of the
same lineage it is brought up to date by looking only at the pages that differ, so it stays as good as a declared key.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from pyroaring import BitMap

from calipso.graph.codec import Codec
from calipso.graph.index import Bucket, bucket_of, members
from calipso.graph.merge import rank, rename_hosts
from calipso.graph.pages import BITS, SIZE, Pages
from calipso.graph.protocol import GraphReader, Obj, Spec
from calipso.model.record import Attributes

if TYPE_CHECKING:
    from calipso.graph.value import Facts, Graph

KEPT = 24
"""Columns a lineage keeps; the least used is dropped."""
IDLE = 20_000
"""Changes, and half the objects, after which a column that nobody asked for is dropped."""
TRUTHS = {False: ("truth", False), True: ("truth", True)}
"""Truth values stand apart: as keys of a dictionary they would be 0 and 1."""
Scale = Callable[[Any], int | float | str | None]


class Columned(GraphReader, Protocol):
    """What a column is made of: a value of the graph, or a view of the past."""

    @property
    def codec(self) -> Codec: ...
    @property
    def hosts(self) -> Mapping[str, str]: ...
    def everything(self) -> Iterator[tuple[Obj, Facts | None]]:
        """Every object with its encoded facets; None where they are those of several members."""
        ...

    def facts_of(self, obj: Obj) -> tuple[Facts | None, ...]:
        """The encoded facets of each member."""
        ...


def slot_of(value: Any) -> Any:
    """A scalar as it stands in a column."""
    return TRUTHS[value] if type(value) is bool else value


def scalars(value: Any) -> Iterator[Any]:
    """The scalars of a value, lists looked into."""
    if isinstance(value, list | tuple):
        for each in value:
            yield from scalars(each)
    elif type(value) in (str, int, float, bool):
        yield slot_of(value)


class Column:
    """Immutable. `values`: of the graph it was first made of; `changed`: what has become of some of them since."""

    def __init__(
        self, values: dict[Any, Bucket], present: BitMap, changed: dict[Any, Bucket | None] | None = None,
        scales: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._values = values
        self._changed: dict[Any, Bucket | None] = changed if changed is not None else {}
        self._scales: dict[str, tuple[list[Any], list[Any]]] = scales if scales is not None else {}
        self.present = present

    def find(self, value: Any) -> Collection[int]:
        """Objects that have a value, or have it in a list."""
        where = slot_of(value)
        return members(self._changed[where] if where in self._changed else self._values.get(where))

    def items(self) -> Iterator[tuple[Any, Collection[int]]]:
        """All values with their objects."""
        for where, bucket in self._values.items():
            if where not in self._changed:
                yield _value(where), members(bucket)
        for where, changed in self._changed.items():
            if changed is not None:
                yield _value(where), members(changed)

    def between(self, order: str, scale: Scale, low: Any, high: Any) -> Iterator[tuple[Any, Collection[int]]]:
        """Values with low ≤ scale(value) ≤ high; None is no bound. `scale` gives None for what it cannot order."""
        if order not in self._scales:
            placed = sorted((place, n) for n, where in enumerate(self._values) if (place := scale(where)) is not None)
            keys = list(self._values)
            self._scales[order] = [place for place, _ in placed], [keys[n] for _, n in placed]
        places, wheres = self._scales[order]
        start = 0 if low is None else bisect_left(places, low)
        end = len(places) if high is None else bisect_right(places, high)
        for where in wheres[start:end]:
            if where not in self._changed:
                yield _value(where), members(self._values[where])
        for where, bucket in self._changed.items():
            place = None if bucket is None else scale(where)
            if place is not None and (low is None or low <= place) and (high is None or place <= high):
                yield _value(where), members(bucket)

    def moved(self, lost: Iterable[tuple[int, Any]], gained: Iterable[tuple[int, Any]]) -> Column:
        """The column with some objects' values changed."""
        sets: dict[Any, set[int]] = {}
        present = self.present.copy()

        def touch(where: Any) -> set[int]:
            if where not in sets:
                sets[where] = set(members(self._changed[where] if where in self._changed else self._values.get(where)))
            return sets[where]

        for ord, value in lost:
            present.discard(ord)
            for where in scalars(value):
                touch(where).discard(ord)
        for ord, value in gained:
            present.add(ord)
            for where in scalars(value):
                touch(where).add(ord)
        changed = {**self._changed, **{where: bucket_of(ords) if ords else None for where, ords in sets.items()}}
        if len(changed) <= 1024 + len(self._values) // 8:
            return Column(self._values, present, changed, self._scales)
        merged = {**self._values, **changed}
        return Column({where: bucket for where, bucket in merged.items() if bucket is not None}, present)


def _value(where: Any) -> Any:
    return where[1] if type(where) is tuple else where


def built(found: Iterable[tuple[int, Any]]) -> Column:
    """A column from (object, value) pairs, in order of objects."""
    many: dict[Any, list[int]] = {}
    one: dict[Any, int] = {}
    present = []
    for ord, value in found:
        present.append(ord)
        kind = type(value)
        for where in (value,) if kind is str or kind is int else set(scalars(value)):
            if where in many:
                many[where].append(ord)
            elif where in one:
                many[where] = [one.pop(where), ord]
            else:
                one[where] = ord
    values: dict[Any, Bucket] = dict(one)
    values.update((where, bucket_of(ords)) for where, ords in many.items())
    return Column(values, BitMap(present))


class Columns:
    """The columns of one lineage of values, or of one view. Safe in any thread."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Any, Column]] = {}
        self._lock = threading.Lock()

    def of(self, reader: Columned, spec: Spec) -> Column:
        """The column of an attribute as of a value of the graph."""
        with self._lock:
            held = self._held.pop(spec.name, None)
            if held is None:
                column = built(_read_all(reader, spec))
            elif held[0] is reader:
                column = held[1]
            else:
                column = _brought_to(reader, held[0], held[1], spec)
            while len(self._held) >= KEPT:
                del self._held[next(iter(self._held))]
            self._held[spec.name] = (reader, column)
            return column

    def let_go(self, rev: int, objects: int) -> None:
        """Drop what was not asked for while much changed: it would keep the graph alive that it was made of."""
        if self._held:
            with self._lock:
                last = rev - IDLE - objects // 2
                self._held = {name: held for name, held in self._held.items() if held[0].rev >= last}


def _read_all(reader: Columned, spec: Spec) -> Iterator[tuple[int, Any]]:
    if spec.needs is None:
        for head in reader.objects():
            value = spec.read(reader, head)
            if value is not None:
                yield head.ord, value
        return
    hosts, pick, unpack = reader.hosts, spec.pick, reader.codec.unpacking()
    decode, of_one = picking(spec.needs), extractor(spec.needs, unpack)
    as_it_stands = spec.plain and not hosts
    for head, flat in reader.everything():
        if flat is not None and len(flat) == 2:  # most objects: one facet
            if as_it_stands:
                value = decode(unpack(flat[1]))[2].a0  # type: ignore[arg-type]
                if value is not None:
                    yield head.ord, value
                continue
            attributes = of_one(flat[1])  # type: ignore[arg-type]
        else:
            attributes = merged(of_one, reader.facts_of(head))
        if attributes is not None:
            value = pick(head, rename_hosts(attributes, hosts) if hosts else attributes)
            if value is not None:
                yield head.ord, value


def _brought_to(reader: Any, old: Any, column: Column, spec: Spec) -> Column:
    """The column of one value of the graph made that of another of the same lineage."""
    return amended(column, old, reader, changed_objects(old, reader), spec)


def amended(column: Column, old: GraphReader, new: GraphReader, ords: Iterable[int], spec: Spec) -> Column:
    """The column of one graph made that of another, from which it differs in these objects at most."""
    before: dict[int, Any] = {}
    after: dict[int, Any] = {}
    for ord in ords:
        for graph, out in ((old, before), (new, after)):
            head = graph.get(ord)
            value = None if head is None else value_of(graph, head, spec)
            if value is not None:
                out[ord] = value
    differing = [ord for ord in {*before, *after} if before.get(ord) != after.get(ord)]
    return column.moved(
        [(ord, before[ord]) for ord in differing if ord in before],
        [(ord, after[ord]) for ord in differing if ord in after],
    )


def value_of(graph: GraphReader, head: Obj, spec: Spec) -> Any:
    """What a column holds of an object."""
    return spec.read(graph, head) if spec.needs is None else spec.pick(head, graph.attributes(head))


def changed_objects(old: Graph, new: Graph) -> set[int]:
    """Objects whose facets or head are not the same in two values of one lineage."""
    out = set()
    for ord in (*_differing(new.heads, old.heads), *_differing(new.facts, old.facts)):
        out |= {ord, old.bound.get(ord, ord), new.bound.get(ord, ord)}
    return out


def _differing(new: Pages[Any], old: Pages[Any]) -> Iterator[int]:
    empty: list[Any] = [None] * SIZE
    for number in new.changed_pages(old):
        mine = new.pages[number] if number < len(new.pages) else empty
        theirs = old.pages[number] if number < len(old.pages) else empty
        for place, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            if one is not other:
                yield (number << BITS) + place


Extract = Callable[[bytes], Attributes | None]


def extractor(needs: tuple[str, ...], unpack: Callable[[bytes], bytes]) -> Extract:
    """Reads just some attributes of an encoded facet, None when it has none: a tenth of decoding it all."""
    decode = picking(needs)
    names = tuple((f"a{n}", need) for n, need in enumerate(needs))
    only = needs[0] if len(needs) == 1 else ""

    def of_one(body: bytes) -> Attributes | None:
        found = decode(unpack(body))[2]
        if only:
            return None if found.a0 is None else {only: found.a0}
        return {need: value for field, need in names if (value := getattr(found, field)) is not None} or None

    return of_one


@lru_cache(maxsize=64)
def picking(needs: tuple[str, ...]) -> Callable[[bytes], Any]:
    """Decodes of a plain facet just these attributes, as a0, a1, …: what is skipped costs no more than a search."""
    fields = [(f"a{n}", Any, None) for n in range(len(needs))]
    names = dict(zip((field[0] for field in fields), needs, strict=True))
    shape = msgspec.defstruct("Picked", fields, rename=names, gc=False)
    return msgspec.msgpack.Decoder(tuple[str, str, shape]).decode  # type: ignore[valid-type]


def merged(of_one: Extract, facts: tuple[Facts | None, ...]) -> Attributes | None:
    """The attributes of all facets of an object, by precedence."""
    rows = [(flat[i], flat[i + 1]) for flat in facts if flat is not None for i in range(0, len(flat), 2)]
    rows.sort(key=lambda row: rank(row[0]))  # type: ignore[arg-type]
    out: Attributes = {}
    for _, body in rows:
        found = of_one(body)  # type: ignore[arg-type]
        if found is not None:
            out = found | out
    return out or None
