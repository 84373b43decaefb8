"""A capture file as flows: the way of a live capture, with the file's own clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

import msgspec

from calipso.errors import ParseError
from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.pcap import read
from calipso.flows.table import FlowTable, Point, Policy
from calipso.model.flow import Flow

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


def flows_of(
    stream: BinaryIO, point: Point = Point(), *, l2_key: bool = False, most: int = 500_000,  # noqa: B008  (frozen)
    progress: Callable[[int], None] = lambda packets: None,
) -> Reading:  # fmt: skip
    """All flows of a pcap or pcapng file, by their beginning. Raises `ParseError` for what is no such file at all."""
    counter, damage, last = Counter(most, l2_key=l2_key), "", 0
    try:
        for packet in read(stream):
            counter.frame(packet.frame, packet.wire, packet.time, link=packet.link, ifindex=packet.interface)
            last = max(last, packet.time)
            if counter.received % _STEP == 0:
                progress(counter.received)
    except ParseError as error:
        if not counter.received:
            raise
        damage = error.message
    flows = FlowTable(point, Policy(update=float(1 << 40))).update(r.unpack(counter.records()), last)
    ordered = sorted(flows, key=lambda flow: flow.start)  # and tunnels before what they carry
    return Reading(ordered, counter.received, counter.octets, counter.unknown, counter.lost, damage)
