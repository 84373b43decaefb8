"""Captures by AF_PACKET (packet(7)): through a TPACKET_V3 ring that the C core counts, or frame by frame in Python.

The socket is made in the namespace of the device and stays there, whatever namespace reads it. The kernel counts what
it had no room for (PACKET_STATISTICS): that is `dropped`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import socket
import struct
import threading
import time
from collections import deque

from calipso.captures import bpf
from calipso.captures.core import CoreTable, Ring, library
from calipso.captures.effort import seconds_of
from calipso.errors import AuthFailed, TransportError, Unreachable
from calipso.flows.count import Counter
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import CaptureCounts, CaptureOptions, CapturePoint, RawPacket

ALL = 0x0003
"""ETH_P_ALL of linux/if_ether.h: frames of both directions."""
SOL_PACKET, RX_RING, STATISTICS, VERSION, AUXDATA, IGNORE_OUTGOING = 263, 5, 6, 10, 8, 23
V3 = 2
BLOCK, BLOCKS, RETIRE = 1 << 20, 16, 50
"""Octets of a block, how many there are, milliseconds until one that is not full is handed on."""
_TURN = 100
"""Milliseconds of a turn at the ring, after which others may read what was counted."""
_VLAN_VALID = 1 << 4
IDLE, SWEEP = 120, 30
"""Seconds without a frame until a conversation is let go, when it has been read; between looks for such."""
KEPT = 10_000
"""Packets kept until somebody takes them: beyond it the oldest go."""
TYPES = frozenset({
    "device", "internal", "veth", "tun", "bridge", "dummy", "gre", "bond", "team", "ifb", "macvlan", "macvtap", "vlan",
    "vxlan", "gretap", "ip6gretap", "geneve", "ipip", "ipvlan", "ip6tnl", "ip6gre", "sit", "loopback", "openvswitch",
})  # fmt: skip


class AfPacket:
    """The engine; `core` False counts in Python though the C core is there."""

    name = "afpacket"
    title = "AF_PACKET"
    types = TYPES
    filters = True
    keeps_packets = True

    def __init__(self, *, core: bool = True) -> None:
        self._core = core

    def reason(self) -> str:
        """Why it cannot be used here, "" when it can."""
        return "" if hasattr(socket, "AF_PACKET") else "this system has no AF_PACKET"

    def open(self, point: CapturePoint, options: CaptureOptions) -> RingCapture | SocketCapture:
        """Raises `Unreachable` (no such device), `AuthFailed` (not permitted), `ConfigError` (a wrong filter)."""
        fast = self._core and library() is not None and not options.raw_packets
        made, index = _socket(point, options.bpf, 65_536 if options.raw_packets else options.header)
        try:
            return (RingCapture if fast else SocketCapture)(made, index, options)
        except BaseException:
            made.close()
            raise


def _socket(point: CapturePoint, text: str, octets: int) -> tuple[socket.socket, int]:
    """A socket of the device's namespace with its filter, not yet of the device, and the device's number there."""
    place = Place(point.pid or None)
    try:
        namespace = place.open_namespace(point.netns)
    except OSError as error:
        raise Unreachable(f"{point.netns or point.host or 'the host'}: {error.strerror}") from error
    try:
        with entered(namespace):
            index = socket.if_nametoindex(point.device)
            program = bpf.compiled(text, octets, point.device)
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise AuthFailed(
            f"{point.device}: capturing is not permitted", hint="It needs CAP_NET_RAW, and CAP_SYS_ADMIN for other "
            "namespaces.",
        ) from error  # fmt: skip
    except OSError as error:
        raise Unreachable(f"{point.device}: {error.strerror}") from error
    finally:
        os.close(namespace)
    try:
        bpf.attach(made, program)
    except BaseException:
        made.close()
        raise
    return made, index


def _bind(made: socket.socket, index: int) -> None:
    """From now on frames come. By number: a name would be looked up in the namespace of this thread."""
    libc = ctypes.CDLL(None, use_errno=True)
    address = struct.pack("=HHiHBB8s", socket.AF_PACKET, socket.htons(ALL), index, 0, 0, 0, b"")
    if libc.bind(made.fileno(), address, len(address)):
        raise Unreachable(f"device {index}: {os.strerror(ctypes.get_errno())}")


class RingCapture:
    """A thread takes turns at the ring; the interpreter's lock is free meanwhile."""

    def __init__(self, made: socket.socket, index: int, options: CaptureOptions) -> None:
        self._socket, self._index = made, index
        self._table = CoreTable(options.flows, l2_key=options.l2_key)
        self._turn = threading.Lock()
        self._closing, self._dropped, self._failed, self._ended = threading.Event(), 0, "", False
        self._swept = time.monotonic()
        try:
            made.setsockopt(SOL_PACKET, VERSION, V3)
            frame = 1 << max(11, (options.header + 128 - 1).bit_length())
            made.setsockopt(
                SOL_PACKET, RX_RING, struct.pack("=7I", BLOCK, BLOCKS, frame, BLOCK // frame * BLOCKS, RETIRE, 0, 0)
            )
            self._ring = Ring(made.fileno(), BLOCK, BLOCKS)
            _bind(made, index)
        except OSError as error:
            self._table.close()
            raise Unreachable(f"a ring of packets: {error.strerror}") from error
        self._thread = threading.Thread(target=self._run, name=f"afpacket {index}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with self._turn:
                    self._ring.run(self._table, _TURN, self._index)
            except TransportError as error:
                self._failed = error.message
                return
            time.sleep(0)  # whoever waits for its turn has it

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device is gone, after everything was told once."""
        with self._turn:
            records = self._table.records()
            received, _, lost, unknown = self._table.counts()
            self._swept = _sweep(self._table, self._swept)
        if self._failed and self._ended:
            raise TransportError(self._failed)
        self._ended = bool(self._failed)
        self._dropped += _dropped(self._socket)
        return records, CaptureCounts(received, self._dropped, lost, unknown)

    def packets(self) -> list[RawPacket]:
        """None are kept where they are counted in C."""
        return []

    def cpu(self) -> float:
        return seconds_of(self._thread)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._ring.close()
        self._socket.close()
        self._table.close()


def _sweep(table: CoreTable | Counter, swept: float) -> float:
    """Let go of what is idle, when it is time; when that was done last."""
    clock = time.monotonic()
    if clock - swept < SWEEP:
        return swept
    table.forget(time.time_ns() - IDLE * 1_000_000_000)
    return clock


def _dropped(made: socket.socket) -> int:
    """Frames that the kernel had no room for since the last call: it begins at 0 again by being asked."""
    with contextlib.suppress(OSError):
        return int(struct.unpack_from("=2I", made.getsockopt(SOL_PACKET, STATISTICS, 12))[1])
    return 0


class SocketCapture:
    """Without the C core, or when packets are kept: a thread that takes frame by frame."""

    def __init__(self, made: socket.socket, index: int, options: CaptureOptions) -> None:
        self._socket, self._index, self._options = made, index, options
        self._counter = Counter(options.flows, l2_key=options.l2_key)
        self._kept: deque[RawPacket] = deque(maxlen=KEPT)
        self._of: dict[bytes, int] = {}
        self._lock, self._closing = threading.Lock(), threading.Event()
        self._dropped, self._failed, self._ended, self._swept = 0, "", False, time.monotonic()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        made.setsockopt(SOL_PACKET, AUXDATA, 1)
        made.settimeout(_TURN / 1000)
        _bind(made, index)
        self._thread = threading.Thread(target=self._run, name=f"afpacket {index}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        size = 65_536 if self._options.raw_packets else self._options.header
        while not self._closing.is_set():
            try:
                frame, ancillary, _, _ = self._socket.recvmsg(size, 64, socket.MSG_TRUNC)
            except TimeoutError:
                continue
            except OSError as error:
                if error.errno != errno.EINTR:
                    self._failed = f"the capture ended: {error.strerror}"
                    return
                continue
            self._take(frame, ancillary, time.time_ns())

    def _take(self, frame: bytes, ancillary: list[tuple[int, int, bytes]], now: int) -> None:
        wire, vlan = len(frame), 0
        for level, kind, said in ancillary:
            if (level, kind) == (SOL_PACKET, AUXDATA):
                status, wire, _, _, _, tag = struct.unpack_from("=IIIHHH", said)
                vlan = tag & 0xFFF if status & _VLAN_VALID else 0
        with self._lock:
            layers = self._counter.frame(frame, wire, now, ifindex=self._index, vlan=vlan)
            if self._options.raw_packets and layers:
                key = layers[-1].key
                self._of[key] = self._of.get(key, 0) + 1
                if self._of[key] <= self._options.raw_packets:
                    self._kept.append(RawPacket(now, frame, wire, 1, key))

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device is gone, after everything was told once."""
        with self._lock:
            records, c = self._counter.records(), self._counter
            self._swept = _sweep(c, self._swept)
            counts = (c.received, c.lost, c.unknown)
        if self._failed and self._ended:
            raise TransportError(self._failed)
        self._ended = bool(self._failed)
        self._dropped += _dropped(self._socket)
        return records, CaptureCounts(counts[0], self._dropped, counts[1], counts[2])

    def packets(self) -> list[RawPacket]:
        with self._lock:
            found = list(self._kept)
            self._kept.clear()
        return found

    def cpu(self) -> float:
        return seconds_of(self._thread)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()
