"""A capture file as flows: the way of a live capture, with the file's own clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Protocol

import msgspec

from calipso.errors import ParseError
from calipso.flows import record as r
from calipso.flows.decode import ETHERNET
from calipso.flows.pcap import read
from calipso.flows.table import FlowTable, Point, Policy
from calipso.model.flow import Flow

WHOLE = Policy(update=float(1 << 40))
"""Without deltas: a file is told at once."""
_STEP = 10_000
"""Packets between calls of `progress`."""


class Reading(msgspec.Struct, frozen=True):
    """What a file holds. `packets`, `octets`: read; `unknown`: without a whole link header, so part of no flow.

    `lost`: frames of conversations beyond the most that are counted. `damage`: where and why reading ended early.
    """

    flows: list[Flow]
    packets: int
    octets: int
    unknown: int
    lost: int
    damage: str = ""


class Table(Protocol):
    """Counts frames: `flows.count.Counter`, or the C core's."""

    def frame(
        self, frame: bytes, wire: int, time: int, *, link: int = ETHERNET, ifindex: int = 0, vlan: int = 0
    ) -> object: ...

    def counts(self) -> tuple[int, int, int, int]: ...

    def settle(self) -> None: ...

    def records(self) -> bytes: ...


def flows_of(
    stream: BinaryIO, table: Table, point: Point = Point(), policy: Policy = WHOLE, *,  # noqa: B008  (frozen)
    progress: Callable[[int], None] = lambda packets: None,
) -> Reading:  # fmt: skip
    """All flows of a pcap or pcapng file, by their beginning. Raises `ParseError` for what is no such file at all."""
    damage, count = "", 0
    try:
        for packet in read(stream):
            table.frame(packet.frame, packet.wire, packet.time, link=packet.link, ifindex=packet.interface)
            count += 1
            if count % _STEP == 0:
                progress(count)
    except ParseError as error:
        if not count:
            raise
        damage = error.message
    return reading(table, point, damage, policy)


def reading(table: Table, point: Point, damage: str, policy: Policy = WHOLE) -> Reading:
    """What a table counted of a file, as flows."""
    table.settle()
    records = list(r.unpack(table.records()))
    last = max((record.last for record in records), default=0)
    flows = FlowTable(point, policy).update(records, last)
    ordered = sorted(flows, key=lambda flow: flow.start)  # and tunnels before what they carry
    received, octets, lost, unknown = table.counts()
    return Reading(ordered, received, octets, unknown, lost, damage)
