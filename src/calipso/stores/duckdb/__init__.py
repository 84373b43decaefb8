"""Flows in DuckDB: the embedded default, one file for each environment."""

from calipso.stores.duckdb.store import DuckFlowStore

__all__ = ["DuckFlowStore"]
