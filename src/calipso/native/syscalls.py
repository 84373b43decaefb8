"""The three system calls that Python 3.11 lacks: setns(2), unshare(2) and openat2(2)."""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_NEWNET = 0x40000000
_OPENAT2 = 437
_RESOLVE_IN_ROOT = 0x10

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def set_network_namespace(descriptor: int) -> None:
    """Move the calling thread, and only it, into the namespace an open descriptor refers to. Raises `OSError`."""
    _checked(_libc.setns(descriptor, CLONE_NEWNET), "setns")


def unshare_network_namespace() -> None:
    """Move the calling thread into a new, empty network namespace. Raises `OSError`."""
    _checked(_libc.unshare(CLONE_NEWNET), "unshare")


def open_in_root(root: int, path: str) -> int:
    """Open `path` for reading as a process whose root is the directory `root` would: links cannot lead out of it.

    Raises `OSError`. Linux 5.6, `struct open_how` of include/uapi/linux/openat2.h.
    """
    how = struct.pack("=QQQ", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, 0, _RESOLVE_IN_ROOT)
    result = _libc.syscall(_OPENAT2, root, ctypes.c_char_p(os.fsencode(path)), ctypes.c_char_p(how), len(how))
    return _checked(int(result), path)
