"""An object's head as bytes: what the history keeps of it (CORE §6)."""

from __future__ import annotations

import msgspec

from calipso.errors import StoreDamaged
from calipso.graph.protocol import Obj

HeadFields = tuple[
    str, str, str, str, str, str, tuple[int, ...], tuple[str, ...] | None, tuple[str, ...]
]  # fmt: skip
"""id, kind, type, name, host, parent, members, networks, media."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(HeadFields).decode


def head_fields(head: Obj) -> HeadFields:
    """All of a head but its ordinal."""
    return (
        head.id, head.kind, head.type, head.name, head.host, head.parent, head.members, head.networks, head.media,
    )  # fmt: skip


def encode_head(head: Obj) -> bytes:
    """A head as msgpack, without its ordinal."""
    return bytes(memoryview(_encode(head_fields(head))))  # exact size: encoders over-allocate


def decode_head(ord: int, body: bytes) -> Obj:
    """The head of an object from the body of its row. Raises `StoreDamaged` when the bytes are not a head."""
    try:
        return Obj(ord, *_decode(body))
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise StoreDamaged(f"the head of object {ord} cannot be decoded: {error}") from error
