"""Netlink on the wire: messages, attributes, and how a table says what they mean.

A table maps an attribute's number to the name it gets and the decoder of its value. Decoders take the buffer and the
value's start and end; they give None for a value too short for its type, which leaves the attribute out: kernels of
other versions send longer, shorter and unknown attributes, and that is no error. What contradicts its own lengths is.

Sources: struct nlmsghdr, nlattr (include/uapi/linux/netlink.h); numbers of the families in the table of each.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from calipso.errors import ParseError

Decoder = Callable[[bytes, int, int], Any]
Table = Mapping[int, tuple[str, Decoder]]

MESSAGE = struct.Struct("=IHHII").unpack_from
ATTRIBUTE = struct.Struct("=HH").unpack_from
U16 = struct.Struct("=H").unpack_from
U32 = struct.Struct("=I").unpack_from
S32 = struct.Struct("=i").unpack_from
U64 = struct.Struct("=Q").unpack_from
BE16 = struct.Struct(">H").unpack_from
BE32 = struct.Struct(">I").unpack_from

ERROR = 2
INTERRUPTED = 0x10
AF_INET, AF_INET6, AF_BRIDGE = 2, 10, 7


class Refused(ParseError):
    """The kernel answered a dump with an error; `code` is the error number."""

    def __init__(self, parser: str, code: int) -> None:
        super().__init__(parser, f"the kernel refused the dump, error {code}")
        self.code = code


def split_dumps(body: bytes, names: tuple[str, ...]) -> dict[str, bytes]:
    """The dumps of a `Netlink` reply by name. Raises `ParseError` when they are fewer or longer than the body."""
    out = {}
    offset = 0
    for name in names:
        if offset + 4 > len(body):
            raise ParseError("netlink", f"the reply ends before its dump {name!r}")
        end = offset + 4 + U32(body, offset)[0]
        if end > len(body):
            raise ParseError("netlink", f"the dump {name!r} is longer than the reply")
        out[name] = body[offset + 4 : end]
        offset = end
    return out


def messages(body: bytes, parser: str) -> Iterator[tuple[int, int, int]]:
    """(type, start of the payload, its end) of every message.

    Raises `Refused` on NLMSG_ERROR, `ParseError` on lengths that contradict each other and on a dump that the
    transport could not read undisturbed (NLM_F_DUMP_INTR): it may lack entries.
    """
    offset, size = 0, len(body)
    while offset < size:
        if offset + 16 > size:
            raise ParseError(parser, "the message header is cut off")
        length, kind, flags, _, _ = MESSAGE(body, offset)
        if length < 16 or offset + length > size:
            raise ParseError(parser, f"a message of {length} bytes where {size - offset} are left")
        if kind == ERROR and length >= 20:
            code = -S32(body, offset + 16)[0]
            if code:
                raise Refused(parser, code)
        elif flags & INTERRUPTED:
            raise ParseError(parser, "the table changed while it was read")
        elif kind > 3:
            yield kind, offset + 16, offset + length
        offset += (length + 3) & ~3


def attributes(body: bytes, offset: int, end: int, table: Table, out: dict[str, Any], parser: str) -> None:
    """Decode the attributes between two offsets into `out`. Raises `ParseError` when one exceeds `end`."""
    get = table.get
    while offset + 4 <= end:
        length, kind = ATTRIBUTE(body, offset)
        if length < 4 or offset + length > end:
            raise ParseError(parser, f"an attribute of {length} bytes where {end - offset} are left")
        entry = get(kind & 0x3FFF)
        if entry is not None:
            value = entry[1](body, offset + 4, offset + length)
            if value is not None:
                out[entry[0]] = value
        offset += (length + 3) & ~3


def each(body: bytes, offset: int, end: int, parser: str) -> Iterator[tuple[int, int, int]]:
    """(number, start, end) of attributes that may repeat. Raises `ParseError` as `attributes` does."""
    while offset + 4 <= end:
        length, kind = ATTRIBUTE(body, offset)
        if length < 4 or offset + length > end:
            raise ParseError(parser, f"an attribute of {length} bytes where {end - offset} are left")
        yield kind & 0x3FFF, offset + 4, offset + length
        offset += (length + 3) & ~3


def number(kind: struct.Struct) -> Decoder:
    """A decoder of the first number of a struct."""
    size, unpack = kind.size, kind.unpack_from

    def decode(body: bytes, start: int, end: int) -> Any:
        return unpack(body, start)[0] if end - start >= size else None

    return decode


u8 = number(struct.Struct("=B"))
u16 = number(struct.Struct("=H"))
u32 = number(struct.Struct("=I"))
s32 = number(struct.Struct("=i"))
u64 = number(struct.Struct("=Q"))
be16 = number(struct.Struct(">H"))
be32 = number(struct.Struct(">I"))


def boolean(body: bytes, start: int, end: int) -> bool | None:
    return body[start] != 0 if end > start else None


def present(body: bytes, start: int, end: int) -> bool:
    """An attribute that says yes by being there."""
    return True


def text(body: bytes, start: int, end: int) -> str:
    """A NUL-terminated string; bytes that are no UTF-8 are shown as `\\xNN`."""
    return body[start:end].partition(b"\0")[0].decode("utf-8", "backslashreplace")


def hardware(body: bytes, start: int, end: int) -> str | None:
    """A link-layer address, `aa:bb:…`."""
    return body[start:end].hex(":") if end > start else None


def mac(body: bytes, start: int, end: int) -> str | None:
    return body[start : start + 6].hex(":") if end - start >= 6 else None


def hexadecimal(body: bytes, start: int, end: int) -> str | None:
    return body[start:end].hex() if end > start else None


@lru_cache(maxsize=65536)
def ip_text(packed: bytes) -> str | None:
    """4 or 16 bytes as canonical text."""
    return str(ipaddress.ip_address(packed)) if len(packed) in (4, 16) else None


def ip(body: bytes, start: int, end: int) -> str | None:
    return ip_text(body[start:end])


def set_ip(body: bytes, start: int, end: int) -> str | None:
    """An address, unless it is all zeros: not set."""
    packed = body[start:end]
    return ip_text(packed) if any(packed) else None


def choice(names: Mapping[int, str], of: Decoder = u8) -> Decoder:
    """A decoder that names a number; one without a name stays a number, as text."""

    def decode(body: bytes, start: int, end: int) -> str | None:
        value = of(body, start, end)
        return None if value is None else names.get(value) or str(value)

    return decode


def nested(table: Table, parser: str) -> Decoder:
    """A decoder of attributes within an attribute."""

    def decode(body: bytes, start: int, end: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        attributes(body, start, end, table, out, parser)
        return out

    return decode


def array(of: Decoder, parser: str) -> Decoder:
    """A decoder of a row of attributes of one meaning; their numbers are of no account."""

    def decode(body: bytes, start: int, end: int) -> list[Any]:
        values = (of(body, at, to) for _, at, to in each(body, start, end, parser))
        return [value for value in values if value is not None]

    return decode


def bits(value: int, names: Mapping[int, str]) -> list[str]:
    """The names of the bits that are set, lowest first; bits without a name are left out."""
    return [name for bit, name in names.items() if value & bit]
