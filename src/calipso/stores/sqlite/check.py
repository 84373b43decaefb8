"""Looking at a store file before SQLite may touch it: whose it is, how old, and whether it is whole.

The header is read as plain bytes (https://www.sqlite.org/fileformat.html §1.3), so a foreign or newer file stays
byte for byte what it was.
"""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

from calipso.errors import StoreError
from calipso.stores.sqlite import schema
from calipso.stores.sqlite.faults import damaged

MAGIC = b"SQLite format 3\0"
HEADER = 100
THOROUGH = 64 << 20
"""Files up to this many bytes are checked page by page; larger ones page by page as they are read."""


def inspect(path: Path) -> bool:
    """Whether there is a store at `path`. Raises `StoreDamaged`, `StoreTooNew`, `StoreError`; changes nothing."""
    try:
        if not path.exists():
            return False
        with path.open("rb") as file:
            header = file.read(HEADER)
        size = path.stat().st_size
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be read: {error.strerror}", hint="Check owner and permissions of the file and its folder."
        ) from error
    if len(header) < HEADER or not header.startswith(MAGIC):
        raise damaged(path, "this is not a Calipso store")
    application, version = _u32(header, 68), _u32(header, 60)
    if application != schema.APPLICATION_ID:
        raise damaged(path, "this is a SQLite file of another program")
    if version > schema.VERSION:
        raise schema.too_new(path, version)
    log = path.with_name(path.name + "-wal")
    if not (log.exists() and log.stat().st_size):  # else the file may lag behind its header: the log has the rest
        page = struct.unpack_from(">H", header, 16)[0]
        expected = _u32(header, 28) * (65536 if page == 1 else page)
        if size < expected:
            raise damaged(path, f"the file has {size} bytes of {expected}")
    return True


def _u32(header: bytes, offset: int) -> int:
    return int(struct.unpack_from(">I", header, offset)[0])


def verify(connection: sqlite3.Connection, path: Path) -> None:
    """Check what an open file holds. Raises `StoreDamaged`, `sqlite3.Error`."""
    if path.stat().st_size <= THOROUGH:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise damaged(path, str(found).replace("\n", " "))
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    epochs = list(connection.execute("SELECT n, few IS NOT NULL FROM epoch ORDER BY n"))
    if not any(complete for _, complete in epochs):
        raise damaged(path, "it has no complete epoch")
    for n, _ in epochs:
        for table in (f"log_{n}", f"link_{n}"):
            if table not in tables:
                raise damaged(path, f"the table {table} is missing")
