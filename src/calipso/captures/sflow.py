"""Captures by sFlow: switches sample packets and send their headers here."""

from __future__ import annotations

from calipso.captures.listening import Received, Receiver
from calipso.errors import ConfigError
from calipso.flows.count import Counter
from calipso.flows.export.sflow import Datagram, InterfaceCounters, parse
from calipso.seams import CaptureCounts, CaptureOptions, CapturePoint, RawPacket

PORT = 6343
"""Registered for sFlow."""
MOST_SOURCES = 10_000
FORGET = 600 * 1_000_000_000
"""Conversations without a packet for so long (ns) make room for others."""
ANY = "::"


class Sflow:
    """The engine: listens on the host for whoever sends. `kept` packets are the sampled headers."""

    name = "sflow"
    title = "sFlow receiver"
    types = frozenset({"host"})
    filters = False
    keeps_packets = True

    def reason(self) -> str:
        """It works wherever there is UDP."""
        return ""

    def open(self, point: CapturePoint, options: CaptureOptions) -> SflowCapture:
        """Raises `Unreachable` (the port is taken), `AuthFailed`, `ConfigError` for a filter."""
        no_filter(options)
        return SflowCapture(Receiver(point, ANY, options.port or PORT), options)


def no_filter(options: CaptureOptions) -> None:
    """Raises `ConfigError`: what others choose to send cannot be filtered or sent on as packets are."""
    if options.bpf:
        raise ConfigError("what exporters send is not filtered", where="bpf")
    if options.target:
        raise ConfigError("what exporters send is not sent on", where="target")


class SflowCapture(Received):
    """Counts are of samples, `sampled` tells of how many packets one is; `interfaces`: what counter samples said."""

    def __init__(self, receiver: Receiver, options: CaptureOptions) -> None:
        super().__init__(receiver)
        self._options = options
        self._counter = Counter(options.flows, l2_key=options.l2_key)
        self._drops: dict[tuple[str, int, int], int] = {}
        self._kept: list[RawPacket] = []
        self._of: dict[bytes, int] = {}
        self._rate, self._unknown = 1, 0
        self.interfaces: dict[tuple[str, int], InterfaceCounters] = {}

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the socket is gone."""
        if last := self._datagrams(lambda each: self._take(parse(each.data), each.time)):
            self._counter.forget(last - FORGET)
        c = self._counter
        dropped = self.receiver.dropped + sum(self._drops.values())
        return c.records(), CaptureCounts(
            c.received, dropped, self._lost(c.lost), c.unknown + self._unknown, self._rate
        )

    def _take(self, said: Datagram, now: int) -> None:
        self._unknown += said.unknown
        for sample in said.packets:
            source = (said.agent, said.sub_agent, sample.source)
            self._sequences.take(source, sample.sequence)
            if len(self._drops) < MOST_SOURCES or source in self._drops:
                self._drops[source] = sample.drops
            self._rate = sample.rate
            layers = self._counter.frame(sample.frame, sample.wire, now, link=sample.link)
            if self._options.raw_packets and layers:
                key = layers[-1].key
                self._of[key] = self._of.get(key, 0) + 1
                if self._of[key] <= self._options.raw_packets:
                    self._kept.append(RawPacket(now, sample.frame, sample.wire, sample.link, key))
        for counters in said.counters:
            port = (said.agent, counters.interface.index)
            if len(self.interfaces) < MOST_SOURCES or port in self.interfaces:
                self.interfaces[port] = counters.interface

    def packets(self) -> list[RawPacket]:
        found, self._kept = self._kept, []
        return found
