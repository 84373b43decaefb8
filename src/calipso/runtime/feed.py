"""What agent and server say to each other over one WebSocket.

The agent begins with a `Hello` as JSON text; the server answers with `Welcome`, or with `{"error", "hint"}` and closes.
Then the agent sends binary frames: parts, each 8 bytes of number (big-endian; 0 for one that is not numbered) and
zstd-compressed msgpack of observations; and text frames: `Cost`. The server sends text frames `{"acked": N}` when
everything up to N is durable. A part that comes again after a break is not taken again.

An agent that says in its hello what it can do with packets (`ability`) is told besides what to capture (`captures`: all
of it, each time anew) and frames to send (`frames`). It sends flows in binary frames of numbers of their own, whose
highest bit is set, and is told up to which they are kept (`flows`); text frames tell how its captures go (`Report`) and
what became of frames (`Sent`). Flows that come again are the same flows: their uuid says so.

An agent whose ability says that it answers is asked (`asks`) for what is told only when it is wanted: which addresses
its kernel translates, packets kept of flows. A text frame is the `Answer`.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
import zstandard

from calipso.errors import ParseError
from calipso.flows.translation import Translation
from calipso.model.environment import Environment
from calipso.model.flow import Flow, FlowPacket
from calipso.model.record import Observation
from calipso.runtime.orders import Ability, Order, PointReport
from calipso.seams import CapturePoint

T = TypeVar("T")
PROTOCOL = 1
LARGEST_PART = 64 << 20
FLOWS = 1 << 63
"""Set in the number of a part of flows."""
_NUMBER = struct.Struct(">Q")


class Hello(msgspec.Struct, frozen=True):
    """spool: id of the agent's queue. protocol: version of this conversation. ability: None of agents that know nothing
    of packets.
    """

    environment: str
    host: str
    spool: str
    version: str
    protocol: int = PROTOCOL
    ability: Ability | None = None


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


class Report(msgspec.Struct, frozen=True):
    """How captures go at an agent. flows_lost: states of flows that it had no room for while the server was away."""

    points: tuple[PointReport, ...]
    flows_lost: int = 0


class Batch(msgspec.Struct, frozen=True):
    """Frames to be sent by a device that the first of them opens: `sender` is the server's name for it.

    last: it is not needed any more.
    """

    number: int
    sender: str
    point: CapturePoint
    frames: tuple[bytes, ...] = ()
    last: bool = False


class Sent(msgspec.Struct, frozen=True):
    """What became of a batch. failed: why, for each frame that was not taken. error: why the device cannot be used;
    denied: for lack of a privilege.
    """

    sent: int
    failed: tuple[str, ...] = ()
    error: str = ""
    denied: bool = False


class Tracked(msgspec.Struct, frozen=True):
    """Translated connections with an address in a namespace (id), to which a path leads."""

    netns: str
    path: str
    address: str


class Ask(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question: `tracked`, or else packets kept of `flows` (uuids), those `after` a place (`FlowPacket.place`)."""

    number: int = 0
    tracked: Tracked | None = None
    flows: tuple[str, ...] = ()
    after: tuple[int, str, int] | None = None


class Answer(msgspec.Struct, frozen=True):
    """answers: the number of the question. said: as `packed` has it. error: why there is no answer; denied: for lack of
    a privilege.
    """

    answers: int
    said: bytes = b""
    error: str = ""
    denied: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """All that is to be captured. now: the server's µs since the epoch, by which `until` of the orders is meant."""

    orders: tuple[Order, ...]
    now: int


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the server says after its welcome, as far as there is anything new. acked, flows: durable up to there."""

    acked: int | None = None
    flows: int | None = None
    captures: Wanted | None = None
    frames: tuple[Batch, ...] = ()
    asks: tuple[Ask, ...] = ()


Heard = Cost | Report | Sent | Answer
_HEARD: tuple[Callable[[str], Heard], ...] = (
    msgspec.json.Decoder(Cost).decode, msgspec.json.Decoder(Report).decode, msgspec.json.Decoder(Sent).decode,
    msgspec.json.Decoder(Answer).decode,
)  # fmt: skip
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Observation, ...]).decode
_decode_flows = msgspec.msgpack.Decoder(tuple[Flow, ...]).decode
_decode_packets = msgspec.msgpack.Decoder(tuple[FlowPacket, ...]).decode
_decode_translations = msgspec.msgpack.Decoder(tuple[Translation, ...]).decode


def pack(said: Sequence[Observation] | Sequence[Flow]) -> bytes:
    """The body of a part."""
    return packed(said)


def packed(said: Sequence[object]) -> bytes:
    """What an answer says."""
    return zstandard.ZstdCompressor(level=1).compress(_encode(tuple(said)))


def unpack(body: bytes) -> tuple[Observation, ...]:
    """Raises `ParseError`."""
    return _unpacked(body, _decode)


def unpack_flows(body: bytes) -> tuple[Flow, ...]:
    """Raises `ParseError`."""
    return _unpacked(body, _decode_flows)


def unpack_packets(said: bytes) -> tuple[FlowPacket, ...]:
    """Raises `ParseError`."""
    return _unpacked(said, _decode_packets)


def unpack_translations(said: bytes) -> tuple[Translation, ...]:
    """Raises `ParseError`."""
    return _unpacked(said, _decode_translations)


def _unpacked(body: bytes, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(zstandard.ZstdDecompressor().decompress(body, max_output_size=LARGEST_PART))
    except (zstandard.ZstdError, msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise ParseError("part", str(error)) from error


def heard(text: str) -> Heard | None:
    """What an agent says besides parts; None for what a later version says."""
    for read in _HEARD:
        with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):
            return read(text)
    return None


def frame(seq: int, body: bytes) -> bytes:
    return _NUMBER.pack(seq) + body


def unframe(data: bytes) -> tuple[int, bytes]:
    """(number, body). Raises `ParseError`."""
    if len(data) < _NUMBER.size:
        raise ParseError("part", "shorter than its number")
    return _NUMBER.unpack_from(data)[0], data[_NUMBER.size :]
