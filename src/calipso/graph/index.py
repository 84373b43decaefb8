"""Key → objects, persistent; buckets grow from an integer to a tuple to a bitmap (CORE §3, ADR 0013)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby, repeat
from operator import itemgetter
from typing import Any

import immutables
from pyroaring import BitMap

from calipso.graph.shards import Shards, from_sorted

SMALL = 16
PARTS = 8
"""Bits of a hash by which an index is built in parts, so that sorting needs little room."""

FEW_VALUED = frozenset({"kind", "type", "host", "state", "mtu"})
"""Keys with few values stand in the index under themselves, so that `values()` can list them."""

OF_HEADS = frozenset({"kind", "type", "host"})
"""Those of them that are fields of the head."""

REFERENCES: set[str] = set()
"""Names of keys whose values are ids referred to: they share places, told apart when read (filled by `keys`)."""

Bucket = int | tuple[int, ...] | BitMap
Key = tuple[str, Any]
Slot = int | Key
"""Where a key stands: see `slot`."""
WORD = (1 << 64) - 1
SEVERAL = -1
"""Stands among the hashes for a bucket that is kept apart."""


def members(bucket: Bucket | None) -> Collection[int]:
    """A bucket as a collection of ordinals."""
    if bucket is None:
        return ()
    return (bucket,) if type(bucket) is int else bucket  # type: ignore[return-value]


def slot(key: Key) -> Slot:
    """Where a key stands: itself when few-valued, else its hash. What shares a place is told apart when read."""
    name = key[0]
    if name in FEW_VALUED:
        return key
    return hash(("reference", key[1]) if name in REFERENCES else key) & WORD


def with_member(bucket: Bucket | None, ord: int) -> Bucket:
    if bucket is None:
        return ord
    if type(bucket) is int:
        return bucket if bucket == ord else (bucket, ord)
    if type(bucket) is tuple:
        if ord in bucket:
            return bucket
        return (*bucket, ord) if len(bucket) < SMALL else BitMap((*bucket, ord))
    raise TypeError("bitmaps are changed by their session")


def without_member(bucket: Bucket, ord: int) -> Bucket | None:
    if type(bucket) is int:
        return None if bucket == ord else bucket
    rest = tuple(other for other in bucket if other != ord)  # type: ignore[union-attr]
    return rest[0] if len(rest) == 1 else rest or None


class Index:
    """Immutable: slots to buckets.

    A hash with one ordinal, which most are, stands in `one`, other hashes in `many`, few-valued keys in `few`.
    """

    __slots__ = ("few", "many", "one")

    def __init__(
        self, one: Shards | None = None, many: immutables.Map[int, Bucket] | None = None,
        few: immutables.Map[Key, Bucket] | None = None,
    ) -> None:  # fmt: skip
        self.one = one if one is not None else Shards()
        self.many: immutables.Map[int, Bucket] = many if many is not None else immutables.Map()
        self.few: immutables.Map[Key, Bucket] = few if few is not None else immutables.Map()

    def get(self, key: Key) -> Collection[int]:
        """Ordinals under the key's slot: may hold strangers whose key has the same hash."""
        where = slot(key)
        if type(where) is not int:
            return members(self.few.get(where))  # type: ignore[arg-type]
        found = self.one.get(where)
        return members(self.many.get(where) if found == SEVERAL else found)

    def values(self, name: str) -> Iterator[tuple[Any, Collection[int]]]:
        for where, bucket in self.few.items():
            if where[0] == name:
                yield where[1], members(bucket)

    def items(self) -> Iterator[tuple[Slot, Collection[int]]]:
        """All slots."""
        for key, bucket in self.few.items():
            yield key, members(bucket)
        for where, bucket in self.many.items():
            yield where, members(bucket)
        for hashed, ord in self.one.items():
            if ord != SEVERAL:
                yield hashed, (ord,)

    def edit(self) -> IndexEdit:
        return IndexEdit(self)


class IndexEdit:
    """A session of writes; a bitmap is copied once per session."""

    __slots__ = ("few", "many", "one", "own")

    def __init__(self, base: Index) -> None:
        self.one = base.one.edit()
        self.many = base.many.mutate()
        self.few = base.few.mutate()
        self.own: set[Slot] = set()

    def get(self, key: Key) -> Collection[int]:
        return members(self._bucket(slot(key)))

    def add(self, key: Key, ord: int) -> None:
        self.stand(slot(key), ord)

    def stand(self, where: Slot, ord: int) -> None:
        """As `add`, where the key's slot is known."""
        bucket: Bucket | None
        if type(where) is int:
            bucket = self.one.add(where, ord)
            if bucket is None or bucket == ord:
                return
            if bucket == SEVERAL:
                bucket = self.many.get(where)
        else:
            bucket = self.few.get(where)  # type: ignore[arg-type]
        if type(bucket) is BitMap:
            self._owned(where, bucket).add(ord)
            return
        grown = with_member(bucket, ord)
        if type(grown) is BitMap:
            self.own.add(where)
        self._put(where, grown)

    def remove(self, key: Key, ord: int) -> None:
        where = slot(key)
        bucket = self._bucket(where)
        if bucket is None:
            return
        if type(bucket) is not BitMap:
            self._put(where, without_member(bucket, ord))
            return
        mine = self._owned(where, bucket)
        mine.discard(ord)
        if not mine:
            self._put(where, None)

    def finish(self) -> Index:
        self.own = set()
        return Index(self.one.finish(), self.many.finish(), self.few.finish())

    def _bucket(self, where: Slot) -> Bucket | None:
        if type(where) is not int:
            kept: Bucket | None = self.few.get(where)  # type: ignore[arg-type]
            return kept
        found = self.one.get(where)
        return self.many.get(where) if found == SEVERAL else found

    def _put(self, where: Slot, bucket: Bucket | None) -> None:
        if type(where) is not int:
            if bucket is None:
                self.few.pop(where, None)  # type: ignore[arg-type]
            else:
                self.few[where] = bucket  # type: ignore[index]
        elif bucket is None or type(bucket) is int:
            self.many.pop(where, None)
            if bucket is None:
                self.one.remove(where)
            else:
                self.one.set(where, bucket)
        else:
            self.many[where] = bucket
            self.one.set(where, SEVERAL)

    def _owned(self, where: Slot, bucket: BitMap) -> BitMap:
        if where not in self.own:
            bucket = bucket.copy()
            if type(where) is int:
                self.many[where] = bucket
            else:
                self.few[where] = bucket  # type: ignore[index]
            self.own.add(where)
        return bucket


