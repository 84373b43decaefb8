"""One conversation over all points where it was seen, in the order of its way. Times as in `model/flow.py`."""

from __future__ import annotations

from typing import Literal

import msgspec

Order = Literal["graph", "time"]


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One point. `a` is the end that began the conversation, at every hop.

    leg: part of the way between two routers, from 0: within one the link header is the same. layer: `bare`, else the
    tunnel that it is inside of, as `VXLAN 10010`. outer_a, outer_b: the tunnel's ends. network_a, network_b, port_a,
    port_b: as they are here, so that they change where addresses are translated; for ICMP the ports are the identifier.
    rtt: nanoseconds, 0 for not known. flows: uuids of what is counted here.
    """

    node: str
    host: str
    leg: int
    layer: str
    vni: int = 0
    outer_a: str = ""
    outer_b: str = ""
    link_a: str = ""
    link_b: str = ""
    network_a: str = ""
    network_b: str = ""
    port_a: int = 0
    port_b: int = 0
    ab_packets: int
    ab_bytes: int
    ba_packets: int
    ba_bytes: int
    start: int
    last: int
    rtt: int
    flows: list[str]


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """From one hop to the next.

    lost_ab, lost_ba: packets that were seen on one side and not on the other, negative for more than went in; absent
    where they cannot be compared, `loss_unknown` says why. delay: µs from first seen to first seen, absent where
    `delay_unknown` says why. round_trip: ns between the hops and back, from the round trips of both. Both may be
    negative by as much as stamps are inexact. between: ids on the shortest way in the graph, absent where it knows no
    way. not_captured: those of them that are devices. translated: id of the namespace that changes the addresses.
    """

    lost_ab: int | None = None
    lost_ba: int | None = None
    loss_unknown: str = ""
    delay: int | None = None
    round_trip: int | None = None
    delay_unknown: str = ""
    between: list[str] | None = None
    not_captured: list[str] = []
    routed: bool = False
    translated: str = ""


class FlowPath(msgspec.Struct, frozen=True, kw_only=True):
    """hops: in order from `a` to `b`, with a stage between each two. order: what they are ordered by.

    a_object, b_object: whose addresses the ends are. before, after: what is between them and the first and last hop.
    unplaced: hops that the graph does not connect with the others. notes: what is ambiguous or not known, in words.
    """

    tracking_ids: list[str]
    hops: list[Hop]
    stages: list[Stage]
    order: Order
    a_object: str = ""
    b_object: str = ""
    before: list[str] | None = None
    after: list[str] | None = None
    unplaced: list[Hop] = []
    notes: list[str] = []
