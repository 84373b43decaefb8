"""The index keys of a chunk's objects, kept so that a restart need not decode every facet to find them.

A cache: it is used only by the very code, host names and service patterns that made it; otherwise keys are found anew.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from itertools import compress as compress_by
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from pyroaring import BitMap

from calipso.errors import StoreDamaged
from calipso.graph.index import Builder, Slot, slot
from calipso.graph.protocol import Obj
from calipso.graph.restore import index_keys
from calipso.graph.value import Graph
from calipso.stores.sqlite.chunk import CHUNK, CHUNK_BITS, compress, decompress

Keys = dict[str, tuple[bytes, list[Any]]]
"""Name → for each key of this name the object that stands under it, and the value. Objects are named by one octet:
their place in the chunk.
"""
Binds = dict[str, tuple[bytes, list[int], list[Any]]]
"""Name → for each key of a record for binds the object that the record belongs to, the record's ordinal, the value."""
Ring = tuple[bytes, Keys, Binds]
"""Its objects, and their keys by name: far fewer steps than object by object."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[bytes, msgspec.Raw]).decode
_decode_ring = msgspec.msgpack.Decoder(Ring).decode


MAKERS = {
    "calipso.graph": ("bind", "codec", "index", "keys", "merge", "restore", "service"),
    "calipso.model": ("ids", "links", "rules", "types"),
}
"""The modules that decide which keys an object has, besides those that make its head, which is kept."""


@cache
def _code() -> bytes:
    """A digest of the code that finds keys."""
    digest = blake2b()
    for package, modules in MAKERS.items():
        for module in modules:
            digest.update(module.encode() + b"\0" + files(package).joinpath(f"{module}.py").read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.digest()


def maker(graph: Graph) -> bytes:
    """What the keys of a graph's objects depend on besides their heads and facets."""
    said = (sorted(graph.hosts.items()), graph.environment.service_patterns)
    return blake2b(_code() + _encode(said), digest_size=16).digest()


def pack(graph: Graph, chunk: int, made_by: bytes, older: bytes | None, changed: BitMap) -> bytes:
    """The keys of a chunk's objects; those of unchanged objects are taken from its last snapshot."""
    base = chunk << CHUNK_BITS
    there = {place: head for place in range(CHUNK) if (head := graph.heads.get(base + place)) is not None}
    known = _read(older, made_by) if older is not None else None
    kept = {place for place in known[0] if place in there and base + place not in changed} if known else set()
    keys: dict[str, list[tuple[int, Any]]] = {}
    binds: dict[str, list[tuple[int, int, Any]]] = {}
    for name, (places, values) in known[1].items() if known else ():
        keys[name] = [row for row in zip(places, values, strict=True) if row[0] in kept]
    for name, (places, wheres, values) in known[2].items() if known else ():
        binds[name] = [row for row in zip(places, wheres, values, strict=True) if row[0] in kept]
    for place, head in there.items():
        if place not in kept:
            _add(graph, head, place, keys, binds)
    ring = (
        bytes(there),
        {name: (bytes(row[0] for row in rows), [row[1] for row in rows]) for name, rows in keys.items() if rows},
        {
            name: (bytes(row[0] for row in rows), [row[1] for row in rows], [row[2] for row in rows])
            for name, rows in binds.items()
            if rows
        },
    )
    return compress(_encode((made_by, ring)))


def _add(
    graph: Graph, head: Obj, place: int, keys: dict[str, list[tuple[int, Any]]],
    binds: dict[str, list[tuple[int, int, Any]]],
) -> None:  # fmt: skip
    """The keys of an object, and of its records for binds."""
    places = {(where, slot(key)): (where, key) for where, key in index_keys(graph, head)}  # references share theirs
    for where, (name, value) in places.values():
        if where == head.ord:
            keys.setdefault(name, []).append((place, value))
        else:
            binds.setdefault(name, []).append((place, where, value))


def _read(blob: bytes, made_by: bytes) -> Ring | None:
    """None when something else found the keys. Raises `StoreDamaged`."""
    try:
        by, ring = _decode(decompress(blob))
        return _decode_ring(ring) if by == made_by else None
    except (msgspec.DecodeError, msgspec.ValidationError, zstandard.ZstdError) as error:
        raise StoreDamaged(f"a snapshot cannot be read: {error}") from error


def stand(blob: bytes, chunk: int, made_by: bytes, gone: Mapping[int, Container[Slot]], index: Builder) -> bool:
    """Put a chunk's objects where they stood in an index, but for places that are gone since.

    False, and nothing is done, when something else found the keys. Raises `StoreDamaged`.
    """
    known = _read(blob, made_by)
    if known is None:
        return False
    base = chunk << CHUNK_BITS
    _, keys, binds = known
    for name, (places, values) in keys.items():
        index.stand(name, *_but(gone, name, [base + place for place in places], values))
    for name, (_, wheres, values) in binds.items():
        index.stand(name, *_but(gone, name, wheres, values))
    return True


def _but(
    gone: Mapping[int, Container[Slot]], name: str, ords: list[int], values: list[Any]
) -> tuple[list[int], list[Any]]:
    if gone.keys().isdisjoint(ords):
        return ords, values
    there = [
        ord not in gone or slot((name, tuple(value) if type(value) is list else value)) not in gone[ord]
        for ord, value in zip(ords, values, strict=True)
    ]
    return list(compress_by(ords, there)), list(compress_by(values, there))
