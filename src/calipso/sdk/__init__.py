"""Calipso for notebooks and scripts: `connect()` to a server or a folder, answers as rows and data frames."""

from calipso.sdk.connection import Connection, connect
from calipso.sdk.rows import Rows

__all__ = ["Connection", "Rows", "connect"]
