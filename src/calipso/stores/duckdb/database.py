"""The file of a flow store: made whole or not at all, looked at before it is opened for writing, opened once.

A DuckDB file says `DUCK` at its ninth octet (https://duckdb.org/docs/stable/internals/storage). It is opened for
reading first: a foreign, damaged or newer file stays octet for octet what it was.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb

from calipso.errors import StoreError
from calipso.stores.duckdb.faults import damaged, fault, too_new
from calipso.stores.flow_sql.parquet import DUCK
from calipso.stores.flow_sql.statements import UPDATE, definitions, lacking

VERSION = 1
MAGIC = b"DUCK"
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",
    "checkpoint_threshold": "128MB",
    "threads": str(min(4, os.cpu_count() or 1)),
}
_UPDATES = "uuid VARCHAR, " + ", ".join(f"{name} BIGINT" for name in UPDATE)


class Database:
    """One open file. Raises `StoreDamaged`, `StoreTooNew`, `StoreError`, `Conflict` (another process has it open)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        try:
            if path.exists():
                _inspect(path)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                _create(path)
            self._connection = _opened(path)
            _widen(self._connection)
        except (duckdb.Error, OSError) as error:
            raise fault(error, path) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One durable transaction: all of it or nothing. Raises `StoreError`."""
        with self._lock:
            connection = self._there()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except duckdb.Error as error:
                self._roll_back(connection)
                raise fault(error, self.path) from error
            except BaseException:
                self._roll_back(connection)
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A consistent snapshot, from any thread. Raises `StoreError`."""
        with self._lock:
            cursor = self._there().cursor()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield cursor
        except duckdb.Error as error:
            raise fault(error, self.path) from error
        finally:
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK")
            cursor.close()

    def _there(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise StoreError(f"{self.path}: the store is closed")
        return self._connection

    def _roll_back(self, connection: duckdb.DuckDBPyConnection) -> None:
        """After some faults, as a full disk, DuckDB wants its file opened anew: what was durable is there again."""
        with contextlib.suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        try:
            connection.execute("SELECT 1 FROM calipso").fetchall()
        except duckdb.Error:
            connection.close()
            self._connection = None
            with contextlib.suppress(duckdb.Error):
                self._connection = _opened(self.path)

    def checkpoint(self) -> None:
        """Bring the log into the file. Raises `StoreError`."""
        with self._lock:
            try:
                self._there().execute("CHECKPOINT")
            except duckdb.TransactionException:
                return  # somebody reads: at the next time
            except duckdb.Error as error:
                raise fault(error, self.path) from error

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()


def _opened(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=read_only, config=SETTINGS)


def _widen(connection: duckdb.DuckDBPyConnection) -> None:
    """Columns that came to be after the file: all of them or none."""
    found = connection.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'flows'").fetchall()
    missing = lacking(DUCK, (name for (name,) in found))
    if not missing:
        return
    connection.execute("BEGIN")
    for name, type, before in missing:
        connection.execute(f"ALTER TABLE flows ADD COLUMN {name} {type}")
        connection.execute(f"UPDATE flows SET {name} = {before}")
    connection.execute("COMMIT")


def _inspect(path: Path) -> None:
    """Whose file it is and how new. Raises `StoreDamaged`, `StoreTooNew`; changes nothing."""
    with path.open("rb") as file:
        header = file.read(12)
    if header[8:] != MAGIC:
        raise damaged(path, "this is not a store of Calipso")
    connection = _opened(path, read_only=True)
    try:
        found = connection.execute("SELECT version FROM calipso").fetchone()
    except duckdb.CatalogException:
        raise damaged(path, "this is a DuckDB file of another program") from None
    finally:
        connection.close()
    if found is None:
        raise damaged(path, "it does not say its version")
    if found[0] > VERSION:
        raise too_new(path, f"its layout is {found[0]}, this version knows {VERSION}")


def _create(path: Path) -> None:
    """Under another name first, so that a store is never half made."""
    fresh = path.with_name(f".{path.name}.new")
    for left in (fresh, fresh.with_name(fresh.name + ".wal")):
        left.unlink(missing_ok=True)
    connection = _opened(fresh)
    try:
        connection.execute("CREATE TABLE calipso (version INTEGER, gathered BIGINT)")
        connection.execute(f"INSERT INTO calipso VALUES ({VERSION:d}, 0)")
        columns = definitions(DUCK)
        connection.execute("CREATE TABLE journal (seq BIGINT, states BLOB)")
        connection.execute(f"CREATE TABLE flows ({columns})")
        connection.execute(f"CREATE TABLE updates ({_UPDATES})")
        connection.execute("CHECKPOINT")
    finally:
        connection.close()
    fresh.replace(path)
