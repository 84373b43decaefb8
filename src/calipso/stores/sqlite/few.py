"""The bitmaps an epoch begins with: its objects, and the objects of every value of the few-valued keys."""

from __future__ import annotations

from typing import Any

import msgspec
import zstandard
from pyroaring import BitMap

from calipso.errors import StoreDamaged
from calipso.graph.index import FEW_VALUED
from calipso.graph.value import Graph

ALL = ""
"""Stands for a key that every object has."""

_decode = msgspec.msgpack.Decoder(list[tuple[str, Any, bytes]]).decode


class Few(dict[str, dict[Any, BitMap]]):
    """Key → value → objects."""

    @property
    def all(self) -> BitMap:
        found: BitMap = self.get(ALL, {}).get(ALL, BitMap())
        return found


def pack(graph: Graph) -> bytes:
    """The bitmaps of a graph."""
    rows: list[tuple[str, Any, bytes]] = [(ALL, ALL, BitMap(head.ord for head in graph.objects()).serialize())]
    for key in sorted(FEW_VALUED):
        rows += [(key, value, BitMap(found).serialize()) for value, found in graph.values(key).items()]
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(msgspec.msgpack.encode(rows))


def unpack(blob: bytes) -> Few:
    """Empty bytes are an epoch that begins with nothing. Raises `StoreDamaged`."""
    few = Few()
    if blob:
        try:
            for key, value, bits in _decode(zstandard.ZstdDecompressor().decompress(blob)):
                few.setdefault(key, {})[value] = BitMap.deserialize(bits)
        except (msgspec.DecodeError, msgspec.ValidationError, zstandard.ZstdError, ValueError) as error:
            raise StoreDamaged(f"the bitmaps of an epoch cannot be read: {error}") from error
    return few
