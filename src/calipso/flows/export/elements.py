"""Fields of NetFlow v9 and IPFIX (IANA's registry "IPFIX Information Elements"), made into a flow that was told."""

from __future__ import annotations

from collections.abc import Mapping

from calipso.flows import record as r
from calipso.flows.export.told import ToldFlow, micro_to_nano

REVERSE = 29305
"""Enterprise number of a field that counts the other direction (RFC 5103)."""
Field = tuple[int, int]
"""Enterprise number, 0 for none, and number."""
Fields = Mapping[Field, bytes]

OCTETS, PACKETS, PROTOCOL, TCP_FLAGS, SOURCE_PORT, SOURCE_4, INPUT, OUTPUT = 1, 2, 4, 6, 7, 8, 10, 14
DESTINATION_PORT, DESTINATION_4, LAST_UPTIME, FIRST_UPTIME = 11, 12, 21, 22
OUT_OCTETS, OUT_PACKETS, SOURCE_6, DESTINATION_6, ICMP_4, SAMPLING = 23, 24, 27, 28, 32, 34
SAMPLER_MODE, SAMPLER_INTERVAL, SOURCE_MAC, VLAN, SECOND_SOURCE_MAC = 49, 50, 56, 58, 81
POST_DESTINATION_MAC, DESTINATION_MAC, TOTAL_OCTETS, TOTAL_PACKETS, APPLICATION = 57, 80, 85, 86, 96
FLOW_END, ICMP_6, START_SECONDS, END_SECONDS, START_MS, END_MS = 136, 139, 150, 151, 152, 153
DIRECTION = 61
"""Where the packets were seen: 0 as they came in, 1 as they went out."""
START_US, END_US, START_NS, END_NS, START_AGO, END_AGO, BOOTED = 154, 155, 156, 157, 158, 159, 160
VLAN_1Q, ETHERTYPE, OBSERVED_AT, CHOSEN, PASSED_OVER, SEGMENT, LINK_OCTETS = 243, 256, 300, 305, 306, 351, 352
ICMP_TYPE_4, ICMP_CODE_4, ICMP_TYPE_6, ICMP_CODE_6 = 176, 177, 178, 179
FORTH_OCTETS, BACK_OCTETS, FORTH_PACKETS, BACK_PACKETS = 231, 232, 298, 299
"""Of initiator and responder: how firewalls count both directions in one record."""
_NOTHING = b"\0" * 6
_MOST = (1 << 63) - 1


def number(fields: Fields, *ids: int, enterprise: int = 0) -> int:
    """Of the first field that is there and is not empty, else 0."""
    for id in ids:
        said = fields.get((enterprise, id))
        if said:
            return min(int.from_bytes(said, "big"), _MOST)
    return 0


def _mac(fields: Fields, *ids: int) -> bytes:
    for id in ids:
        said = fields.get((0, id), b"")
        if len(said) == 6 and said != _NOTHING:
            return said
    return _NOTHING


def _icmp(fields: Fields, protocol: int) -> int:
    if (0, ICMP_4 if protocol == 1 else ICMP_6) in fields:
        return number(fields, ICMP_4 if protocol == 1 else ICMP_6) & 0xFFFF
    kind, code = (ICMP_TYPE_4, ICMP_CODE_4) if protocol == 1 else (ICMP_TYPE_6, ICMP_CODE_6)
    if (0, kind) in fields:
        return (number(fields, kind) & 0xFF) << 8 | number(fields, code) & 0xFF
    return number(fields, DESTINATION_PORT) & 0xFFFF


