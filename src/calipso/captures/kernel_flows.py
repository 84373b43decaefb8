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
PLAINS = "plains"
TABLES = {PLAINS: PLAIN.size, "flows": r.KEY.size}
"""Maps of the program → octets of their keys."""
_MOST_PLAIN = 16_384
"""They take 4 MB, whether they are there or not."""


def sizes(most: int) -> dict[str, int]:
    """How many conversations each of the tables has room for: together `most`, and one at least."""
    plain = min(_MOST_PLAIN, (most + 1) // 2)
    return {PLAINS: plain, "flows": max(1, most - plain)}


class KernelFlows:
    """The tables of a loaded program at a device of that index, with room for `most` conversations.

    `lost`: frames of conversations that two CPUs began at once in two tables, in the moment in which room was made.
    """

    def __init__(self, loaded: bpf.Loaded, most: int, ifindex: int) -> None:
        self._sizes, self._ifindex, self.lost = sizes(most), ifindex, 0
        self._maps = {name: loaded.map(name) for name in TABLES}
        self._swept, self._overflowed = time.monotonic(), False

    def records(self) -> bytes:
        """All of them, and those that are idle for the last time. Raises `TransportError`."""
        clock = time.monotonic()
        due = clock - self._swept > SWEEP
        keys, values = self._entries(PLAINS)
        self._overflowed |= len(keys) >= self._sizes[PLAINS] * PLAIN.size
        if due:
            self._swept, values = clock, self._forget(PLAINS, keys, values, full=False)
        plain = joined_plain(keys, values, self._ifindex)
        keys, values = self._entries("flows")
        if self._overflowed:
            keys, values = self._once(plain, keys, values)
        full = len(keys) > self._sizes["flows"] * _FULL * r.KEY.size
        if due or full:
            values = self._forget("flows", keys, values, full=full)
        return plain + joined(keys, values)

    def _entries(self, name: str) -> tuple[bytes, bytes]:
        return bpf.entries(self._maps[name], TABLES[name], r.VALUE.size)

    def _once(self, plain: bytes, keys: bytes, values: bytes) -> tuple[bytes, bytes]:
        """Without those that are among the plain ones too, which are taken out and lost."""
        known = {plain[at : at + r.KEY.size] for at in range(0, len(plain), r.SIZE)}
        pairs = zip(struct.iter_unpack("80s", keys), struct.iter_unpack("160s", values), strict=True)
        left = []
        for (key,), (value,) in pairs:
            if key not in known:
                left.append((key, value))
            elif (final := bpf.taken(self._maps["flows"], key, r.VALUE.size)) is not None:
                self.lost += sum(struct.unpack_from("=2Q", final))
        return b"".join(key for key, _ in left), b"".join(value for _, value in left)

    def _forget(self, name: str, keys: bytes, values: bytes, *, full: bool) -> bytes:
        """Let idle conversations go, of a `full` table those idle for longest until it is half full; all as last seen.

        They are told in this read and begin at nothing when they go on: nothing is lost by it.
        """
        size = TABLES[name]
        lasts = [last for (last,) in _LAST.iter_unpack(values)]
        if full:
            gone = sorted(range(len(lasts)), key=lasts.__getitem__)[: len(lasts) - int(self._sizes[name] * _HALF)]
        else:
            before = time.time_ns() - IDLE * 1_000_000_000
            gone = [n for n, last in enumerate(lasts) if last < before]
        out = bytearray(values)
        for n in gone:
            final = bpf.taken(self._maps[name], keys[n * size : (n + 1) * size], r.VALUE.size)
            if final is not None:
                out[n * r.VALUE.size : (n + 1) * r.VALUE.size] = final
        return bytes(out)

    def clear(self) -> None:
        """Forget everything, untold."""
        for name, size in TABLES.items():
            keys, _ = self._entries(name)
            for at in range(0, len(keys), size):
                bpf.taken(self._maps[name], keys[at : at + size], r.VALUE.size)
