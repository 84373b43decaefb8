"""Packets that captures keep of flows, in memory: so many octets in all, of more the oldest go.

A process that ends by itself writes them to a file, and the next one has them again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog

from calipso.captures.bpf import Matcher
from calipso.errors import ParseError
from calipso.flows.table import FlowTable
from calipso.model.flow import FlowPacket
from calipso.runtime import feed
from calipso.runtime.home_documents import write_private
from calipso.seams import RawPacket

LARGEST = 64 << 20
"""Octets that the packets of an environment take."""
_OVERHEAD = 200
"""Octets that a packet takes besides its own."""
_EARLY, _WAITING, _TABLES = 10_000_000_000, 1000, 1000
"""ns that a packet waits for its flow to be told of, how many wait of a table, of how many tables."""

log = structlog.get_logger()


class PacketShelf:
    """See the module. Safe for threads. file: what was saved, None to save nothing."""

    def __init__(self, file: Path | None = None, largest: int = LARGEST) -> None:
        self._largest, self._octets = largest, 0
        self._file, self._changed = file, False
        self._lock = threading.Lock()
        self._of: dict[str, list[FlowPacket]] = {}
        self._order: deque[str] = deque()
        self._early: OrderedDict[int, list[RawPacket]] = OrderedDict()
        if file is not None:
            self._recall(file)

    def _recall(self, file: Path) -> None:
        try:
            for packet in feed.unpack_packets(file.read_bytes()):
                self._keep(packet)
        except FileNotFoundError:
            return
        except (OSError, ParseError) as error:
            log.warning("packets that were kept are lost", file=str(file), reason=str(error))

    def save(self) -> None:
        """Write all to the file, if they are others than those there. What cannot be written is told in the log."""
        with self._lock:
            if self._file is None or not self._changed:
                return
            known = {uuid: iter(packets) for uuid, packets in self._of.items()}
            said = feed.packed([next(known[uuid]) for uuid in self._order])
            try:
                write_private(self._file, said)
                self._changed = False
            except OSError as error:
                log.warning("kept packets are not saved", file=str(self._file), reason=str(error))

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
        self._keep(FlowPacket(uuid, index, packet.time, packet.wire, packet.link, packet.frame))
        self._changed = True
        return True

    def _keep(self, packet: FlowPacket) -> None:
        self._of.setdefault(packet.flow, []).append(packet)
        self._order.append(packet.flow)
        self._octets += len(packet.frame) + _OVERHEAD
        while self._octets > self._largest:
            oldest = self._order.popleft()
            gone = self._of[oldest].pop(0)
            self._octets -= len(gone.frame) + _OVERHEAD
            if not self._of[oldest]:
                del self._of[oldest]

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
