"""The index keys of a chunk's objects, kept so that a restart need not decode every facet to find them.

A cache: it is used only by the very code, host names and service patterns that made it; otherwise keys are found anew.
"""

from __future__ import annotations

from collections.abc import Container
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from pyroaring import BitMap

from calipso.errors import StoreDamaged
from calipso.graph.index import Builder, slot
from calipso.graph.protocol import Obj
from calipso.graph.restore import index_keys
from calipso.graph.value import Graph
from calipso.stores.sqlite.chunk import CHUNK_BITS, compress, decompress

Entry = tuple[int, list[Any], list[tuple[int, str, Any]]]
"""Of an object: its ordinal, its keys flat (name, value, …), and the keys of its records for binds."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[bytes, msgspec.Raw]).decode
_decode_ring = msgspec.msgpack.Decoder(list[Entry]).decode


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
    known: dict[int, Entry] = {}
    if older is not None:
        known = {entry[0]: entry for entry in _read(older, made_by) if entry[0] not in changed}
    found: list[Entry] = []
    for ord in range(chunk << CHUNK_BITS, (chunk + 1) << CHUNK_BITS):
        head = graph.heads.get(ord)
        if head is not None:
            found.append(known.get(ord) or _entry(graph, head))
    return compress(_encode((made_by, found)))


def _entry(graph: Graph, head: Obj) -> Entry:
    own: list[Any] = []
    binds: list[tuple[int, str, Any]] = []
    places = {(where, slot(key)): (where, key) for where, key in index_keys(graph, head)}  # references share theirs
    for where, (name, value) in places.values():
        if where == head.ord:
            own += (name, value)
        else:
            binds.append((where, name, value))
    return head.ord, own, binds


def _read(blob: bytes, made_by: bytes) -> list[Entry]:
    try:
        by, ring = _decode(decompress(blob))
        return _decode_ring(ring) if by == made_by else []
    except (msgspec.DecodeError, msgspec.ValidationError, zstandard.ZstdError) as error:
        raise StoreDamaged(f"a snapshot cannot be read: {error}") from error


def stand(blob: bytes, made_by: bytes, changed: Container[int], index: Builder) -> list[int]:
    """Put objects where they stand in an index, but for changed ones; which they are.

    None when something else found the keys. Raises `StoreDamaged`.
    """
    done = []
    for ord, own, binds in _read(blob, made_by):
        if ord not in changed:
            done.append(ord)
            index.stand(own, ord)
            for where, name, value in binds:
                index.stand((name, value), where)
    return done
