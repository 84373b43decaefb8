"""Which places of the index changed since a snapshot, tick by tick: with its keys (`keyring`) a restart has the index.

Without them the keys of all that changed would be found anew, from every facet of it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Any, NamedTuple

import msgspec
import zstandard

from calipso.errors import StoreDamaged
from calipso.graph.index import Key, Slot, slot
from calipso.stores.sqlite.chunk import compress, decompress

Places = list[tuple[int, bool, str, Any]]
SINCE = "places since"
"""Of `meta`: the revision from which on they are known; not there: always."""
NOT_YET = 2**62
"""What an older file begins with: its next snapshot says from when on they are known."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Places).decode


class Moved(NamedTuple):
    """gone: ordinal → where it no longer stands · came: name → ordinals that stand there now, and their values."""

    gone: dict[int, set[Slot]]
    came: dict[str, tuple[list[int], list[Any]]]


def write(writer: sqlite3.Connection, rev: int, places: Places | None) -> None:
    """Keep those of a tick, of which `rev` is the last revision. None: not known."""
    if places is None:
        writer.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (SINCE, rev))
    elif places:
        writer.execute("INSERT INTO place VALUES (?, ?)", (rev, compress(_encode(places))))


def snapped(writer: sqlite3.Connection, rev: int) -> None:
    """A snapshot of a revision is complete: let go of what is in it."""
    writer.execute("DELETE FROM place WHERE rev <= ?", (rev,))
    writer.execute("UPDATE meta SET value = ? WHERE key = ? AND value = ?", (rev, SINCE, NOT_YET))


def since(reader: sqlite3.Connection, rev: int) -> Moved | None:
    """What changed after a snapshot of a revision; None when that is not known. Raises `StoreDamaged`."""
    known = reader.execute("SELECT value FROM meta WHERE key = ?", (SINCE,)).fetchone()
    if known is not None and known[0] > rev:
        return None
    newest: dict[tuple[int, Slot], Key | None] = {}
    try:
        for (blob,) in reader.execute("SELECT ops FROM place WHERE rev > ? ORDER BY rev", (rev,)):
            for ord, stands, name, value in _decode(decompress(blob)):
                key = (name, tuple(value) if type(value) is list else value)
                newest[ord, slot(key)] = key if stands else None
    except (msgspec.DecodeError, msgspec.ValidationError, zstandard.ZstdError) as error:
        raise StoreDamaged(f"what changed in the index cannot be read: {error}") from error
    moved = Moved({}, defaultdict(lambda: ([], [])))
    for (ord, where), there in newest.items():
        if there is None:
            moved.gone.setdefault(ord, set()).add(where)
        else:
            ords, values = moved.came[there[0]]
            ords.append(ord)
            values.append(there[1])
    return moved
