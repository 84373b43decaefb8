"""eBPF through libbpf.so.1 and bpf(2): loads an object, hooks its program to a device, reads its maps.

libbpf relocates and loads (its interface of version 1.0); links of TCX and reading in batches are system calls, as they
came to libbpf later than to distributions. Layouts are those of `union bpf_attr` in linux/bpf.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from calipso.errors import TransportError

LIBRARY = "libbpf.so.1"
INGRESS, EGRESS = 46, 47
"""BPF_TCX_INGRESS, BPF_TCX_EGRESS."""
BATCH = 16384
"""Entries of a map read at once."""
_CALLS = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361, "s390x": 351}
_DELETE_AND_LOOKUP, _INFO, _LOOKUP_BATCH, _LINK_CREATE = 21, 15, 24, 28
_BEFORE = 1 << 3
_P, _INT, _U32, _TEXT, _SIZE = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_size_t
_PRINT = ctypes.CFUNCTYPE(_INT, _INT, _TEXT, _P)
_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "bpf_object__open_file": (_P, [_TEXT, _P]),
    "bpf_object__load": (_INT, [_P]),
    "bpf_object__close": (None, [_P]),
    "bpf_object__find_program_by_name": (_P, [_P, _TEXT]),
    "bpf_object__find_map_by_name": (_P, [_P, _TEXT]),
    "bpf_map__set_max_entries": (_INT, [_P, _U32]),
    "bpf_map__fd": (_INT, [_P]),
    "bpf_program__fd": (_INT, [_P]),
    "bpf_program__set_log_buf": (_INT, [_P, _P, _SIZE]),
    "bpf_program__set_log_level": (_INT, [_P, _U32]),
    "bpf_map_lookup_elem": (_INT, [_INT, _P, _P]),
    "bpf_map_update_elem": (_INT, [_INT, _P, _P, ctypes.c_uint64]),
    "bpf_tc_hook_create": (_INT, [_P]),
    "bpf_tc_attach": (_INT, [_P, _P]),
    "bpf_tc_detach": (_INT, [_P, _P]),
    "libbpf_num_possible_cpus": (_INT, []),
    "libbpf_set_print": (_P, [_P]),
}


@cache
def library() -> ctypes.CDLL | None:
    """libbpf, or None where it is not there; it prints nothing."""
    try:
        found = ctypes.CDLL(LIBRARY, use_errno=True)
    except OSError:
        return None
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    found.libbpf_set_print(None)
    return found


def call(command: int, attributes: bytes) -> tuple[int, bytes]:
    """bpf(2): what it returned, -errno for an error, and the attributes after it."""
    buffer = ctypes.create_string_buffer(attributes.ljust(144, b"\0"), 144)
    number = _CALLS.get(platform.machine())
    if number is None:
        return -errno.ENOSYS, buffer.raw
    libc = _libc()
    done = int(libc.syscall(ctypes.c_long(number), ctypes.c_long(command), buffer, ctypes.c_ulong(144)))
    return (done if done >= 0 else -ctypes.get_errno()), buffer.raw


@cache
def _libc() -> ctypes.CDLL:
    found = ctypes.CDLL(None, use_errno=True)
    found.syscall.restype = ctypes.c_long
    return found


class Loaded:
    """An object in the kernel with its program of that name. `sizes`: map → entries, where they are not as compiled.

    Raises `TransportError` with the last words of the verifier, or why it came to none.
    """

    def __init__(self, path: Path, program: str, sizes: Mapping[str, int]) -> None:
        found = library()
        if found is None:
            raise TransportError(f"{LIBRARY} is not here", hint="On Debian: apt-get install libbpf1")
        self._lib = found
        self._object = found.bpf_object__open_file(os.fsencode(path), None)
        if not self._object:
            raise TransportError(f"{path.name} cannot be read: {os.strerror(ctypes.get_errno())}")
        try:
            for name, entries in sizes.items():
                found.bpf_map__set_max_entries(self._map(name), entries)
            self._load(program)
        except BaseException:
            self.close()
            raise

    def _load(self, program: str) -> None:
        log = ctypes.create_string_buffer(1 << 16)
        there = self._lib.bpf_object__find_program_by_name(self._object, program.encode())
        self._lib.bpf_program__set_log_buf(there, log, len(log))
        done = self._lib.bpf_object__load(self._object)
        if done:
            said = [line for line in log.value.decode(errors="replace").splitlines() if line.strip()][-3:]
            words = f": {' / '.join(said)}" if said else ""
            raise TransportError(
                f"the kernel refuses the program: {os.strerror(-done)}{words}",
                hint="It needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON." if -done in (errno.EPERM, errno.EACCES) else "",
            )
        self._lib.bpf_program__set_log_buf(there, None, 0)
        self.program = int(self._lib.bpf_program__fd(there))

    def _map(self, name: str) -> int:
        found = self._lib.bpf_object__find_map_by_name(self._object, name.encode())
        if not found:
            raise TransportError(
                f"the program is of another version: it has no map {name}", hint="`python -m calipso.native.build`"
            )  # fmt: skip
        return int(found)

    def map(self, name: str) -> int:
        """Descriptor of a map."""
        return int(self._lib.bpf_map__fd(self._map(name)))

    def put(self, map: int, key: bytes, value: bytes) -> None:
        """Raises `TransportError`."""
        if self._lib.bpf_map_update_elem(map, key, value, 0):
            raise TransportError(f"a map of the program: {os.strerror(ctypes.get_errno())}")

    def of_each_cpu(self, map: int, key: bytes, size: int) -> list[bytes]:
        """The values of a key of a map that has one for each CPU; `size` octets each, a multiple of 8."""
        out = ctypes.create_string_buffer(size * max(1, int(self._lib.libbpf_num_possible_cpus())))
        if self._lib.bpf_map_lookup_elem(map, key, out):
            raise TransportError(f"a map of the program: {os.strerror(ctypes.get_errno())}")
        return [out.raw[at : at + size] for at in range(0, len(out), size)]

    def close(self) -> None:
        there, self._object = self._object, None
        if there:
            self._lib.bpf_object__close(there)


def entries(map: int, key: int, value: int) -> tuple[bytes, bytes]:
    """All keys of a hash map and all values in their order (BPF_MAP_LOOKUP_BATCH, Linux 5.6). Raises `TransportError`.

    key, value: octets of one.
    """
    keys, values = ctypes.create_string_buffer(BATCH * key), ctypes.create_string_buffer(BATCH * value)
    position, began = ctypes.create_string_buffer(max(8, key)), False
    found: list[tuple[bytes, bytes]] = []
    while True:
        attributes = struct.pack(
            "=QQQQIIQQ", ctypes.addressof(position) if began else 0, ctypes.addressof(position),
            ctypes.addressof(keys), ctypes.addressof(values), BATCH, map, 0, 0,
        )  # fmt: skip
        done, after = call(_LOOKUP_BATCH, attributes)
        if done < 0 and -done != errno.ENOENT:
            raise TransportError(f"the flows of the program: {os.strerror(-done)}")
        count = struct.unpack_from("=I", after, 32)[0]
        found.append((ctypes.string_at(keys, count * key), ctypes.string_at(values, count * value)))
        if done < 0:
            return b"".join(each[0] for each in found), b"".join(each[1] for each in found)
        began = True


def taken(map: int, key: bytes, value: int) -> bytes | None:
    """The value of a key that is deleted at once (Linux 5.14); None when it is not there or cannot be."""
    k, v = ctypes.create_string_buffer(key, len(key)), ctypes.create_string_buffer(value)
    done, _ = call(_DELETE_AND_LOOKUP, struct.pack("=I4xQQQ", map, ctypes.addressof(k), ctypes.addressof(v), 0))
    return v.raw if done == 0 else None


# ── hooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class TcxHook:
    """A link of TCX (Linux 6.6), before other programs there. It ends with its descriptor, also by a kill.

    The device is one of the namespace of this thread. Raises `OSError`.
    """

    def __init__(self, program: int, ifindex: int, way: int) -> None:
        done, _ = call(_LINK_CREATE, struct.pack("=6IQ", program, ifindex, way, _BEFORE, 0, 0, 0))
        if done < 0:
            raise OSError(-done, os.strerror(-done))
        self._fd = done

    def gone(self) -> bool:
        """Whether the device is: `struct bpf_link_info` then has no index."""
        info = ctypes.create_string_buffer(96)
        done, _ = call(_INFO, struct.pack("=IIQ", self._fd, len(info), ctypes.addressof(info)))
        return done < 0 or struct.unpack_from("=I", info, 16)[0] == 0

    def close(self) -> None:
        os.close(self._fd)


class _Hook(ctypes.Structure):
    """`struct bpf_tc_hook` of libbpf."""

    _fields_ = (("size", _SIZE), ("ifindex", _INT), ("point", _INT), ("parent", _U32))


class _Options(ctypes.Structure):
    """`struct bpf_tc_opts` of libbpf."""

    _fields_ = (("size", _SIZE), ("program", _INT), ("flags", _U32), ("id", _U32), ("handle", _U32),
                ("priority", _U32))  # fmt: skip


class ClsactHook:
    """A filter of a clsact queueing discipline, for kernels without TCX.

    The discipline, which does nothing without filters, stays: others may use it by then. The device is one of the
    namespace of this thread; `close` has to be called there too. Raises `OSError`.
    """

    def __init__(self, program: int, ifindex: int, way: int) -> None:
        self._lib = library()
        self._hook = _Hook(ctypes.sizeof(_Hook), ifindex, 1 if way == INGRESS else 2, 0)
        made = self._call("bpf_tc_hook_create", _Hook(ctypes.sizeof(_Hook), ifindex, 3, 0))
        if made not in (0, -errno.EEXIST):
            raise OSError(-made, os.strerror(-made))
        self._filter = _Options(ctypes.sizeof(_Options), program, 0, 0, 0, 0)
        done = self._call("bpf_tc_attach", self._hook, self._filter)
        if done:
            raise OSError(-done, os.strerror(-done))

    def _call(self, name: str, *arguments: ctypes.Structure) -> int:
        return int(getattr(self._lib, name)(*(ctypes.byref(each) for each in arguments)))

    def gone(self) -> bool:
        """It cannot tell."""
        return False

    def close(self) -> None:
        self._filter = _Options(ctypes.sizeof(_Options), 0, 0, 0, self._filter.handle, self._filter.priority)
        self._call("bpf_tc_detach", self._hook, self._filter)


Hook = TcxHook | ClsactHook
