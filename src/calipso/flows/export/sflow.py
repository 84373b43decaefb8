"""sFlow version 5 (sflow.org, "sFlow Version 5", July 2004): sampled headers of packets, and counters of interfaces.

Everything is XDR: big-endian words, opaque data padded to four octets. Samples and records of kinds that are not known
here are stepped over by their length and counted.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

import msgspec

from calipso.errors import ParseError
from calipso.flows.decode import ETHERNET, RAW_IP

MOST_SAMPLES = 1024
"""In one datagram: 64 KiB hold fewer."""
_FLOW, _COUNTERS, _FLOW_EXPANDED, _COUNTERS_EXPANDED = 1, 2, 3, 4
_RAW_HEADER, _INTERFACE = 1, 1
_LINKS = {1: ETHERNET, 11: RAW_IP, 12: RAW_IP}
"""header_protocol: ETHERNET-ISO8023, IPv4, IPv6."""
_IF_COUNTERS = struct.Struct(">IIQIIQIIIIIIQIIIIII")


class PacketSample(NamedTuple):
    """The header of one packet of `rate`. `wire`: the packet's octets without its checksum. `link`: type of pcap.

    sequence: of the samples of `source`; pool: packets that could have been chosen; drops: samples the exporter had no
    room for since it began; input, output: interface numbers of the exporter.
    """

    source: int
    sequence: int
    rate: int
    pool: int
    drops: int
    input: int
    output: int
    frame: bytes
    wire: int
    link: int


class InterfaceCounters(msgspec.Struct, frozen=True):
    """Generic interface counters, as ifTable (RFC 2863) has them. speed: bits a second; status: bit 0 admin, 1 oper."""

    index: int
    type: int
    speed: int
    direction: int
    status: int
    in_octets: int
    in_unicast: int
    in_multicast: int
    in_broadcast: int
    in_discards: int
    in_errors: int
    in_unknown: int
    out_octets: int
    out_unicast: int
    out_multicast: int
    out_broadcast: int
    out_discards: int
    out_errors: int
    promiscuous: int


class CounterSample(NamedTuple):
    source: int
    sequence: int
    interface: InterfaceCounters


class Datagram(NamedTuple):
    """`unknown`: samples of other kinds, and samples of packets without a header that is understood."""

    agent: str
    sub_agent: int
    sequence: int
    uptime: int
    packets: list[PacketSample]
    counters: list[CounterSample]
    unknown: int


class _Words:
    """Reads XDR between two positions. Raises `ParseError` beyond the end."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def word(self) -> int:
        at, self.at = self.at, self.at + 4
        if self.at > self.end:
            raise ParseError("sflow", f"cut off at octet {at}")
        return int.from_bytes(self.data[at : self.at], "big")

    def opaque(self, size: int) -> bytes:
        at = self.at
        if size > self.end - at:
            raise ParseError("sflow", f"{size} octets at {at}, where {self.end - at} are left")
        self.at = min(self.end, at + (size + 3 & ~3))
        return self.data[at : at + size]

    def part(self, size: int) -> _Words:
        """What has a length of its own; this goes on after it."""
        at = self.at
        self.opaque(size)
        return _Words(self.data, at, at + size)


def parse(data: bytes) -> Datagram:
    """One UDP payload. Raises `ParseError`."""
    words = _Words(data, 0, len(data))
    version = words.word()
    if version != 5:
        raise ParseError("sflow", f"version {version}, not 5")
    family = words.word()
    if family not in (1, 2):
        raise ParseError("sflow", f"address of type {family}")
    agent = str(ipaddress.ip_address(words.opaque(4 if family == 1 else 16)))
    found = Datagram(agent, words.word(), words.word(), words.word(), [], [], 0)
    count = words.word()
    if count > MOST_SAMPLES:
        raise ParseError("sflow", f"{count} samples")
    unknown = 0
    for _ in range(count):
        kind, size = words.word(), words.word()
        unknown += not _sample(kind, words.part(size), found)
    return found._replace(unknown=unknown)


def _sample(kind: int, words: _Words, found: Datagram) -> bool:
    """Whether it told something that is understood."""
    if kind in (_FLOW, _FLOW_EXPANDED):
        said = _packet(words, expanded=kind == _FLOW_EXPANDED)
        if said is not None:
            found.packets.append(said)
        return said is not None
    if kind in (_COUNTERS, _COUNTERS_EXPANDED):
        found.counters.extend(_counters(words, expanded=kind == _COUNTERS_EXPANDED))
        return True
    return False


def _source(words: _Words, *, expanded: bool) -> tuple[int, int]:
    """Sequence number and source (its type in the upper octet of 40 bits, its index below)."""
    sequence, source = words.word(), words.word()
    if expanded:
        return sequence, source << 32 | words.word()
    return sequence, source >> 24 << 32 | source & 0xFFFFFF


def _packet(words: _Words, *, expanded: bool) -> PacketSample | None:
    sequence, source = _source(words, expanded=expanded)
    rate, pool, drops = words.word(), words.word(), words.word()
    ends = [words.word() for _ in range(4 if expanded else 2)]
    inward, outward = (ends[1], ends[3]) if expanded else (ends[0] & 0x3FFFFFFF, ends[1] & 0x3FFFFFFF)
    found = None
    for _ in range(words.word()):
        kind, size = words.word(), words.word()
        part = words.part(size)
        if kind != _RAW_HEADER:
            continue
        link, length, stripped = _LINKS.get(part.word()), part.word(), part.word()
        frame = part.opaque(part.word())
        if link is not None and found is None:
            wire = max(len(frame), length - stripped)
            found = PacketSample(source, sequence, max(1, rate), pool, drops, inward, outward, frame, wire, link)
    return found


def _counters(words: _Words, *, expanded: bool) -> list[CounterSample]:
    sequence, source = _source(words, expanded=expanded)
    found = []
    for _ in range(words.word()):
        kind, size = words.word(), words.word()
        part = words.part(size)
        if kind == _INTERFACE and size >= _IF_COUNTERS.size:
            said = InterfaceCounters(*_IF_COUNTERS.unpack(part.opaque(_IF_COUNTERS.size)))
            found.append(CounterSample(source, sequence, said))
    return found
