"""Flows that exporters tell (NetFlow, IPFIX), added up into the record that every engine hands on.

An exporter tells one direction at a time, and a conversation again and again while it goes on: both directions and all
reports become one conversation. Octets are those that the exporter counts: from the network header on. Times of an
exporter whose clock is minutes off are moved, so that a flow ended when it was told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from calipso.flows import record as r

_NOTHING = b"\0" * 6
_IPV4, _IPV6 = 0x0800, 0x86DD
_REQUESTS = {(1, 0): 8, (1, 14): 13, (1, 16): 15, (1, 18): 17, (58, 129): 128}
"""(protocol, type of a reply) → type of its request."""
_MOST = (1 << 64) - 1
SKEW = 300 * 1_000_000_000
"""How far (ns) an exporter's clock may be off before its times are not believed."""


class ToldFlow(NamedTuple):
    """One report. `source`, `destination`: 4 or 16 octets, or the MACs where there is no network layer (family LINK).

    first, last: ns since the epoch. packets, octets: since the last report, `back_…` those of the other direction.
    total: they count from the beginning of the flow instead. icmp: type << 8 | code.
    place: 0 where packets came in, else 1 + number of the port that they left by.
    """

    source: bytes
    destination: bytes
    family: int
    protocol: int
    source_port: int
    destination_port: int
    packets: int
    octets: int
    first: int
    last: int
    tcp_flags: int = 0
    icmp: int = 0
    mac_source: bytes = _NOTHING
    mac_destination: bytes = _NOTHING
    vlan: int = 0
    ethertype: int = 0
    tunnel_id: int = 0
    back_packets: int = 0
    back_octets: int = 0
    total: bool = False
    place: int = 0


class _Sum:
    """Of one conversation; sides as in its key."""

    __slots__ = ("base", "first", "flags", "heard", "last", "macs", "octets", "packets", "swapped")

    def __init__(self, said: ToldFlow, side: int) -> None:
        self.packets, self.octets, self.flags = [0, 0], [0, 0], [0, 0]
        self.base: dict[tuple[int, int], tuple[int, int]] = {}
        self.first, self.last, self.swapped, self.heard = said.first, said.last, side, 0
        ends = (said.mac_source, said.mac_destination)
        self.macs = (ends[1], ends[0]) if side else ends

    def pack(self, key: bytes) -> bytes:
        packets, octets = ([min(each, _MOST) for each in said] for said in (self.packets, self.octets))
        return key + r.VALUE.pack(
            *packets, *octets, self.first, self.last, *self.macs, *self.flags, self.swapped, r.RUNNING,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        )  # fmt: skip


class ToldCounter:
    """All conversations that were told. `most`: how many are kept; reports of others are `lost`."""

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._sums: dict[bytes, _Sum] = {}
        self.received = self.lost = 0

    def __len__(self) -> int:
        return len(self._sums)

    def take(self, flows: Iterable[ToldFlow], now: int) -> None:
        """`now`: when they were told, ns since the epoch."""
        for said in (_timed(each, now) for each in flows):
            self.received += said.packets + said.back_packets
            key, side = key_of(said)
            found = self._sums.get(key)
            if found is None:
                if len(self._sums) >= self._most:
                    self.lost += said.packets + said.back_packets
                    continue
                found = self._sums[key] = _Sum(said, side)
            _add(found, said, side)
            found.heard = now

    def records(self) -> bytes:
        return b"".join(found.pack(key) for key, found in self._sums.items())

    def forget(self, before: int) -> int:
        """Drop conversations that were not told since `before` (ns); how many."""
        idle = [key for key, found in self._sums.items() if found.heard < before]
        for key in idle:
            del self._sums[key]
        return len(idle)


def _timed(said: ToldFlow, now: int) -> ToldFlow:
    off = now - said.last
    if abs(off) <= SKEW:
        return said
    return said._replace(first=max(0, said.first + off), last=now)


def _add(found: _Sum, said: ToldFlow, side: int) -> None:
    counts = [(side, said.packets, said.octets), (1 - side, said.back_packets, said.back_octets)]
    for at, packets, octets in counts:
        if said.total:  # what this flow of the exporter, known by its beginning, had told before is taken off
            before = found.base.get((at, said.first), (0, 0))
            found.base = {(at, said.first): (packets, octets)} | {
                place: told for place, told in found.base.items() if place[0] != at
            }
            packets, octets = max(0, packets - before[0]), max(0, octets - before[1])
        found.packets[at] += packets
        found.octets[at] += octets
    found.flags[side] |= said.tcp_flags & 0xFF
    if said.first < found.first:
        found.first, found.swapped = said.first, side
    found.last = max(found.last, said.last)


def key_of(said: ToldFlow) -> tuple[bytes, int]:
    """The packed key of the conversation, and whose report it is. ICMP: both ways are that of the request."""
    source, destination = said.source.ljust(16, b"\0"), said.destination.ljust(16, b"\0")
    ports = (said.source_port, said.destination_port)
    icmp = 0
    if said.protocol in (1, 58) and said.family != r.LINK:
        kind = said.icmp >> 8
        icmp, ports = _REQUESTS.get((said.protocol, kind), kind) << 8 | said.icmp & 0xFF, (0, 0)
    side = int((source, ports[0]) > (destination, ports[1]))
    if side:
        source, destination, ports = destination, source, (ports[1], ports[0])
    linked = said.family == r.LINK or said.mac_source != _NOTHING
    ethertype = said.ethertype or {r.IPV4: _IPV4, r.IPV6: _IPV6}.get(said.family, 0)
    return r.KEY.pack(
        source, destination, *ports, said.protocol, said.family, 0, 0, said.tunnel_id, 0, said.vlan, 0, ethertype, icmp,
        0, _NOTHING, _NOTHING, int(not linked),
    ), side  # fmt: skip


def micro_to_nano(seconds: int, fraction: int) -> int:
    """A time of NTP (RFC 7011 §6.1.9: seconds since 1900 and 2⁻³² of them) in ns since the epoch; never negative."""
    return max(0, (seconds - 2_208_988_800) * 1_000_000_000 + (fraction * 1_000_000_000 >> 32))
