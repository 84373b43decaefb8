"""Where a host is to be found on this machine: the machine itself, or the namespaces of a process on it."""

from __future__ import annotations

import os
import stat

from calipso.errors import AuthFailed, TransportError, Unreachable
from calipso.native.syscalls import open_in_root

_MOST = 64 << 20


class Place:
    """The machine (`pid` None), or a host made of namespaces, known by the pid of a process in it.

    root:      prefix of its files, empty for the machine
    proc:      its /proc
    mountinfo: its mounts
    init:      directory of the process whose namespaces are the host's own
    """

    def __init__(self, pid: int | None = None) -> None:
        self.pid = pid
        self.root = "" if pid is None else f"/proc/{pid}/root"
        self.proc = f"{self.root}/proc"
        self.mountinfo = f"/proc/{pid or 'self'}/mountinfo"
        self.init = f"/proc/{pid}" if pid is not None else _init()

    def open_namespace(self, path: str) -> int:
        """A descriptor of the namespace `path` leads to ("" for the host's own). Raises `OSError`."""
        return os.open(self.namespace_path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    def namespace_path(self, path: str) -> str:
        """`path` as this process opens it: absolute links of another root are followed below that root."""
        if not path:
            return f"{self.init}/ns/net"
        here = self.root + path
        for _ in range(8 if self.root else 0):
            try:
                target = os.readlink(here)
            except OSError:
                break
            if not target.startswith("/"):
                break
            here = self.root + target
        return here

    def read(self, path: str) -> bytes:
        """The whole file, or the entries of a directory (`path` ends in `/`), one a line, sorted.

        Raises `Unreachable` when it is not there, `AuthFailed` when it may not be read.
        """
        try:
            return self._list(path) if path.endswith("/") else self._file(path)
        except PermissionError as error:
            raise AuthFailed(f"{path}: {error.strerror}") from error
        except OSError as error:
            raise Unreachable(f"{path}: {error.strerror}") from error

    def _open(self, path: str) -> int:
        if not self.root:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        root = os.open(self.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return open_in_root(root, path)
        finally:
            os.close(root)

    def _list(self, path: str) -> bytes:
        descriptor = self._open(path)
        try:
            return "".join(f"{name}\n" for name in sorted(os.listdir(descriptor))).encode("utf-8", "surrogateescape")
        finally:
            os.close(descriptor)

    def _file(self, path: str) -> bytes:
        descriptor = self._open(path)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise TransportError(f"{path}: not a regular file")
            chunks, size = [], 0
            while chunk := os.read(descriptor, 1 << 16):
                chunks.append(chunk)
                size += len(chunk)
                if size > _MOST:
                    raise TransportError(f"{path}: more than {_MOST >> 20} MiB")
            return b"".join(chunks)
        finally:
            os.close(descriptor)


def _init() -> str:
    """The process whose network namespace is the machine's own: 1, or this one where 1 may not be looked at."""
    try:
        os.stat("/proc/1/ns/net")
    except OSError:
        return "/proc/self"
    return "/proc/1"
