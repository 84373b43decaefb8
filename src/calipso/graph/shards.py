"""A persistent map from 64-bit hashes to small integers, in shards of sorted arrays (ADR 0013).

Extendible hashing: a directory of 2^depth places, found by a hash's top bits, leads to shards; a full shard is split
alone, and the directory doubles when it has no bit left for that. Twelve bytes an entry and a sixth of it for the
rest: a tenth of what a tree of Python objects takes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator

from calipso.graph.pages import BITS as SIZE_BITS
from calipso.graph.pages import SIZE, Pages, PagesEdit

FULL = 128
USUAL = 80
BITS = 64


class Shard:
    """Sorted hashes whose top `depth` bits are the same, and their values. Changed only by the session that made it."""

    __slots__ = ("depth", "keys", "owner", "values")

    def __init__(self, depth: int, keys: array[int], values: array[int], owner: object) -> None:
        self.depth = depth
        self.keys = keys
        self.values = values
        self.owner = owner


class Shards:
    """Immutable map of unsigned 64-bit integers to signed 32-bit ones."""

    __slots__ = ("_mask", "_shift", "depth", "directory")

    def __init__(self, directory: Pages[Shard] | None = None, depth: int = 0) -> None:
        self.directory: Pages[Shard] = directory if directory is not None else Pages()
        self.depth = depth
        self._shift, self._mask = BITS - depth, (1 << depth) - 1

    def get(self, key: int) -> int | None:
        shard = self.directory.get(key >> self._shift & self._mask)
        if shard is None:
            return None
        keys = shard.keys
        i = bisect_left(keys, key)
        return shard.values[i] if i < len(keys) and keys[i] == key else None

    def items(self) -> Iterator[tuple[int, int]]:
        last = None
        for _, shard in self.directory.items():
            if shard is not last:
                last = shard
                yield from zip(shard.keys, shard.values, strict=True)

    def edit(self) -> ShardsEdit:
        return ShardsEdit(self)


class ShardsEdit:
    """A session of writes on `Shards`; reads see them. `finish` gives the new value."""

    __slots__ = ("_base", "_depth", "_directory", "_mask", "_me", "_shift")

    def __init__(self, base: Shards) -> None:
        self._base = base
        self._me = object()
        self._reach(base.directory.edit(), base.depth)

    def get(self, key: int) -> int | None:
        shard = self._directory.get(key >> self._shift & self._mask)
        if shard is None:
            return None
        keys = shard.keys
        i = bisect_left(keys, key)
        return shard.values[i] if i < len(keys) and keys[i] == key else None

    def set(self, key: int, value: int) -> None:
        shard = self._own(key)
        i = bisect_left(shard.keys, key)
        if i < len(shard.keys) and shard.keys[i] == key:
            shard.values[i] = value
        else:
            self._insert(shard, i, key, value)

    def add(self, key: int, value: int) -> int | None:
        """Set what is not there yet; else what is there, which stays: one search for both."""
        shard = self._directory.get(key >> self._shift & self._mask)
        i = 0
        if shard is not None:
            keys = shard.keys
            i = bisect_left(keys, key)
            if i < len(keys) and keys[i] == key:
                return shard.values[i]
        if shard is None or shard.owner is not self._me:
            shard = self._own(key)
        self._insert(shard, i, key, value)
        return None

    def _insert(self, shard: Shard, i: int, key: int, value: int) -> None:
        shard.keys.insert(i, key)
        shard.values.insert(i, value)
        if len(shard.keys) > FULL:
            self._split(shard, key)

    def remove(self, key: int) -> None:
        """Removing what is not there changes nothing."""
        if self.get(key) is not None:
            shard = self._own(key)
            i = bisect_left(shard.keys, key)
            del shard.keys[i]
            del shard.values[i]

    def finish(self) -> Shards:
        self._me = object()  # what was written belongs to the value from now on
        directory = self._directory.finish()
        return self._base if directory is self._base.directory else Shards(directory, self._depth)

    def _reach(self, directory: PagesEdit[Shard], depth: int) -> None:
        self._directory = directory
        self._depth = depth
        self._shift, self._mask = BITS - depth, (1 << depth) - 1

    def _own(self, key: int) -> Shard:
        place = key >> self._shift & self._mask
        shard = self._directory.get(place)
        if shard is None:
            shard = Shard(0, array("Q"), array("i"), self._me)  # the first of all
            self._directory.set(place, shard)
        elif shard.owner is not self._me:
            shard = Shard(shard.depth, shard.keys[:], shard.values[:], self._me)
            self._put(shard, key)
        return shard

    def _put(self, shard: Shard, key: int) -> None:
        """Have all places of the directory that share a key's top bits lead to a shard."""
        spread = self._depth - shard.depth
        first = (key >> self._shift & self._mask) >> spread << spread
        for place in range(first, first + (1 << spread)):
            self._directory.set(place, shard)

    def _split(self, shard: Shard, key: int) -> None:
        while len(shard.keys) > FULL:
            if shard.depth == self._depth:
                self._double()
            bit = 1 << (BITS - shard.depth - 1)
            low, high = key & -bit & ~bit, key & -bit | bit  # where the two halves begin
            middle = bisect_left(shard.keys, high)
            halves = [
                Shard(shard.depth + 1, shard.keys[part], shard.values[part], self._me)
                for part in (slice(None, middle), slice(middle, None))
            ]
            self._put(halves[0], low)
            self._put(halves[1], high)
            shard = max(halves, key=lambda half: len(half.keys))
            if len(shard.keys) > FULL:
                key = shard.keys[0]

    def _double(self) -> None:
        pages: list[list[Shard | None]] = []
        for page in self._directory.finish().pages:
            twice = [shard for shard in page for _ in range(2)]
            pages += [twice[:SIZE], twice[SIZE:]] if self._depth >= SIZE_BITS else [twice[:SIZE]]
        self._reach(Pages(pages, 2 << self._depth).edit(), self._depth + 1)


def from_sorted(keys: array[int], values: array[int]) -> Shards:
    """A map of sorted hashes, each once, and their values."""
    depth = max((len(keys) // USUAL).bit_length(), SIZE_BITS)
    nobody = object()
    shards: list[Shard | None] = []
    at = 0
    for place in range(1 << depth):
        end = bisect_left(keys, place + 1 << BITS - depth, at) if place + 1 < 1 << depth else len(keys)
        shards.append(Shard(depth, keys[at:end], values[at:end], nobody))
        at = end
    pages = [shards[i : i + SIZE] for i in range(0, len(shards), SIZE)]
    return Shards(Pages(pages, len(shards)), depth)
