"""What is kept for all environments together: JSON documents by collection and key, in one private file."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from calipso.errors import StoreError

Kept = dict[str, dict[str, dict[str, Any]]]


def write_private(file: Path, content: bytes) -> None:
    """Put a file in the place of another at once, readable by its owner only. Raises `OSError`."""
    beside = file.with_name(f".{file.name}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)


class HomeDocuments:
    """Documents of all environments. Implements `operations.context.Shelf`; raises `StoreError`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    def all(self, collection: str) -> dict[str, dict[str, Any]]:
        """Key → document, by key."""
        return dict(sorted(self._read().get(collection, {}).items()))

    def put(self, collection: str, key: str, document: Mapping[str, Any] | None) -> None:
        """Keep a document; None removes it."""
        with self._lock:
            kept = self._read()
            there = kept.setdefault(collection, {})
            if document is None:
                there.pop(key, None)
            else:
                there[key] = dict(document)
            try:
                write_private(self.file, msgspec.json.encode(kept, order="sorted"))
            except OSError as error:
                raise StoreError(f"{self.file}: cannot be written: {error.strerror}") from error

    def _read(self) -> Kept:
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=Kept)
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            raise StoreError(f"{self.file}: cannot be read: {error}") from error
