"""Flows in a file of DuckDB: batches as they are told in a journal, the newest of each flow in columns.

A batch is durable as one packed row of the journal. The newest states are held in memory (`Recent`) until they are
many; then they go to the table of flows, in place of what was there, their deltas to that of updates, and the journal
is emptied, all at once. Rows thus stand in the file nearly by time, so a question about a time reads only the part of
the file that holds it. What is asked is put together from both.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import zstandard

from calipso.model.flow import Flow, FlowMetric
from calipso.seams import FlowFilter
from calipso.stores.duckdb.database import Database
from calipso.stores.duckdb.recent import Recent, View
from calipso.stores.flow_sql.columns import NAMES, gathered
from calipso.stores.flow_sql.parquet import DUCK, arrays, saved
from calipso.stores.flow_sql.statements import (
    UPDATE,
    Places,
    behind,
    condition,
    narrowed,
    order,
    sliced,
    slices,
)
from calipso.stores.flows import MICRO, ordered, total

GATHER = 20_000
"""Flows until the newest states are gathered."""
_HOT = "NOT EXISTS (SELECT 1 FROM hot WHERE hot.uuid = flows.uuid)"
_NAMES = ", ".join(UPDATE)
_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(list[Flow]).decode


class DuckFlowStore:
    """See `seams.FlowStore`. Safe for threads; one process at a time.

    Raises `StoreDamaged`, `StoreTooNew`, `StoreError`, `Conflict` when it is opened, later `StoreError`.
    """

    def __init__(self, path: Path, *, gather: int = GATHER) -> None:
        self.path = path
        self._file = Database(path)
        self._recent = Recent(gather)
        self._adding = threading.Lock()
        self._pack = zstandard.ZstdCompressor(level=1)
        self._seq = 0
        unpack = zstandard.ZstdDecompressor()
        with self._file.reading() as reader:
            self._recent.gathered = _one(reader, "SELECT gathered FROM calipso")
            for seq, states in reader.execute("SELECT seq, states FROM journal ORDER BY seq").fetchall():
                self._recent.take(_DECODE(unpack.decompress(states)))
                self._seq = seq + 1

    def add(self, flows: Sequence[Flow]) -> None:
        if not flows:
            return
        with self._adding:
            if self._recent.full:
                self._gather()
            states = self._pack.compress(_ENCODE(flows))
            with self._file.writing() as writer:
                writer.execute("INSERT INTO journal VALUES ($1, $2)", [self._seq, states])
            self._seq += 1
            self._recent.take(flows)

    def _gather(self) -> None:
        """Rows that a flow has in the table are not older than when it began, so only that part is looked at."""
        recent = self._recent
        view = recent.view()
        if not view.states:
            return
        newest = sorted(view.states, key=lambda flow: flow.last)
        deltas = sorted(view.deltas, key=lambda each: each[1].last)
        with self._file.writing() as writer, _registered(writer, newest=arrays(newest), deltas=_columns(deltas)):
            writer.execute("DELETE FROM flows WHERE last >= $1 AND uuid IN (SELECT uuid FROM newest)", [recent.begun()])
            writer.execute(f"INSERT INTO flows ({NAMES}) SELECT {NAMES} FROM newest")
            if deltas:
                writer.execute(f"INSERT INTO updates SELECT uuid, {_NAMES} FROM deltas")
            writer.execute("DELETE FROM journal")
            writer.execute("UPDATE calipso SET gathered = gathered + 1")
        recent.clear()

    @contextlib.contextmanager
    def _both(self) -> Iterator[tuple[View, duckdb.DuckDBPyConnection]]:
        """What is in memory and what is in the file, as of one moment."""
        while True:
            view = self._recent.view()
            with self._file.reading() as reader:
                if _one(reader, "SELECT gathered FROM calipso") == view.gathered:
                    with _registered(reader, hot={"uuid": _texts(view.uuids)}):
                        yield view, reader
                    return
            time.sleep(0.001)  # they are gathered just now

    def find(self, wanted: FlowFilter) -> list[Flow]:
        places = Places(DUCK)
        met = condition(wanted, places)
        limit = places.number(max(0, wanted.limit))
        said = (
            f"SELECT {NAMES} FROM flows WHERE rowid IN"
            f" (SELECT rowid FROM flows WHERE {met} AND {_HOT} ORDER BY {order(wanted)} LIMIT {limit})"
        )
        with self._both() as (view, reader):
            rows = reader.execute(said, places.values).fetchall()
        return ordered([*view.matching(wanted), *gathered(rows)], wanted.order)[: wanted.limit]

    def series(self, wanted: FlowFilter, slice_seconds: float) -> list[FlowMetric]:
        size = max(1, round(slice_seconds * MICRO))
        places = Places(DUCK)
        source = _chosen(wanted, places)
        said = slices(f"({source})", size, places, wanted, f"last // {size:d} * {size:d}")
        with self._both() as (view, reader), _registered(reader, hot_met={"uuid": _texts(view.met(wanted))}):
            found = {each.start: each for each in sliced(reader.execute(said, places.values).fetchall(), size)}
        for _, delta in view.updates(wanted):
            begins = delta.last // size * size
            found[begins] = total(found.get(begins, FlowMetric()), delta, begins, begins + size)
        return [found[begins] for begins in sorted(found)]

    def updates(self, wanted: FlowFilter) -> list[tuple[str, FlowMetric]]:
        places = Places(DUCK)
        source = _chosen(wanted, places)
        since, until, limit = places.number(wanted.since), places.number(wanted.until), places.number(wanted.limit)
        said = f"SELECT * FROM ({source}) WHERE last >= {since} AND last <= {until} ORDER BY last, uuid LIMIT {limit}"
        with self._both() as (view, reader), _registered(reader, hot_met={"uuid": _texts(view.met(wanted))}):
            rows = reader.execute(said, places.values).fetchall()
        found = [(row[0], FlowMetric(*row[1:])) for row in rows]
        return sorted([*found, *view.updates(wanted)], key=lambda each: (each[1].last, each[0]))[: wanted.limit]

    def parquet(self, wanted: FlowFilter, file: Path) -> int:
        places = Places(DUCK)
        met = condition(wanted, places)
        limit = places.number(max(0, wanted.limit))
        with self._adding:
            self._gather()
            with self._file.reading() as reader:
                said = f"SELECT {NAMES} FROM flows WHERE {met} ORDER BY {order(wanted)} LIMIT {limit}"
                return saved(reader.sql(said, params=places.values), file)

    def prune(self, before: int) -> int:
        with self._adding:
            self._gather()
            with self._file.writing() as writer:
                gone = int(_one(writer, "SELECT count(*) FROM flows WHERE last < $1", [before]))
                if gone:
                    over = "SELECT uuid FROM flows WHERE last < $1"
                    writer.execute(f"DELETE FROM updates WHERE uuid IN ({over})", [before])
                    writer.execute("DELETE FROM flows WHERE last < $1", [before])
            if gone:
                self._recent.forget(before)
                self._file.checkpoint()
        return gone

    def close(self) -> None:
        with self._adding:
            self._file.close()


def _chosen(wanted: FlowFilter, places: Places) -> str:
    """The updates in the file of the flows that are wanted."""
    said = f"SELECT uuid, {_NAMES} FROM updates"
    if narrowed(wanted):
        cold = f"SELECT uuid FROM flows WHERE {behind(wanted, places)} AND {_HOT}"
        said += f" WHERE uuid IN (SELECT uuid FROM hot_met UNION ALL {cold})"
    return said


@contextlib.contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, **tables: dict[str, Any]) -> Iterator[None]:
    """Columns as tables of a connection."""
    for name, columns in tables.items():
        connection.register(name, columns)
    try:
        yield
    finally:
        for name in tables:
            connection.unregister(name)


def _texts(values: Sequence[str]) -> Any:
    return np.array(values, dtype=object)


def _columns(deltas: Sequence[tuple[str, FlowMetric]]) -> dict[str, Any]:
    metrics = [delta for _, delta in deltas]
    said: dict[str, Any] = {"uuid": _texts([uuid for uuid, _ in deltas])}
    for name in UPDATE:
        said[name] = np.array(list(map(attrgetter(name), metrics)), dtype=np.int64)
    return said


def _one(connection: duckdb.DuckDBPyConnection, said: str, values: Sequence[Any] = ()) -> Any:
    return connection.execute(said, list(values)).fetchall()[0][0]
