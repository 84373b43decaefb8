"""Epochs: closing one and beginning the next with a snapshot, and dropping the oldest (CORE §6).

Two steps, so that ticks need not wait for the snapshot. First the log is switched, in one transaction: the new epoch
is there, but not complete, and views go on reading over it. Then its chunks are written in small transactions, and
the bitmaps last, which makes it complete. Killed in between, it stays a piece of log, and what was written of its
snapshot is dropped by the next start.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from calipso.errors import Conflict
from calipso.graph.heads import decode_head
from calipso.graph.value import Delta, Graph
from calipso.model.links import LINK_TYPES
from calipso.stores.sqlite import chunk, few, keyring, places
from calipso.stores.sqlite.chunk import CHUNK_BITS
from calipso.stores.sqlite.database import Database
from calipso.stores.sqlite.log import Epoch, epochs, last_until, until
from calipso.stores.sqlite.names import Names
from calipso.stores.sqlite.schema import HEAD, epoch_indexes, epoch_tables

CHUNKS_A_COMMIT = 16
VACUUM_PAGES = 2000
"""Pages given back in one go while pruning."""
OF_INCOMPLETE = "epoch IN (SELECT n FROM epoch WHERE few IS NULL)"


class Touched:
    """What changed since the last snapshot. `ids`: ordinals with a facet or head that did; `chunks`: all to write."""

    __slots__ = ("chunks", "ids")

    def __init__(self, ids: Iterable[int] = (), chunks: Iterable[int] = ()) -> None:
        self.ids = BitMap(ids)
        self.chunks = set(chunks)

    def add(self, other: Touched) -> None:
        self.ids |= other.ids
        self.chunks |= other.chunks

    @classmethod
    def by(cls, delta: Delta) -> Touched:
        """By a tick."""
        touched = cls([ord for ord, _, _ in delta.facets])
        touched.ids.update([ord for ord, _ in delta.heads])
        touched.chunks.update([ord >> CHUNK_BITS for ord in touched.ids])
        for _, head in delta.heads:
            if head is not None:
                touched.chunks.update([member >> CHUNK_BITS for member in head.members])
        for _, a, b, _ in delta.links:
            touched.chunks |= {a >> CHUNK_BITS, b >> CHUNK_BITS}
        return touched

    @classmethod
    def within(cls, reader: sqlite3.Connection, n: int) -> Touched:
        """By all ticks in the log of an epoch."""
        query = f"SELECT DISTINCT ord FROM log_{n:d}"  # noqa: S608 - our own tables
        touched = cls([ord for (ord,) in reader.execute(query)])
        touched.chunks.update([ord >> CHUNK_BITS for ord in touched.ids])
        for end in ("a", "b"):
            query = f"SELECT DISTINCT {end} >> {CHUNK_BITS} FROM link_{n:d}"  # noqa: S608
            touched.chunks.update([number for (number,) in reader.execute(query)])
        query = f"SELECT ord, body FROM log_{n:d} WHERE facet = {HEAD:d} AND body IS NOT NULL"  # noqa: S608
        for ord, body in reader.execute(query):
            touched.chunks.update([member >> CHUNK_BITS for member in decode_head(ord, body).members])
        return touched

    def objects(self, graph: Graph) -> BitMap:
        """The objects of which something changed: what is said of a member changes its object's keys."""
        owner = graph.bound.get
        return BitMap([owner(ord, ord) for ord in self.ids])


def drop_incomplete(writer: sqlite3.Connection) -> None:
    """Forget what was written of snapshots that were never finished."""
    writer.execute(f"DELETE FROM snap WHERE {OF_INCOMPLETE}")  # noqa: S608


