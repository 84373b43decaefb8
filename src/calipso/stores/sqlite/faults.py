"""What SQLite complains about, in words a user can act on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from calipso.errors import StoreDamaged, StoreError

PRIMARY = 0xFF
"""Mask of the primary code in an extended one."""


def fault(error: sqlite3.Error, path: Path) -> StoreError:
    """The store error that says the same, names the file and what to do next."""
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return StoreError(
            f"{path}: no space left to write: {error}",
            hint=f"Free space on the disk of {path.parent}, or shorten the retention; nothing was half-written.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"{path}: reading or writing failed: {error}",
            hint=f"Check free space, quota, file size limit and the health of the disk of {path.parent};"
            " nothing was half-written.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, str(error))
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return StoreError(
            f"{path}: cannot be opened for writing: {error}",
            hint="Check owner and permissions of the file and its folder.",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"{path}: another process holds it: {error}", hint="Stop it, or go through its API.")
    return StoreError(f"{path}: {error}")


def damaged(path: Path, what: str) -> StoreDamaged:
    """The file is not what it should be; it stays as it is."""
    return StoreDamaged(
        f"{path}: the store is damaged: {what}",
        hint="The file was left as it is. Restore it from a backup, or move it away to begin with an empty store.",
    )
