"""Which objects ever had a key: the history's index. A hit is a candidate, checked at the time asked about."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from calipso.graph.index import Key
from calipso.graph.keys import PATHS

_encode = msgspec.msgpack.Encoder().encode


class Seen:
    """Hashes of keys: 64 bits, keyed by a secret of the file so that nobody can aim at a collision."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def hash(self, name: str, value: Any) -> int:
        digest = blake2b(_encode((name, value)), digest_size=8, key=self._secret).digest()
        return int.from_bytes(digest, "little", signed=True)

    def rows(self, ids: Iterable[tuple[int, str]], keys: Iterable[tuple[int, Key]]) -> list[tuple[int, int]]:
        """Rows of new ids and of keys that objects got, in the order of the table. Few-valued keys are not in it."""
        rows = [(self.hash("id", id), ord) for ord, id in ids]
        rows += [(self.hash(*key), ord) for ord, key in keys if key[0] in PATHS]
        rows.sort()
        return rows

    def candidates(self, reader: sqlite3.Connection, name: str, value: Any) -> list[int]:
        """Ordinals of the objects that may have had the key, ascending."""
        try:
            hash = self.hash(name, value)
        except (TypeError, OverflowError):
            return []
        return [ord for (ord,) in reader.execute("SELECT ord FROM seen WHERE hash = ? ORDER BY ord", (hash,))]
