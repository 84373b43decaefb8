"""What the log says over a snapshot, up to a moment: the newest facets, heads and links."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, Literal

import immutables
import msgspec

from calipso.graph.heads import decode_head
from calipso.graph.protocol import Obj
from calipso.stores.sqlite.log import Epoch, last_until

FACETS = 1 << 20
"""Facet numbers are below it: ordinal and facet make one integer, so that SQLite fills the dictionary by itself.
Names of facets may have a host in them, so there are some for every host.
"""
FEW_NAMES = 64
"""So many names of facets are looked for one by one; where there are more it is noted which of them an id has."""

_decode_hosts = msgspec.msgpack.Decoder(dict[str, str]).decode


class Overlay:
    """Changes after a snapshot, read in one go; taken apart when first asked for."""

    def __init__(self, reader: sqlite3.Connection, epochs: Sequence[Epoch], at: int) -> None:
        self.rev, self.ts = epochs[0].rev, epochs[0].ts
        self.bodies: dict[int, bytes | None] = {}
        self._links: list[tuple[int, int, int, int]] = []
        for epoch in epochs:
            stop, ts = last_until(reader, epoch, at)
            if stop > epoch.rev:
                self.rev, self.ts = stop, ts
                self._read(reader, epoch.n, stop)
        self.hosts = hosts_at(reader, self.rev)

    def _read(self, reader: sqlite3.Connection, n: int, stop: int) -> None:
        rows = f"SELECT ord * {FACETS:d} + facet, body FROM log_{n:d} WHERE rev <= ? ORDER BY rev"  # noqa: S608
        self.bodies.update(reader.execute(rows, (stop,)))
        links = f"SELECT type, a, b, op FROM link_{n:d} WHERE rev <= ? ORDER BY rev"  # noqa: S608
        self._links += reader.execute(links, (stop,)).fetchall()

    def head(self, ord: int) -> bytes | Literal[False] | None:
        """The newest head of an object: its body, None when it ended, False when the log does not say."""
        return self.bodies.get(ord * FACETS, False)

    def said(self, ord: int, facets: Collection[int]) -> dict[int, bytes | None]:
        """The newest bodies of an id's facets, None for ended, as far as the log says. facets: all numbers."""
        bodies, first = self.bodies, ord * FACETS
        mine = facets if len(facets) <= FEW_NAMES else self._facets_of.get(ord, ())
        return {facet: bodies[first + facet] for facet in mine if first + facet in bodies}

    @cached_property
    def _facets_of(self) -> dict[int, list[int]]:
        """Which facets of an id the log says."""
        found: dict[int, list[int]] = {}
        for key in self.bodies:
            if facet := key % FACETS:
                found.setdefault(key // FACETS, []).append(facet)
        return found

    @cached_property
    def heads(self) -> dict[int, Obj | None]:
        """Objects whose head changed: the head now, None for ended."""
        keys = [key for key in self.bodies if not key % FACETS]
        return {
            key // FACETS: None if (body := self.bodies[key]) is None else decode_head(key // FACETS, body)
            for key in keys
        }

    @cached_property
    def ids(self) -> set[int]:
        """Ordinals of ids with facets that changed."""
        return {key // FACETS for key in self.bodies if key % FACETS}

    @cached_property
    def owners(self) -> dict[int, int]:
        """Member → object, of the heads that changed."""
        return {
            member: ord
            for ord, head in self.heads.items()
            if head is not None
            for member in head.members
            if member != ord
        }

    @cached_property
    def ends(self) -> dict[int, dict[tuple[int, int], int]]:
        """Ordinal → (code, other) → +1/−1; code as in a chunk."""
        found: dict[int, dict[tuple[int, int], int]] = {}
        for kind, a, b, op in self._links:
            found.setdefault(a, {})[2 * kind, b] = op
            found.setdefault(b, {})[2 * kind + 1, a] = op
        return found


def hosts_at(reader: sqlite3.Connection, rev: int) -> immutables.Map[str, str]:
    """Host names as said → canonical, as of a revision."""
    row: Any = reader.execute("SELECT names FROM hosts WHERE rev <= ? ORDER BY rev DESC LIMIT 1", (rev,)).fetchone()
    return immutables.Map(_decode_hosts(row[0]) if row is not None else {})
