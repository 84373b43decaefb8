"""Whole packets of flows, for as long as there is room: in memory, the oldest flows give way."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from calipso.seams import RawPacket

MOST = 64 << 20
"""Octets of packets that are kept, in an environment."""


class KeptPackets:
    """By flow. May be asked from any thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._octets = most, 0
        self._of: dict[str, list[RawPacket]] = {}
        self._lock = threading.Lock()

    def add(self, uuid: str, packets: Iterable[RawPacket]) -> int:
        """Keep packets of a flow; how many of it there are now."""
        with self._lock:
            mine = self._of.setdefault(uuid, [])
            for packet in packets:
                mine.append(packet)
                self._octets += len(packet.frame)
            for old in list(self._of):
                if self._octets <= self._most:
                    break
                self._octets -= sum(len(packet.frame) for packet in self._of.pop(old))
            return len(self._of.get(uuid, ()))

    def count(self, uuid: str) -> int:
        return len(self._of.get(uuid, ()))

    def of(self, uuid: str) -> list[RawPacket]:
        """In the order that they came in."""
        with self._lock:
            return list(self._of.get(uuid, ()))
