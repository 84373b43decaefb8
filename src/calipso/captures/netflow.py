"""Captures by NetFlow and IPFIX: switches and routers tell their flows."""

from __future__ import annotations

from calipso.captures.listening import Datagram, Received, Receiver
from calipso.captures.sflow import ANY, FORGET, no_filter
from calipso.errors import ConfigError
from calipso.flows.export.netflow import Listener
from calipso.flows.export.once import Once
from calipso.flows.export.told import ToldCounter
from calipso.seams import CaptureCounts, CaptureOptions, CapturePoint, RawPacket

NETFLOW_PORT, IPFIX_PORT = 2055, 4739
"""The one that exporters commonly send to, and the one registered for IPFIX."""


class NetFlow:
    """The engine: listens on the host for whoever sends. Every version is understood on either port."""

    types = frozenset({"host"})
    filters = False
    keeps_packets = False

    def __init__(self, name: str = "netflow", title: str = "NetFlow receiver", port: int = NETFLOW_PORT) -> None:
        self.name, self.title, self._port = name, title, port

    def reason(self) -> str:
        """It works wherever there is UDP."""
        return ""

    def open(self, point: CapturePoint, options: CaptureOptions) -> NetFlowCapture:
        """Raises `Unreachable` (the port is taken), `AuthFailed`, `ConfigError` for a filter or packets kept."""
        check(options)
        return NetFlowCapture(Receiver(point, ANY, options.port or self._port), options)


def ipfix() -> NetFlow:
    """The same on the port of IPFIX."""
    return NetFlow("ipfix", "IPFIX receiver", IPFIX_PORT)


def check(options: CaptureOptions) -> None:
    """Raises `ConfigError` for what flows cannot give."""
    no_filter(options)
    if options.raw_packets:
        raise ConfigError("exporters of flows send no packets", where="raw_packets")


class NetFlowCapture(Received):
    """Counts are of packets that exporters told; gaps in their sequence numbers are `lost`, in their units.

    once: for one exporter that tells the same packets as they come in and as they go out.
    """

    def __init__(self, receiver: Receiver, options: CaptureOptions, *, once: bool = False) -> None:
        super().__init__(receiver)
        self._once = Once(options.flows) if once else None
        self._counter = ToldCounter(options.flows)
        self._listener = Listener()
        self._unknown, self._rate = 0, 1

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the socket is gone."""
        if last := self._datagrams(self._take):
            self._counter.forget(last - FORGET)
            if self._once is not None:
                self._once.forget(last - FORGET)
        c = self._counter
        counts = CaptureCounts(c.received, self.receiver.dropped, self._lost(c.lost), self._unknown, self._rate)
        return c.records(), counts

    def _take(self, said: Datagram) -> None:
        """Raises `ParseError`."""
        told = self._listener.parse(said.data, said.sender, said.time)
        if not (told.version == 10 and told.unknown):  # how many records those sets had is not known
            self._sequences.take((said.sender, told.version, told.domain), told.sequence, told.units)
        self._unknown += told.unknown
        self._rate = told.sampled or self._rate
        flows = told.flows if self._once is None else self._once.take(told.flows, said.time)
        self._counter.take(flows, said.time)

    def packets(self) -> list[RawPacket]:
        """None: exporters of flows send none."""
        return []
