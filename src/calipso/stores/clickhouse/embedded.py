"""ClickHouse inside this process, by chdb: for tests of the dialect, and for a look at files without a server.

chdb has one session for a process; a database of its own keeps stores apart.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from calipso.errors import StoreError

_LOCK = threading.Lock()


class Embedded:
    """Implements `Engine`. Raises `StoreError` where chdb is not installed."""

    def __init__(self, folder: Path) -> None:
        try:
            session: Any = import_module("chdb.session")
        except ImportError as error:
            raise StoreError("chdb is not installed", hint="pip install chdb") from error
        self._session = session.Session(str(folder))
        self._session.query("CREATE DATABASE IF NOT EXISTS flows ENGINE = Atomic")
        self._session.query("USE flows")

    def ask(self, statement: str, values: Mapping[str, str | int], rows: bytes = b"") -> bytes:
        said = f"{statement} {rows.decode()}" if rows else statement
        try:
            with _LOCK:
                return bytes(self._session.query(said, "JSONCompactEachRow", params=dict(values)).bytes())
        except RuntimeError as error:
            raise StoreError(f"ClickHouse: {error}") from error

    def close(self) -> None:
        self._session.close()
