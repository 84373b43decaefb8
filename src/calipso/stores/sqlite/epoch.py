"""Epochs: closing one and beginning the next with a snapshot, and dropping the oldest (CORE §6).

Two steps, so that ticks need not wait for the snapshot. First the log is switched, in one transaction: the new epoch
is there, but not complete, and views go on reading over it. Then its chunks are written in small transactions, and
the bitmaps last, which makes it complete. Killed in between, it stays a piece of log, and what was written of its
snapshot is dropped by the next start.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from calipso.errors import Conflict
from calipso.graph.heads import decode_head
from calipso.graph.value import Delta, Graph
from calipso.model.links import LINK_TYPES
from calipso.stores.sqlite import chunk, few, keyring
from calipso.stores.sqlite.chunk import CHUNK_BITS
from calipso.stores.sqlite.database import Database
from calipso.stores.sqlite.log import Epoch, epochs, last_until, until
from calipso.stores.sqlite.names import Names
from calipso.stores.sqlite.schema import HEAD, epoch_indexes, epoch_tables

CHUNKS_A_COMMIT = 16
VACUUM_PAGES = 2000
"""Pages given back in one go while pruning."""
OF_INCOMPLETE = "epoch IN (SELECT n FROM epoch WHERE few IS NULL)"


def touched_by(delta: Delta) -> set[int]:
    """The chunks in which a tick changed something."""
    touched = {ord >> CHUNK_BITS for ord, _, _ in delta.facets}
    for ord, head in delta.heads:
        touched.add(ord >> CHUNK_BITS)
        if head is not None:
            touched.update(member >> CHUNK_BITS for member in head.members)
    for _, a, b, _ in delta.links:
        touched |= {a >> CHUNK_BITS, b >> CHUNK_BITS}
    return touched


def touched_in(reader: sqlite3.Connection, n: int) -> set[int]:
    """The chunks in which the log of an epoch changed something."""
    touched: set[int] = set()
    for column, table in (("ord", "log"), ("a", "link"), ("b", "link")):
        query = f"SELECT DISTINCT {column} >> {CHUNK_BITS} FROM {table}_{n:d}"  # noqa: S608 - our own tables
        touched.update(number for (number,) in reader.execute(query))
    heads = f"SELECT ord, body FROM log_{n:d} WHERE facet = {HEAD:d} AND body IS NOT NULL"  # noqa: S608
    for ord, body in reader.execute(heads):
        touched.update(member >> CHUNK_BITS for member in decode_head(ord, body).members)
    return touched


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


def snapshot(
    database: Database, epoch: Epoch, graph: Graph, chunks: Iterable[int], facets: Names, links: Names
) -> None:
    """Write the chunks of a graph as the snapshot of an epoch, index the log before it, and complete it."""
    numbers = links.number(link.name for link in LINK_TYPES)
    wanted = sorted(_with_owners(graph, chunks))
    made_by = keyring.maker(graph)
    for i in range(0, len(wanted), CHUNKS_A_COMMIT):
        rows = [
            (
                number,
                epoch.n,
                *chunk.pack(graph, number, facets.numbers, numbers),
                keyring.pack(graph, number, made_by),
            )
            for number in wanted[i : i + CHUNKS_A_COMMIT]
        ]
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


def _with_owners(graph: Graph, chunks: Iterable[int]) -> set[int]:
    """Chunks, and those of the objects to which ids in them belong: what is said of a member changes their keys."""
    found = set(chunks)
    owner = graph.bound.get
    for number in tuple(found):
        for ord in range(number << CHUNK_BITS, (number + 1) << CHUNK_BITS):
            of = owner(ord)
            if of is not None:
                found.add(of >> CHUNK_BITS)
    return found


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
