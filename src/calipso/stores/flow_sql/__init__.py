"""Flows in SQL: one table, one meaning of a filter, in the subset of SQL that DuckDB and ClickHouse share."""
