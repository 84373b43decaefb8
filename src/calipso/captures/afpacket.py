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
from typing import Any

import msgspec

from calipso.captures import bpf
from calipso.captures.core import CoreTable, Ring, library
from calipso.captures.devices import IDLE, SWEEP, TYPES, within
from calipso.captures.effort import seconds_of
from calipso.captures.targets import ALL_PACKETS, targeted
from calipso.errors import ConfigError, TransportError, Unreachable
from calipso.flows.count import Counter
from calipso.flows.fragments import LIMIT, SETS
from calipso.flows.stream import HEADS
from calipso.seams import Capture, CaptureCounts, CaptureOptions, CapturePoint, RawPacket

ALL = 0x0003
"""ETH_P_ALL of linux/if_ether.h: frames of both directions."""
SOL_PACKET, RX_RING, STATISTICS, VERSION, AUXDATA, IGNORE_OUTGOING = 263, 5, 6, 10, 8, 23
V3 = 2
BLOCK, BLOCKS, RETIRE = 1 << 20, 16, 50
"""Octets of a block, how many there are, milliseconds until one that is not full is handed on."""
_TURN = 100
"""Milliseconds of a turn at the ring, after which others may read what was counted."""
_VLAN_VALID = 1 << 4
WITH_PAYLOAD, READ = 2304, 3_000_000_000
"""Octets of a frame that are looked at for what it carries; ns after its first that a conversation's are handed on."""


def refusal() -> str:
    """Why this process has no sockets of AF_PACKET, "" when it has: it is tried."""
    if not hasattr(socket, "AF_PACKET"):
        return "this system has no AF_PACKET"
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return "sockets for packets are not permitted: they need CAP_NET_RAW"
    except OSError as error:
        return f"this process has no sockets for packets: {error.strerror}"
    return ""


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
        return refusal()

    def open(self, point: CapturePoint, options: CaptureOptions) -> Capture:
        """Raises `Unreachable` (no such device), `AuthFailed` (not permitted), `ConfigError` (a wrong filter)."""
        if options.target and options.target_type in ("erspan", "local"):
            if options.raw_packets:
                raise ConfigError("packets are either kept or sent on", where="raw_packets")
            options = msgspec.structs.replace(options, raw_packets=ALL_PACKETS)
        fast = self._core and library() is not None
        made, index = _socket(point, options.bpf, _octets(options))
        try:
            inner = (RingCapture if fast else SocketCapture)(made, index, options)
        except BaseException:
            made.close()
            raise
        try:
            return targeted(inner, point, options)
        except BaseException:
            inner.close()
            raise


def _octets(options: CaptureOptions) -> int:
    """How many of a frame are looked at."""
    if options.raw_packets:
        return 65_536
    return max(options.header, WITH_PAYLOAD) if options.payload else options.header


def _socket(point: CapturePoint, text: str, octets: int) -> tuple[socket.socket, int]:
    """A socket of the device's namespace with its filter, not yet of the device, and the device's number there."""
    with within(point, "CAP_NET_RAW"):
        index = socket.if_nametoindex(point.device)
        program = bpf.compiled(text, octets, point.device)
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
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


def _asked(options: CaptureOptions) -> dict[str, Any]:
    """What a table counts besides."""
    return {
        "l2_key": options.l2_key, "fragments": SETS * options.defragment, "streams": options.tcp_metric,
        "heads": HEADS * options.payload, "packets": options.raw_packets,
    }  # fmt: skip


class _Faults:
    """What goes wrong with a socket. `failed`: why its device gives nothing any more, "" while it does."""

    def __init__(self, made: socket.socket) -> None:
        self._socket, self.failed, self._told, self._dropped = made, "", False, 0

    def dropped(self) -> int:
        """Frames the kernel had no room for. Raises `TransportError` from the second call after the device's end on."""
        if self.failed and self._told:
            raise TransportError(self.failed)
        self._told = bool(self.failed)
        with contextlib.suppress(OSError):  # its count begins at 0 again by being asked
            self._dropped += int(struct.unpack_from("=2I", self._socket.getsockopt(SOL_PACKET, STATISTICS, 12))[1])
        return self._dropped


class RingCapture:
    """A thread takes turns at the ring; the interpreter's lock is free meanwhile."""

    def __init__(self, made: socket.socket, index: int, options: CaptureOptions) -> None:
        self._socket, self._index = made, index
        self._table = CoreTable(options.flows, **_asked(options))
        self._payload = options.payload
        self._turn = threading.Lock()
        self._closing, self._faults = threading.Event(), _Faults(made)
        self._swept = time.monotonic()
        try:
            made.setsockopt(SOL_PACKET, VERSION, V3)
            frame = 1 << max(11, (_octets(options) + 128 - 1).bit_length())
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
                self._faults.failed = error.message
                return
            time.sleep(0)  # whoever waits for its turn has it

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device is gone, after everything was told once."""
        with self._turn:
            self._table.settle(time.time_ns() - LIMIT)
            records = self._table.records()
            received, _, lost, unknown = self._table.counts()
            unkept = self._table.unkept
            if self._payload:
                self._table.release(time.time_ns() - READ)
            self._swept = _sweep(self._table, self._swept)
        dropped = self._faults.dropped()
        return records, CaptureCounts(received, dropped, lost, unknown, unkept=unkept)

    def packets(self) -> list[RawPacket]:
        """Those kept since the last call."""
        with self._turn:
            return self._table.packets()

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


class SocketCapture:
    """Without the C core: a thread that takes frame by frame."""

    def __init__(self, made: socket.socket, index: int, options: CaptureOptions) -> None:
        self._socket, self._index, self._options = made, index, options
        self._counter = Counter(options.flows, **_asked(options))
        self._lock, self._closing = threading.Lock(), threading.Event()
        self._faults, self._swept = _Faults(made), time.monotonic()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        made.setsockopt(SOL_PACKET, AUXDATA, 1)
        made.settimeout(_TURN / 1000)
        _bind(made, index)
        self._thread = threading.Thread(target=self._run, name=f"afpacket {index}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        size = _octets(self._options)
        while not self._closing.is_set():
            try:
                frame, ancillary, _, _ = self._socket.recvmsg(size, 64, socket.MSG_TRUNC)
            except TimeoutError:
                continue
            except OSError as error:
                if error.errno != errno.EINTR:
                    self._faults.failed = f"the capture ended: {error.strerror}"
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
            self._counter.frame(frame, wire, now, ifindex=self._index, vlan=vlan)

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device is gone, after everything was told once."""
        with self._lock:
            c = self._counter
            c.settle(time.time_ns() - LIMIT)
            records = c.records()
            if self._options.payload:
                c.release(time.time_ns() - READ)
            self._swept = _sweep(c, self._swept)
            counts = (c.received, c.lost, c.unknown, c.unkept)
        dropped = self._faults.dropped()
        return records, CaptureCounts(counts[0], dropped, counts[1], counts[2], unkept=counts[3])

    def packets(self) -> list[RawPacket]:
        with self._lock:
            return self._counter.packets()

    def cpu(self) -> float:
        return seconds_of(self._thread)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()