Order = Callable[["array[int]", "array[int]"], tuple["array[int]", "array[int]", "array[int]", "array[int]"]]
"""(hashes, ordinals beside them) → (different hashes in order, of each its ordinal or `SEVERAL`, and of those with
several every hash and ordinal, in order)."""


class Builder:
    """An index from all its places at once, in any order; one may come twice. Millions of them: every step counts."""

    __slots__ = ("_few", "_hashes", "_order", "_ords")

    def __init__(self, order: Order | None = None) -> None:
        """order: what puts places in order, where something quicker than Python is to be had."""
        self._order = order or in_order
        self._few: dict[Key, list[int]] = {}
        self._hashes, self._ords = array("q"), array("i")

    def stand(self, name: str, ords: Sequence[int], values: Sequence[Any]) -> None:
        """Put each of some ordinals under a name and the value beside it: a list or tuple when it has several parts."""
        if len(ords) != len(values):
            raise ValueError(f"{len(ords)} ordinals under {len(values)} values")
        shared = [tuple(value) if type(value) is list else value for value in values]
        if name in FEW_VALUED:
            for ord, value in zip(ords, shared, strict=True):
                self._few.setdefault((name, value), []).append(ord)
            return
        self._hashes.extend(map(hash, zip(repeat("reference" if name in REFERENCES else name), shared, strict=False)))
        self._ords.extend(ords)

    def few(self, key: Key, ords: Sequence[int]) -> None:
        """Put some ordinals under a few-valued key."""
        self._few.setdefault(key, []).extend(ords)

    def finish(self) -> Index:
        hashes, ords, where, several = self._order(array("Q", self._hashes.tobytes()), self._ords)
        self._hashes, self._ords = array("q"), array("i")  # lets go of what is done with
        grouped = groupby(zip(where, several, strict=True), itemgetter(0))
        many = {hashed: bucket_of({ord for _, ord in group}) for hashed, group in grouped}
        few = {key: bucket_of(set(ords)) for key, ords in self._few.items()}
        return Index(from_sorted(hashes, ords), immutables.Map(many), immutables.Map(few))


def in_order(hashes: array[int], ords: array[int]) -> tuple[array[int], array[int], array[int], array[int]]:
    """`Order` in Python, part by part: sorting then needs little room."""
    parts: list[tuple[array[int], array[int]]] = [(array("Q"), array("i")) for _ in range(1 << PARTS)]
    puts, shift = [(mine.append, theirs.append) for mine, theirs in parts], 64 - PARTS
    for where, ord in zip(hashes, ords, strict=True):
        put_hash, put_ord = puts[where >> shift]
        put_hash(where)
        put_ord(ord)
    found = array("Q"), array("i"), array("Q"), array("i")
    for n, part in enumerate(parts):
        parts[n] = array("Q"), array("i")  # lets go of what is done with
        _sort(*part, *found)
    return found


def _sort(
    unordered: array[int], theirs: array[int], hashes: array[int], ords: array[int], where: array[int],
    several: array[int],
) -> None:  # fmt: skip
    """Append the places of one part in order; of a hash with several ordinals to `where` and `several` too."""
    first: dict[int, int] = {}
    more: dict[int, set[int]] = {}
    stands = first.setdefault
    for hashed, ord in zip(unordered, theirs, strict=True):
        before = stands(hashed, ord)
        if before != ord:
            more.setdefault(hashed, {before}).add(ord)
    for hashed in sorted(more):
        first[hashed] = SEVERAL
        where.extend(repeat(hashed, len(more[hashed])))
        several.extend(sorted(more[hashed]))
    ordered = sorted(first)
    hashes.extend(ordered)
    ords.extend(map(first.__getitem__, ordered))


def bucket_of(ords: Collection[int]) -> Bucket:
    """The smallest form that holds these ordinals."""
    if len(ords) == 1:
        return next(iter(ords))
    if len(ords) <= SMALL:
        return tuple(sorted(ords))
    return BitMap(ords if isinstance(ords, array) else sorted(ords))  # of an array it takes the numbers as they stand
