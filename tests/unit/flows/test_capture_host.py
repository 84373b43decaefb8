"""The half of captures that runs where packets are: what is ordered is open, and nothing else."""

from __future__ import annotations

import time

import msgspec
import pytest

from calipso.errors import TransportError, Unreachable
from calipso.flows import record as r
from calipso.runtime import capture_host
from calipso.runtime.capture_budgets import Budgets
from calipso.runtime.capture_host import CaptureHost
from calipso.runtime.orders import Order
from calipso.seams import CaptureOptions, CapturePoint
from tests.support.counting import Counting

POINT = CapturePoint(device="eth0", node="h1/dev:eth0", host="h1")
ORDER = Order(capture="c", point=POINT, type="veth")


def states(host: CaptureHost) -> dict[str, tuple[str, str]]:
    return {report.capture: (report.state.state, report.state.reason) for report in host.reports()}


def test_what_is_ordered_is_open_and_told_of_until_it_is_not() -> None:
    engine = Counting()
    host = CaptureHost([engine])
    assert not host.busy
    host.want([ORDER])
    assert states(host) == {"c": ("waiting", "")}
    (flow,) = host.turn()
    assert (flow.node, flow.capture, flow.host, flow.metric.ab_packets) == (POINT.node, "c", "h1", 1)
    assert states(host) == {"c": ("active", "")} and host.reports()[0].state.counts.received == 1
    host.want([ORDER, msgspec.structs.replace(ORDER, capture="d")])
    host.turn()
    assert [each.open for each in engine.made] == [True, True]
    host.want([msgspec.structs.replace(ORDER, capture="d")])
    told = [(flow.capture, flow.finish, flow.metric.ab_packets) for flow in host.turn()]
    assert told == [("c", "timeout", 3), ("d", "", 2)], "what was counted at last is told, and that it is the last"
    assert [each.open for each in engine.made] == [False, True]
    assert [(flow.capture, flow.finish) for flow in host.close()] == [("d", "timeout")]
    assert not any(each.open for each in engine.made) and not host.busy


def test_a_point_that_moved_is_opened_anew_and_one_with_another_end_is_not() -> None:
    engine = Counting()
    host = CaptureHost([engine])
    host.want([ORDER])
    host.turn()
    host.want([msgspec.structs.replace(ORDER, until=time.time_ns() // 1000 + 60_000_000)])
    host.turn()
    assert len(engine.made) == 1
    host.want([msgspec.structs.replace(ORDER, point=msgspec.structs.replace(POINT, netns="/run/netns/other"))])
    host.turn()
    assert [each.open for each in engine.made] == [False, True]


def test_its_end_holds_without_anybody_saying_so() -> None:
    engine = Counting()
    host = CaptureHost([engine])
    host.want([ORDER])
    host.turn()
    host.want([msgspec.structs.replace(ORDER, until=1)])
    assert [flow.capture for flow in host.turn()] == ["c"]
    assert states(host) == {"c": ("ended", "its time is over")} and not engine.made[0].open
    assert host.reports()[0].state.counts.received == 2, "what it counted stays known"
    assert host.turn() == [] and len(engine.made) == 1
    host.want([])
    host.turn()
    assert states(host) == {}


def test_more_packets_than_the_budget_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_host, "MEASURED", 0.0)
    engine = Counting()
    host = CaptureHost([engine])
    host.want([msgspec.structs.replace(ORDER, options=CaptureOptions(packets_per_second=1))])
    host.turn()
    engine.made[0].packets_seen = 1_000_000
    host.turn()
    host.turn()
    state, reason = states(host)["c"]
    assert state == "ended" and "1 packets a second" in reason and not engine.made[0].open
    host.turn()
    assert len(engine.made) == 1


def test_packets_at_all_points_end_a_capture_and_another_of_its_name_begins() -> None:
    engine = Counting()
    host = CaptureHost([engine], budgets=Budgets())
    other = msgspec.structs.replace(POINT, node="h1/dev:eth1")
    orders = [msgspec.structs.replace(ORDER, packets=100, made=1, point=point) for point in (POINT, other)]
    host.want(orders)
    host.turn()
    for each in engine.made:
        each.packets_seen = 60
    host.turn()
    host.turn()
    assert {report.state.reason for report in host.reports()} == {"122 packets were seen, 100 are its budget"}
    assert {report.state.state for report in host.reports()} == {"ended"} and not any(e.open for e in engine.made)
    host.want([*orders, msgspec.structs.replace(orders[0], point=msgspec.structs.replace(POINT, node="h1/dev:new"))])
    host.turn()
    assert len(engine.made) == 2, "nothing begins of a capture that has ended"
    host.want([msgspec.structs.replace(order, made=2) for order in orders])
    host.turn()
    assert {report.state.state for report in host.reports()} == {"active"}


def test_what_cannot_be_opened_says_why_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Counting(Unreachable("eth0: No such device"))
    host = CaptureHost([engine])
    host.want([ORDER])
    assert host.turn() == [] and states(host) == {"c": ("failed", "eth0: No such device")}
    engine.refuses = None
    assert host.turn() == [], "not at once"
    monkeypatch.setattr(capture_host, "AGAIN", 0.0)
    host.want([])
    host.turn()
    host.want([ORDER])
    assert len(host.turn()) == 1
    engine.made[0].fails = TransportError("eth0 is gone")
    assert [flow.finish for flow in host.turn()] == ["timeout"] and states(host) == {"c": ("failed", "eth0 is gone")}
    assert host.reports()[0].state.counts.received == 1, "what it counted stays known"
    assert len(host.turn()) == 1 and len(engine.made) == 2
    assert states(host) == {"c": ("active", "")}


def test_an_engine_that_cannot_be_used_is_named() -> None:
    host = CaptureHost([Counting(reason="it needs CAP_NET_RAW")])
    host.want([ORDER, msgspec.structs.replace(ORDER, capture="d", type="host"),
               msgspec.structs.replace(ORDER, capture="e", engine="magic")])  # fmt: skip
    host.turn()
    assert states(host)["c"] == ("failed", "engine: counting: it needs CAP_NET_RAW")
    assert states(host)["d"] == ("failed", "engine: no engine captures on a host with these options")
    assert states(host)["e"] == ("failed", "engine: no engine 'magic'")


def test_the_records_of_the_stand_in_are_records() -> None:
    assert len(Counting().open(POINT, CaptureOptions()).read()[0]) == r.SIZE


def test_an_engine_that_was_named_captures_on_its_own_kind_of_objects() -> None:
    host = CaptureHost([Counting()])
    host.want([msgspec.structs.replace(ORDER, engine="counting", type="ovsbridge")])
    assert host.turn() == []
    assert states(host) == {"c": ("failed", "counting captures on veth, not on a ovsbridge")}
