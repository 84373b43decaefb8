"""sFlow, NetFlow and IPFIX: what exporters tell becomes conversations, packet by packet and octet by octet."""

from __future__ import annotations

import pytest

from calipso.captures.listening import Datagram
from calipso.captures.netflow import NetFlowCapture
from calipso.errors import ParseError
from calipso.flows import record as r
from calipso.flows.export import sflow
from calipso.flows.export.netflow import Listener
from calipso.flows.export.once import Once
from calipso.flows.export.sequence import Sequences
from calipso.flows.export.told import ToldCounter, ToldFlow
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow
from calipso.seams import CaptureCounts, CaptureOptions
from tests.support import exporters as x

A, B = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"
NOW = 1_000_000_000_000


def n(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "big")


def flows(counter: ToldCounter) -> list[Flow]:
    return FlowTable(Point("n")).update(r.unpack(counter.records()), NOW)


def told(*datagrams: bytes) -> list[Flow]:
    listener, counter = Listener(), ToldCounter()
    for each in datagrams:
        counter.take(listener.parse(each, "192.0.2.1", NOW).flows, NOW)
    return flows(counter)


def test_sampled_packets_carry_their_rate_and_length_on_the_wire() -> None:
    frame = bytes(range(14)) + b"\x45" + b"\0" * 49
    said = sflow.parse(
        x.sflow(9, x.packet_sample(5, frame, rate=256, wire=1500, drops=2), x.counter_sample(1, 3, 70, 80))
    )
    assert (said.agent, said.sequence, said.unknown) == ("10.0.0.1", 9, 0)
    (packet,) = said.packets
    assert (packet.frame, packet.wire, packet.rate, packet.drops, packet.input) == (frame, 1500, 256, 2, 3)
    (counters,) = said.counters
    assert (counters.interface.index, counters.interface.in_octets, counters.interface.out_octets) == (3, 70, 80)


def test_samples_of_unknown_kinds_are_stepped_over_and_counted() -> None:
    vendor = x.word(0x1234001, 8) + b"whatever"
    said = sflow.parse(x.sflow(1, vendor, x.packet_sample(1, b"\0" * 20)))
    assert said.unknown == 1 and len(said.packets) == 1


def test_a_damaged_datagram_is_told() -> None:
    whole = x.sflow(1, x.packet_sample(1, b"\0" * 64))
    for cut in (0, 3, 20, 40, len(whole) - 1):
        with pytest.raises(ParseError):
            sflow.parse(whole[:cut])


def test_both_directions_of_version_5_are_one_conversation() -> None:
    there = x.flow_5(A, B, (4000, 53), 3, 300, times=(50_000, 55_000))
    back = x.flow_5(B, A, (53, 4000), 2, 500, times=(50_001, 55_001))
    (flow,) = told(x.netflow_5(1, there, back), x.netflow_5(3, there))
    assert flow.network is not None and (flow.network.a, flow.network.b) == ("10.0.0.1", "10.0.0.2")
    assert flow.transport is not None and (flow.transport.a, flow.transport.b) == (4000, 53)
    m = flow.metric
    assert (m.ab_packets, m.ab_bytes, m.ba_packets, m.ba_bytes) == (6, 600, 2, 500)
    assert flow.start == 990 * 1_000_000 and flow.last == 995_001_000


def test_request_and_reply_of_icmp_are_one_conversation() -> None:
    ask = x.flow_5(A, B, (0, 8 << 8), 5, 420, protocol=1)
    answer = x.flow_5(B, A, (0, 0), 5, 420, protocol=1)
    (flow,) = told(x.netflow_5(1, ask, answer))
    assert flow.icmp is not None and flow.icmp.type == 8 and flow.application == "ICMPv4"
    assert (flow.metric.ab_packets, flow.metric.ba_packets) == (5, 5)


FIELDS = [(8, A), (12, B), (4, n(6, 1)), (7, n(1000, 2)), (11, n(443, 2)), (2, n(4)), (1, n(4000))]


@pytest.mark.parametrize("version", [9, 10])
def test_records_are_read_by_their_template(version: int) -> None:
    more = [*FIELDS, (22, n(10_000)), (21, n(20_000))]
    flow, = told(x.datagram(version, 1, x.template(300, more, version), x.data(300, more)))  # fmt: skip
    assert flow.application == "HTTPS" and flow.metric.ab_bytes == 4000
    if version == 9:
        assert (flow.start, flow.last) == (950_000_000, 960_000_000)


@pytest.mark.parametrize("version", [9, 10])
def test_what_comes_before_its_template_is_counted(version: int) -> None:
    listener = Listener()
    early = listener.parse(x.datagram(version, 1, x.data(300, FIELDS)), "192.0.2.1", NOW)
    assert (early.flows, early.unknown) == ([], 1)
    listener.parse(x.datagram(version, 2, x.template(300, FIELDS, version)), "192.0.2.1", NOW)
    assert len(listener.parse(x.datagram(version, 2, x.data(300, FIELDS, FIELDS)), "192.0.2.1", NOW).flows) == 2
    assert listener.parse(x.datagram(version, 2, x.data(300, FIELDS)), "192.0.2.9", NOW).unknown == 1


@pytest.mark.parametrize("version", [9, 10])
def test_options_tell_the_sampling(version: int) -> None:
    listener = Listener()
    scope, said = [(1 if version == 9 else 149, n(7))], [(34, n(512)), (35, n(2, 1))]
    sent = x.datagram(version, 1, x.options(400, scope, said, version), x.data(400, [*scope, *said]))
    assert listener.parse(sent, "192.0.2.1", NOW).sampled == 512


