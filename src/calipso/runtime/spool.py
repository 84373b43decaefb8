"""What an agent has still to deliver, on disk: numbered parts, removed when the server has made them durable."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

from calipso.errors import StoreError

LARGEST = 256 << 20
"""Bytes kept for a server that is away."""


class SpoolFull(StoreError):
    """The server was away for too long: nothing more can be kept for it."""


class Spool:
    """A queue on disk that survives the agent's end. Raises `StoreError` when the file cannot be used.

    `id`: of this queue, new when the file is new, so that numbers are never taken for those of another one.
    """

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        self.path = path
        self.largest = largest
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, isolation_level=None)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS part (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
            self._db.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('id', ?)", (uuid.uuid4().hex,))
            (self.id,) = self._db.execute("SELECT value FROM meta WHERE key = 'id'").fetchone()
            last, self.size = self._db.execute("SELECT max(seq), coalesce(sum(length(body)), 0) FROM part").fetchone()
            (kept,) = self._db.execute("SELECT coalesce(max(value + 0), 0) FROM meta WHERE key = 'last'").fetchone()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path}: the spool cannot be used: {error}") from error
        self.last = max(last or 0, int(kept))
        """The highest number given."""

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM part").fetchone()[0])

    def put(self, body: bytes) -> int:
        """Keep a part; its number. Raises `SpoolFull`, `StoreError`."""
        if self.size + len(body) > self.largest:
            raise SpoolFull(f"{self.path}: {self.size >> 20} MB wait for the server, no more is kept")
        with self._written():
            self._db.execute("INSERT INTO part VALUES (?, ?)", (self.last + 1, body))
        self.last += 1
        self.size += len(body)
        return self.last

    def after(self, seq: int, limit: int = 100) -> list[tuple[int, bytes]]:
        """The next parts after a number."""
        return self._db.execute(
            "SELECT seq, body FROM part WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        ).fetchall()

    def delivered(self, seq: int) -> None:
        """Let go of everything up to a number; numbers go on after it in any case."""
        with self._written():
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM part WHERE seq <= ?", (seq,))
            self.last = max(self.last, seq)
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('last', ?)", (str(self.last),))
            (self.size,) = self._db.execute("SELECT coalesce(sum(length(body)), 0) FROM part").fetchone()
            self._db.execute("COMMIT")

    def clear(self) -> int:
        """Drop everything; how many parts were lost."""
        lost = len(self)
        self.delivered(self.last)
        return lost

    def shed(self, octets: int) -> list[bytes]:
        """Drop the oldest until there is room for so many octets more; what was dropped. Raises `StoreError`."""
        dropped: list[bytes] = []
        while len(self) and self.size + octets > self.largest:
            seq, body = self.after(0, 1)[0]
            self.delivered(seq)
            dropped.append(body)
        return dropped

    def remember(self, key: str, value: str) -> None:
        with self._written():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def recall(self, key: str) -> str:
        """What was remembered, empty for nothing."""
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(found[0]) if found else ""

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise StoreError(f"{self.path}: cannot be written: {error}") from error
