"""The conversations that the eBPF program counts, in its two tables: read as records, and let go of when they are idle.

Plain conversations (TCP and UDP over IPv4, inside of nothing and carrying nothing) have a table of their own, whose
key is a fifth of a record's (`fc_plain` of native/record.h): most frames are theirs, and a small key is found sooner.
"""

from __future__ import annotations

import struct
import time

from calipso.captures.core import PLAIN, joined, joined_plain
from calipso.captures.devices import IDLE, SWEEP
from calipso.flows import record as r
from calipso.native import bpf

_LAST = struct.Struct("=40xQ112x")
"""Of a value: when its last frame was seen."""
_FULL, _HALF = 0.75, 0.5
TABLES = {"plains": PLAIN.size, "flows": r.KEY.size}
"""Maps of the program → octets of their keys."""


def sizes(most: int) -> dict[str, int]:
    """How many conversations each of the tables has room for."""
    return dict.fromkeys(TABLES, most)


class KernelFlows:
    """The tables of a loaded program at a device of that index, each with room for `most` conversations."""

    def __init__(self, loaded: bpf.Loaded, most: int, ifindex: int) -> None:
        self._most, self._ifindex = most, ifindex
        self._maps = [(loaded.map(name), size) for name, size in TABLES.items()]
        self._swept = time.monotonic()

    def records(self) -> bytes:
        """All of them, and those that are idle for the last time. Raises `TransportError`."""
        clock, found = time.monotonic(), []
        due = clock - self._swept > SWEEP
        for map, size in self._maps:
            keys, values = bpf.entries(map, size, r.VALUE.size)
            full = len(keys) > self._most * _FULL * size
            if due or full:
                values = self._forget(map, keys, values, size, full=full)
            plain = size == PLAIN.size
            found.append(joined_plain(keys, values, self._ifindex) if plain else joined(keys, values))
        if due:
            self._swept = clock
        return b"".join(found)

    def _forget(self, map: int, keys: bytes, values: bytes, size: int, *, full: bool) -> bytes:
        """Let idle conversations go, of a `full` table those idle for longest until it is half full; all as last seen.

        They are told in this read and begin at nothing when they go on: nothing is lost by it.
        """
        lasts = [last for (last,) in _LAST.iter_unpack(values)]
        if full:
            gone = sorted(range(len(lasts)), key=lasts.__getitem__)[: len(lasts) - int(self._most * _HALF)]
        else:
            before = time.time_ns() - IDLE * 1_000_000_000
            gone = [n for n, last in enumerate(lasts) if last < before]
        out = bytearray(values)
        for n in gone:
            final = bpf.taken(map, keys[n * size : (n + 1) * size], r.VALUE.size)
            if final is not None:
                out[n * r.VALUE.size : (n + 1) * r.VALUE.size] = final
        return bytes(out)

    def clear(self) -> None:
        """Forget everything, untold."""
        for map, size in self._maps:
            keys, _ = bpf.entries(map, size, r.VALUE.size)
            for at in range(0, len(keys), size):
                bpf.taken(map, keys[at : at + size], r.VALUE.size)
