"""Packets that captures keep of flows, in memory: so many octets in all, of more the oldest go."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

from calipso.captures.bpf import Matcher
from calipso.flows.table import FlowTable
from calipso.model.flow import FlowPacket
from calipso.seams import RawPacket

LARGEST = 64 << 20
"""Octets that the packets of an environment take."""
_OVERHEAD = 200
"""Octets that a packet takes besides its own."""
_EARLY, _WAITING, _TABLES = 10_000_000_000, 1000, 1000
"""ns that a packet waits for its flow to be told of, how many wait of a table, of how many tables."""


class PacketShelf:
    """See the module. Safe for threads."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest, self._octets = largest, 0
        self._lock = threading.Lock()
        self._of: dict[str, list[FlowPacket]] = {}
        self._order: deque[str] = deque()
        self._early: OrderedDict[int, list[RawPacket]] = OrderedDict()

    def take(self, packets: Sequence[RawPacket], table: FlowTable) -> dict[str, int]:
        """Keep packets as those of their flows in the table, which was brought up to date before.

        Returns how many were kept so far of the flows (uuids) that have new ones.
        """
        kept: dict[str, int] = {}
        with self._lock:
            waiting = self._early.pop(id(table), [])
            late = [each for each in [*waiting, *packets] if not self._put(each, table, kept)]
            newest = max((each.time for each in late), default=0)
            if late := [each for each in late if each.time > newest - _EARLY][-_WAITING:]:
                self._early[id(table)] = late
                while len(self._early) > _TABLES:
                    self._early.popitem(last=False)
        return kept

    def _put(self, packet: RawPacket, table: FlowTable, kept: dict[str, int]) -> bool:
        uuid, index = table.keep(packet.key)
        if not uuid:
            return False
        kept[uuid] = index
        self._of.setdefault(uuid, []).append(
            FlowPacket(uuid, index, packet.time, packet.wire, packet.link, packet.frame)
        )  # fmt: skip
        self._order.append(uuid)
        self._octets += len(packet.frame) + _OVERHEAD
        while self._octets > self._largest:
            oldest = self._order.popleft()
            gone = self._of[oldest].pop(0)
            self._octets -= len(gone.frame) + _OVERHEAD
            if not self._of[oldest]:
                del self._of[oldest]
        return True

    def of(self, flows: Iterable[str]) -> list[FlowPacket]:
        """The packets of flows, by time."""
        with self._lock:
            found = [packet for uuid in dict.fromkeys(flows) for packet in self._of.get(uuid, ())]
        return sorted(found, key=lambda each: each.place)


def matching(text: str, packets: Sequence[FlowPacket]) -> list[FlowPacket]:
    """Those that pass a filter of pcap-filter(7). Raises `ConfigError`."""
    if not text.strip():
        return list(packets)
    matchers = {link: Matcher(text, link) for link in {packet.link for packet in packets} or {1}}
    return [each for each in packets if matchers[each.link].passes(each.frame, each.wire)]
