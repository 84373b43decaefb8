"""What leaves: IPFIX that our own receiver understands, figures whose number is bounded."""

from __future__ import annotations

import msgspec

from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.export.ipfix import Encoder
from calipso.flows.export.netflow import Listener
from calipso.flows.export.sequence import Sequences
from calipso.flows.export.told import ToldCounter
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow, FlowMetric
from calipso.runtime.exporting import APPLICATIONS, CAPTURES, OTHER, FlowFigures
from tests.support import packets as p

NOW = 1_700_000_000_000_000_000


def captured(count: int) -> list[Flow]:
    counter = Counter()
    for n in range(count):
        frame = p.ethernet(p.ipv4(p.udp(b"x" * n, 4000 + n, 53), 17), 0x0800)
        counter.frame(frame, len(frame), NOW + n)
    counter.frame(p.ethernet(b"\0" * 28, 0x0806), 42, NOW)
    counter.frame(p.ethernet(p.ipv6(p.udp(b"", 1, 2), 17), 0x86DD), 62, NOW)
    return FlowTable(Point("n", "c")).update(r.unpack(counter.records()), NOW)


def test_what_is_exported_is_what_our_receiver_takes_in() -> None:
    flows = captured(200)
    listener, taken, sequences = Listener(), ToldCounter(), Sequences()
    for message in Encoder(9).messages([(flow, flow.metric) for flow in flows], NOW // 10**9):
        assert len(message) <= 1400
        told = listener.parse(message, "e", NOW)
        sequences.take(told.domain, told.sequence, told.units)
        taken.take(told.flows, NOW)
    assert sequences.missing == 0
    back = FlowTable(Point("n", "c")).update(r.unpack(taken.records()), NOW)

    def said(flow: Flow) -> tuple[object, ...]:
        m = flow.metric
        return flow.application, flow.transport, m.ab_packets, m.ab_bytes, flow.network and flow.network.a, flow.link

    assert sorted(map(str, map(said, back))) == sorted(map(str, map(said, flows)))


def flow(capture: str, application: str, octets: int, uuid: str = "") -> Flow:
    return Flow(uuid=uuid or f"{capture} {application}", tracking_id="", l3_tracking_id="", layers_path="",
                start=1, last=2, application=application,
                metric=FlowMetric(1, octets), capture=capture)  # fmt: skip


def test_figures_count_what_is_new_of_each_flow() -> None:
    figures = FlowFigures()
    figures([flow("c", "DNS", 100)])
    figures([flow("c", "DNS", 150)])
    figures([flow("c", "DNS", 7, "another")])
    assert figures.totals() == ({("c", "DNS"): 2}, {("c", "DNS"): 157})


def test_figures_are_bounded_and_only_rise() -> None:
    figures = FlowFigures()
    figures([flow("c", f"app{n}", n) for n in range(100)])
    packets, octets = figures.totals()
    assert len(packets) == APPLICATIONS + 1 and packets["c", OTHER] == 100 - APPLICATIONS
    assert sum(octets.values()) == sum(range(100)) and ("c", "app99") in octets and ("c", "app0") not in octets
    figures([msgspec.structs.replace(each, metric=FlowMetric(2, 1000)) for each in [flow("c", "app0", 0)]])
    assert figures.totals()[1]["c", OTHER] == octets["c", OTHER] + 1000
    figures([flow(f"c{n}", "x", 1) for n in range(2 * CAPTURES)])
    assert len({capture for capture, _ in figures.totals()[0]}) == CAPTURES + 1
