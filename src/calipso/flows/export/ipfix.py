"""Flows as IPFIX (RFC 7011; both directions in one record: RFC 5103), for collectors that others run.

A message repeats its templates, so that a collector that begins later understands it. Counts are since the last time
that a flow was told. Times are milliseconds since the epoch. Without I/O: who sends gives the time.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator

from calipso.flows.export import elements as e
from calipso.model.flow import Flow, FlowMetric

MOST_OCTETS = 1400
"""Of a message: it is to fit into one packet."""
TEMPLATE_4, TEMPLATE_6, TEMPLATE_LINK = 256, 257, 258
_NAME = 100
"""Octets of a name at most."""
_COUNTS = ((0, e.PACKETS, 8), (0, e.OCTETS, 8), (e.REVERSE, e.PACKETS, 8), (e.REVERSE, e.OCTETS, 8))
_REST = (
    (0, e.START_MS, 8), (0, e.END_MS, 8), *_COUNTS, (0, e.SOURCE_MAC, 6), (0, e.DESTINATION_MAC, 6), (0, e.VLAN, 2),
    (0, e.SEGMENT, 8), (0, e.FLOW_END, 1), (0, e.APPLICATION, 0xFFFF), (0, e.OBSERVED_AT, 0xFFFF),
)  # fmt: skip
_PORTS = ((0, e.PROTOCOL, 1), (0, e.SOURCE_PORT, 2), (0, e.DESTINATION_PORT, 2))
SHAPES = {
    TEMPLATE_4: ((0, e.SOURCE_4, 4), (0, e.DESTINATION_4, 4), *_PORTS, (0, e.ICMP_4, 2), *_REST),
    TEMPLATE_6: ((0, e.SOURCE_6, 16), (0, e.DESTINATION_6, 16), *_PORTS, (0, e.ICMP_6, 2), *_REST),
    TEMPLATE_LINK: ((0, e.ETHERTYPE, 2), *_REST),
}
"""Template → enterprise, field, octets of each field; 65,535: it tells its own length."""
ETHERTYPES = {"ARP": 0x0806, "RARP": 0x8035, "LinkLayerDiscovery": 0x88CC, "EAPOL": 0x888E, "MPLS": 0x8847}
_PROTOCOLS = {"TCP": 6, "UDP": 17, "SCTP": 132, "UDPLITE": 136}
_ENDED = {"": 2, "timeout": 1, "tcp_fin": 3, "tcp_rst": 3}
"""flowEndReason: active timeout, idle timeout, end of flow detected."""


class Encoder:
    """Of one observation domain: it counts the records that it has made."""

    def __init__(self, domain: int = 1) -> None:
        self._domain, self._sequence = domain, 0

    def messages(self, flows: Iterable[tuple[Flow, FlowMetric]], now: int) -> Iterator[bytes]:
        """Flows with what is new of them, as messages; `now` in seconds since the epoch."""
        waiting: dict[int, list[bytes]] = {}
        size, records = 0, 0
        room = MOST_OCTETS - 16 - len(_TEMPLATES) - 4 * len(SHAPES)
        for flow, new in flows:
            template, said = record(flow, new)
            if size + len(said) > room and records:
                yield self._message(waiting, records, now)
                waiting, size, records = {}, 0, 0
            waiting.setdefault(template, []).append(said)
            size, records = size + len(said), records + 1
        if records:
            yield self._message(waiting, records, now)

    def _message(self, waiting: dict[int, list[bytes]], records: int, now: int) -> bytes:
        body = _TEMPLATES + b"".join(_set(id, b"".join(said)) for id, said in sorted(waiting.items()))
        head = struct.pack(">HHIII", 10, 16 + len(body), now & 0xFFFFFFFF, self._sequence, self._domain)
        self._sequence = (self._sequence + records) & 0xFFFFFFFF
        return head + body


def record(flow: Flow, new: FlowMetric) -> tuple[int, bytes]:
    """The template of a flow's record, and the record."""
    rest = struct.pack(
        ">QQQQQQ6s6sHQB", flow.start // 1000, flow.last // 1000, new.ab_packets, new.ab_bytes, new.ba_packets,
        new.ba_bytes, _mac(flow.link.a if flow.link else ""), _mac(flow.link.b if flow.link else ""),
        (flow.link.id & 0xFFF) if flow.link else 0, (flow.network.id if flow.network else 0), _ENDED[flow.finish],
    ) + _text(flow.application) + _text(flow.node)  # fmt: skip
    if flow.network is None:
        return TEMPLATE_LINK, struct.pack(">H", ETHERTYPES.get(flow.application, 0)) + rest
    four = flow.network.protocol == "IPV4"
    ends = ipaddress.ip_address(flow.network.a).packed + ipaddress.ip_address(flow.network.b).packed
    protocol, ports = 0, (0, 0)
    if flow.transport is not None:
        protocol, ports = _PROTOCOLS.get(flow.transport.protocol, 0), (flow.transport.a, flow.transport.b)
    elif flow.icmp is not None:
        protocol = 1 if four else 58
    icmp = flow.icmp.type << 8 | flow.icmp.code if flow.icmp is not None else 0
    head = struct.pack(">BHHH", protocol, ports[0] & 0xFFFF, ports[1] & 0xFFFF, icmp)
    return (TEMPLATE_4 if four else TEMPLATE_6), ends + head + rest


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", "")) if text else b"\0" * 6


def _text(text: str) -> bytes:
    said = text.encode("utf-8", "replace")[:_NAME]
    return bytes([len(said)]) + said


def _set(id: int, body: bytes) -> bytes:
    return struct.pack(">HH", id, 4 + len(body)) + body


def _template(id: int) -> bytes:
    said = struct.pack(">HH", id, len(SHAPES[id]))
    for enterprise, field, size in SHAPES[id]:
        said += struct.pack(">HHI", field | 0x8000, size, enterprise) if enterprise else struct.pack(">HH", field, size)
    return said


_TEMPLATES = _set(2, b"".join(_template(id) for id in SHAPES))
