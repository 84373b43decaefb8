"""What DuckDB complains about, in words a user can act on."""

from __future__ import annotations

from pathlib import Path

import duckdb

from calipso.errors import Conflict, StoreDamaged, StoreError, StoreTooNew

FULL = ("no space left", "disk quota", "could not write", "failed to write", "not enough space", "file too large")


def fault(error: duckdb.Error | OSError, path: Path) -> StoreError | Conflict:
    """The error that says the same, names the file and what to do next."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    lower = text.lower()
    if "could not set lock" in lower or "conflicting lock" in lower:
        return Conflict(f"{path}: another process has this store open", hint="Stop it, or go through its API.")
    if "newer version" in lower or "version number" in lower:
        return too_new(path, text)
    if any(sign in lower for sign in FULL):
        return StoreError(
            f"{path}: no space left to write: {text}",
            hint=f"Free space on the disk of {path.parent}, or shorten the retention; nothing was half-written.",
        )
    if "permission denied" in lower or "read-only" in lower:
        return StoreError(
            f"{path}: cannot be opened for writing: {text}",
            hint="Check owner and permissions of the file and its folder.",
        )
    if isinstance(error, duckdb.SerializationException | duckdb.InternalException) or any(
        sign in lower for sign in ("checksum", "corrupt", "not a valid duckdb", "could not read")
    ):
        return damaged(path, text)
    return StoreError(f"{path}: {text}")


def damaged(path: Path, what: str) -> StoreDamaged:
    """The file is not what it should be; it stays as it is."""
    return StoreDamaged(
        f"{path}: the store of flows is damaged: {what}",
        hint="The file was left as it is. Restore it from a backup, or move it away to begin with an empty store.",
    )


def too_new(path: Path, what: str) -> StoreTooNew:
    return StoreTooNew(
        f"{path}: the store of flows was written by a newer version: {what}",
        hint="Use that version, or move the file away to begin with an empty store.",
    )
