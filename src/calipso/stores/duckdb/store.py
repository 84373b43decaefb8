"""Flows in a file of DuckDB: states as they are told, gathered from time to time into one row for each flow.

`recent` holds states in the order in which they came (`seq`); the newest of a flow counts. When there are `GATHER` of
them the newest go to `flows`, in place of what was there, and the deltas (`fresh`: not told before) to `updates`.
Rows thus stand in the file nearly by time, so a question about a time reads only the part of the file that holds it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from calipso.model.flow import Flow, FlowMetric
from calipso.seams import FlowFilter
from calipso.stores.duckdb.database import Database
from calipso.stores.flow_sql.columns import NAMES, gathered
from calipso.stores.flow_sql.parquet import DUCK, arrays, saved
from calipso.stores.flow_sql.statements import UPDATE, Places, condition, fields, narrowed, order, sliced, slices

GATHER = 250_000
"""States until the newest of each flow are gathered."""
KNOWN = 400_000
"""Flows whose last delta is remembered, so that it is not counted again when it is told again."""
MICRO = 1_000_000
_NEWEST = "seq IN (SELECT max(seq) FROM recent GROUP BY uuid)"
_OLDER = "NOT EXISTS (SELECT 1 FROM recent WHERE recent.uuid = flows.uuid)"
_DELTA = ", ".join(f"last_update_{name} AS {name}" for name in UPDATE)
_UPDATES = f"SELECT uuid, {', '.join(UPDATE)} FROM updates UNION ALL SELECT uuid, {_DELTA} FROM recent WHERE fresh"
_INSERT = f"INSERT INTO recent (seq, fresh, {NAMES}) SELECT * FROM batch"


class DuckFlowStore:
    """See `seams.FlowStore`. Safe for threads; one process at a time.

    Raises `StoreDamaged`, `StoreTooNew`, `StoreError`, `Conflict` when it is opened, later `StoreError`.
    """

    def __init__(self, path: Path, *, gather: int = GATHER) -> None:
        self.path = path
        self._file = Database(path)
        self._gather_at = gather
        self._adding = threading.Lock()
        self._told: dict[str, FlowMetric] = {}
        self._seq = self._recent = 0
        with self._file.reading() as reader:
            for row in reader.execute(
                f"SELECT seq, uuid, {_DELTA} FROM recent WHERE last_update_last <> 0 ORDER BY seq"
            ).fetchall():
                self._told[row[1]] = FlowMetric(*row[2:])
            count, last = _one(reader, "SELECT count(*), max(seq) FROM recent")
        self._recent, self._seq = count, (last or 0) + 1

    def add(self, flows: Sequence[Flow]) -> None:
        if not flows:
            return
        with self._adding:
            told: dict[str, FlowMetric] = {}
            fresh = [self._is_fresh(flow, told) for flow in flows]
            batch = _batch(flows, self._seq, fresh)
            with self._file.writing() as writer:
                writer.register("batch", batch)
                try:
                    writer.execute(_INSERT)
                finally:
                    writer.unregister("batch")
            self._seq += len(flows)
            self._recent += len(flows)
            self._remember(told)
            if self._recent >= self._gather_at:
                self._gather()

    def _is_fresh(self, flow: Flow, told: dict[str, FlowMetric]) -> bool:
        delta = flow.last_update
        if not delta.last:
            return False
        before = told.get(flow.uuid) or self._told.get(flow.uuid)
        told[flow.uuid] = delta
        return before != delta

    def _remember(self, told: dict[str, FlowMetric]) -> None:
        for uuid in told:
            self._told.pop(uuid, None)  # so that the order is that of the last time
        self._told |= told
        if len(self._told) > KNOWN:
            for uuid in list(self._told)[: len(self._told) - KNOWN + KNOWN // 8]:
                del self._told[uuid]

    def _gather(self) -> None:
        """Rows that stand in `flows` are not older than the first frame of theirs, so only that part is looked at."""
        with self._file.writing() as writer:
            begun = _one(writer, "SELECT min(start) FROM recent")[0]
            if begun is None:
                return
            writer.execute("DELETE FROM flows WHERE last >= $1 AND uuid IN (SELECT uuid FROM recent)", [begun])
            writer.execute(f"INSERT INTO flows SELECT {NAMES} FROM recent WHERE {_NEWEST} ORDER BY last")
            writer.execute(
                f"INSERT INTO updates SELECT uuid, {_DELTA} FROM recent WHERE fresh ORDER BY last_update_last"
            )
            writer.execute("DELETE FROM recent")
        self._recent = 0

    def find(self, wanted: FlowFilter) -> list[Flow]:
        places = Places(DUCK)
        met = condition(wanted, places)
        limit = places.number(max(0, wanted.limit))
        with self._file.reading() as reader:
            rows = reader.execute(
                f"SELECT {NAMES} FROM ({_both(met)}) ORDER BY {order(wanted)} LIMIT {limit}", places.values
            ).fetchall()
        return gathered(rows)

    def series(self, wanted: FlowFilter, slice_seconds: float) -> list[FlowMetric]:
        size = max(1, round(slice_seconds * MICRO))
        places = Places(DUCK)
        source = _UPDATES
        if narrowed(wanted):
            met = fields(wanted, places)
            source = f"SELECT * FROM ({source}) WHERE uuid IN (SELECT uuid FROM ({_both(met, 'uuid')}))"
        said = slices(f"({source})", size, places, wanted, f"last // {size:d} * {size:d}")
        with self._file.reading() as reader:
            rows = reader.execute(said, places.values).fetchall()
        return sliced(rows, size)

    def updates(self, wanted: FlowFilter) -> list[tuple[str, FlowMetric]]:
        places = Places(DUCK)
        met = fields(wanted, places)
        since, until, limit = places.number(wanted.since), places.number(wanted.until), places.number(wanted.limit)
        chosen = f" AND uuid IN (SELECT uuid FROM ({_both(met, 'uuid')}))" if narrowed(wanted) else ""
        said = (
            f"SELECT * FROM ({_UPDATES}) WHERE last >= {since} AND last <= {until}{chosen}"
            f" ORDER BY last, uuid LIMIT {limit}"
        )
        with self._file.reading() as reader:
            rows = reader.execute(said, places.values).fetchall()
        return [(row[0], FlowMetric(*row[1:])) for row in rows]

    def prune(self, before: int) -> int:
        with self._adding:
            self._gather()
            with self._file.writing() as writer:
                gone = _one(writer, "SELECT count(*) FROM flows WHERE last < $1", [before])[0]
                if gone:
                    writer.execute(
                        "DELETE FROM updates WHERE uuid IN (SELECT uuid FROM flows WHERE last < $1)", [before]
                    )
                    writer.execute("DELETE FROM flows WHERE last < $1", [before])
            if gone:
                self._told = {uuid: delta for uuid, delta in self._told.items() if delta.last >= before}
                self._file.checkpoint()
        return int(gone)

    def parquet(self, wanted: FlowFilter, file: Path) -> int:
        places = Places(DUCK)
        met = condition(wanted, places)
        limit = places.number(max(0, wanted.limit))
        said = f"SELECT {NAMES} FROM ({_both(met)}) ORDER BY {order(wanted)} LIMIT {limit}"
        with self._file.reading() as reader:
            return saved(reader.sql(said, params=places.values), file)

    def close(self) -> None:
        with self._adding:
            self._file.close()


def _both(met: str, columns: str = NAMES) -> str:
    """The newest states of flows that meet a condition, from both tables."""
    return (
        f"SELECT {columns} FROM recent WHERE {_NEWEST} AND {met}"
        f" UNION ALL SELECT {columns} FROM flows WHERE {met} AND {_OLDER}"
    )


def _one(connection: duckdb.DuckDBPyConnection, said: str, values: Iterable[Any] = ()) -> Any:
    return connection.execute(said, list(values)).fetchone()


def _batch(flows: Sequence[Flow], seq: int, fresh: list[bool]) -> dict[str, Any]:
    order = np.arange(seq, seq + len(flows), dtype=np.int64)
    return {"seq": order, "fresh": np.array(fresh), **arrays(flows)}
