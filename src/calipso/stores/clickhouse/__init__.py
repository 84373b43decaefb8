"""Flows in ClickHouse: for those who have more of them than one machine takes."""

from calipso.stores.clickhouse.store import ClickHouseFlowStore

__all__ = ["ClickHouseFlowStore"]
