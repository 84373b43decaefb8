"""What agent and server say to each other over one WebSocket.

The agent begins with a `Hello` as JSON text; the server answers with `Welcome`, or with `{"error", "hint"}` and closes.
Then the agent sends binary frames: parts, each 8 bytes of number (big-endian; 0 for one that is not numbered) and
zstd-compressed msgpack of observations; and text frames: `Cost`. The server sends text frames `{"acked": N}` when
everything up to N is durable. A part that comes again after a break is not taken again.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec
import zstandard

from calipso.errors import ParseError
from calipso.model.environment import Environment
from calipso.model.record import Observation

PROTOCOL = 1
LARGEST_PART = 64 << 20
_NUMBER = struct.Struct(">Q")


class Hello(msgspec.Struct, frozen=True):
    """spool: id of the agent's queue. protocol: version of this conversation."""

    environment: str
    host: str
    spool: str
    version: str
    protocol: int = PROTOCOL


class Welcome(msgspec.Struct, frozen=True):
    """acked: the last durable number of this spool. config: the environment as this agent is to look at it.

    known: (source, part) of the scopes of this host that the server holds.
    """

    acked: int
    config: Environment
    known: tuple[tuple[str, str], ...] = ()


class Cost(msgspec.Struct, frozen=True):
    """What an agent uses and what it lost. cpu: share of one core; memory, spooled_bytes: bytes; lost: parts."""

    cpu: float
    memory: int
    spooled: int
    spooled_bytes: int
    lost: int
    cpu_limit: float = 0.0


class Acked(msgspec.Struct, frozen=True):
    acked: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Observation, ...]).decode


def pack(observations: Sequence[Observation]) -> bytes:
    """The body of a part."""
    return zstandard.ZstdCompressor(level=1).compress(_encode(tuple(observations)))


def unpack(body: bytes) -> tuple[Observation, ...]:
    """Raises `ParseError`."""
    try:
        return _decode(zstandard.ZstdDecompressor().decompress(body, max_output_size=LARGEST_PART))
    except (zstandard.ZstdError, msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise ParseError("part", str(error)) from error


def frame(seq: int, body: bytes) -> bytes:
    return _NUMBER.pack(seq) + body


def unframe(data: bytes) -> tuple[int, bytes]:
    """(number, body). Raises `ParseError`."""
    if len(data) < _NUMBER.size:
        raise ParseError("part", "shorter than its number")
    return _NUMBER.unpack_from(data)[0], data[_NUMBER.size :]
