"""One writer a folder: the server holds a lock the kernel frees when it dies, and says beside it where it listens."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import msgspec

from calipso.errors import Conflict


class Running(msgspec.Struct):
    """The server of a folder."""

    pid: int
    url: str


class WriterLock:
    """Held by whoever may write. Raises `Conflict` when somebody else does."""

    def __init__(self, lock: Path, server: Path) -> None:
        self._server = server
        self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise Conflict(
                f"{lock.parent}: another calipso is writing there",
                hint="stop it, or set CALIPSO_HOME to another folder",
            ) from error

    def announce(self, url: str) -> None:
        """Tell others on this machine where the server listens."""
        temporary = self._server.with_suffix(".new")
        temporary.write_text(json.dumps({"pid": os.getpid(), "url": url}))
        temporary.replace(self._server)

    def release(self) -> None:
        self._server.unlink(missing_ok=True)
        os.close(self._descriptor)


def running(lock: Path, server: Path) -> Running | None:
    """The server of a folder, None when there is none: what a dead one left behind does not count."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        return None
    finally:
        os.close(descriptor)
    try:
        return msgspec.json.decode(server.read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
