"""What every capture engine hands on: counters of one conversation at one layer of encapsulation, as 240 bytes.

A tail follows where an engine was asked for more: what TCP's sequence numbers tell, and the first octets of both sides.

The eBPF program, the C core and the Python decoder fill the same record, so that what follows (table, stitching, store)
does not know who counted. All numbers are of this machine's byte order. A conversation has one record whatever the
direction of a frame: side 0 is the smaller of (address, port), side 1 the other; `swapped` tells which spoke first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

KEY = struct.Struct("=16s16sHHBBBBIIHHHHQ6s6sI")
"""address[2] port[2] protocol family tunnel carries tunnel_id ifindex vlan inner_vlan ethertype icmp parent mac[2]
raw."""
VALUE = struct.Struct("=2Q2QQQ6s6s2BBB2Q2Q2QQ2II I2BB5xQ2I")
"""packets[2] bytes[2] first last mac[2] tcp_flags[2] swapped finish syn[2] fin[2] rst[2] rtt out_of_order[2] fragments
fragment_errors syn_ttl[2] tail request next_sequence[2]; times in ns since the epoch; `tail`: one follows"""
TAIL = struct.Struct("=2I2Q2I2Q2I2B2B2H")
"""segments[2] octets[2] skipped[2] skipped_octets[2] retransmitted[2] saw_start[2] saw_end[2] head[2]; as many octets
of each head follow, side 0 first, filled up to a multiple of eight"""
SIZE = KEY.size + VALUE.size

LINK, IPV4, IPV6 = 0, 4, 6
"""Families: of a conversation without network layer the addresses are MACs."""
NO_PROTOCOL = 255
"""Not an IP protocol: the conversation has no network layer."""

TUNNELS = ("", "VXLAN", "GRE", "GENEVE", "ETHERIP-GRE", "MPLS", "IPIP", "ERSPAN", "MPLS-UDP", "SIT", "GTPU")
"""What a conversation is inside of, by its number; 0: nothing."""
VXLAN, GRE, GENEVE, GRETAP, MPLS, IPIP, ERSPAN, MPLS_UDP, SIT, GTPU = range(1, 11)

_TAILED = 25
"""Which of the value's numbers says that a tail follows."""
RUNNING, FINISHED, RESET = 0, 1, 2
"""`finish`: seen both FIN, seen a RST."""


class Key(NamedTuple):
    """Which conversation. `tunnel`: what it is inside of; `carries`: which tunnel it is itself.

    `icmp`: type << 8 | code, that of the request for a reply; the ports are then both the identifier.
    `raw`: 1 for a conversation that begins at its network layer, without a link header.
    """

    address_a: bytes
    address_b: bytes
    port_a: int
    port_b: int
    protocol: int
    family: int
    tunnel: int
    carries: int
    tunnel_id: int
    ifindex: int
    vlan: int
    inner_vlan: int
    ethertype: int
    icmp: int
    parent: int
    mac_a: bytes
    mac_b: bytes
    raw: int

    def pack(self) -> bytes:
        return KEY.pack(*self)


class Tail(NamedTuple):
    """What a tail says of both sides: segments with data not seen before, its octets, gaps in the stream and what they
    leave out, segments that brought nothing new, whether beginning and end were seen, the first octets.
    """

    segments: tuple[int, int]
    octets: tuple[int, int]
    skipped: tuple[int, int]
    skipped_octets: tuple[int, int]
    retransmitted: tuple[int, int]
    saw_start: tuple[int, int]
    saw_end: tuple[int, int]
    heads: tuple[bytes, bytes]


class Record(NamedTuple):
    """A conversation's counters since it was seen first. Times in ns since the epoch, 0 for never."""

    key: Key
    packets: tuple[int, int]
    octets: tuple[int, int]
    first: int
    last: int
    macs: tuple[bytes, bytes]
    tcp_flags: tuple[int, int]
    swapped: bool
    finish: int
    syn: tuple[int, int]
    fin: tuple[int, int]
    rst: tuple[int, int]
    rtt: int
    out_of_order: tuple[int, int]
    fragments: int
    fragment_errors: int
    syn_ttl: tuple[int, int]
    tail: Tail | None = None


def unpack_key(packed: bytes, at: int = 0) -> Key:
    """Raises `struct.error` when there are too few bytes."""
    return Key._make(KEY.unpack_from(packed, at))


def padded(octets: bytes) -> bytes:
    """With zeros up to a multiple of eight."""
    return octets + b"\0" * (-len(octets) % 8)


def unpack(packed: bytes) -> Iterator[Record]:
    """Records that stand one after another. Raises `ValueError` when the last is cut off."""
    at = 0
    while at < len(packed):
        if at + SIZE > len(packed):
            raise ValueError(f"a record of {SIZE} bytes is cut off after {len(packed) - at}")
        v = VALUE.unpack_from(packed, at + KEY.size)
        tail, end = _tail(packed, at + SIZE) if v[_TAILED] else (None, at + SIZE)
        yield Record(
            unpack_key(packed, at), (v[0], v[1]), (v[2], v[3]), v[4], v[5], (v[6], v[7]), (v[8], v[9]), bool(v[10]),
            v[11], (v[12], v[13]), (v[14], v[15]), (v[16], v[17]), v[18], (v[19], v[20]), v[21], v[22],
            (v[23], v[24]), tail,
        )  # fmt: skip
        at = end


def _tail(packed: bytes, at: int) -> tuple[Tail, int]:
    """The tail there, and where it ends. Raises `ValueError`."""
    if at + TAIL.size > len(packed):
        raise ValueError(f"a tail of {TAIL.size} bytes is cut off after {len(packed) - at}")
    said = TAIL.unpack_from(packed, at)
    pairs = [(said[n], said[n + 1]) for n in range(0, len(said) - 2, 2)]
    one = at + TAIL.size
    two, end = one + said[-2], one + said[-2] + said[-1]
    whole = end + -(end - one) % 8
    if whole > len(packed):
        raise ValueError(f"the first octets of a conversation are cut off after {len(packed) - one}")
    return Tail._make([*pairs, (packed[one:two], packed[two:end])]), whole


_A, _B, _C = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xFFFFFFFFFFFFFFFF


def parent_of(packed_key: bytes) -> int:
    """What the conversations inside of this one are bound to: 64 bits of its key, never 0.

    Multiply and fold over its eight-byte words (without `parent` of its own it would not tell nested tunnels apart);
    eBPF and C core compute the same.
    """
    found = _A
    for (word,) in struct.iter_unpack("=Q", packed_key):
        found = folded(found, word)
    return found or 1


def folded(found: int, word: int) -> int:
    """One step of it."""
    found = ((found ^ word) * _B) & _C
    return found ^ found >> 32
