"""Flows as a Parquet file, and as columns of numbers and texts for DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from calipso.errors import StoreError
from calipso.model.flow import Flow
from calipso.stores.flow_sql.columns import NAMES, Column, spread
from calipso.stores.flow_sql.statements import Dialect, definitions


class Duck:
    """How DuckDB writes types and places."""

    texts = "VARCHAR"

    def place(self, n: int, *, text: bool) -> str:
        return f"${n}"

    def nullable(self, type: str) -> str:
        return type


DUCK: Dialect = Duck()


def arrays(flows: Sequence[Flow]) -> dict[str, Any]:
    """A column's name → its values, masked where a flow has no such layer."""
    return {column.name: _array(column, values, missing) for column, values, missing in spread(flows)}


def _array(column: Column, values: Sequence[Any], missing: list[bool] | None) -> Any:
    if column.text:
        return np.array(values, dtype=object)
    numbers = np.array(values, dtype=np.int64)
    return numbers if missing is None else np.ma.masked_array(numbers, mask=missing)


def written(flows: Sequence[Flow], file: Path) -> int:
    """Write flows to a Parquet file; how many. Raises `StoreError`."""
    with duckdb.connect() as memory:
        memory.execute(f"CREATE TABLE flows ({definitions(DUCK)})")
        if flows:
            memory.register("batch", arrays(flows))
            memory.execute(f"INSERT INTO flows SELECT {NAMES} FROM batch")
        return saved(memory.table("flows"), file)


def saved(found: duckdb.DuckDBPyRelation, file: Path) -> int:
    """Write what was asked for to a Parquet file; how many rows. Raises `StoreError`."""
    try:
        found.write_parquet(str(file), compression="zstd")
        with duckdb.connect() as memory:
            return int(memory.execute("SELECT count(*) FROM read_parquet($1)", [str(file)]).fetchall()[0][0])
    except duckdb.Error as error:
        raise StoreError(f"{file}: cannot be written: {error}", hint="Check its folder, and free space.") from error
