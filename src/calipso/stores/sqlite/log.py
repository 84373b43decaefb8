"""Reading the log: epochs, revisions at a time, changes between two times, the life of one object."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from calipso.errors import NotFound
from calipso.graph.heads import decode_head
from calipso.model.moments import rfc3339
from calipso.seams import LoggedChange
from calipso.stores.sqlite.database import Database
from calipso.stores.sqlite.names import Names
from calipso.stores.sqlite.schema import HEAD

BATCH = 4000
"""Revisions read in one go: a long reading never keeps the file's log from shrinking."""


class Epoch(NamedTuple):
    """What happened after `ts` (µs), revisions after `rev`, up to the next epoch. `complete`: it has its snapshot."""

    n: int
    ts: int
    rev: int
    complete: bool


def epochs(reader: sqlite3.Connection) -> list[Epoch]:
    """All kept epochs, oldest first."""
    rows = reader.execute("SELECT n, ts, rev, few IS NOT NULL FROM epoch ORDER BY n")
    return [Epoch(n, ts, rev, bool(complete)) for n, ts, rev, complete in rows]


def until(kept: Sequence[Epoch], at: int) -> list[Epoch]:
    """The epochs a view of `at` is made of: the newest complete one before it, and those after. Raises `NotFound`."""
    before = [epoch for epoch in kept if epoch.ts <= at]
    for i in reversed(range(len(before))):
        if before[i].complete:
            return before[i:]
    raise NotFound(
        f"the history begins at {rfc3339(kept[0].ts)}, {rfc3339(at)} is before it",
        hint="Ask for a later time, or keep history longer.",
    )


def last_until(reader: sqlite3.Connection, epoch: Epoch, at: int) -> tuple[int, int]:
    """(revision, time) of the last change of an epoch that is not after `at`; the epoch's own when there is none."""
    found = (epoch.rev, epoch.ts)
    for table in (f"log_{epoch.n:d}", f"link_{epoch.n:d}"):
        found = max(found, _last_row(reader, table, at) or found)
    return found


