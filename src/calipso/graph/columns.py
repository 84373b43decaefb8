"""Attributes without a declared key, indexed when first asked for (CORE §5).

A column holds, for one value of the graph, which objects have which value of one attribute. Of another value of the
same lineage it is brought up to date by looking only at the pages that differ, so it stays as good as a declared key.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from calipso.graph.index import Bucket, bucket_of, members
from calipso.graph.merge import rename_hosts
from calipso.graph.pages import BITS, SIZE, Pages
from calipso.graph.protocol import GraphReader, Obj, Spec
from calipso.graph.skimming import Skimmed, skimmed

if TYPE_CHECKING:
    from calipso.graph.value import Graph

KEPT = 24
"""Columns a lineage keeps; the least used is dropped."""
IDLE = 20_000
"""Changes, and half the objects, after which a column that nobody asked for is dropped."""
TRUTHS = {False: ("truth", False), True: ("truth", True)}
"""Truth values stand apart: as keys of a dictionary they would be 0 and 1."""
Scale = Callable[[Any], int | float | str | None]


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


def _slots(value: Any) -> Collection[Any]:
    """Where a value stands, each place once. Most are one text, or one in a list."""
    kind = type(value)
    if kind is str or kind is int:
        return (value,)
    if kind is list and len(value) == 1 and type(value[0]) is str:
        return value  # type: ignore[no-any-return]
    return set(scalars(value))


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


def built(found: Iterable[tuple[Any, Sequence[int]]]) -> Column:
    """A column from (value, objects that have it) pairs; a value may come in several, an object in one."""
    many: dict[Any, array[int]] = {}
    one: dict[Any, int] = {}
    present = array("I")
    for value, ords in found:
        present.extend(ords)
        for where in _slots(value):
            if where in many:
                many[where].extend(ords)
            elif where in one:
                many[where] = array("I", [one.pop(where), *ords])
            elif len(ords) == 1:
                one[where] = ords[0]
            else:
                many[where] = array("I", ords)
    values: dict[Any, Bucket] = dict(one)
    values.update((where, bucket_of(ords)) for where, ords in many.items())
    return Column(values, BitMap(present))


class Columns:
    """The columns of one lineage of values, or of one view. Safe in any thread."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Any, Column]] = {}
        self._lock = threading.Lock()

    def of(self, reader: Skimmed, spec: Spec) -> Column:
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


def _read_all(reader: Skimmed, spec: Spec) -> Iterator[tuple[Any, Sequence[int]]]:
    if spec.needs is None:
        for head in reader.objects():
            value = spec.read(reader, head)
            if value is not None:
                yield value, (head.ord,)
        return
    hosts, pick = reader.hosts, spec.pick
    for some in skimmed(reader, spec.needs, spec.version):
        for said, ords in some:
            value = pick(rename_hosts(said, hosts) if hosts else said)
            if value is not None:
                yield value, ords


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
    return spec.read(graph, head) if spec.needs is None else spec.pick(graph.attributes(head))


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
