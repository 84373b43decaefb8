"""Captures by an eBPF program at both ways of a device: the kernel counts, only records come up (native/flow.bpf.c).

It differs from the C core and the Python decoder in this: late segments are not counted (0), at most 256 octets of a
frame are looked at, and 16 tags, labels and extension headers of it. What leaves is seen before queueing disciplines:
what they drop is counted, by AF_PACKET it is not. Nothing is dropped on the way: frames of conversations that the table
has no room for are `lost`.
"""

from __future__ import annotations

import errno
import fcntl
import socket
import struct
import threading
import time
from functools import cache
from pathlib import Path

import calipso.native
from calipso.captures.devices import TYPES as ALL_TYPES
from calipso.captures.devices import within
from calipso.captures.kernel_flows import KernelFlows, sizes
from calipso.errors import ConfigError, TransportError, Unreachable
from calipso.native import bpf
from calipso.seams import CaptureCounts, CaptureOptions, CapturePoint, RawPacket

OBJECT = Path(calipso.native.__file__).parent / "_flow.bpf.o"
TYPES = ALL_TYPES - {"gre", "ipip", "ip6tnl", "ip6gre", "sit"}
"""Of the types that AF_PACKET takes, those whose frames begin at a link header or, as a tun's, at IP for sure."""
MOST_OCTETS = 256
_SETTINGS = struct.Struct("=QIIII")
_STATS = struct.Struct("=4Q")
_ZERO = b"\0\0\0\0"
_STEP = 1_000_000
"""Nanoseconds that the clock on the wall may differ from what it was said to be: it was set."""
_NEEDS = "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"
_HARDWARE_ADDRESS = 0x8927
_WITH_LINK, _WITHOUT = frozenset({1, 772}), frozenset({65534})
"""ARPHRD_ETHER and ARPHRD_LOOPBACK; ARPHRD_NONE."""


class Ebpf:
    """The engine. `tcx` False hooks by clsact though the kernel has TCX."""

    name = "ebpf"
    title = "eBPF"
    types = TYPES
    filters = False
    keeps_packets = False

    def __init__(self, *, tcx: bool = True, path: Path = OBJECT) -> None:
        self._tcx, self._path = tcx, path

    def reason(self) -> str:
        """Why it cannot be used here, "" when it can: the kernel is asked once whether it takes the program."""
        return _refusal(self._path)

    def open(self, point: CapturePoint, options: CaptureOptions) -> EbpfCapture:
        """Raises `Unreachable` (no such device), `AuthFailed` (not permitted), `ConfigError` (filter, packets)."""
        for given, where in ((options.bpf, "bpf"), (options.frames, "raw_packets")):
            if given:
                said = "eBPF takes no filter, keeps no packets and puts nothing together"
                raise ConfigError(said, where=where, hint="AF_PACKET does.")
        loaded = bpf.Loaded(self._path, "flow", sizes(options.flows))
        try:
            return EbpfCapture(loaded, point, options, tcx=self._tcx)
        except BaseException:
            loaded.close()
            raise


@cache
def _refusal(path: Path) -> str:
    if not path.exists():
        return "the eBPF program was not built: `python -m calipso.native.build` needs clang"
    try:
        bpf.Loaded(path, "flow", sizes(1)).close()
    except TransportError as error:
        return f"{error.message}. {error.hint}" if error.hint else error.message
    return ""


def _begins_at_ip(device: str) -> bool:
    """Whether frames of a device of this namespace have no link header. Raises `OSError` for one of another kind."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        said = fcntl.ioctl(asked, _HARDWARE_ADDRESS, struct.pack("=16s24x", device.encode()))
    hardware = struct.unpack_from("=H", said, 16)[0]
    if hardware not in _WITH_LINK | _WITHOUT:
        raise OSError(errno.EOPNOTSUPP, f"its frames (hardware type {hardware}) are neither of Ethernet nor of IP")
    return hardware in _WITHOUT


def _hook(program: int, index: int, *, tcx: bool) -> list[bpf.Hook]:
    """Both ways, by TCX or, where the kernel has none, by clsact. Raises `OSError`."""
    made: list[bpf.Hook] = []
    try:
        for way in (bpf.INGRESS, bpf.EGRESS):
            made.append(bpf.TcxHook(program, index, way) if tcx else bpf.ClsactHook(program, index, way))
    except OSError as error:
        for hook in made:
            hook.close()
        if tcx and error.errno in (errno.EINVAL, errno.EOPNOTSUPP):
            return _hook(program, index, tcx=False)
        raise
    return made


class EbpfCapture:
    """The program at one device, with maps of its own."""

    def __init__(self, loaded: bpf.Loaded, point: CapturePoint, options: CaptureOptions, *, tcx: bool) -> None:
        self._loaded, self._point = loaded, point
        self._counts, self._settings = loaded.map("counts"), loaded.map("settings")
        self._cut, self._l2_key, self._raw = min(options.header, MOST_OCTETS), int(options.l2_key), 0
        self._offset, self._told, self._last, self._ended = 0, -1, b"", False
        self._turn = threading.Lock()
        with within(point, _NEEDS):
            self._index = socket.if_nametoindex(point.device)
            self._flows = KernelFlows(loaded, options.flows, self._index)
            self._raw = int(_begins_at_ip(point.device))
            self._set_clock()
            self._hooks = _hook(loaded.program, self._index, tcx=tcx)

    def _set_clock(self) -> None:
        """The program knows the time since boot: tell it the difference to that on the wall, when that was set."""
        offset = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        if abs(offset - self._offset) > _STEP:
            self._offset = offset
            self._loaded.put(
                self._settings, _ZERO, _SETTINGS.pack(offset, self._cut, self._l2_key, self._raw, 0)
            )  # fmt: skip

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device is gone, after everything was told once."""
        with self._turn:
            if self._ended:
                raise TransportError("the capture ended: the device is gone")
            self._ended = self._gone()
            self._set_clock()
            seen = [_STATS.unpack(each) for each in self._loaded.of_each_cpu(self._counts, _ZERO, _STATS.size)]
            received, _, lost, unknown = (sum(each) for each in zip(*seen, strict=True))
            if received != self._told:
                self._last, self._told = self._flows.records(), received
            return self._last, CaptureCounts(received, 0, lost + self._flows.lost, unknown)

    def _gone(self) -> bool:
        if any(hook.gone() for hook in self._hooks):
            return True
        if isinstance(self._hooks[0], bpf.TcxHook):
            return False
        try:
            with within(self._point, _NEEDS):
                socket.if_indextoname(self._index)
        except TransportError:
            return True
        return False

    def packets(self) -> list[RawPacket]:
        """None are kept."""
        return []

    def cpu(self) -> float:
        """The kernel counts, in whose turn a packet is."""
        return 0.0

    def close(self) -> None:
        with self._turn:
            self._ended = True
            try:
                with within(self._point, _NEEDS):
                    for hook in self._hooks:
                        hook.close()
            except Unreachable:  # the namespace went with its devices: of their hooks, descriptors are left
                for hook in self._hooks:
                    if isinstance(hook, bpf.TcxHook):
                        hook.close()
            self._loaded.close()
