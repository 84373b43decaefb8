"""A capture file for benchmarks: conversations of TCP, UDP and VXLAN, packets of three sizes, always the same."""

from __future__ import annotations

import ipaddress
import random
import struct
from pathlib import Path

SIZES = (64,) * 7 + (594,) * 4 + (1400,)
"""Octets of frames before a tunnel, as often as in the simple mix of routers' tests."""
_FIRST = 1_700_000_000


def _mac(number: int) -> bytes:
    return struct.pack("!HI", 0x0200, number)


def _ipv4(a: int, b: int, protocol: int, payload: bytes) -> bytes:
    return struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(payload), 7, 0, 64, protocol, 0, a, b) + payload


def _inner(n: int, size: int, *, back: bool) -> bytes:
    """A frame of conversation `n`: three of five are TCP."""
    base = int(ipaddress.IPv4Address("10.0.0.1"))
    a, b, x, y = base + n % 4096, base + 4096 + n % 509, 10_000 + n // 7 % 50_000, (443, 53, 80, 8080, 5432)[n % 5]
    if back:
        a, b, x, y = b, a, y, x
    if n % 5 in (0, 2, 3):
        head = struct.pack("!HHIIBBHHH", x, y, n, 0, 5 << 4, 16, 1024, 0, 0)
        packet = _ipv4(a, b, 6, head + bytes(max(0, size - 54)))
    else:
        packet = _ipv4(a, b, 17, struct.pack("!HHHH", x, y, max(8, size - 34), 0) + bytes(max(0, size - 42)))
    return _mac(b) + _mac(a) + b"\x08\0" + packet


def frame(n: int, size: int, *, back: bool) -> bytes:
    """One of ten is inside of VXLAN, between one of 16 pairs of hosts."""
    inner = _inner(n, size, back=back)
    if n % 10 != 9:
        return inner
    vxlan = struct.pack("!HHHHII", 40_000 + n % 1000, 4789, 16 + len(inner), 0, 8 << 24, (n % 64) << 8) + inner
    a = int(ipaddress.IPv4Address("192.0.2.1"))
    return _mac(a) + _mac(a + 1) + b"\x08\0" + _ipv4(a + n % 16, a + 16, 17, vxlan)


def write(path: Path, packets: int, conversations: int, snap: int = 65535) -> int:
    """A classic file, a microsecond between packets; how many octets the packets have."""
    chance = random.Random(7)
    ready = [
        (frame(n, chance.choice(SIZES), back=False), frame(n, chance.choice(SIZES), back=True))
        for n in range(conversations)
    ]
    octets = 0
    with path.open("wb") as file:
        file.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap, 1))
        for number in range(packets):
            made = ready[chance.randrange(conversations)][chance.getrandbits(1)]
            octets += len(made)
            kept = made[:snap]
            seconds, micro = divmod(number, 1_000_000)
            file.write(struct.pack("=4I", _FIRST + seconds, micro, len(kept), len(made)) + kept)
    return octets
