"""When objects changed, many at once: their heads and facets without what was said."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

import msgspec

from calipso.graph.heads import decode_head
from calipso.stores.sqlite.database import Database
from calipso.stores.sqlite.log import epochs
from calipso.stores.sqlite.schema import HEAD

BODY = "CASE WHEN facet = ? THEN body END"
_Brief = tuple[int, int, int, int, bytes | None, int]
"""Revision, time, ordinal, facet, a head's body, whether it has none."""


class Briefs:
    """When many objects changed: as `Log.timeline` of each, without links and without what was said."""

    def __init__(self, database: Database, owners: Mapping[int, int]) -> None:
        """`owners`: member → its object, where the kept history begins."""
        self._database = database
        self._owners = dict(owners)
        self._members: dict[int, tuple[int, ...]] = {}
        for member, owner in owners.items():
            self._members[owner] = (*self._members.get(owner, ()), member)

    def of(self, ords: Collection[int], t1: int) -> Iterator[tuple[int, int, bool]]:
        """(object, when, whether it was gone then), those of each object in order."""
        wanted = set(ords)
        with self._database.reading() as reader:
            kept = [epoch for epoch in epochs(reader) if epoch.ts <= t1]
        for epoch in kept:
            with self._database.reading() as reader:
                rows = self._rows(reader, epoch.n, wanted, t1)
            for _, tick in groupby(rows, itemgetter(1)):
                yield from self._tick(list(tick), wanted)

    def _rows(self, reader: sqlite3.Connection, n: int, wanted: set[int], t1: int) -> list[_Brief]:
        wants = "ts <= ? AND ord IN (SELECT value FROM json_each(?))"
        query = f"SELECT rev, ts, ord, facet, {BODY}, body IS NULL FROM log_{n:d} WHERE {wants}"  # noqa: S608
        rows: list[_Brief] = reader.execute(query, (HEAD, t1, msgspec.json.encode(sorted(wanted)).decode())).fetchall()
        heads = [decode_head(row[2], row[4]) for row in rows if row[4] is not None]
        others = ({member for head in heads for member in head.members} | set(self._owners)) - wanted
        if others:
            said = (HEAD, t1, msgspec.json.encode(sorted(others)).decode(), HEAD)
            rows += reader.execute(query + " AND facet != ?", said).fetchall()
        rows.sort()
        return rows

    def _tick(self, rows: list[_Brief], wanted: set[int]) -> Iterator[tuple[int, int, bool]]:
        before = {row[2]: self._owners.get(row[2], row[2]) for row in rows}
        for _, _, ord, facet, body, _ in rows:
            if facet == HEAD and ord in wanted:
                for member in self._members.pop(ord, ()):
                    if self._owners.get(member) == ord:
                        del self._owners[member]
                members = decode_head(ord, body).members if body is not None else ()
                if members:
                    self._members[ord] = members
                    self._owners |= {member: ord for member in members if member != ord}
        for _, ts, ord, facet, _, gone in rows:
            if facet == HEAD:
                yield ord, ts, bool(gone)
                continue
            for owner in {ord, before[ord], self._owners.get(ord, ord)} & wanted:
                yield owner, ts, False
