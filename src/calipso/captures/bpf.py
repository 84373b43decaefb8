"""Filters of pcap-filter(7) as programs of the classic BPF, compiled by libpcap (libpcap.so.0.8) through ctypes.

A program is packed `struct sock_filter` of linux/filter.h, eight octets an instruction. What it lets through it cuts.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import socket
import struct
from collections.abc import Iterator
from functools import cache

from calipso.errors import AuthFailed, ConfigError, Unreachable

LIBRARY = "libpcap.so.0.8"
ATTACH_FILTER = 26
_ETHERNET, _OPTIMIZE, _NO_NETMASK, _MOST = 1, 1, 0xFFFFFFFF, 262_144
_ALL = struct.Struct("=HBBI")
_P, _INT, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", _P))


_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "pcap_open_dead": (_P, [_INT, _INT]),
    "pcap_create": (_P, [_TEXT, _TEXT]),
    "pcap_set_snaplen": (_INT, [_P, _INT]),
    "pcap_activate": (_INT, [_P]),
    "pcap_compile": (_INT, [_P, ctypes.POINTER(_Program), _TEXT, _INT, ctypes.c_uint32]),
    "pcap_freecode": (None, [ctypes.POINTER(_Program)]),
    "pcap_geterr": (_TEXT, [_P]),
    "pcap_close": (None, [_P]),
    "pcap_offline_filter": (_INT, [ctypes.POINTER(_Program), _P, _TEXT]),
}


@cache
def _libpcap() -> ctypes.CDLL | None:
    try:
        found = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


def compiled(text: str, octets: int, device: str = "") -> bytes:
    """The program of a filter that cuts frames of Ethernet to `octets`; of no filter: all frames.

    `device`: of the namespace of this thread. Where a filter speaks of VLANs the program is made for it: the kernel
    takes tags off and keeps them beside the frame. Raises `ConfigError` in the words of libpcap, or when it is not
    there; `Unreachable`, `AuthFailed` when such a filter's device cannot be opened.
    """
    if not text.strip():
        return _ALL.pack(0x06, 0, 0, octets)  # BPF_RET | BPF_K
    lib = _libpcap()
    if lib is None:
        raise ConfigError(f"filters need {LIBRARY}, which is not here", where="bpf",
                          hint="On Debian: apt-get install libpcap0.8")  # fmt: skip
    if "\0" in text:
        raise ConfigError("a filter has no NUL characters", where="bpf")
    of = device if re.search(r"\bvlan\b", text) else ""
    program = _Program()
    with _handle(lib, octets, of) as handle:
        if lib.pcap_compile(handle, ctypes.byref(program), text.encode(), _OPTIMIZE, _NO_NETMASK):
            raise ConfigError(_said(lib, handle), where="bpf", hint="The language is that of pcap-filter(7).")
        try:
            return ctypes.string_at(program.instructions, program.length * _ALL.size)
        finally:
            lib.pcap_freecode(ctypes.byref(program))


class _Header(ctypes.Structure):
    """`struct pcap_pkthdr`: a time that filters do not look at, octets there, octets on the wire."""

    _fields_ = (
        ("seconds", ctypes.c_long),
        ("fraction", ctypes.c_long),
        ("size", ctypes.c_uint32),
        ("wire", ctypes.c_uint32),
    )


class Matcher:
    """A filter for packets that are there already. `link`: as in pcap's LINKTYPE. Raises `ConfigError`."""

    def __init__(self, text: str, link: int = _ETHERNET) -> None:
        lib = _libpcap()
        if lib is None or "\0" in text:
            raise ConfigError(
                f"filters need {LIBRARY}" if lib is None else "a filter has no NUL characters", where="bpf"
            )
        self._lib, self._program = lib, _Program()
        handle = lib.pcap_open_dead(link, _MOST)
        try:
            if lib.pcap_compile(handle, ctypes.byref(self._program), text.encode(), _OPTIMIZE, _NO_NETMASK):
                raise ConfigError(_said(lib, handle), where="bpf", hint="The language is that of pcap-filter(7).")
        finally:
            lib.pcap_close(handle)

    def passes(self, frame: bytes, wire: int) -> bool:
        header = _Header(0, 0, len(frame), max(wire, len(frame)))
        return bool(self._lib.pcap_offline_filter(ctypes.byref(self._program), ctypes.byref(header), frame))

    def __del__(self) -> None:
        if hasattr(self, "_program"):
            self._lib.pcap_freecode(ctypes.byref(self._program))


@contextlib.contextmanager
def _handle(lib: ctypes.CDLL, octets: int, device: str) -> Iterator[int]:
    """Of libpcap: of a device, or of no device at all."""
    if not device:
        handle = lib.pcap_open_dead(_ETHERNET, octets)
    else:
        error = ctypes.create_string_buffer(256)
        handle = lib.pcap_create(device.encode(), ctypes.cast(error, _TEXT))
    if not handle:
        raise Unreachable("libpcap gives no handle")
    try:
        if device:
            lib.pcap_set_snaplen(handle, octets)
            done = lib.pcap_activate(handle)
            if done < 0:
                refused = done in (-8, -11)  # PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED
                raise (AuthFailed if refused else Unreachable)(f"{device}: {_said(lib, handle)}")
        yield handle
    finally:
        lib.pcap_close(handle)


def _said(lib: ctypes.CDLL, handle: int) -> str:
    found: bytes = lib.pcap_geterr(handle)
    return found.decode(errors="replace")


def attach(to: socket.socket, program: bytes) -> None:
    """From now on the socket has only what the program lets through. Raises `ConfigError` when the kernel refuses."""
    code = ctypes.create_string_buffer(program, len(program))
    said = struct.pack("HP", len(program) // _ALL.size, ctypes.addressof(code))
    try:
        to.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, said)
    except OSError as error:
        raise ConfigError(f"the kernel refuses this filter: {error.strerror}", where="bpf") from error
