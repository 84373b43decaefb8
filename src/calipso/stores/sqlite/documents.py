"""What stands beside the graph in the same file: scope states and JSON documents by collection and key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from calipso.errors import StoreDamaged
from calipso.model.record import Scope, ScopeState
from calipso.stores.sqlite.database import Database

_state = msgspec.json.Decoder(ScopeState)


MARKS = "marks"


def put_marks(writer: sqlite3.Connection, marks: Mapping[str, int]) -> None:
    """Keep how far feeds were taken, within the transaction that keeps what they brought."""
    rows = [(MARKS, feed, msgspec.json.encode(mark)) for feed, mark in marks.items()]
    writer.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", rows)


def _place(state: ScopeState) -> tuple[str, str, str]:
    return state.scope.source, state.scope.reporter, state.scope.part


def _tells(reader: sqlite3.Connection, state: ScopeState) -> bool:
    """Whether a look that ended is worth keeping: it changed something, or went otherwise than the one before."""
    if state.status == "running" or not state.ended:
        return False
    if state.changed or state.gone:
        return True
    before = reader.execute(
        "SELECT state FROM run WHERE source = ? AND reporter = ? AND part = ? ORDER BY ended DESC LIMIT 1",
        _place(state),
    ).fetchone()
    last = _state.decode(before[0]) if before is not None else None
    return last is None or (last.status, last.errors) != (state.status, state.errors)


class Documents:
    """Scopes and documents of one store file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_scopes(self, states: Iterable[ScopeState]) -> None:
        told = list(states)
        rows = [(*_place(state), msgspec.json.encode(state)) for state in told]
        with self._database.writing() as writer:
            runs = [
                (*_place(state), state.ended, msgspec.json.encode(state)) for state in told if _tells(writer, state)
            ]
            writer.executemany("INSERT OR REPLACE INTO scope VALUES (?, ?, ?, ?)", rows)
            writer.executemany("INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?)", runs)

    def runs(self, t0: int, t1: int) -> list[ScopeState]:
        """Looks that ended with t0 < ended ≤ t1, by when they did."""
        query = "SELECT state FROM run WHERE ended > ? AND ended <= ? ORDER BY ended, source, reporter, part"
        with self._database.reading() as reader:
            return [_state.decode(row[0]) for row in reader.execute(query, (t0, t1))]

    def scopes(self) -> dict[Scope, ScopeState]:
        with self._database.reading() as reader:
            rows = reader.execute("SELECT state FROM scope ORDER BY source, reporter, part").fetchall()
        try:
            states = [_state.decode(row[0]) for row in rows]
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise StoreDamaged(f"{self._database.path}: a scope's state cannot be read: {error}") from error
        return {state.scope: state for state in states}

    def put(self, collection: str, documents: Mapping[str, Mapping[str, Any] | None]) -> None:
        gone = [(collection, key) for key, document in documents.items() if document is None]
        rows = [(collection, key, msgspec.json.encode(each)) for key, each in documents.items() if each is not None]
        with self._database.writing() as writer:
            writer.executemany("DELETE FROM document WHERE collection = ? AND key = ?", gone)
            writer.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", rows)

    def marks(self) -> dict[str, int]:
        return {feed: int(mark) for feed, mark in self.all(MARKS).items()}

    def all(self, collection: str) -> dict[str, Any]:
        """Key → document, by key."""
        query = "SELECT key, json FROM document WHERE collection = ? ORDER BY key"
        with self._database.reading() as reader:
            rows = reader.execute(query, (collection,)).fetchall()
        try:
            return {key: msgspec.json.decode(json) for key, json in rows}
        except msgspec.DecodeError as error:
            raise StoreDamaged(f"{self._database.path}: a document of {collection} cannot be read: {error}") from error
