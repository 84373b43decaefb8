"""Key → objects: one persistent map; buckets grow from an integer to a tuple to a bitmap (CORE §3)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from typing import Any

import immutables
from pyroaring import BitMap

SMALL = 16

FEW_VALUED = frozenset({"kind", "type", "host", "state", "mtu"})
"""Keys with few values stand in the index under themselves, so that `values()` can list them."""

REFERENCES: set[str] = set()
"""Names of keys whose values are ids referred to: they share places, told apart when read (filled by `keys`)."""

Bucket = int | tuple[int, ...] | BitMap
Key = tuple[str, Any]


def members(bucket: Bucket | None) -> Collection[int]:
    """A bucket as a collection of ordinals."""
    if bucket is None:
        return ()
    return (bucket,) if type(bucket) is int else bucket  # type: ignore[return-value]


def slot(key: Key) -> Hashable:
    """Where a key stands: itself when few-valued, else its hash. What shares a place is told apart when read."""
    name = key[0]
    if name in FEW_VALUED:
        return key
    return hash(("reference", key[1])) if name in REFERENCES else hash(key)


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
    """Immutable: slots to buckets."""

    __slots__ = ("map",)

    def __init__(self, map: immutables.Map[Hashable, Bucket] | None = None) -> None:
        self.map: immutables.Map[Hashable, Bucket] = map if map is not None else immutables.Map()

    def get(self, key: Key) -> Collection[int]:
        """Ordinals under the key's slot: may hold strangers whose key has the same hash."""
        return members(self.map.get(slot(key)))

    def values(self, name: str) -> Iterator[tuple[Any, Collection[int]]]:
        for where, bucket in self.map.items():
            if type(where) is tuple and where[0] == name:
                yield where[1], members(bucket)

    def edit(self) -> IndexEdit:
        return IndexEdit(self)


class IndexEdit:
    """A session of writes; a bitmap is copied once per session."""

    __slots__ = ("map", "own")

    def __init__(self, base: Index) -> None:
        self.map = base.map.mutate()
        self.own: set[Hashable] = set()

    def get(self, key: Key) -> Collection[int]:
        return members(self.map.get(slot(key)))

    def add(self, key: Key, ord: int) -> None:
        where = slot(key)
        bucket = self.map.get(where)
        if type(bucket) is BitMap:
            self._owned(where, bucket).add(ord)
            return
        grown = with_member(bucket, ord)
        if type(grown) is BitMap:
            self.own.add(where)
        self.map[where] = grown

    def remove(self, key: Key, ord: int) -> None:
        where = slot(key)
        bucket = self.map.get(where)
        if bucket is None:
            return
        if type(bucket) is BitMap:
            mine = self._owned(where, bucket)
            mine.discard(ord)
            if not mine:
                del self.map[where]
            return
        rest = without_member(bucket, ord)
        if rest is None:
            del self.map[where]
        else:
            self.map[where] = rest

    def _owned(self, where: Hashable, bucket: BitMap) -> BitMap:
        if where not in self.own:
            bucket = self.map[where] = bucket.copy()
            self.own.add(where)
        return bucket

    def finish(self) -> Index:
        self.own = set()
        return Index(self.map.finish())
