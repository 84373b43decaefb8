"""Frames made from what they are to say: echo requests, the first segment of TCP, datagrams of UDP.

Ethernet II, IPv4 (RFC 791) and IPv6 (RFC 8200), ICMP (RFC 792), ICMPv6 (RFC 4443), UDP (RFC 768), TCP (RFC 9293);
checksums are those of RFC 1071.
"""

from __future__ import annotations

import ipaddress
import random
import struct
from collections.abc import Iterator
from typing import Literal

import msgspec

from calipso.errors import QueryError

Kind = Literal["icmp4", "icmp6", "tcp4", "tcp6", "udp4", "udp6"]
Mode = Literal["unique", "random"]
_PROTOCOLS = {"icmp4": 1, "icmp6": 58, "tcp4": 6, "tcp6": 6, "udp4": 17, "udp6": 17}
_EPHEMERAL = 32_768
"""Ports from here on are those of clients (net.ipv4.ip_local_port_range)."""
LARGEST = 65_000
"""Octets of a payload: what an IP packet holds, with room for its headers."""


class Frames(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made. `growth`: octets by which the payload is longer in each frame than in the one before.

    `mode`: unique, all frames are one conversation; random, each has an ICMP identifier or source port of its own.
    `icmp_id`, `source_port` 0: one is chosen.
    """

    kind: Kind
    source_mac: str
    target_mac: str
    source_ip: str
    target_ip: str
    source_port: int = 0
    target_port: int = 0
    payload: bytes = b""
    growth: int = 0
    icmp_id: int = 0
    count: int = 1
    mode: Mode = "unique"
    ttl: int = 64


def version_of(kind: Kind) -> int:
    """4 or 6."""
    return int(kind[-1])


def frames(wanted: Frames, seed: int) -> Iterator[bytes]:
    """The frames, one after another; the same for the same seed. Raises `QueryError` for addresses that do not fit."""
    chance = random.Random(seed)  # noqa: S311  (nothing is secret about an identifier)
    version = version_of(wanted.kind)
    ends = [ipaddress.ip_address(text) for text in (wanted.source_ip, wanted.target_ip)]
    if any(end.version != version for end in ends):
        raise QueryError(f"{wanted.kind} goes from and to addresses of IPv{version}",
                         hint=f"these are {wanted.source_ip} and {wanted.target_ip}")  # fmt: skip
    source, target = (end.packed for end in ends)
    number = _number(wanted, chance)
    link = _mac(wanted.target_mac) + _mac(wanted.source_mac) + struct.pack("!H", 0x0800 if version == 4 else 0x86DD)
    for nth in range(wanted.count):
        if nth and wanted.mode == "random":
            number = chance.randrange(_EPHEMERAL, 1 << 16)
        payload = wanted.payload + bytes(min(wanted.growth * nth, LARGEST - len(wanted.payload)))
        said = _segment(wanted, number, nth, payload, chance)
        said = _summed(said, wanted.kind, source, target)
        yield link + _network(version, _PROTOCOLS[wanted.kind], source, target, wanted.ttl, said, nth)


def _number(wanted: Frames, chance: random.Random) -> int:
    """The identifier of ICMP, or the source port."""
    given = wanted.icmp_id if wanted.kind.startswith("icmp") else wanted.source_port
    return given or chance.randrange(_EPHEMERAL, 1 << 16)


def _segment(wanted: Frames, number: int, nth: int, payload: bytes, chance: random.Random) -> bytes:
    """What is in the IP packet, its checksum 0."""
    if wanted.kind.startswith("icmp"):
        kind = 8 if wanted.kind == "icmp4" else 128
        return struct.pack("!BBHHH", kind, 0, 0, number, (nth + 1) & 0xFFFF) + payload
    if wanted.kind.startswith("udp"):
        return struct.pack("!HHHH", number, wanted.target_port, 8 + len(payload), 0) + payload
    sequence = chance.getrandbits(32)
    return struct.pack("!HHIIBBHHH", number, wanted.target_port, sequence, 0, 5 << 4, 0x02, 64_240, 0, 0) + payload


def _summed(said: bytes, kind: Kind, source: bytes, target: bytes) -> bytes:
    """With its checksum, which covers the addresses too but for ICMP of IPv4."""
    protocol = _PROTOCOLS[kind]
    at = {1: 2, 58: 2, 17: 6, 6: 16}[protocol]
    pseudo = b"" if protocol == 1 else source + target + struct.pack("!II", len(said), protocol)
    total = checksum(pseudo + said)
    if protocol == 17 and total == 0:
        total = 0xFFFF  # 0 would say that there is none (RFC 768)
    return said[:at] + struct.pack("!H", total) + said[at + 2 :]


def _network(version: int, protocol: int, source: bytes, target: bytes, ttl: int, said: bytes, nth: int) -> bytes:
    if version == 6:
        return struct.pack("!IHBB", 6 << 28, len(said), protocol, ttl) + source + target + said
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(said), (nth + 1) & 0xFFFF, 0, ttl, protocol, 0) + source + target
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + said


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(octets) % 2:
        octets += b"\0"
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac(text: str) -> bytes:
    """Raises `QueryError`."""
    try:
        octets = bytes.fromhex(text.replace(":", "").replace("-", ""))
    except ValueError:
        octets = b""
    if len(octets) != 6:
        raise QueryError(f"{text!r} is not a MAC address", hint="as in 02:00:00:00:00:01")
    return octets


def ends_of(frame: bytes) -> tuple[str, str] | None:
    """The addresses of a frame's outermost IP packet, None for a frame that is none."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and len(frame) >= 34:
        return str(ipaddress.IPv4Address(frame[26:30])), str(ipaddress.IPv4Address(frame[30:34]))
    if kind == b"\x86\xdd" and len(frame) >= 54:
        return str(ipaddress.IPv6Address(frame[22:38])), str(ipaddress.IPv6Address(frame[38:54]))
    return None