def _last_row(reader: sqlite3.Connection, table: str, at: int) -> tuple[int, int] | None:
    """Binary search: times rise with revisions, and there is no index by time."""
    newest = f"SELECT rev, ts FROM {table} WHERE rev <= ? ORDER BY rev DESC LIMIT 1"  # noqa: S608 - our own table
    last: tuple[int, int] | None = reader.execute(newest, (2**62,)).fetchone()
    if last is None or last[1] <= at:
        return last
    low = reader.execute(f"SELECT rev, ts FROM {table} ORDER BY rev LIMIT 1").fetchone()  # noqa: S608
    if low[1] > at:
        return None
    high = last[0]
    while True:  # low is not after `at`, the row at or below high is
        middle = reader.execute(newest, ((low[0] + high) // 2,)).fetchone()
        if middle[1] > at:
            high = middle[0]
            continue
        following = reader.execute(
            f"SELECT rev, ts FROM {table} WHERE rev > ? ORDER BY rev LIMIT 1",  # noqa: S608
            (middle[0],),
        ).fetchone()
        if following[1] > at:
            return tuple(middle)
        low = following


class Log:
    """Answers of the log in terms of the seam."""

    def __init__(self, database: Database, facets: Names, links: Names) -> None:
        self._database = database
        self._facets = facets
        self._links = links

    def changes(self, t0: int, t1: int) -> Iterator[LoggedChange]:
        """All changes with t0 < ts ≤ t1 by revision. Raises `NotFound` when the first of them may be pruned."""
        with self._database.reading() as reader:
            kept = epochs(reader)
            if t0 < kept[0].ts:
                until(kept, t0)
            first = max((last_until(reader, epoch, t0)[0] for epoch in kept if epoch.ts <= t0), default=0)
            last = max((last_until(reader, epoch, t1)[0] for epoch in kept if epoch.ts <= t1), default=0)
        return self._between(first, last)

    def revision(self, at: int) -> int:
        """The revision of the last change not after `at`, by binary search; before history begins the oldest kept."""
        with self._database.reading() as reader:
            kept = epochs(reader)
            begun = [epoch for epoch in kept if epoch.ts <= at]
            return last_until(reader, begun[-1], at)[0] if begun else kept[0].rev

    def _between(self, first: int, last: int) -> Iterator[LoggedChange]:
        while first < last:
            stop = min(first + BATCH, last)
            with self._database.reading() as reader:
                kept = epochs(reader)
                if kept[0].n > 0 and first < kept[0].rev:
                    raise NotFound("the history was pruned while it was read", hint="Ask for a later time.")
                found: list[LoggedChange] = []
                for epoch in kept:
                    found += self._rows(reader, epoch.n, "rev > ? AND rev <= ?", (first, stop))
                    found += self._link_rows(reader, epoch.n, "rev > ? AND rev <= ?", (first, stop))
            yield from sorted(found, key=attrgetter("rev"))
            first = stop

    def _rows(
        self, reader: sqlite3.Connection, n: int, where: str, values: Sequence[int | str]
    ) -> Iterator[LoggedChange]:
        names = self._facets.names
        query = f"SELECT rev, ts, ord, facet, body FROM log_{n:d} WHERE {where}"  # noqa: S608 - our own conditions
        for rev, ts, ord, facet, body in reader.execute(query, values):
            if facet == HEAD:
                yield LoggedChange(rev, ts, "head", ord, body=body)
            else:
                yield LoggedChange(rev, ts, "facet", ord, facet=names[facet], body=body)

    def _link_rows(
        self, reader: sqlite3.Connection, n: int, where: str, values: Sequence[int | str]
    ) -> Iterator[LoggedChange]:
        names = self._links.names
        query = f"SELECT rev, ts, type, a, b, op FROM link_{n:d} WHERE {where}"  # noqa: S608
        for rev, ts, kind, a, b, op in reader.execute(query, values):
            yield LoggedChange(rev, ts, "link", a, link_type=names[kind], other=b, op=op)

    def timeline(self, ord: int, t0: int, t1: int, members: Iterable[int]) -> Iterator[LoggedChange]:
        """The changes of an object: its head, its links, and the facets of its members while they were that.

        `members`: those it had when the kept history begins.
        """
        current = {ord, *members}
        with self._database.reading() as reader:
            kept = [epoch for epoch in epochs(reader) if epoch.ts <= t1]
        for epoch in kept:
            with self._database.reading() as reader:
                rows = self._life(reader, epoch.n, ord, current)
            for _, tick in groupby(rows, attrgetter("ts")):
                changes = list(tick)
                before = current
                for change in changes:
                    if change.what == "head" and change.ord == ord:
                        current = {ord, *_members(change)}
                for change in changes:
                    if t0 < change.ts <= t1 and _is_of(change, ord, before | current):
                        yield change

    def _life(self, reader: sqlite3.Connection, n: int, ord: int, members: set[int]) -> list[LoggedChange]:
        """Everything in an epoch about an object and about whoever was its member at some time of it."""
        rows = list(self._rows(reader, n, "ord = ?", (ord,)))
        wanted = set(members)
        for row in rows:
            if row.what == "head":
                wanted.update(_members(row))
        wanted.discard(ord)
        if wanted:
            where = f"ord IN ({','.join(str(int(member)) for member in wanted)}) AND facet != {HEAD:d}"
            rows += self._rows(reader, n, where, ())
        rows += self._link_rows(reader, n, "a = ? OR b = ?", (ord, ord))
        return sorted(rows, key=attrgetter("rev"))


def _members(change: LoggedChange) -> tuple[int, ...]:
    return decode_head(change.ord, change.body).members if change.body is not None else ()


def _is_of(change: LoggedChange, ord: int, members: set[int]) -> bool:
    return change.what != "facet" or change.ord == ord or change.ord in members
