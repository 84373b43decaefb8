"""Conversations as flows: who spoke first, round trips, ends, deltas, what an engine forgot."""

from __future__ import annotations

from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.table import FlowTable, Point, Policy
from calipso.model.flow import Flow
from tests.support import packets as p

S = 1_000_000_000
A, B = "192.0.2.9", "192.0.2.1"
"""Who asks has the greater address: its side is not the first of the key."""


def tcp(flags: int, *, back: bool = False, payload: bytes = b"", sequence: int = 0, ttl: int = 64) -> bytes:
    ends, ports = ((B, A), (80, 5000)) if back else ((A, B), (5000, 80))
    macs = (p.MAC_B, p.MAC_A) if back else (p.MAC_A, p.MAC_B)
    return p.ethernet(p.ipv4(p.tcp(payload, *ports, flags, sequence), 6, *ends, ttl=ttl), 0x0800, *macs)


def table(frames: list[tuple[int, bytes]], now: int = 10 * S) -> list[Flow]:
    counter = Counter()
    for time, frame in frames:
        counter.frame(frame, len(frame), time)
    return FlowTable(Point("n1", "c1", "h1")).update(r.unpack(counter.records()), now)


def test_a_connection_from_its_first_frame_to_its_last() -> None:
    frames = [
        (1 * S, tcp(2, ttl=61)), (1 * S + 3000, tcp(18, back=True)), (2 * S, tcp(16, payload=b"get", sequence=1)),
        (3 * S, tcp(16, back=True, payload=b"x" * 100, sequence=1)), (4 * S, tcp(17, sequence=4)),
        (5 * S, tcp(17, back=True, sequence=101)),
    ]  # fmt: skip
    (flow,) = table(frames)
    assert flow.link is not None and flow.network is not None and flow.transport is not None and flow.tcp is not None
    assert (flow.link.a, flow.network.a, flow.transport.a, flow.transport.b) == (p.MAC_A, A, 5000, 80)
    assert (flow.metric.ab_packets, flow.metric.ba_packets) == (3, 3)
    assert (flow.metric.ab_bytes, flow.metric.ba_bytes) == (54 * 3 + 3, 54 * 3 + 100)
    assert (flow.metric.rtt, flow.finish, flow.application) == (3000, "tcp_fin", "HTTP")
    assert (flow.start, flow.last, flow.tcp.ab_syn_ttl, flow.tcp.ab_fin) == (1_000_000, 5_000_000, 61, 4_000_000)


def test_a_refused_connection_tells_how_long_the_refusal_took() -> None:
    (flow,) = table([(1 * S, tcp(2)), (1 * S + 500, tcp(20, back=True))])
    assert (flow.finish, flow.metric.rtt) == ("tcp_rst", 500)


def test_late_segments_are_counted() -> None:
    frames = [(1 * S, tcp(16, payload=b"aaa", sequence=n)) for n in (0, 6, 3, 9)]
    (flow,) = table(frames)
    assert flow.tcp is not None and (flow.tcp.ab_out_of_order, flow.tcp.ba_out_of_order) == (1, 0)


def test_sequence_numbers_that_wrap_are_in_order() -> None:
    start = (1 << 32) - 3
    (flow,) = table([(1 * S, tcp(16, payload=b"aaa", sequence=start)), (1 * S, tcp(16, payload=b"b", sequence=0))])
    assert flow.tcp is not None and flow.tcp.ab_out_of_order == 0


def test_a_ping_is_one_flow_with_its_round_trip() -> None:
    ask = p.ethernet(p.ipv4(p.echo(8, 77, 1), 1, A, B), 0x0800)
    answer = p.ethernet(p.ipv4(p.echo(0, 77, 1), 1, B, A), 0x0800, p.MAC_B, p.MAC_A)
    (flow,) = table([(S, ask), (S + 42_000, answer)])
    assert flow.icmp is not None and (flow.icmp.type, flow.icmp.id, flow.metric.rtt) == (8, 77, 42_000)
    assert (flow.metric.ab_packets, flow.metric.ba_packets, flow.application) == (1, 1, "ICMPv4")


def test_what_a_tunnel_carries_names_it_and_keeps_its_tracking_id() -> None:
    inner = p.ethernet(p.ipv4(p.udp(b"q", 4000, 53), 17, A, B), 0x0800)
    bare, (outside, inside) = table([(S, inner)])[0], table([(S, p.ethernet(p.ipv4(p.vxlan(inner, 5), 17), 0x0800))])
    assert (inside.parent, inside.tunnel, outside.parent) == (outside.uuid, "VXLAN", "")
    assert inside.network is not None and inside.network.id == 5
    assert inside.l3_tracking_id == bare.l3_tracking_id == inside.tracking_id and inside.uuid != bare.uuid
    assert (inside.node, inside.capture, inside.host) == ("n1", "c1", "h1")


