"""Where a capture sends on what it sees: flows as NetFlow v5 to a collector, packets as ERSPAN type II to an analyser,
over IPv4 or IPv6, or packets into a file (`filed.py`).

NetFlow v5 as Cisco describes it (Export Format, version 5): IPv4 flows only, a record for each direction, what is new
since the last one; octets are those of IP. ERSPAN: draft-foschiano-erspan-03, GRE with a sequence number. What is sent
leaves by the host of the captured object; its own traffic is not sent again.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from pathlib import Path

from calipso.captures.around import Around
from calipso.captures.filed import FileTarget
from calipso.errors import AuthFailed, ConfigError, TransportError, Unreachable
from calipso.flows import record as r
from calipso.flows.record import IPV4, Record
from calipso.model.endpoint import endpoint
from calipso.model.flow import RawPacket
from calipso.native.entered import entered
from calipso.native.place import Place
from calipso.seams import Capture, CaptureCounts, CaptureOptions, CapturePoint

NETFLOW_PORT = 2055
PER_MESSAGE = 30
"""Records of a datagram of NetFlow v5."""
ALL_PACKETS = (1 << 31) - 1
_HEADER, _FLOW = struct.Struct("!HHIIIIBBH"), struct.Struct("!4s4s4sHHIIIIHHBBBBHHBBH")
_MOST = 0xFFFFFFFF
_MIRROR = struct.Struct("!HHIHHI")
_SEQUENCED, _ERSPAN, _VERSION, _LINK = 0x1000, 0x88BE, 1 << 12, 14
_GRE, _ECHO = b"\x2f", (8, 9, 10)
"""Protocol 47. Between the errors of ICMP there are echo and discovery of routers."""


def targeted(inner: Capture, point: CapturePoint, options: CaptureOptions) -> Capture:
    """A capture that sends on what it sees, if it is to. Raises `ConfigError`, `Unreachable`, `AuthFailed`."""
    if not options.target:
        return inner
    if options.target_type == "local":
        return FileTarget(inner, Path(options.target))
    try:
        address, port = endpoint(options.target)
    except ValueError as error:
        raise ConfigError(f"{options.target!r} is no address with a port", where="target") from error
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = _socket(point, family, netflow=options.target_type == "netflow")
    if options.target_type == "netflow":
        return NetFlowTarget(inner, made, (address, port or NETFLOW_PORT))
    return MirrorTarget(inner, made, address)


def _socket(point: CapturePoint, family: socket.AddressFamily, *, netflow: bool) -> socket.socket:
    place = Place(point.pid or None)
    try:
        namespace = place.open_namespace("")
    except OSError as error:
        raise Unreachable(f"{point.host or 'the host'}: {error.strerror}") from error
    try:
        with entered(namespace):
            if netflow:
                return socket.socket(family, socket.SOCK_DGRAM)
            return socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_GRE)
    except PermissionError as error:
        raise AuthFailed("sending on is not permitted", hint="It needs CAP_NET_RAW.") from error
    except OSError as error:
        raise Unreachable(f"the host cannot send there: {error.strerror}") from error
    finally:
        os.close(namespace)


class _Target(Around):
    """Sends on with every read. What cannot be sent is counted as `unkept`: captures go on."""

    def __init__(self, inner: Capture, made: socket.socket, address: tuple[str, int]) -> None:
        super().__init__(inner)
        self._socket, self._address, self._failed = made, address, 0
        made.setblocking(False)

    def _sent(self, message: bytes) -> None:
        try:
            self._socket.sendto(message, self._address)
        except OSError:
            self._failed += 1

    def _counted(self, counts: CaptureCounts) -> CaptureCounts:
        return CaptureCounts(counts.received, counts.dropped, counts.lost, counts.unknown, counts.sampled,
                             counts.unkept + self._failed)  # fmt: skip

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):
            self._socket.close()


class NetFlowTarget(_Target):
    """See the module."""

    def __init__(self, inner: Capture, made: socket.socket, address: tuple[str, int]) -> None:
        super().__init__(inner, made, address)
        self._told: dict[tuple[bytes, int], tuple[int, int]] = {}
        self._began, self._sequence = time.time_ns(), 0

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device is gone."""
        packed, counts = self._inner.read()
        told, rows = self._told, list[bytes]()
        self._told = {}
        for record in r.unpack(packed):
            if record.key.family == IPV4:
                rows += self._rows(record, told)
        for at in range(0, len(rows), PER_MESSAGE):
            self._sent(self._message(rows[at : at + PER_MESSAGE]))
        return packed, self._counted(counts)

    def _rows(self, record: Record, told: dict[tuple[bytes, int], tuple[int, int]]) -> list[bytes]:
        key, out = record.key, []
        packed = key.pack()
        for side in (0, 1):
            link = 0 if key.raw else _LINK * record.packets[side]
            now = (record.packets[side], max(0, record.octets[side] - link))
            before = told.get((packed, side), (0, 0))
            if now[0] < before[0]:
                before = (0, 0)  # the engine had forgotten it
            self._told[packed, side] = now
            if now[0] == before[0]:
                continue
            ends = ((key.address_a, key.port_a), (key.address_b, key.port_b))
            (source, source_port), (target, target_port) = ends[side], ends[1 - side]
            if key.protocol == 1:  # of ICMP, type and code stand for the port that it goes to
                source_port, target_port = 0, key.icmp
            out.append(_FLOW.pack(
                source[:4], target[:4], b"\0" * 4, 0, 0, min(now[0] - before[0], _MOST),
                min(max(0, now[1] - before[1]), _MOST), self._uptime(record.first), self._uptime(record.last),
                source_port, target_port, 0, record.tcp_flags[side], key.protocol, 0, 0, 0, 0, 0, 0,
            ))  # fmt: skip
        return out

    def _uptime(self, moment: int) -> int:
        return max(0, moment - self._began) // 1_000_000 & _MOST

    def _message(self, rows: list[bytes]) -> bytes:
        now = time.time_ns()
        head = _HEADER.pack(5, len(rows), self._uptime(now), now // 10**9 & _MOST, now % 10**9, self._sequence, 0, 0, 0)
        self._sequence = (self._sequence + len(rows)) & _MOST
        return head + b"".join(rows)


class MirrorTarget(_Target):
    """See the module. It takes the packets that its capture keeps: those there is no room for are counted."""

    def __init__(self, inner: Capture, made: socket.socket, host: str) -> None:
        super().__init__(inner, made, (host, 0))
        self._host, self._sequence = socket.inet_pton(made.family, host), 0

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device is gone."""
        try:
            packed, counts = self._inner.read()
        except TransportError:
            self._mirror()
            raise
        self._mirror()
        return packed, self._counted(counts)

    def _mirror(self) -> None:
        for packet in self._inner.packets():
            if not self._own(packet.frame):
                self._sequence = (self._sequence + 1) & _MOST
                self._sent(_MIRROR.pack(_SEQUENCED, _ERSPAN, self._sequence, _VERSION, 1, 0) + packet.frame)

    def _own(self, frame: bytes) -> bool:
        """What was sent on passes the captured device too, as do complaints of hosts that know nothing of GRE."""
        packet = frame[18 if frame[12:14] == b"\x81\x00" else 14 :]
        return self._ours(packet) or self._ours(_complained_of(packet))

    def _ours(self, packet: bytes) -> bool:
        if len(self._host) == 4:
            return b"\x40" <= packet[:1] < b"\x50" and (packet[9:10], packet[16:20]) == (_GRE, self._host)
        return b"\x60" <= packet[:1] < b"\x70" and (packet[6:7], packet[24:40]) == (_GRE, self._host)

    def packets(self) -> list[RawPacket]:
        """They were sent on."""
        return []


def _complained_of(packet: bytes) -> bytes:
    """The packet that an error of ICMP (RFC 792) or ICMPv6 (RFC 4443) is about, nothing for another one."""
    if packet[:1] >= b"\x60":
        at, protocol, errors = 40, packet[6:7], range(1, 128)
    else:
        at, protocol, errors = 4 * (packet[0] & 15) if packet else 0, packet[9:10], range(3, 13)
    said = packet[at:]
    return said[8:] if protocol in (b"\x01", b"\x3a") and said and said[0] in errors and said[0] not in _ECHO else b""
