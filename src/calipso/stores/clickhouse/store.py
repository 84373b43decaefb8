"""Flows in ClickHouse: the newest row of a flow replaces the others when parts are merged, and for readers at once.

Rows are kept by when a flow began, which never changes, so that all states of a flow are in one partition
(https://clickhouse.com/docs/engines/table-engines/mergetree-family/replacingmergetree). Deltas replace themselves by
flow and end: told again they count once.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from calipso.errors import StoreTooNew
from calipso.model.flow import Flow, FlowMetric
from calipso.seams import FlowFilter
from calipso.stores.flow_sql.columns import NAMES, Column, gathered, spread
from calipso.stores.flow_sql.parquet import written
from calipso.stores.flow_sql.statements import (
    UPDATE,
    Places,
    behind,
    condition,
    definitions,
    lacking,
    narrowed,
    order,
    sliced,
    slices,
)

VERSION = 1
MICRO = 1_000_000
_DAY = "toYYYYMMDD(fromUnixTimestamp64Micro({}))"
_SETTINGS = "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
_UPDATES = "updates FINAL"
_FINAL = "flows FINAL"


class ClickHouse:
    """How ClickHouse writes types and places."""

    texts = "String"

    def place(self, n: int, *, text: bool) -> str:
        return f"{{p{n}:{'String' if text else 'Int64'}}}"

    def nullable(self, type: str) -> str:
        return f"Nullable({type})"


DIALECT = ClickHouse()


class Engine(Protocol):
    """What speaks with ClickHouse: a server's client or the embedded build. Raises `StoreError`."""

    def ask(self, statement: str, values: Mapping[str, str | int], rows: bytes = b"") -> bytes:
        """The answer as lines of JSON lists; `rows`: what is inserted, of the same form."""
        ...

    def close(self) -> None: ...


class ClickHouseFlowStore:
    """See `seams.FlowStore`. Safe for threads where its engine is; writers of several processes may share a database.

    Raises `StoreTooNew`, `StoreError` when it is opened, later `StoreError`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        for statement in _tables():
            engine.ask(statement, {})
        there = self._rows("SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'flows'", [])
        for name, type, before in lacking(DIALECT, (name for (name,) in there)):
            engine.ask(f"ALTER TABLE flows ADD COLUMN IF NOT EXISTS {name} {type} DEFAULT {before}", {})
        known = self._rows("SELECT max(version) FROM calipso", [])[0][0]
        if known > VERSION:
            raise StoreTooNew(f"the flows in ClickHouse have layout {known}, this version knows {VERSION}")
        if known < VERSION:
            engine.ask("INSERT INTO calipso FORMAT JSONCompactEachRow", {}, msgspec.json.encode([VERSION]))
        last = self._rows("SELECT max(seq) FROM flows", [])[0][0]
        self._seq = itertools.count(int(last) + 1)

    def _rows(self, statement: str, values: list[Any]) -> list[Any]:
        said = {f"p{n}": escaped(value) for n, value in enumerate(values, 1)}
        found = self._engine.ask(f"{statement} FORMAT JSONCompactEachRow", said)
        return [msgspec.json.decode(line) for line in found.splitlines() if line]

    def add(self, flows: Sequence[Flow]) -> None:
        if not flows:
            return
        order = [next(self._seq) for _ in flows]
        updates = [
            [flow.uuid, *msgspec.structs.astuple(flow.last_update)] for flow in flows if flow.last_update.last
        ]  # fmt: skip
        states = zip(order, *map(_nullable, spread(flows)), strict=True)
        if updates:  # first: a state without its delta would be one that is never told again
            names = ", ".join(UPDATE)
            self._insert(f"INSERT INTO updates (uuid, {names})", updates)
        self._insert(f"INSERT INTO flows (seq, {NAMES})", states)

    def _insert(self, statement: str, rows: Any) -> None:
        body = b"\n".join(map(msgspec.json.encode, rows))
        self._engine.ask(f"{statement} FORMAT JSONCompactEachRow", {}, body)

    def find(self, wanted: FlowFilter) -> list[Flow]:
        places = Places(DIALECT)
        met = condition(wanted, places)
        limit = places.number(max(0, wanted.limit))
        said = f"SELECT {NAMES} FROM {_FINAL} WHERE {met} ORDER BY {order(wanted)} LIMIT {limit}"
        return gathered(self._rows(said, places.values))

    def series(self, wanted: FlowFilter, slice_seconds: float) -> list[FlowMetric]:
        size = max(1, round(slice_seconds * MICRO))
        places = Places(DIALECT)
        source = self._deltas(wanted, places)
        said = slices(f"({source})", size, places, wanted, f"intDiv(last, {size:d}) * {size:d}")
        return sliced(self._rows(said, places.values), size)

    def updates(self, wanted: FlowFilter) -> list[tuple[str, FlowMetric]]:
        places = Places(DIALECT)
        source = self._deltas(wanted, places)
        since, until = places.number(wanted.since), places.number(wanted.until)
        said = (
            f"SELECT * FROM ({source}) WHERE last >= {since} AND last <= {until}"
            f" ORDER BY last, uuid LIMIT {places.number(max(0, wanted.limit))}"
        )
        return [(row[0], FlowMetric(*row[1:])) for row in self._rows(said, places.values)]

    @staticmethod
    def _deltas(wanted: FlowFilter, places: Places) -> str:
        said = f"SELECT uuid, {', '.join(UPDATE)} FROM {_UPDATES}"
        if narrowed(wanted):
            said += f" WHERE uuid IN (SELECT uuid FROM {_FINAL} WHERE {behind(wanted, places)})"
        return said

    def parquet(self, wanted: FlowFilter, file: Path) -> int:
        return written(self.find(wanted), file)

    def prune(self, before: int) -> int:
        gone = self._rows(f"SELECT count() FROM {_FINAL} WHERE last < {{p1:Int64}}", [before])[0][0]
        if gone:
            over = f"SELECT uuid FROM {_FINAL} WHERE last < {before:d}"
            self._engine.ask(f"DELETE FROM updates WHERE uuid IN ({over})", {})
            self._engine.ask(f"DELETE FROM flows WHERE last < {before:d}", {})
        return int(gone)

    def close(self) -> None:
        self._engine.close()


def _nullable(said: tuple[Column, Sequence[Any], list[bool] | None]) -> Sequence[Any]:
    _, values, missing = said
    if missing is None:
        return values
    return [None if gone else value for value, gone in zip(values, missing, strict=True)]


_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})


def escaped(value: str | int) -> str | int:
    """A value as parameters are written: as in the format TabSeparated."""
    return value.translate(_SPECIAL) if isinstance(value, str) else value


def _tables() -> list[str]:
    deltas = ", ".join(f"{name} BIGINT" for name in UPDATE)
    return [
        "CREATE TABLE IF NOT EXISTS calipso (version UInt32) ENGINE = MergeTree ORDER BY version",
        f"CREATE TABLE IF NOT EXISTS flows (seq BIGINT, {definitions(DIALECT)},"
        " INDEX by_last last TYPE minmax GRANULARITY 1)"
        f" ENGINE = ReplacingMergeTree(seq) PARTITION BY {_DAY.format('start')} ORDER BY (start, uuid) {_SETTINGS}",
        f"CREATE TABLE IF NOT EXISTS updates (uuid String, {deltas})"
        f" ENGINE = ReplacingMergeTree PARTITION BY {_DAY.format('last')} ORDER BY (last, uuid) {_SETTINGS}",
    ]
