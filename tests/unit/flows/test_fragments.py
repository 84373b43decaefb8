"""Fragments are counted to the conversation of their first one: in order, before it, without it, several at once."""

from __future__ import annotations

import struct

from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.fragments import LIMIT, WAYS
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow
from tests.support import packets as p

S = 1_000_000_000
BODY = p.udp(b"x" * 3000, 40000, 53)


def pieces(body: bytes, ident: int, a: str = "10.0.0.1", b: str = "10.0.0.2", size: int = 1480) -> list[bytes]:
    return [
        p.ethernet(p.ipv4(body[at : at + size], 17, a, b, offset=at, more=at + size < len(body), ident=ident), 0x0800)
        for at in range(0, len(body), size)
    ]


def pieces6(body: bytes, ident: int, size: int = 1440) -> list[bytes]:
    out = []
    for at in range(0, len(body), size):
        head = struct.pack("!BBHI", 17, 0, at | (at + size < len(body)), ident)
        out.append(p.ethernet(p.ipv6(head + body[at : at + size], 44), 0x86DD))
    return out


def counted(frames: list[tuple[int, bytes]], *, sets: int = 1024) -> Counter:
    counter = Counter(fragments=sets)
    for time, frame in frames:
        counter.frame(frame, len(frame), time)
    return counter


def flows(counter: Counter) -> list[Flow]:
    return FlowTable(Point()).update(r.unpack(counter.records()), 100 * S)


def test_all_fragments_in_whatever_order_are_of_one_flow() -> None:
    for made in (pieces(BODY, 1), pieces6(BODY, 1)):
        for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)):
            (flow,) = flows(counted([(n, made[at]) for n, at in enumerate(order, 5000)]))
            assert flow.transport is not None and {flow.transport.a, flow.transport.b} == {40000, 53}
            assert (flow.metric.ab_packets, flow.metric.ab_bytes) == (3, sum(map(len, made)))
            assert (flow.fragments, flow.fragment_errors, flow.metric.ba_packets) == (3, 0, 0)
            assert (flow.start, flow.last) == (5, 5)


def test_a_datagram_that_stays_incomplete_is_counted_and_is_an_error() -> None:
    made = pieces(BODY, 1)
    counter = counted([(1 * S, made[0]), (1 * S, made[2])])
    counter.settle()
    (flow,) = flows(counter)
    assert (flow.metric.ab_packets, flow.fragments, flow.fragment_errors) == (2, 2, 1)


def test_fragments_whose_first_never_comes_are_counted_by_their_addresses() -> None:
    made = pieces(BODY, 1)
    counter = counted([(1 * S, made[1]), (2 * S, made[2])])
    assert flows(counter) == []
    counter.settle(1 * S)
    assert flows(counter) == []
    counter.settle(1 * S + 1)
    (flow,) = flows(counter)
    assert flow.transport is not None and (flow.transport.a, flow.transport.b) == (0, 0)
    assert (flow.metric.ab_packets, flow.metric.ab_bytes) == (2, len(made[1]) + len(made[2]))
    assert (flow.fragments, flow.fragment_errors, flow.start, flow.last) == (2, 1, 1_000_000, 2_000_000)


def test_an_identification_that_is_used_again_is_another_datagram() -> None:
    one, two = pieces(BODY, 1), pieces(p.udp(b"y" * 3000, 40001, 53), 1)
    later = LIMIT + 2
    found = flows(counted([(1, one[0]), (later, two[0]), (later, two[1]), (later, two[2])]))
    assert sorted((flow.metric.ab_packets, flow.fragment_errors) for flow in found) == [(1, 1), (3, 0)]


def test_a_full_table_gives_up_the_oldest() -> None:
    first = [(n, pieces(BODY, n)[0]) for n in range(WAYS + 1)]
    (flow,) = flows(counted(first, sets=1))
    assert (flow.metric.ab_packets, flow.fragment_errors) == (WAYS + 1, 1)


def test_both_ways_and_tunnels_are_told_apart() -> None:
    inner = pieces(BODY, 1)
    wrapped = [p.ethernet(p.ipv4(p.vxlan(each, vni), 17), 0x0800) for vni in (5, 6) for each in inner]
    back = pieces(p.udp(b"z" * 3000, 53, 40000), 1, "10.0.0.2", "10.0.0.1")
    found = flows(counted([(1, frame) for frame in (*inner, *reversed(back), *wrapped[:2], *wrapped[4:])]))
    plain = [flow for flow in found if not flow.tunnel and flow.application == "DNS"]
    assert [(flow.metric.ab_packets, flow.metric.ba_packets, flow.fragments) for flow in plain] == [(3, 3, 6)]
    inside = {flow.network.id: flow.metric.ab_packets for flow in found if flow.tunnel and flow.network}
    assert inside == {5: 2}, "those of the other tunnel wait for their first"


def test_without_the_option_later_fragments_are_a_conversation_without_ports() -> None:
    assert len(flows(counted([(1, each) for each in pieces(BODY, 1)], sets=0))) == 2