def test_fields_of_variable_length_and_both_directions_in_one_record() -> None:
    fields = [*FIELDS, (96, x.variable(b"tls")), (2, n(7), 29305), (1, n(9000), 29305)]
    name = b"a long name of an application" * 20
    other = [*FIELDS, (96, x.variable(name)), (2, n(1), 29305), (1, n(1), 29305)]
    (flow,) = told(x.datagram(10, 1, x.template(300, fields, 10), x.data(300, fields, other)))
    m = flow.metric
    assert (m.ab_packets, m.ab_bytes, m.ba_packets, m.ba_bytes) == (8, 8000, 8, 9001)


def test_initiator_and_responder_are_both_directions() -> None:
    fields = [*FIELDS[:5], (298, n(3)), (231, n(300)), (299, n(2)), (232, n(900))]
    (flow,) = told(x.datagram(9, 1, x.template(300, fields, 9), x.data(300, fields)))
    m = flow.metric
    assert (m.ab_packets, m.ab_bytes, m.ba_packets, m.ba_bytes) == (3, 300, 2, 900)


def test_counts_since_the_beginning_are_not_added_up() -> None:
    def sent(count: int) -> list[tuple[int, bytes]]:
        return [*FIELDS[:5], (86, n(count, 8)), (85, n(count * 100, 8)), (152, n(999_000, 8)), (153, n(999_500, 8))]

    first = x.datagram(10, 1, x.template(300, sent(5), 10), x.data(300, sent(5)))
    (flow,) = told(first, x.datagram(10, 2, x.data(300, sent(8))))
    assert (flow.metric.ab_packets, flow.metric.ab_bytes) == (8, 800)


def test_without_network_layer_the_ends_are_macs() -> None:
    fields = [(56, b"\x02\0\0\0\0\x01"), (80, b"\x02\0\0\0\0\x02"), (256, n(0x0806, 2)), (2, n(1, 8)), (1, n(28, 8))]
    (flow,) = told(x.datagram(10, 1, x.template(300, fields, 10), x.data(300, fields)))
    assert flow.application == "ARP" and flow.link is not None and flow.link.a == "02:00:00:00:00:01"


def test_a_withdrawn_template_is_forgotten() -> None:
    listener = Listener()
    listener.parse(x.datagram(10, 1, x.template(300, FIELDS, 10), x.template(300, [], 10)), "e", NOW)
    assert listener.parse(x.datagram(10, 1, x.data(300, FIELDS)), "e", NOW).unknown == 1


def test_a_clock_that_is_off_does_not_end_flows() -> None:
    counter = ToldCounter()
    counter.take(Listener().parse(x.netflow_5(1, x.flow_5(A, B, (1, 2), 1, 1)), "e", NOW).flows, NOW * 5)
    (flow,) = flows(counter)
    assert flow.last * 1000 == NOW * 5 and flow.last - flow.start == 5_000_000


def test_what_does_not_fit_is_counted_as_lost() -> None:
    counter = ToldCounter(1)
    said = x.netflow_5(1, x.flow_5(A, B, (1, 2), 4, 1), x.flow_5(A, B, (1, 3), 6, 1))
    counter.take(Listener().parse(said, "e", NOW).flows, NOW)
    assert (counter.received, counter.lost, len(counter)) == (10, 6, 1)
    assert counter.forget(NOW + 1) == 1 and len(counter) == 0


def test_gaps_in_sequence_numbers_are_missing_until_they_come_late() -> None:
    seen = Sequences()
    for number in (0xFFFFFFFE, 0xFFFFFFFF, 0, 3, 4):
        seen.take("e", number)
    assert seen.missing == 2
    seen.take("e", 2)
    assert seen.missing == 1
    seen.take("other", 77)
    seen.take("e", 5)
    seen.take("e", 500_000_000)  # it began anew
    seen.take("e", 500_000_001, 10)
    seen.take("e", 500_000_012)
    assert seen.missing == 2


class Handed:
    """A receiver that hands over what it was given, once."""

    port, lost, dropped = 4739, 0, 0

    def __init__(self, *datagrams: bytes) -> None:
        self._waiting = [Datagram(each, "192.0.2.1", NOW) for each in datagrams]

    def take(self) -> list[Datagram]:
        taken, self._waiting = self._waiting, []
        return taken


def counted(*places: tuple[int, int], once: bool) -> CaptureCounts:
    """What a capture makes of records of packets that came in (0) or went out (1), by a port."""
    records: list[x.Fields] = [[*FIELDS, (61, n(way, 1)), (14, n(port))] for way, port in places]
    sent = x.datagram(10, 1, x.template(300, records[0], 10), *(x.data(300, each) for each in records))
    capture = NetFlowCapture(Handed(sent), CaptureOptions(), once=once)  # type: ignore[arg-type]
    return capture.read()[1]


def test_packets_that_are_told_as_they_come_and_as_they_go_count_once() -> None:
    flooded = ((1, 7), (0, 0), (1, 8), (1, 9))
    assert counted(*flooded, once=True) == CaptureCounts(received=4)
    assert counted(*flooded, once=False) == CaptureCounts(received=16)
    assert counted((1, 7), (1, 7), once=True) == CaptureCounts(received=8), "what is told only as it goes"
    assert counted((0, 0), (1, 7), (0, 0), (1, 7), (1, 7), once=True) == CaptureCounts(received=12)


def test_of_conversations_that_there_is_no_room_for_all_is_told() -> None:
    flow = ToldFlow(A, B, r.IPV4, 17, 1, 2, 5, 500, NOW, NOW)
    other, gone = flow._replace(source_port=9), flow._replace(place=3)
    once = Once(1)
    assert [each.packets for each in once.take([flow, gone, other, other._replace(place=3)], NOW)] == [5, 5, 5]
    once.forget(NOW + 1)
    assert [each.source_port for each in once.take([other, other._replace(place=3)], NOW)] == [9]
