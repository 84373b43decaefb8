"""Capture files: classic pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), read as they come.

Both byte orders, microseconds and nanoseconds; sections, interfaces and time resolutions of pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NamedTuple

from calipso.errors import ParseError

NAME = "pcap"
LARGEST = 1 << 24
"""Octets of one packet or block: beyond it the file is taken for damaged."""
_CLASSIC = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}
"""Magic number → nanoseconds of a unit of its fractions."""
_SECTION, _INTERFACE, _PACKET, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_TSRESOL = 9
_SECOND = 1_000_000_000


class Packet(NamedTuple):
    """`time`: ns since the epoch. `wire`: its length before it was cut."""

    time: int
    frame: bytes
    wire: int
    link: int
    interface: int = 0


class _Interface(NamedTuple):
    link: int
    snap: int
    nanoseconds: Callable[[int], int]


class Classic(NamedTuple):
    """The header of a classic file. `order`: of its bytes, as `struct` has it; `unit`: ns of a unit of fractions."""

    order: str
    unit: int
    link: int


HEADER = 24
"""Octets of a classic file before its packets."""


def classic(head: bytes) -> Classic | None:
    """What the first `HEADER` octets say; None where they are not of a classic file."""
    if len(head) < HEADER:
        return None
    for order in ("<", ">"):
        unit = _CLASSIC.get(struct.unpack_from(order + "I", head)[0])
        if unit:
            return Classic(order, unit, struct.unpack_from(order + "I", head, 20)[0] & 0xFFFF)
    return None


def written(packets: Iterable[Packet], link: int) -> bytes:
    """A classic file with times in ns, of the packets of one link type."""
    out = bytearray(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, link))
    for packet in packets:
        if packet.link == link:
            out += struct.pack("<IIII", *divmod(packet.time, _SECOND), len(packet.frame), packet.wire) + packet.frame
    return bytes(out)


def packets_of(stream: BinaryIO, at: int, head: Classic) -> Iterator[Packet]:
    """The packets from the octet `at` of a classic file on, where the stream stands. Raises `ParseError`."""
    reader = _Reader(stream)
    reader.at = at
    header = struct.Struct(head.order + "4I")
    while (said := reader.maybe(16, "a packet's header")) is not None:
        seconds, fraction, size, wire = header.unpack(said)
        yield Packet(
            seconds * _SECOND + fraction * head.unit, reader.take(size, "a packet"), wire, head.link
        )  # fmt: skip


def read(stream: BinaryIO) -> Iterator[Packet]:
    """The packets of a file. Raises `ParseError` at the octet where it is damaged, after what could be read.

    A file that ends in the middle of a packet was being written, or is cut off: that is an error too, at the end.
    """
    reader = _Reader(stream)
    magic = reader.take(4, "a magic number")
    if any(struct.unpack(order + "I", magic)[0] in _CLASSIC for order in ("<", ">")):
        head = classic(magic + reader.take(HEADER - 4, "the header"))
        if head is not None:
            yield from packets_of(stream, HEADER, head)
        return
    if struct.unpack("<I", magic)[0] == _SECTION:
        yield from _blocks(reader)
        return
    raise ParseError(NAME, "neither pcap nor pcapng", excerpt=magic.hex())


class _Reader:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.at = stream, 0

    def take(self, size: int, what: str) -> bytes:
        """So many octets. Raises `ParseError` where the file ends before."""
        if size > LARGEST:
            raise ParseError(NAME, f"{what} of {size} octets at octet {self.at}: the file is damaged")
        found = self._stream.read(size)
        if len(found) != size:
            raise ParseError(NAME, f"the file ends inside of {what} at octet {self.at + len(found)}")
        self.at += size
        return found

    def maybe(self, size: int, what: str) -> bytes | None:
        """The same, or None at the very end."""
        found = self._stream.read(1)
        if not found:
            return None
        self.at += 1
        return found + self.take(size - 1, what)


def _blocks(reader: _Reader) -> Iterator[Packet]:
    """pcapng: the type of the first block is read."""
    order, interfaces = "<", list[_Interface]()
    kind: int | None = _SECTION
    while kind is not None:
        length = reader.take(4, "a block's length")
        if kind == _SECTION:
            order, interfaces = _order(reader), []
            size = struct.unpack(order + "I", length)[0] - 16
            body = reader.take(max(0, size), "a section header")
        else:
            size = struct.unpack(order + "I", length)[0] - 12
            if size < 0 or size % 4:
                raise ParseError(NAME, f"a block of {size + 12} octets at octet {reader.at}")
            body = reader.take(size, "a block")
        reader.take(4, "a block's end")
        if kind == _INTERFACE:
            interfaces.append(_interface(body, order))
        elif kind in (_ENHANCED, _PACKET, _SIMPLE):
            yield _packet(kind, body, order, interfaces, reader.at)
        said = reader.maybe(4, "a block's type")
        kind = struct.unpack(order + "I", said)[0] if said is not None else None


def _order(reader: _Reader) -> str:
    magic = reader.take(4, "a section header")
    order = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(magic)
    if order is None:
        raise ParseError(NAME, f"no byte order in the section at octet {reader.at}", excerpt=magic.hex())
    return order


def _interface(body: bytes, order: str) -> _Interface:
    if len(body) < 8:
        raise ParseError(NAME, "an interface without link type")
    link, _, snap = struct.unpack(order + "HHI", body[:8])
    at, resolution = 8, 6
    while len(body) >= at + 4:
        option, length = struct.unpack(order + "HH", body[at : at + 4])
        if option == _TSRESOL and length and len(body) > at + 4:
            resolution = body[at + 4]
        at += 4 + length + -length % 4
        if option == 0:
            break
    base, power = (2, resolution & 0x7F) if resolution & 0x80 else (10, resolution)
    units = base**power
    return _Interface(link, snap, lambda ticks: ticks * _SECOND // units)


def _packet(kind: int, body: bytes, order: str, interfaces: list[_Interface], at: int) -> Packet:
    if len(body) < (4 if kind == _SIMPLE else 20):
        raise ParseError(NAME, f"a packet without its header before octet {at}")
    if kind == _SIMPLE:
        number, high, low, wire = 0, 0, 0, struct.unpack(order + "I", body[:4])[0]
        start = 4
        captured = min(wire, len(body) - 4)
        if interfaces and interfaces[0].snap:
            captured = min(captured, interfaces[0].snap)
    else:
        number, high, low, captured, wire = struct.unpack(order + "5I", body[:20])
        number = number & 0xFFFF if kind == _PACKET else number  # the other half counts drops
        start = 20
    if number >= len(interfaces):
        raise ParseError(NAME, f"a packet of interface {number}, which is not described, before octet {at}")
    if captured > len(body) - start:
        raise ParseError(NAME, f"a packet longer than its block before octet {at}")
    interface = interfaces[number]
    time = interface.nanoseconds(high << 32 | low)
    return Packet(time, body[start : start + captured], wire, interface.link, number)
