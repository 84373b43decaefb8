"""The flows of one point of capture: what an engine counted, read by read, as flows that begin, go on and end.

Engines count from when they saw a conversation first; one that had to forget it begins at nothing again, and its counts
are added to those before. Time is an argument, in ns since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec.structs import astuple

from calipso.flows import naming
from calipso.flows import record as r
from calipso.flows.decode import DEEPEST
from calipso.flows.payload import said_by
from calipso.model.flow import Finish, Flow, FlowIcmp, FlowLink, FlowMetric, FlowNetwork, FlowTcp, FlowTransport

_MICRO = 1000
_SECOND = 1_000_000_000
_FINISH: dict[int, Finish] = {r.RUNNING: "", r.FINISHED: "tcp_fin", r.RESET: "tcp_rst"}
NETWORKS = {r.IPV4: "IPV4", r.IPV6: "IPV6"}


class Point(msgspec.Struct, frozen=True):
    """Where flows are captured: id of the object, of the capture, and the host."""

    node: str = ""
    capture: str = ""
    host: str = ""


class Policy(msgspec.Struct, frozen=True):
    """Seconds: `update` between deltas, `expire` without a frame until a flow is over, `hold` after its end by TCP.

    `short`: application → seconds instead of `expire`, for what asks once. `layers`: of DNS, DHCPv4 and VRRP, which
    flows tell in full, where their first octets are there.
    """

    update: float = 60.0
    expire: float = 600.0
    hold: float = 15.0
    short: dict[str, float] = msgspec.field(default_factory=lambda: {"ARP": 10.0, "DNS": 10.0})
    layers: tuple[Literal["DNS", "DHCPv4", "VRRP"], ...] = ()


class _Entry:
    """A flow that goes on. `base`: what was counted before the engine forgot; `told`: at the last update.

    `first`, `last`: of its frames, as the engine says now. `swapped`: side 1 spoke first.
    """

    __slots__ = ("base", "counted", "first", "flow", "heard", "last", "packed", "swapped", "told", "updated")

    def __init__(self, packed: bytes, flow: Flow, record: r.Record, now: int) -> None:
        self.packed, self.flow, self.updated = packed, flow, now
        self.first, self.last, self.swapped = record.first, record.last, record.swapped
        self.base: _Counts = (0, 0, 0, 0)
        self.counted = self.told = self.base
        self.heard = (0, 0)
        """Octets of both sides that were read."""


class FlowTable:
    """See the module."""

    def __init__(self, point: Point, policy: Policy = Policy()) -> None:  # noqa: B008  (frozen)
        self._point, self._policy = point, policy
        self._entries: dict[bytes, _Entry] = {}
        self._parents: dict[int, str] = {}
        self._over: dict[bytes, int] = {}
        """Flows that are over, which the engine still tells of → when their last frame was."""

    def __len__(self) -> int:
        return len(self._entries)

    def flows(self) -> list[Flow]:
        """Those that go on, or ended a moment ago."""
        return [entry.flow for entry in self._entries.values()]

    def keep(self, packed: bytes) -> tuple[str, int]:
        """A packet of a conversation is kept: uuid of its flow, and how many of it that makes; "" for none."""
        entry = self._entries.get(packed)
        if entry is None:
            return "", 0
        entry.flow = msgspec.structs.replace(entry.flow, raw_packets=entry.flow.raw_packets + 1)
        return entry.flow.uuid, entry.flow.raw_packets

    def update(self, records: Iterable[r.Record], now: int) -> list[Flow]:
        """Take in what an engine counted; the flows that changed. Tunnels stand before what they carry."""
        changed = []
        told = _outermost_first(records)
        self._over = {packed: self._over[packed] for packed, _ in told if packed in self._over} if self._over else {}
        for packed, record in told:
            entry = self._entries.get(packed)
            if entry is None and record.last <= self._over.get(packed, -1):
                continue
            if entry is None or (entry.flow.finish and record.syn != (0, 0) and record.first > entry.updated):
                entry = self._entries[packed] = _Entry(packed, self._begin(record, packed), record, now)
            # an engine that forgot does not know who spoke first
            said = record if record.swapped == entry.swapped else record._replace(swapped=entry.swapped)
            if said.last // _MICRO <= entry.flow.last and _same(entry, said):
                continue
            self._count(entry, said, now)
            changed.append(entry.flow)
        return changed

    def expire(self, now: int) -> list[Flow]:
        """The flows that are over by now: they are told a last time and forgotten."""
        return [
            self._ended(packed, entry)
            for packed, entry in list(self._entries.items())
            if now // _MICRO - entry.flow.last >= self._lasts(entry.flow) * 1_000_000
        ]

    def end(self) -> list[Flow]:
        """All of them, which nobody counts any more: as `expire`, and as Skydive, whose tables end so."""
        return [self._ended(packed, entry) for packed, entry in list(self._entries.items())]

    def _ended(self, packed: bytes, entry: _Entry) -> Flow:
        del self._entries[packed]
        self._over[packed] = entry.last
        self._parents.pop(r.parent_of(packed), None)
        flow = self._last_told(entry)
        return flow if flow.finish else msgspec.structs.replace(flow, finish="timeout")

    @staticmethod
    def _last_told(entry: _Entry) -> Flow:
        """With what was counted since the last update as a delta that ends with the flow."""
        flow, told = entry.flow, entry.told
        total = _plus(entry.base, entry.counted)
        if total == told:
            return flow
        delta = _plus(total, (-told[0], -told[1], -told[2], -told[3]))
        start = entry.updated // _MICRO if any(told) else flow.start
        last = max(flow.last, flow.last_update.last + 1)
        return msgspec.structs.replace(flow, last_update=_metric(delta, min(start, last), last, flow.metric.rtt))

    def _lasts(self, flow: Flow) -> float:
        if flow.finish:
            return self._policy.hold
        return self._policy.short.get(flow.application, self._policy.expire)

    def _begin(self, record: r.Record, packed: bytes) -> Flow:
        key = record.key
        parent = self._parents.get(key.parent, "") if key.parent else ""
        uuid = naming.uuid(packed, record.first, self._point.node, parent, self._point.capture)
        if key.carries:
            self._parents[r.parent_of(packed)] = uuid
        return describe(record, self._point, uuid, parent)

    def _count(self, entry: _Entry, record: r.Record, now: int) -> None:
        side = int(record.swapped)
        said = (record.packets[side], record.octets[side], record.packets[1 - side], record.octets[1 - side])
        if record.first > entry.first or any(new < old for new, old in zip(said, entry.counted, strict=True)):
            entry.base = _plus(entry.base, entry.counted)  # the engine had forgotten it
        entry.first, entry.last = record.first, record.last
        entry.counted = said
        total = _plus(entry.base, said)
        flow = entry.flow
        metric = _metric(total, flow.start, max(flow.last, record.last // _MICRO), record.rtt or flow.metric.rtt)
        last_update = flow.last_update
        if now - entry.updated >= self._policy.update * _SECOND:
            told = entry.told
            delta = _plus(total, (-told[0], -told[1], -told[2], -told[3]))
            last_update = _metric(delta, entry.updated // _MICRO, now // _MICRO, metric.rtt)
            entry.told, entry.updated = total, now
        entry.flow = msgspec.structs.replace(
            flow,
            metric=metric,
            last=metric.last,
            last_update=last_update,
            tcp=_tcp(record, flow.tcp),
            fragments=record.fragments,
            fragment_errors=record.fragment_errors,
            finish=_FINISH[record.finish] or flow.finish,
            **self._heard(entry, record),
        )

    def _heard(self, entry: _Entry, record: r.Record) -> dict[str, Any]:
        """What is new of a flow by its first octets."""
        heads = record.tail.heads if record.tail is not None else (b"", b"")
        lengths = len(heads[0]), len(heads[1])
        if lengths == entry.heard or lengths == (0, 0):
            return {}
        entry.heard = lengths
        said = said_by(record.key, heads)
        if not said.application:
            return {}
        found: dict[str, Any] = {"application": naming.application_said(record.key, said.application)}
        for name, layer, value in (
            ("asked_name", "", said.asked_name), ("dns", "DNS", said.dns), ("dhcp", "DHCPv4", said.dhcp),
            ("vrrp", "VRRP", said.vrrp),
        ):  # fmt: skip
            if value and (not layer or layer in self._policy.layers):
                found[name] = value
        return found


def _outermost_first(records: Iterable[r.Record]) -> list[tuple[bytes, r.Record]]:
    """With their packed keys: a flow names the tunnel that it is inside of, so that has to be known."""
    packed = [(record.key.pack(), record) for record in records]
    inside = {r.parent_of(key): record.key.parent for key, record in packed if record.key.carries}

    def depth(parent: int) -> int:
        found = 0
        while parent and found < DEEPEST:
            parent, found = inside.get(parent, 0), found + 1
        return found

    return sorted(packed, key=lambda each: depth(each[1].key.parent))


def describe(record: r.Record, point: Point, uuid: str, parent: str) -> Flow:
    """A flow as it begins, without counts: `a` is who spoke first."""
    key, side = record.key, int(record.swapped)
    first = record.first // _MICRO
    ends = (naming.address(key.address_a, key.family), naming.address(key.address_b, key.family))
    ports = (key.port_a, key.port_b)
    macs = (naming.mac(record.macs[side]), naming.mac(record.macs[1 - side]))
    kind = naming.transport(key)
    icmp = key.protocol in (1, 58)
    vlan = key.vlan << 12 | key.inner_vlan if key.inner_vlan else key.vlan
    return Flow(
        uuid=uuid,
        tracking_id=naming.tracking(key, link=key.family == r.LINK),
        l3_tracking_id=naming.tracking(key, link=False),
        layers_path=naming.layers_path(key),
        application=naming.application(key),
        start=first,
        last=first,
        metric=FlowMetric(start=first, last=first),
        link=None if key.raw else FlowLink(a=macs[0], b=macs[1], id=vlan),
        network=_network(key, ends[side], ends[1 - side]) if key.family != r.LINK else None,
        transport=FlowTransport(kind, ports[side], ports[1 - side]) if kind else None,
        icmp=FlowIcmp(key.icmp >> 8, key.icmp & 0xFF, key.port_a) if icmp else None,
        parent=parent,
        node=point.node,
        capture=point.capture,
        host=point.host,
        tunnel=r.TUNNELS[key.tunnel],
    )


def _network(key: r.Key, a: str, b: str) -> FlowNetwork:
    return FlowNetwork("IPV4" if key.family == r.IPV4 else "IPV6", a, b, key.tunnel_id)


def _tcp(record: r.Record, before: FlowTcp | None) -> FlowTcp | None:
    """What an engine knew before it forgot stays."""
    if record.key.protocol != 6:
        return None
    ab, ba = int(record.swapped), 1 - int(record.swapped)
    syn, fin, rst = ((each[ab] // _MICRO, each[ba] // _MICRO) for each in (record.syn, record.fin, record.rst))
    sides = [record.syn_ttl, record.out_of_order]
    if record.tail is not None:
        sides += record.tail[:-1]
    now = FlowTcp(*syn, *fin, *rst, *(pair[side] for pair in sides for side in (ab, ba)))
    if before is None:
        return now
    return FlowTcp(*(new or old for new, old in zip(astuple(now), astuple(before), strict=True)))


def _same(entry: _Entry, record: r.Record) -> bool:
    side = int(record.swapped)
    return entry.counted == (
        record.packets[side], record.octets[side], record.packets[1 - side], record.octets[1 - side],
    )  # fmt: skip


_Counts = tuple[int, int, int, int]
"""Packets and octets from a to b, then from b to a."""


def _plus(one: _Counts, other: _Counts) -> _Counts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _metric(counts: _Counts, start: int, last: int, rtt: int) -> FlowMetric:
    return FlowMetric(counts[0], counts[1], counts[2], counts[3], start, last, rtt)