def _moment(fields: Fields, end: int, now: int, booted: int) -> int:
    """When a flow began (`end` 0) or was seen last (1), ns; `now` where it is not told.

    `now`: of the exporter when it told, ns; `booted`: when its uptime was 0, ns, 0 for not known.
    """
    if said := number(fields, START_MS + end):
        return min(said * 1_000_000, _MOST)
    for id in (START_NS + end, START_US + end):
        long = fields.get((0, id), b"")
        if len(long) == 8:
            return micro_to_nano(int.from_bytes(long[:4], "big"), int.from_bytes(long[4:], "big"))
    if said := number(fields, START_SECONDS + end):
        return min(said * 1_000_000_000, _MOST)
    if (0, START_AGO + end) in fields:
        return max(0, now - number(fields, START_AGO + end) * 1000)
    uptime = fields.get((0, LAST_UPTIME if end else FIRST_UPTIME))
    since = number(fields, BOOTED) * 1_000_000 or booted
    if uptime is not None and since:
        return min(since + int.from_bytes(uptime, "big") * 1_000_000, _MOST)
    return now


def flow_of(fields: Fields, now: int, booted: int) -> ToldFlow | None:
    """The flow that a record tells; None when it tells neither addresses nor MACs, or counts nothing."""
    macs = (_mac(fields, SOURCE_MAC, SECOND_SOURCE_MAC), _mac(fields, DESTINATION_MAC, POST_DESTINATION_MAC))
    source, destination, family = _addresses(fields, macs)
    packets, octets = (
        number(fields, PACKETS, FORTH_PACKETS, OUT_PACKETS),
        number(fields, OCTETS, FORTH_OCTETS, OUT_OCTETS, LINK_OCTETS),
    )
    total = not packets and (0, PACKETS) not in fields and (0, TOTAL_PACKETS) in fields
    if total:
        packets, octets = number(fields, TOTAL_PACKETS), number(fields, TOTAL_OCTETS)
    back = number(fields, PACKETS, TOTAL_PACKETS, enterprise=REVERSE) or number(fields, BACK_PACKETS)
    if not source or not (packets or back):
        return None
    first, last = (_moment(fields, end, now, booted) for end in (0, 1))
    linked = family == r.LINK
    protocol = r.NO_PROTOCOL if linked else number(fields, PROTOCOL) & 0xFF
    ported = not linked and protocol not in (1, 58)
    return ToldFlow(
        source, destination, family, protocol,
        number(fields, SOURCE_PORT) & 0xFFFF if ported else 0,
        number(fields, DESTINATION_PORT) & 0xFFFF if ported else 0,
        packets, octets, min(first, last), last,
        tcp_flags=number(fields, TCP_FLAGS) & 0xFF,
        icmp=_icmp(fields, protocol) if protocol in (1, 58) else 0,
        mac_source=macs[0], mac_destination=macs[1],
        vlan=number(fields, VLAN, VLAN_1Q) & 0xFFF,
        ethertype=number(fields, ETHERTYPE) & 0xFFFF,
        tunnel_id=number(fields, SEGMENT) & 0xFFFFFF,
        back_packets=back,
        back_octets=number(fields, OCTETS, TOTAL_OCTETS, enterprise=REVERSE) or number(fields, BACK_OCTETS),
        total=total,
        place=1 + number(fields, OUTPUT) if number(fields, DIRECTION) else 0,
    )  # fmt: skip


def _addresses(fields: Fields, macs: tuple[bytes, bytes]) -> tuple[bytes, bytes, int]:
    for source, destination, size, family in (
        (SOURCE_4, DESTINATION_4, 4, r.IPV4),
        (SOURCE_6, DESTINATION_6, 16, r.IPV6),
    ):
        ends = (fields.get((0, source), b""), fields.get((0, destination), b""))
        if len(ends[0]) == len(ends[1]) == size and (any(ends[0]) or any(ends[1])):
            return *ends, family
    if macs == (_NOTHING, _NOTHING):
        return b"", b"", r.LINK
    return *macs, r.LINK


def sampled(fields: Fields) -> int:
    """Of how many packets one is seen, as options tell it; 0 when they do not."""
    if chosen := number(fields, CHOSEN):
        return max(1, (chosen + number(fields, PASSED_OVER)) // chosen)
    return number(fields, SAMPLING, SAMPLER_INTERVAL)