def test_deltas_come_by_the_update_period_and_add_up() -> None:
    flows = FlowTable(Point("n"), Policy(update=60))
    counter = Counter()
    told = []
    for minute in range(1, 4):
        for _ in range(minute):
            counter.frame(frame := tcp(16), len(frame), minute * 60 * S)
        told += flows.update(r.unpack(counter.records()), minute * 60 * S)
    assert [each.last_update.ab_packets for each in told] == [0, 2 + 1, 3]
    assert told[-1].metric.ab_packets == 6


def test_an_engine_that_forgets_loses_no_count() -> None:
    flows = FlowTable(Point("n"))
    for second in (1, 2, 3):
        counter = Counter()  # begins at nothing, as after an eviction
        for _ in range(4 - second):
            counter.frame(frame := tcp(16), len(frame), second * S)
        (flow,) = flows.update(r.unpack(counter.records()), second * S)
    assert flow.metric.ab_packets == 3 + 2 + 1


def test_what_an_engine_forgot_is_known_by_its_beginning_and_keeps_its_sides() -> None:
    flows = FlowTable(Point("n"))
    for second, back in ((1, False), (2, True), (3, True)):
        counter = Counter()
        for _ in range(second):  # more than the time before
            counter.frame(frame := tcp(16, back=back), len(frame), second * S)
        (flow,) = flows.update(r.unpack(counter.records()), second * S)
    assert (flow.metric.ab_packets, flow.metric.ba_packets, flow.network and flow.network.a) == (1, 2 + 3, A)


def test_a_flow_that_is_over_does_not_begin_again_until_it_goes_on() -> None:
    counter, flows = Counter(), FlowTable(Point("n"), Policy(expire=5))
    counter.frame(frame := tcp(16), len(frame), S)
    flows.update(r.unpack(counter.records()), S)
    assert len(flows.expire(10 * S)) == 1
    for second in (10, 11):
        assert flows.update(r.unpack(counter.records()), second * S) == []
    counter.frame(frame, len(frame), 12 * S)
    (flow,) = flows.update(r.unpack(counter.records()), 12 * S)
    assert flow.finish == ""


def test_nothing_new_is_no_change() -> None:
    counter, flows = Counter(), FlowTable(Point("n"))
    counter.frame(frame := tcp(16), len(frame), S)
    assert len(flows.update(r.unpack(counter.records()), S)) == 1
    assert flows.update(r.unpack(counter.records()), 2 * S) == []


def test_flows_end_by_silence_sooner_when_closed_or_short() -> None:
    flows = FlowTable(Point("n"), Policy(expire=600, hold=15, short={"DNS": 10}))
    counter = Counter()
    dns = p.ethernet(p.ipv4(p.udp(b"q", 4000, 53), 17), 0x0800)
    other = p.ethernet(p.ipv4(p.udp(b"q", 4000, 5353), 17), 0x0800)
    for frame in (dns, other, tcp(17), tcp(17, back=True)):
        counter.frame(frame, len(frame), S)
    flows.update(r.unpack(counter.records()), S)
    assert flows.expire(10 * S) == []
    assert [each.application for each in flows.expire(12 * S)] == ["DNS"]
    assert [each.finish for each in flows.expire(17 * S)] == ["tcp_fin"]
    assert [each.finish for each in flows.expire(602 * S)] == ["timeout"]
    assert len(flows) == 0


def test_a_full_table_says_what_it_lost() -> None:
    counter = Counter(most=2)
    for port in range(5):
        frame = p.ethernet(p.ipv4(p.udp(b"", 9, 100 + port), 17), 0x0800)
        counter.frame(frame, len(frame), S)
    assert (counter.received, counter.lost, len(counter)) == (5, 3, 2)


def test_two_captures_of_a_device_have_flows_of_their_own() -> None:
    """The kernel stamps a packet once: both saw the conversation begin in the same nanosecond."""
    counter = Counter()
    counter.frame(tcp(2), len(tcp(2)), S)
    records = list(r.unpack(counter.records()))
    (one,), (other,) = (FlowTable(Point("n1", each, "h1")).update(records, S) for each in ("c1", "c2"))
    assert one.tracking_id == other.tracking_id and one.uuid != other.uuid
