"""Frames for tests, built layer by layer: what a decoder says of them can be told from how they were made."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable
from fractions import Fraction

MAC_A, MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def ethernet(payload: bytes, ethertype: int, a: str = MAC_A, b: str = MAC_B, vlans: Iterable[int] = ()) -> bytes:
    """From `a` to `b`; with two VLANs the outer one is of a provider (802.1ad)."""
    tags, out = list(vlans), b""
    for n, tag in enumerate(tags):
        out += struct.pack("!HH", 0x88A8 if n == 0 and len(tags) > 1 else 0x8100, tag)
    return mac(b) + mac(a) + out + struct.pack("!H", ethertype) + payload


def ipv4(payload: bytes, protocol: int, a: str = "10.0.0.1", b: str = "10.0.0.2", *, ttl: int = 64, offset: int = 0,
         more: bool = False, ident: int = 7) -> bytes:  # fmt: skip
    """`offset` in octets."""
    field = offset // 8 | (0x2000 if more else 0)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident, field, ttl, protocol, 0)
    return head + ipaddress.IPv4Address(a).packed + ipaddress.IPv4Address(b).packed + payload


def ipv6(payload: bytes, protocol: int, a: str = "2001:db8::1", b: str = "2001:db8::2", ttl: int = 64) -> bytes:
    head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, ttl)
    return head + ipaddress.IPv6Address(a).packed + ipaddress.IPv6Address(b).packed + payload


def udp(payload: bytes, a: int, b: int) -> bytes:
    return struct.pack("!HHHH", a, b, 8 + len(payload), 0) + payload


def tcp(payload: bytes, a: int, b: int, flags: int = 16, sequence: int = 0) -> bytes:
    return struct.pack("!HHIIBBHHH", a, b, sequence, 0, 5 << 4, flags, 1024, 0, 0) + payload


def sctp(payload: bytes, a: int, b: int) -> bytes:
    return struct.pack("!HHII", a, b, 1, 0) + payload


def echo(kind: int, identifier: int, sequence: int, payload: bytes = b"x" * 56) -> bytes:
    return struct.pack("!BBHHH", kind, 0, 0, identifier, sequence) + payload


def vxlan(frame: bytes, vni: int, source: int = 40000) -> bytes:
    return udp(struct.pack("!II", 8 << 24, vni << 8) + frame, source, 4789)


def geneve(inner: bytes, vni: int, protocol: int = 0x6558, options: bytes = b"", source: int = 40001) -> bytes:
    return udp(struct.pack("!BBHI", len(options) // 4, 0, protocol, vni << 8) + options + inner, source, 6081)


def gre(inner: bytes, protocol: int, key: int | None = None, sequence: int | None = None) -> bytes:
    flags = (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    more = (struct.pack("!I", key) if key is not None else b"") + (
        struct.pack("!I", sequence) if sequence is not None else b""
    )
    return struct.pack("!HH", flags, protocol) + more + inner


def erspan2(frame: bytes, session: int) -> bytes:
    return gre(struct.pack("!HHI", 1 << 12, session, 0) + frame, 0x88BE, sequence=1)


def labels(inner: bytes, *stack: int) -> bytes:
    out = b""
    for n, label in enumerate(stack):
        out += struct.pack("!I", label << 12 | (0x100 if n == len(stack) - 1 else 0) | 64)
    return out + inner


def pcap(frames: Iterable[tuple[float, bytes]], *, snap: int = 65535, order: str = "<", link: int = 1) -> bytes:
    """A classic file, times in seconds."""
    out = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, link)
    for time, frame in frames:
        cut = frame[:snap]
        out += struct.pack(order + "4I", int(time), round(time % 1 * 1e6), len(cut), len(frame)) + cut
    return out


def pcapng(frames: Iterable[tuple[float, bytes]], *, order: str = "<", link: int = 1, resolution: int = 9) -> bytes:
    """One section, one interface with times in tenths to the power of `resolution`."""

    def block(kind: int, body: bytes) -> bytes:
        body += b"\0" * (-len(body) % 4)
        size = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + size + body + size

    out = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    option = struct.pack(order + "HHB3xHH", 9, 1, resolution, 0, 0)
    out += block(1, struct.pack(order + "HHI", link, 0, 0) + option)
    for time, frame in frames:
        ticks = round(Fraction(time) * 10**resolution)
        head = struct.pack(order + "5I", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        out += block(6, head + frame)
    return out
