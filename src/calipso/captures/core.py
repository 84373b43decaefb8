"""The C core through ctypes: a flow table outside of the interpreter, and the ring of AF_PACKET."""

from __future__ import annotations

import ctypes
import os
import struct
from functools import cache
from pathlib import Path

import calipso.native
from calipso.errors import TransportError
from calipso.flows import record as r
from calipso.flows.decode import ETHERNET
from calipso.flows.fragments import EVER
from calipso.flows.keeping import ROOM, unpack
from calipso.seams import RawPacket

LIBRARY = Path(calipso.native.__file__).parent / "_flowcore.so"
PLAIN = struct.Struct("=4s4sHHHBx")
"""`fc_plain` of native/record.h: address[2] port[2] vlan protocol; all that tells TCP and UDP over IPv4 apart."""
_IPV4 = 0x0800
_P, _U16, _U32, _U64, _INT = ctypes.c_void_p, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int
_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "fc_new": (_P, [_U64, _INT]),
    "fc_free": (None, [_P]),
    "fc_defragment": (_INT, [_P, _U64]),
    "fc_follow": (_INT, [_P, _INT, _U64]),
    "fc_release": (None, [_P, _U64]),
    "fc_extent": (_U64, [_P]),
    "fc_keep": (_INT, [_P, _U64, _U64]),
    "fc_kept_size": (_U64, [_P]),
    "fc_unkept": (_U64, [_P]),
    "fc_taken": (None, [_P, _P]),
    "fc_settle": (None, [_P, _U64]),
    "fc_frame": (None, [_P, ctypes.c_char_p, _U32, _U32, _U64, _INT, _U32, _U16]),
    "fc_count": (_U64, [_P]),
    "fc_counts": (None, [_P, _P]),
    "fc_export": (_U64, [_P, _P, _U64]),
    "fc_join": (None, [ctypes.c_char_p, ctypes.c_char_p, _U64, _P]),
    "fc_join_plain": (None, [ctypes.c_char_p, ctypes.c_char_p, _U64, _U32, _P]),
    "fc_forget": (ctypes.c_int64, [_P, _U64]),
    "fc_pcap": (_U64, [_P, _P, _U64, _U32, _INT, _U32]),
    "fc_ring_new": (_P, [_INT, _U32, _U32]),
    "fc_ring_free": (None, [_P]),
    "fc_ring_run": (ctypes.c_int64, [_P, _P, _INT, _U32]),
}


@cache
def library() -> ctypes.CDLL | None:
    """The core, or None where it was not built, was built of another version, or cannot be loaded."""
    return load(LIBRARY)


def joined(keys: bytes, values: bytes) -> bytes:
    """Packed keys and as many values, which stand apart, as records."""
    core, count = library(), len(keys) // r.KEY.size
    if core is not None:
        out = ctypes.create_string_buffer(count * r.SIZE)
        core.fc_join(keys, values, count, out)
        return out.raw
    pairs = zip(
        struct.iter_unpack(f"{r.KEY.size}s", keys), struct.iter_unpack(f"{r.VALUE.size}s", values), strict=True
    )  # fmt: skip
    return b"".join([part for key, value in pairs for part in (key[0], value[0])])


def joined_plain(keys: bytes, values: bytes, ifindex: int) -> bytes:
    """The same for keys of plain conversations, all of one device."""
    core, count = library(), len(keys) // PLAIN.size
    if core is not None:
        out = ctypes.create_string_buffer(count * r.SIZE)
        core.fc_join_plain(keys, values, count, ifindex, out)
        return out.raw
    whole = [
        r.KEY.pack(a, b, port_a, port_b, protocol, r.IPV4, 0, 0, 0, ifindex, vlan, 0, _IPV4, 0, 0, b"", b"", 0)
        for a, b, port_a, port_b, vlan, protocol in PLAIN.iter_unpack(keys)
    ]
    return joined(b"".join(whole), values)


def load(path: Path) -> ctypes.CDLL | None:
    try:
        found = ctypes.CDLL(str(path), use_errno=True)
        functions = {name: getattr(found, name) for name in _SIGNATURES}
    except (OSError, AttributeError):
        return None
    for name, (result, arguments) in _SIGNATURES.items():
        function = functions[name]
        function.restype, function.argtypes = result, arguments
    return found


