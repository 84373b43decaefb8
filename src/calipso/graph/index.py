"""Key → objects, persistent; buckets grow from an integer to a tuple to a bitmap (CORE §3, ADR 0013)."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from itertools import repeat
from typing import Any

import immutables
from pyroaring import BitMap

from calipso.graph.shards import Shards, from_sorted

SMALL = 16
PARTS = 8
"""Bits of a hash by which an index is built in parts, so that sorting needs little room."""

FEW_VALUED = frozenset({"kind", "type", "host", "state", "mtu"})
"""Keys with few values stand in the index under themselves, so that `values()` can list them."""

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


class Builder:
    """An index from all its places at once, in any order; one may come twice. Millions of them: every step counts."""

    __slots__ = ("_few", "_parts", "_puts")

    def __init__(self) -> None:
        self._few: dict[Key, set[int]] = {}
        self._parts: list[tuple[array[int], array[int]]] = [(array("Q"), array("i")) for _ in range(1 << PARTS)]
        self._puts = [(hashes.append, ords.append) for hashes, ords in self._parts]

    def stand(self, name: str, ords: Sequence[int], values: Sequence[Any]) -> None:
        """Put each of some ordinals under a name and the value beside it: a list or tuple when it has several parts."""
        shared = [tuple(value) if type(value) is list else value for value in values]
        if name in FEW_VALUED:
            for ord, value in zip(ords, shared, strict=True):
                self.few((name, value), ord)
            return
        puts, shift = self._puts, 64 - PARTS
        keys = zip(repeat("reference" if name in REFERENCES else name), shared, strict=False)
        for where, ord in zip(map(hash, keys), ords, strict=True):
            put_hash, put_ord = puts[(where := where & WORD) >> shift]
            put_hash(where)
            put_ord(ord)

    def few(self, key: Key, ord: int) -> None:
        """Put an ordinal under a few-valued key."""
        found = self._few.get(key)
        if found is None:
            self._few[key] = {ord}
        else:
            found.add(ord)

    def finish(self) -> Index:
        many: dict[int, Bucket] = {}
        hashes, ords = array("Q"), array("i")
        self._puts = []
        for n, part in enumerate(self._parts):
            self._parts[n] = (array("Q"), array("i"))  # lets go of what is done with
            _sort(*part, hashes, ords, many)
        few = {key: bucket_of(ords) for key, ords in self._few.items()}
        return Index(from_sorted(hashes, ords), immutables.Map(many), immutables.Map(few))


def _sort(
    unordered: array[int], theirs: array[int], hashes: array[int], ords: array[int], many: dict[int, Bucket]
) -> None:
    """Append the places of one part in order; a hash with several ordinals leads to `many`."""
    first: dict[int, int] = {}
    several: dict[int, set[int]] = {}
    stands = first.setdefault
    for where, ord in zip(unordered, theirs, strict=True):
        before = stands(where, ord)
        if before != ord:
            several.setdefault(where, {before}).add(ord)
    for where, many_ords in several.items():
        first[where] = SEVERAL
        many[where] = bucket_of(many_ords)
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
