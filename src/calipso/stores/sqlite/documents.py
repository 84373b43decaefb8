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


class Documents:
    """Scopes and documents of one store file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_scopes(self, states: Iterable[ScopeState]) -> None:
        rows = [
            (state.scope.source, state.scope.reporter, state.scope.part, msgspec.json.encode(state)) for state in states
        ]
        with self._database.writing() as writer:
            writer.executemany("INSERT OR REPLACE INTO scope VALUES (?, ?, ?, ?)", rows)

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