class CoreTable:
    """Counts as `flows.count.Counter` does, several hundred times as fast. Of one thread at a time.

    Raises `TransportError` where the core is not there or gets no memory.
    """

    def __init__(
        self, most: int = 262_144, *, l2_key: bool = False, fragments: int = 0, streams: bool = False, heads: int = 0,
        packets: int = 0, room: int = ROOM, core: ctypes.CDLL | None = None,
    ) -> None:  # fmt: skip
        found = core or library()
        if found is None:
            raise TransportError("the C core is not built", hint="`python -m calipso.native.build` needs a C compiler.")
        self._core = found
        self._table = found.fc_new(most, int(l2_key))
        if not self._table:
            raise TransportError(f"no memory for {most} flows")
        if fragments and found.fc_defragment(self._table, fragments):
            self.close()
            raise TransportError(f"no memory for {fragments} sets of datagrams")
        if (streams or heads) and found.fc_follow(self._table, int(streams), heads):
            self.close()
            raise TransportError("no memory to follow connections")
        if packets and found.fc_keep(self._table, packets, room):
            self.close()
            raise TransportError(f"no memory to keep {room} octets of packets")

    def __len__(self) -> int:
        return int(self._core.fc_count(self._table))

    def frame(
        self, frame: bytes, wire: int, time: int, *, link: int = ETHERNET, ifindex: int = 0, vlan: int = 0
    ) -> None:
        """Count one frame, `time` in ns since the epoch."""
        self._core.fc_frame(self._table, frame, len(frame), wire, time, link, ifindex, vlan)

    def release(self, before: int = EVER) -> None:
        """The first octets of conversations that began before (ns) were read: room for others."""
        self._core.fc_release(self._table, before)

    def settle(self, before: int = EVER) -> None:
        """Give up datagrams that are incomplete and began before (ns)."""
        self._core.fc_settle(self._table, before)

    def pcap(self, address: int, size: int, unit: int, link: int, largest: int) -> int:
        """Count packets of a classic file in memory; how many octets were whole packets."""
        return int(self._core.fc_pcap(self._table, address, size, unit, link, largest))

    def counts(self) -> tuple[int, int, int, int]:
        """(frames received, their octets, lost for want of room, without a link header)."""
        out = (_U64 * 4)()
        self._core.fc_counts(self._table, out)
        return out[0], out[1], out[2], out[3]

    def records(self) -> bytes:
        """All conversations, one after another."""
        size = int(self._core.fc_extent(self._table))
        out = ctypes.create_string_buffer(size)
        found = int(self._core.fc_export(self._table, out, size))
        return out.raw[:found]

    @property
    def unkept(self) -> int:
        """Packets that there was no room to keep."""
        return int(self._core.fc_unkept(self._table))

    def packets(self) -> list[RawPacket]:
        """Those kept since the last time."""
        size = int(self._core.fc_kept_size(self._table))
        if not size:
            return []
        out = ctypes.create_string_buffer(size)
        self._core.fc_taken(self._table, out)
        return list(unpack(out.raw))

    def forget(self, before: int) -> int:
        """Drop conversations without a frame since `before` (ns); how many. Raises `TransportError`."""
        gone = int(self._core.fc_forget(self._table, before))
        if gone < 0:
            raise TransportError("no memory to drop old flows")
        return gone

    @property
    def address(self) -> int:
        """Of the table, for a ring that counts into it."""
        return int(self._table)

    def close(self) -> None:
        table, self._table = self._table, None
        if table:
            self._core.fc_free(table)


class Ring:
    """The mapped blocks of a socket of AF_PACKET; it has its own turn with the table. Raises `TransportError`."""

    def __init__(self, fd: int, block: int, blocks: int) -> None:
        found = library()
        if found is None:
            raise TransportError("the C core is not built")
        self._core = found
        self._ring = found.fc_ring_new(fd, block, blocks)
        if not self._ring:
            raise TransportError(f"the ring cannot be mapped: {os.strerror(ctypes.get_errno())}")

    def run(self, table: CoreTable, milliseconds: int, ifindex: int) -> int:
        """Count what comes for so long; how many packets. Raises `TransportError` when the device is gone."""
        found = int(self._core.fc_ring_run(self._ring, table.address, milliseconds, ifindex))
        if found < 0:
            raise TransportError(f"the capture ended: {os.strerror(ctypes.get_errno())}")
        return found

    def close(self) -> None:
        ring, self._ring = self._ring, None
        if ring:
            self._core.fc_ring_free(ring)
