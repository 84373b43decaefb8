"""Search by text: an FTS5 index of trigrams, kept up behind the hot path from the log (CORE §5)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from calipso.errors import NotFound
from calipso.graph.value import Graph
from calipso.seams import LoggedChange
from calipso.stores.sqlite.database import Database
from calipso.stores.words import SHORTEST, words

BATCH = 200
"""Objects a transaction: the next tick waits no longer than these take."""


class Text:
    """The index of one store file: objects, gone ones as they last were. `meta` says up to which time it is."""

    def __init__(self, database: Database, changes: Callable[[int, int], Iterator[LoggedChange]]) -> None:
        self._database = database
        self._changes = changes

    def index(self, graph: Graph) -> int:
        """Bring the index up to a graph; how many objects were written. For one thread other than the loop's."""
        since = self._indexed()
        if since >= graph.ts:
            return 0
        behind = iter(sorted(self._behind(graph, since)))
        written = 0
        while batch := list(islice(behind, BATCH)):
            self._write(graph, batch)
            written += len(batch)
        with self._database.writing() as writer:
            writer.execute("INSERT OR REPLACE INTO meta VALUES ('text ts', ?)", (graph.ts,))
        return written

    def _indexed(self) -> int:
        with self._database.reading() as reader:
            row = reader.execute("SELECT value FROM meta WHERE key = 'text ts'").fetchone()
        return 0 if row is None else int(row[0])

    def _behind(self, graph: Graph, since: int) -> set[int]:
        try:
            rows = [row for row in self._changes(since, graph.ts) if row.what != "link"]
        except NotFound:  # what changed was pruned: all that is there
            return {head.ord for head in graph.objects()}
        return {graph.bound.get(row.ord, row.ord) for row in rows} | {row.ord for row in rows if row.what == "head"}

    def _write(self, graph: Graph, ords: Sequence[int]) -> None:
        rows = [(ord, words(graph, head)) for ord in ords if (head := graph.get(ord)) is not None]
        with self._database.reading() as reader:
            rows = [row for row in rows if _written(reader, row[0]) != row[1]]  # reading costs a fraction of writing
        if not rows:
            return
        with self._database.writing() as writer:
            writer.executemany("DELETE FROM text WHERE rowid = ?", [(ord,) for ord, _ in rows])
            writer.executemany("INSERT INTO text (rowid, body) VALUES (?, ?)", rows)

    def search(self, text: str, limit: int) -> list[int]:
        """Ordinals of objects, also gone ones, whose words hold the text, best first; case does not matter."""
        wanted = text.strip().lower()
        if not wanted or "\0" in wanted:  # SQLite's expressions end there; no word holds one
            return []
        with self._database.reading() as reader:
            if len(wanted) < SHORTEST:
                escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
                query = "SELECT rowid FROM text WHERE body LIKE ? ESCAPE '\\' ORDER BY length(body), rowid LIMIT ?"
                rows = reader.execute(query, (f"%{escaped}%", limit))
            else:
                quoted = '"' + wanted.replace('"', '""') + '"'
                rows = reader.execute(
                    "SELECT rowid FROM text WHERE text MATCH ? ORDER BY rank LIMIT ?", (quoted, limit)
                )
            return [ord for (ord,) in rows]


def _written(reader: sqlite3.Connection, ord: int) -> str | None:
    row = reader.execute("SELECT body FROM text WHERE rowid = ?", (ord,)).fetchone()
    return None if row is None else str(row[0])
