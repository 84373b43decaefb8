"""Connections to one store file: a single writer, as many readers as ask at the same time."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from calipso.errors import Conflict, StoreError
from calipso.stores.sqlite import check, schema
from calipso.stores.sqlite.faults import fault

CHECKPOINT_PAGES = 4000
CACHE = 16 << 20
"""Bytes of the file that each connection keeps in memory at most: all that the writer changes until a checkpoint."""
WAIT = 10.0
"""Seconds to wait for a lock of the file that another connection holds."""


class Database:
    """One open store file. Opening creates it, refuses what is not ours, and locks out other processes.

    Raises `StoreDamaged`, `StoreTooNew`, `StoreError`, `Conflict` (another process has it open).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._idle: deque[sqlite3.Connection] = deque()
        self._writer: sqlite3.Connection | None = None
        existed = check.inspect(path)
        self._guard = self._claim()
        try:
            self._open(existed)
        except sqlite3.Error as error:
            self.close()
            raise fault(error, path) from error
        except BaseException:
            self.close()
            raise

    def _claim(self) -> IO[bytes]:
        """A lock file beside the store, held while it is open; the kernel frees it when the process ends."""
        guard = self.path.with_name(self.path.name + ".lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = guard.open("ab")
        except OSError as error:
            raise StoreError(
                f"{guard}: cannot be written: {error.strerror}", hint="Check owner and permissions of its folder."
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise Conflict(
                f"{self.path}: another process has this store open", hint="Stop it, or go through its API."
            ) from error
        return file

    def _open(self, existed: bool) -> None:
        if not existed:
            schema.create(self.path)
        writer = self._writer = self._connect()
        schema.migrate(writer, self.path)
        check.verify(writer, self.path)
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA synchronous = FULL")
        writer.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES:d}")
        writer.execute(f"PRAGMA cache_size = {-CACHE // 1024:d}")

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.resolve().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=WAIT,
        )

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction: all of it or nothing. Raises `StoreError`."""
        with self._lock:
            writer = self._writer
            if writer is None:
                raise StoreError(f"{self.path}: the store is closed")
            try:
                writer.execute("BEGIN IMMEDIATE")
                yield writer
                writer.execute("COMMIT")
            except sqlite3.Error as error:
                _roll_back(writer)
                raise fault(error, self.path) from error
            except BaseException:
                _roll_back(writer)
                raise

    @contextmanager
    def maintaining(self) -> Iterator[sqlite3.Connection]:
        """The writer outside a transaction, for vacuum and checkpoints. Raises `StoreError`."""
        with self._lock:
            if self._writer is None:
                raise StoreError(f"{self.path}: the store is closed")
            try:
                yield self._writer
            except sqlite3.Error as error:
                raise fault(error, self.path) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A consistent snapshot of the file, from any thread. Keep it short: the log cannot shrink meanwhile."""
        if self._writer is None:
            raise StoreError(f"{self.path}: the store is closed")
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = self._reader()
        try:
            reader.execute("BEGIN")
            yield reader
        except sqlite3.Error as error:
            raise fault(error, self.path) from error
        finally:
            _roll_back(reader)
            if self._writer is None:
                reader.close()
            else:
                self._idle.append(reader)

    def _reader(self) -> sqlite3.Connection:
        try:
            reader = self._connect()
            reader.execute("PRAGMA query_only = ON")
            reader.execute(f"PRAGMA cache_size = {-CACHE // 1024:d}")
        except sqlite3.Error as error:
            raise fault(error, self.path) from error
        return reader

    def close(self) -> None:
        with self._lock:
            writer, self._writer = self._writer, None
            while self._idle:
                self._idle.pop().close()
            if writer is not None:
                writer.close()
            self._guard.close()


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