def switch(writer: sqlite3.Connection, graph: Graph) -> Epoch:
    """Begin a new epoch at `graph`: its log takes what was appended after it. Raises `Conflict`."""
    open_epoch = epochs(writer)[-1]
    rev, ts = last_until(writer, open_epoch, graph.ts)
    if ts != graph.ts or rev != graph.rev:
        raise Conflict(
            f"the graph at revision {graph.rev} is not one of the open epoch, which has revision {rev} at that time"
        )
    n = open_epoch.n + 1
    for statement in epoch_tables(n):
        writer.execute(statement)
    for table in ("log", "link"):
        writer.execute(f"INSERT INTO {table}_{n:d} SELECT * FROM {table}_{open_epoch.n:d} WHERE rev > ?", (rev,))  # noqa: S608
        writer.execute(f"DELETE FROM {table}_{open_epoch.n:d} WHERE rev > ?", (rev,))  # noqa: S608
    writer.execute("INSERT INTO epoch VALUES (?, ?, ?, NULL)", (n, ts, rev))
    return Epoch(n, ts, rev, False)


def snapshot(database: Database, epoch: Epoch, graph: Graph, touched: Touched, facets: Names, links: Names) -> None:
    """Write the touched chunks of a graph as the snapshot of an epoch, index the logs before it, and complete it."""
    numbers = links.number(link.name for link in LINK_TYPES)
    changed = touched.objects(graph)
    wanted = sorted(touched.chunks | {ord >> CHUNK_BITS for ord in changed})
    made_by = keyring.maker(graph)
    for i in range(0, len(wanted), CHUNKS_A_COMMIT):
        some = wanted[i : i + CHUNKS_A_COMMIT]
        old = _older_keys(database, some)
        rows = []
        for number in some:
            heads, said = chunk.pack(graph, number, facets.numbers, numbers)
            keys = keyring.pack(graph, number, made_by, old.get(number), changed)
            rows.append((number, epoch.n, heads, said, keys))
        with database.writing() as writer:
            writer.executemany("INSERT OR REPLACE INTO snap VALUES (?, ?, ?, ?, ?)", rows)
    bitmaps = few.pack(graph)
    with database.reading() as reader:
        closed = [older.n for older in epochs(reader) if older.n < epoch.n]
    for statement in (statement for n in closed for statement in epoch_indexes(n)):
        with database.writing() as writer:
            writer.execute(statement)
    with database.writing() as writer:
        writer.execute("UPDATE epoch SET few = ? WHERE n = ?", (bitmaps, epoch.n))
        places.snapped(writer, epoch.rev)


def _older_keys(database: Database, chunks: Sequence[int]) -> dict[int, bytes]:
    """The keys of chunks as in their newest complete snapshots."""
    query = (
        "SELECT keys FROM snap WHERE chunk = ? AND epoch IN (SELECT n FROM epoch WHERE few IS NOT NULL)"
        " ORDER BY epoch DESC LIMIT 1"
    )
    with database.reading() as reader:
        found = ((number, reader.execute(query, (number,)).fetchone()) for number in chunks)
        return {number: row[0] for number, row in found if row is not None}


def prune(database: Database, before: int) -> int:
    """Drop the epochs that end before a time and are not needed by what stays; the number dropped."""
    with database.writing() as writer:
        drop_incomplete(writer)
        kept = epochs(writer)
        if before < kept[0].ts:
            return 0
        oldest = until(kept, before)[0]
        dropped = [epoch.n for epoch in kept if epoch.n < oldest.n]
        if not dropped:
            return 0
        for n in dropped:
            writer.execute(f"DROP TABLE log_{n:d}")
            writer.execute(f"DROP TABLE link_{n:d}")
        writer.execute("DELETE FROM epoch WHERE n < ?", (oldest.n,))
        writer.execute("DELETE FROM run WHERE ended < ?", (oldest.ts,))
        writer.execute(
            "DELETE FROM snap WHERE epoch < (SELECT max(newest.epoch) FROM snap AS newest"
            " WHERE newest.chunk = snap.chunk AND newest.epoch <= ?)",
            (oldest.n,),
        )
        writer.execute("DELETE FROM hosts WHERE rev < (SELECT max(rev) FROM hosts WHERE rev <= ?)", (oldest.rev,))
    _vacuum(database)
    return len(dropped)


def _vacuum(database: Database) -> None:
    """Give free pages back, a piece at a time, so that ticks get their turn."""
    before = 0
    while True:
        with database.maintaining() as writer:
            free = int(writer.execute("PRAGMA freelist_count").fetchone()[0])
            if not free or free == before:
                return
            before = free
            writer.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES:d})").fetchall()
