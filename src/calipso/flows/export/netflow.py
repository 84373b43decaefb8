"""NetFlow version 5 (Cisco), version 9 (RFC 3954) and IPFIX (RFC 7011, RFC 5103 for both directions in one record).

Versions 9 and 10 tell the shape of their records in templates, which an exporter repeats now and then: a `Listener`
remembers them. Records whose template has not come are counted, not guessed at.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

from calipso.errors import ParseError
from calipso.flows import record as r
from calipso.flows.export import elements as e
from calipso.flows.export.told import ToldFlow

MOST_TEMPLATES, MOST_FIELDS = 4096, 1024
"""Templates of all exporters: the ones longest not used go. Fields of one."""
MOST_RECORDS = 65_536
"""Records of one datagram: there is no room for more, but a template may have records of no octets."""
_V5 = struct.Struct(">HHIIIIBBH")
_V5_FLOW = struct.Struct(">4s4s4sHHIIIIHHBBBBHHBBH")
_V9 = struct.Struct(">HHIIII")
_IPFIX = struct.Struct(">HHIII")
_VARIABLE = 0xFFFF
_SECOND, _MILLI = 1_000_000_000, 1_000_000


class Told(NamedTuple):
    """What a datagram told. sequence: number of its first `units` (datagrams for version 9, else records), of `domain`.

    sampled: of how many packets one was seen, 0 for not told. unknown: records and sets without a template.
    """

    version: int
    domain: int
    sequence: int
    units: int
    flows: list[ToldFlow]
    sampled: int = 0
    unknown: int = 0


class Template(NamedTuple):
    """Fields in order with their lengths, 65,535 for one that tells its own. `options`: of the exporter, not of flows.

    `least`: the octets that a record has at least.
    """

    fields: tuple[tuple[e.Field, int], ...]
    options: bool
    least: int


class Listener:
    """What is known of the exporters that were heard: templates and sampling."""

    def __init__(self) -> None:
        self._templates: OrderedDict[tuple[str, int, int, int], Template] = OrderedDict()
        self._sampled: OrderedDict[tuple[str, int], int] = OrderedDict()

    def parse(self, data: bytes, exporter: str, now: int) -> Told:
        """One UDP payload; `now` in ns since the epoch is where its own clock says nothing. Raises `ParseError`."""
        version = int.from_bytes(data[:2], "big")
        try:
            if version == 5:
                return _version_5(data)
            if version == 9:
                return self._version_9(data, exporter, now)
            if version == 10:
                return self._ipfix(data, exporter, now)
        except struct.error as error:
            raise ParseError("netflow", f"{len(data)} octets are no whole datagram") from error
        raise ParseError("netflow", f"version {version}, not 5, 9 or 10")

    def _version_9(self, data: bytes, exporter: str, now: int) -> Told:
        _, _, uptime, seconds, sequence, domain = _V9.unpack_from(data)
        said = seconds * _SECOND or now
        told = Told(9, domain, sequence, 1, [])
        return self._sets(told, data, _V9.size, exporter, (said, said - uptime * _MILLI))

    def _ipfix(self, data: bytes, exporter: str, now: int) -> Told:
        _, length, seconds, sequence, domain = _IPFIX.unpack_from(data)
        if not _IPFIX.size <= length <= len(data):
            raise ParseError("ipfix", f"a length of {length}, where {len(data)} octets came")
        told = Told(10, domain, sequence, 0, [])
        return self._sets(told, data[:length], _IPFIX.size, exporter, (seconds * _SECOND or now, 0))

    def _sets(self, told: Told, data: bytes, at: int, exporter: str, times: tuple[int, int]) -> Told:
        units = unknown = 0
        while len(data) - at >= 4:
            id, size = struct.unpack_from(">HH", data, at)
            if not 4 <= size <= len(data) - at:
                raise ParseError("netflow", f"a set of {size} octets, where {len(data) - at} are left")
            body = data[at + 4 : at + size]
            at += size
            if id in (0, 1, 2, 3):
                self._learn(id, body, exporter, told.domain, told.version)
                continue
            template = self._templates.get((exporter, told.domain, told.version, id))
            if template is None:
                unknown += 1
                continue
            self._templates.move_to_end((exporter, told.domain, told.version, id))
            for fields in _records(template, body):
                units += 1
                self._record(template, fields, told, exporter, times)
        return told._replace(
            units=1 if told.version == 9 else units,
            unknown=unknown,
            sampled=self._sampled.get((exporter, told.domain), 0),
        )

    def _record(self, template: Template, fields: e.Fields, told: Told, exporter: str, times: tuple[int, int]) -> None:
        if said := e.sampled(fields):
            self._sampled[exporter, told.domain] = said
            if len(self._sampled) > MOST_TEMPLATES:
                self._sampled.popitem(last=False)
        if not template.options:
            flow = e.flow_of(fields, *times)
            if flow is not None:
                told.flows.append(flow)

    def _learn(self, set_id: int, body: bytes, exporter: str, domain: int, version: int) -> None:
        """Templates (sets 0 and 2) and those of options (1 and 3)."""
        at = 0
        while len(body) - at >= 4:
            id, count = struct.unpack_from(">HH", body, at)
            at += 4
            if id < 256:  # padding
                return
            if set_id in (1, 3):
                if version == 10 and not count:
                    self._templates.pop((exporter, domain, version, id), None)
                    continue
                more = int.from_bytes(body[at : at + 2], "big")
                at += 2
                if version == 9:  # lengths of both kinds of fields in octets; the first are scopes
                    scopes, count = count // 4, (count + more) // 4
                else:
                    scopes = more
            else:
                scopes = 0
            if not count:  # withdrawn (RFC 7011 §8.1)
                self._templates.pop((exporter, domain, version, id), None)
                continue
            template, at = _template(body, at, count, version, options=set_id in (1, 3), scopes=scopes)
            self._templates[exporter, domain, version, id] = template
            self._templates.move_to_end((exporter, domain, version, id))
            if len(self._templates) > MOST_TEMPLATES:
                self._templates.popitem(last=False)


def _template(
    body: bytes, at: int, count: int, version: int, *, options: bool, scopes: int
) -> tuple[Template, int]:  # fmt: skip
    if count > MOST_FIELDS:
        raise ParseError("netflow", f"a template of {count} fields")
    fields: list[tuple[e.Field, int]] = []
    for nth in range(count):
        id, length = struct.unpack_from(">HH", body, at)
        at += 4
        enterprise = 0
        if version == 10 and id & 0x8000:
            (enterprise,) = struct.unpack_from(">I", body, at)
            id, at = id & 0x7FFF, at + 4
        if version == 9 and nth < scopes:
            enterprise = -1  # scopes have numbers of their own in version 9
        fields.append(((enterprise, id), length))
    least = sum(1 if length == _VARIABLE else length for _, length in fields)
    return Template(tuple(fields), options, least), at


def _records(template: Template, body: bytes) -> Iterator[dict[e.Field, bytes]]:
    """What is shorter than a record at the end is padding. Raises `ParseError` when a field is cut off."""
    at = count = 0
    while len(body) - at >= max(1, template.least) and count < MOST_RECORDS:
        fields: dict[e.Field, bytes] = {}
        for name, length in template.fields:
            if length == _VARIABLE:
                length, at = _length(body, at)
            if length > len(body) - at:
                raise ParseError("ipfix", f"a field of {length} octets, where {len(body) - at} are left")
            fields.setdefault(name, body[at : at + length])
            at += length
        count += 1
        yield fields


def _length(body: bytes, at: int) -> tuple[int, int]:
    """Of a field of variable length, in one octet or after 255 in two, and where it begins."""
    if at >= len(body):
        raise ParseError("ipfix", "a length is cut off")
    if body[at] < 255:
        return body[at], at + 1
    (length,) = struct.unpack_from(">H", body, at + 1)
    return length, at + 3


def _version_5(data: bytes) -> Told:
    _, count, uptime, seconds, nanoseconds, sequence, kind, engine, sampling = _V5.unpack_from(data)
    if count * _V5_FLOW.size > len(data) - _V5.size:
        raise ParseError("netflow", f"{count} flows do not fit into {len(data)} octets")
    booted = seconds * _SECOND + nanoseconds - uptime * _MILLI
    flows = [_flow_5(_V5_FLOW.unpack_from(data, _V5.size + nth * _V5_FLOW.size), booted) for nth in range(count)]
    return Told(5, kind << 8 | engine, sequence, count, flows, sampling & 0x3FFF)


def _flow_5(said: tuple[bytes | int, ...], booted: int) -> ToldFlow:
    source, destination = bytes(said[0]), bytes(said[1])
    _, _, packets, octets, first, last, source_port, port, _, flags, protocol, *_ = (
        int(each) for each in said[3:] if isinstance(each, int)
    )
    icmp = protocol in (1, 58)
    began, ended = (max(0, booted + each * _MILLI) for each in (first, last))
    return ToldFlow(
        source, destination, r.IPV4, protocol, 0 if icmp else source_port, 0 if icmp else port, packets, octets,
        min(began, ended), ended, tcp_flags=flags, icmp=port if icmp else 0,
    )  # fmt: skip
