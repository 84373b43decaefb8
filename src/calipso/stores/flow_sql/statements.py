"""What a filter, an order and slices of time are in SQL; each engine says how it writes a value's place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from calipso.model.flow import FlowMetric
from calipso.seams import FlowFilter
from calipso.stores.flow_sql.columns import BY_PATH, COLUMNS, ENDS, Column

LARGEST = 2**63
LATEST = 3_600_000_000
"""µs after a flow's last packet that its deltas end at most (`seams.FlowStore.add`)."""
UPDATE = ("ab_packets", "ab_bytes", "ba_packets", "ba_bytes", "start", "last", "rtt")
"""Columns of an update, which are the fields of a metric."""


class Dialect(Protocol):
    """What differs. A place stands for the n-th value in a statement; `text`: it is one, else a number."""

    texts: str
    """Type of a text."""

    def place(self, n: int, *, text: bool) -> str: ...

    def nullable(self, type: str) -> str: ...


class Places:
    """Numbers the places of a statement."""

    def __init__(self, dialect: Dialect, values: list[Any] | None = None) -> None:
        self._dialect = dialect
        self.values: list[Any] = [] if values is None else values

    def of(self, value: str | int) -> str:
        self.values.append(value)
        return self._dialect.place(len(self.values), text=isinstance(value, str))

    def number(self, value: int) -> str:
        return self.of(max(-LARGEST, min(value, LARGEST - 1)))

    def within(self, column: Column, values: tuple[str | int, ...]) -> str:
        """Whether a column has one of some values: those of another type than its own it never has."""
        fitting = [
            value for value in values
            if isinstance(value, str) is column.text and (column.text or -LARGEST <= int(value) < LARGEST)
        ]  # fmt: skip
        if not fitting:
            return "1 = 0"
        return f"coalesce({column.name} IN ({', '.join(self.of(value) for value in fitting)}), false)"


def condition(wanted: FlowFilter, places: Places) -> str:
    """What a flow must be like; the meaning of `stores.flows.matches`."""
    said = [
        f"start <= {places.number(wanted.until)}",
        f"last >= {places.number(wanted.since)}",
        *_fields(wanted, places),
    ]
    return " AND ".join(said)


def narrowed(wanted: FlowFilter) -> bool:
    """Whether more than a time is asked."""
    return bool(wanted.nodes or wanted.captures or wanted.tracking_ids or wanted.match)


def _fields(wanted: FlowFilter, places: Places) -> list[str]:
    said = []
    for path, values in (
        ("node", wanted.nodes), ("capture", wanted.captures), ("tracking_id", wanted.tracking_ids),
    ):  # fmt: skip
        if values:
            said.append(places.within(BY_PATH[path], values))
    for path, given in wanted.match.items():
        columns = ENDS.get(path) or ((BY_PATH[path],) if path in BY_PATH else ())
        either = [places.within(column, tuple(given)) for column in columns]
        said.append(f"({' OR '.join(either)})" if either else "1 = 0")
    return said


def behind(wanted: FlowFilter, places: Places) -> str:
    """What a flow must be like whose deltas ended in the time: they end at most an hour after it."""
    time = f"start <= {places.number(wanted.until)} AND last >= {places.number(wanted.since - LATEST)}"
    return " AND ".join([time, *_fields(wanted, places)])


def order(wanted: FlowFilter) -> str:
    """As `stores.flows.ordered`: those without a value come last, equal ones by their uuid."""
    path = wanted.order.lstrip("-")
    column = ENDS[path][0] if path in ENDS else BY_PATH.get(path)
    if column is None or path == "uuid":
        return "uuid DESC" if column is not None and wanted.order.startswith("-") else "uuid"
    way = "DESC" if wanted.order.startswith("-") else "ASC"
    return f"{column.name} {way} NULLS LAST, uuid"


def slices(source: str, size: int, places: Places, wanted: FlowFilter, floor: str) -> str:
    """Sums of updates in slices of time, by when they ended."""
    return (
        f"SELECT {floor} AS begins, sum(ab_packets), sum(ab_bytes), sum(ba_packets), sum(ba_bytes), max(rtt)"
        f" FROM {source} WHERE last >= {places.number(wanted.since)} AND last <= {places.number(wanted.until)}"
        " GROUP BY begins ORDER BY begins"
    )


def definitions(dialect: Dialect) -> str:
    """All columns with their types, as in CREATE TABLE."""
    said = []
    for column in COLUMNS:
        type = dialect.texts if column.text else "BIGINT"
        said.append(f"{column.name} {dialect.nullable(type) if column.optional else type}")
    return ", ".join(said)


def lacking(dialect: Dialect, there: Iterable[str]) -> list[tuple[str, str, str]]:
    """Columns that a store of an earlier version lacks: name, type, and what older flows have there.

    Of a layer that they have, its other values are 0 or empty: whether they have it is told by its first column.
    """
    known, out = set(there), []
    for column in COLUMNS:
        if column.name in known:
            continue
        type = dialect.texts if column.text else "BIGINT"
        nothing = "''" if column.text else "0"
        first = next(each.name for each in COLUMNS if each.layer == column.layer)
        if not column.optional:
            out.append((column.name, type, nothing))
        elif first in known:
            out.append((column.name, dialect.nullable(type), f"CASE WHEN {first} IS NULL THEN NULL ELSE {nothing} END"))
        else:
            out.append((column.name, dialect.nullable(type), "NULL"))
    return out


def sliced(rows: Iterable[Sequence[Any]], size: int) -> list[FlowMetric]:
    """Rows of `slices` as metrics of that time."""
    return [
        FlowMetric(int(ab), int(ab_bytes), int(ba), int(ba_bytes), begins, begins + size, int(rtt))
        for begins, ab, ab_bytes, ba, ba_bytes, rtt in rows
    ]
