"""Captures by sFlow: switches sample packets and send their headers here."""

from __future__ import annotations

from calipso.captures.listening import Receiver
from calipso.errors import ConfigError, ParseError
from calipso.flows.count import Counter
from calipso.flows.export.sequence import Sequences
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
    """Raises `ConfigError`: what others choose to send cannot be filtered as packets are."""
    if options.bpf:
        raise ConfigError("what exporters send is not filtered", where="bpf")


class SflowCapture:
    """Counts are of samples, `sampled` tells of how many packets one is; `interfaces`: what counter samples said."""

    def __init__(self, receiver: Receiver, options: CaptureOptions) -> None:
        self.receiver, self._options = receiver, options
        self._counter = Counter(options.flows, l2_key=options.l2_key)
        self._sequences = Sequences()
        self._drops: dict[tuple[str, int, int], int] = {}
        self._kept: list[RawPacket] = []
        self._of: dict[bytes, int] = {}
        self._rate, self._wrong, self._unknown = 1, 0, 0
        self.interfaces: dict[tuple[str, int], InterfaceCounters] = {}

    @property
    def port(self) -> int:
        """The UDP port that it listens on."""
        return self.receiver.port

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the socket is gone."""
        last = 0
        for each in self.receiver.take():
            last = each.time
            try:
                self._take(parse(each.data), each.time)
            except ParseError:
                self._wrong += 1
        if last:
            self._counter.forget(last - FORGET)
        c, receiver = self._counter, self.receiver
        dropped = receiver.dropped + sum(self._drops.values())
        lost = c.lost + receiver.lost + self._wrong + max(0, self._sequences.missing - receiver.dropped - receiver.lost)
        return c.records(), CaptureCounts(c.received, dropped, lost, c.unknown + self._unknown, self._rate)

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

    def cpu(self) -> float:
        """Of receiving alone."""
        return self.receiver.cpu()

    def close(self) -> None:
        self.receiver.close()
