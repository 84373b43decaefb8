"""Chunks: the snapshot of 256 neighbouring ordinals as two compressed blobs (CORE §6).

`heads`: the heads, which ordinals belong to another object, and the links. `facets`: what sources say, as plain
msgpack, which compresses far better together than one by one. Read apart: most questions need only heads. A third
blob, the index keys, only saves a restart from finding them anew; see `keyring`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

import msgspec
import zstandard

from calipso.errors import StoreDamaged
from calipso.graph import adjacency
from calipso.graph.codec import Codec
from calipso.graph.heads import HeadFields, head_fields
from calipso.graph.protocol import Obj
from calipso.graph.value import Facts, Graph
from calipso.model.links import LINK_TYPES

CHUNK_BITS = 8
CHUNK = 1 << CHUNK_BITS
LEVEL = 3

Heads = tuple[list[tuple[int, HeadFields]], list[tuple[int, int]], list[tuple[int, tuple[int, ...]]]]
"""A `HeadChunk` as it is written."""
_Facets = list[tuple[int, tuple[int | bytes, ...]]]
_encode = msgspec.msgpack.Encoder().encode
_decode_heads = msgspec.msgpack.Decoder(Heads).decode
_decode_objects = msgspec.msgpack.Decoder(tuple[list[tuple[int, HeadFields]], msgspec.Raw, msgspec.Raw]).decode
_decode_facets = msgspec.msgpack.Decoder(_Facets).decode
_local = threading.local()
"""zstd contexts are not to be shared between threads."""


class HeadChunk(msgspec.Struct, gc=False):
    """heads by ordinal · owners: ordinal → object it belongs to, where not itself · ends: ordinal → (code, other, …)
    with code = 2 · number of the link type + direction."""

    heads: dict[int, Obj]
    owners: dict[int, int]
    ends: dict[int, tuple[int, ...]]


FacetChunk = dict[int, tuple[int | bytes, ...]]
"""Ordinal → (facet number, plain facet, …)."""


def pack(graph: Graph, chunk: int, facet_numbers: Mapping[str, int], link_numbers: Mapping[str, int]) -> (
    tuple[bytes, bytes]
):  # fmt: skip
    """A chunk of a graph as its two blobs. Raises `KeyError` for a facet name or link type without number."""
    heads: list[tuple[int, HeadFields]] = []
    owners: list[tuple[int, int]] = []
    ends: list[tuple[int, tuple[int, ...]]] = []
    facets: _Facets = []
    codec = graph.codec
    for ord in range(chunk << CHUNK_BITS, (chunk + 1) << CHUNK_BITS):
        head = graph.heads.get(ord)
        if head is not None:
            heads.append((ord, head_fields(head)))
        owner = graph.bound.get(ord)
        if owner is not None:
            owners.append((ord, owner))
        mine = graph.ends.get(ord)
        if mine:
            ends.append((ord, _numbered(mine, link_numbers)))
        facts = graph.facts.get(ord)
        if facts:
            facets.append((ord, _plain(facts, codec, facet_numbers)))
    return compress(_encode((heads, owners, ends))), compress(_encode(facets))


def _numbered(mine: adjacency.Ends, numbers: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(
        part
        for code, other in adjacency.ends(mine)
        for part in (2 * numbers[LINK_TYPES[code >> 1].name] + (code & 1), other)
    )


def _plain(facts: Facts, codec: Codec, numbers: Mapping[str, int]) -> tuple[int | bytes, ...]:
    out: list[int | bytes] = []
    for i in range(0, len(facts), 2):
        out += (numbers[facts[i]], codec.unpacked(facts[i + 1]))  # type: ignore[index, arg-type]
    return tuple(out)


def written_heads(blob: bytes) -> Heads:
    """Raises `StoreDamaged`."""
    try:
        written: Heads = _decode_heads(decompress(blob))
    except (msgspec.DecodeError, msgspec.ValidationError, zstandard.ZstdError) as error:
        raise StoreDamaged(f"a snapshot cannot be read: {error}") from error
    return written


def unpack_objects(blob: bytes) -> list[Obj]:
    """The objects of a chunk by ordinal, without their links: for those who pass over all. Raises `StoreDamaged`."""
    try:
        return [Obj(ord, *fields) for ord, fields in _decode_objects(decompress(blob))[0]]
    except (msgspec.DecodeError, msgspec.ValidationError, zstandard.ZstdError) as error:
        raise StoreDamaged(f"a snapshot cannot be read: {error}") from error


def unpack_heads(blob: bytes) -> HeadChunk:
    """Raises `StoreDamaged`."""
    heads, owners, ends = written_heads(blob)
    return HeadChunk({ord: Obj(ord, *fields) for ord, fields in heads}, dict(owners), dict(ends))


def unpack_facets(blob: bytes) -> FacetChunk:
    """Raises `StoreDamaged`."""
    try:
        return dict(_decode_facets(decompress(blob)))
    except (msgspec.DecodeError, msgspec.ValidationError, zstandard.ZstdError) as error:
        raise StoreDamaged(f"a snapshot cannot be read: {error}") from error


def compress(plain: bytes) -> bytes:
    compressor = getattr(_local, "compressor", None)
    if compressor is None:
        compressor = _local.compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    packed: bytes = compressor.compress(plain)
    return packed


def decompress(packed: bytes) -> bytes:
    decompressor = getattr(_local, "decompressor", None)
    if decompressor is None:
        decompressor = _local.decompressor = zstandard.ZstdDecompressor()
    plain: bytes = decompressor.decompress(packed)
    return plain
