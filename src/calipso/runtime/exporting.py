"""What leaves of the flows that are captured: IPFIX to a collector, and figures for Prometheus.

Both are told of flows as they change, and reckon with what is new of each.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Annotated

import msgspec

from calipso.errors import ConfigError
from calipso.flows.export.ipfix import Encoder
from calipso.model.flow import Flow, FlowMetric

OTHER = "other"
"""Application that all are summed up in that have no place of their own."""
APPLICATIONS, CAPTURES, MOST_FLOWS = 20, 100, 200_000
"""Applications of a capture and captures that have figures of their own; flows that are remembered."""


class Collector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """host: address of a collector of IPFIX, empty for none. domain: the observation domain.

    every: seconds after which a flow that goes on is told again.
    """

    host: str = ""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 4739
    domain: Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)] = 1
    every: Annotated[float, msgspec.Meta(ge=0)] = 60.0


class News:
    """What is new of each flow since it was told last."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, tuple[float, FlowMetric]] = OrderedDict()

    def due(self, flow: Flow, clock: float, every: float) -> bool:
        there = self._told.get(flow.uuid)
        return bool(flow.finish) or there is None or clock - there[0] >= every

    def take(self, flow: Flow, clock: float) -> FlowMetric:
        before = self._told.get(flow.uuid, (0.0, FlowMetric()))[1]
        m = flow.metric
        self._told[flow.uuid] = (clock, m)
        self._told.move_to_end(flow.uuid)
        if len(self._told) > MOST_FLOWS:
            self._told.popitem(last=False)
        return FlowMetric(
            max(0, m.ab_packets - before.ab_packets), max(0, m.ab_bytes - before.ab_bytes),
            max(0, m.ba_packets - before.ba_packets), max(0, m.ba_bytes - before.ba_bytes), m.start, m.last, m.rtt,
        )  # fmt: skip


class IpfixExport:
    """Sends flows to a collector by UDP. `sent`, `failed`: messages."""

    def __init__(self, collector: Collector) -> None:
        """Raises `OSError` when the collector's name is not known."""
        found = socket.getaddrinfo(collector.host, collector.port, type=socket.SOCK_DGRAM)[0]
        self._every, self._address = collector.every, found[4]
        self._socket = socket.socket(found[0], socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._encoder, self._news = Encoder(collector.domain), News()
        self._lock = threading.Lock()  # environments read their captures in threads of their own
        self.sent = self.failed = 0

    def __call__(self, flows: Sequence[Flow]) -> None:
        with self._lock:
            self._send(flows)

    def _send(self, flows: Sequence[Flow]) -> None:
        clock = time.monotonic()
        due = [(flow, self._news.take(flow, clock)) for flow in flows if self._news.due(flow, clock, self._every)]
        told = [(flow, new) for flow, new in due if new.ab_packets or new.ba_packets]
        for message in self._encoder.messages(told, int(time.time())):
            try:
                self._socket.sendto(message, self._address)
                self.sent += 1
            except OSError:  # a full buffer, nobody there: UDP promises nothing, and captures go on
                self.failed += 1

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()


def collector_of(collector: Collector) -> IpfixExport | None:
    """Raises `ConfigError` for a collector whose name is not known."""
    if not collector.host:
        return None
    try:
        return IpfixExport(collector)
    except OSError as error:
        raise ConfigError(f"{collector.host}: {error.strerror}", where="ipfix.host") from error


class FlowFigures:
    """Packets and octets by capture and application. Applications keep the place that they got: counters only rise."""

    def __init__(self) -> None:
        self._news, self._lock = News(), threading.Lock()
        self.packets: Counter[tuple[str, str]] = Counter()
        self.octets: Counter[tuple[str, str]] = Counter()
        self._places: dict[str, set[str]] = {}

    def totals(self) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
        """Packets and octets by (capture, application)."""
        with self._lock:
            return dict(self.packets), dict(self.octets)

    def __call__(self, flows: Sequence[Flow]) -> None:
        with self._lock:
            self._add(flows)

    def _add(self, flows: Sequence[Flow]) -> None:
        fresh: Counter[tuple[str, str]] = Counter()
        told = [(flow, self._news.take(flow, 0.0)) for flow in flows]
        for flow, new in told:
            fresh[flow.capture, flow.application] += new.ab_bytes + new.ba_bytes
        for (capture, application), _ in fresh.most_common():  # the ones with most traffic come first to a place
            if capture not in self._places and len(self._places) >= CAPTURES:
                continue
            places = self._places.setdefault(capture, set())
            if len(places) < APPLICATIONS:
                places.add(application)
        for flow, new in told:
            key = self._label(flow.capture, flow.application)
            self.packets[key] += new.ab_packets + new.ba_packets
            self.octets[key] += new.ab_bytes + new.ba_bytes

    def _label(self, capture: str, application: str) -> tuple[str, str]:
        places = self._places.get(capture)
        if places is None:
            return OTHER, OTHER
        return capture, application if application in places else OTHER
