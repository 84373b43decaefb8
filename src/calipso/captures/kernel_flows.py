"""The conversations that the eBPF program counts, in its tables: read as records, and let go of when they are idle.

Two small tables stay in the cache of a CPU: one of plain conversations (TCP and UDP over IPv4, inside of nothing and
carrying nothing), whose key is a fifth of a record's (`fc_plain` of native/record.h), and one of others. What they have
no room for is in the third, which grows.
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
PLAINS, OTHERS, FLOWS = "plains", "others", "flows"
TABLES = {PLAINS: PLAIN.size, OTHERS: r.KEY.size, FLOWS: r.KEY.size}
"""Maps of the program → octets of their keys."""
_SMALL = {PLAINS: 16_384, OTHERS: 4096}
"""They take 5 MB, whether there are conversations or not; a quarter each of what is asked for is the most."""


def sizes(most: int) -> dict[str, int]:
    """How many conversations each of the tables has room for: together `most`, and one at least."""
    small = {name: max(1, min(room, most // 4)) for name, room in _SMALL.items()}
    return small | {FLOWS: max(1, most - sum(small.values()))}


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
        if due:
            self._swept = clock
        small = b"".join(self._small(name, due=due) for name in _SMALL)
        keys, values = self._entries(FLOWS)
        if self._overflowed:
            keys, values = self._once(small, keys, values)
        full = len(keys) > self._sizes[FLOWS] * _FULL * r.KEY.size
        if due or full:
            values = self._forget(FLOWS, keys, values, full=full)
        return small + joined(keys, values)

    def _small(self, name: str, *, due: bool) -> bytes:
        keys, values = self._entries(name)
        self._overflowed |= len(keys) >= self._sizes[name] * TABLES[name]
        if due:
            values = self._forget(name, keys, values, full=False)
        return joined_plain(keys, values, self._ifindex) if name == PLAINS else joined(keys, values)

    def _entries(self, name: str) -> tuple[bytes, bytes]:
        return bpf.entries(self._maps[name], TABLES[name], r.VALUE.size)

    def _once(self, small: bytes, keys: bytes, values: bytes) -> tuple[bytes, bytes]:
        """Without those that are in a small table too, which are taken out and lost."""
        known = set(struct.iter_unpack("80s160x", small))
        if known.isdisjoint(struct.iter_unpack("80s", keys)):
            return keys, values
        pairs = zip(struct.iter_unpack("80s", keys), struct.iter_unpack("160s", values), strict=True)
        left = []
        for (key,), (value,) in pairs:
            if (key,) not in known:
                left.append((key, value))
            elif (final := bpf.taken(self._maps[FLOWS], key, r.VALUE.size)) is not None:
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
