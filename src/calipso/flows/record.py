"""What every capture engine hands on: counters of one conversation at one layer of encapsulation, as 240 bytes.

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
VALUE = struct.Struct("=2Q2QQQ6s6s2BBB2Q2Q2QQ2II I2B6xQ2I")
"""packets[2] bytes[2] first last mac[2] tcp_flags[2] swapped finish syn[2] fin[2] rst[2] rtt out_of_order[2] fragments
fragment_errors syn_ttl[2] request next_sequence[2]; times in ns since the epoch"""
SIZE = KEY.size + VALUE.size

LINK, IPV4, IPV6 = 0, 4, 6
"""Families: of a conversation without network layer the addresses are MACs."""
NO_PROTOCOL = 255
"""Not an IP protocol: the conversation has no network layer."""

TUNNELS = ("", "VXLAN", "GRE", "GENEVE", "ETHERIP-GRE", "MPLS", "IPIP", "ERSPAN", "MPLS-UDP", "SIT", "GTPU")
"""What a conversation is inside of, by its number; 0: nothing."""
VXLAN, GRE, GENEVE, GRETAP, MPLS, IPIP, ERSPAN, MPLS_UDP, SIT, GTPU = range(1, 11)

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


def unpack_key(packed: bytes, at: int = 0) -> Key:
    """Raises `struct.error` when there are too few bytes."""
    return Key._make(KEY.unpack_from(packed, at))


def unpack(packed: bytes) -> Iterator[Record]:
    """Records that stand one after another. Raises `ValueError` when the last is cut off."""
    if len(packed) % SIZE:
        raise ValueError(f"{len(packed)} bytes are no whole number of records of {SIZE}")
    for at in range(0, len(packed), SIZE):
        v = VALUE.unpack_from(packed, at + KEY.size)
        yield Record(
            unpack_key(packed, at), (v[0], v[1]), (v[2], v[3]), v[4], v[5], (v[6], v[7]), (v[8], v[9]), bool(v[10]),
            v[11], (v[12], v[13]), (v[14], v[15]), (v[16], v[17]), v[18], (v[19], v[20]), v[21], v[22],
            (v[23], v[24]),
        )  # fmt: skip


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
