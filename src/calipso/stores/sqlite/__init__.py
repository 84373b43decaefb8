"""The embedded store: one SQLite file for each environment."""

from calipso.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
