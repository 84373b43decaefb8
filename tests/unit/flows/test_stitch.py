"""Flows of one conversation as a chain: order, turned points, loss, delay, NAT, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from calipso.flows.places import Places
from calipso.flows.stitch import stitch
from calipso.flows.translation import Conversation, Translation
from calipso.model.flow import Flow, FlowMetric
from calipso.model.flowpath import FlowPath
from tests.support.estate import scratch
from tests.support.walked import ROUTER, WAY, A, B, graph, ping, turned

ONE_CLOCK = {"h1": "here", "h2": "here"}
MASQUERADE = Translation("h1/netns:router", Conversation(1, A, B, 9, 9), Conversation(1, ROUTER, B, 9, 9))


def chain(
    flows: Sequence[Flow], tunnels: Mapping[str, Flow], clocks: Mapping[str, str] = ONE_CLOCK,
    translations: Sequence[Translation] = (),
) -> FlowPath:  # fmt: skip
    return stitch(flows, tunnels, Places(graph()), clocks=clocks, translations=translations)


def changed(flow: Flow, **metric: Any) -> Flow:
    return msgspec.structs.replace(flow, metric=msgspec.structs.replace(flow.metric, **metric))


def test_the_whole_way_in_order() -> None:
    found = chain(*ping())
    assert [hop.node for hop in found.hops] == WAY and (found.order, found.notes, found.unplaced) == ("graph", [], [])
    assert [hop.layer for hop in found.hops] == ["bare"] * 7 + ["VXLAN 20"] * 2 + ["bare"] * 3
    assert [hop.leg for hop in found.hops] == [0] * 4 + [1] * 8
    assert [stage.delay for stage in found.stages] == [10] * 11
    assert [stage.round_trip for stage in found.stages] == [20_000] * 11
    assert found.stages[1].not_captured == ["h1/dev:br10"]
    assert found.stages[7].between is None, "the graph does not know what is between the hosts"
    assert [n for n, stage in enumerate(found.stages) if stage.routed] == [3]


def test_a_point_that_saw_an_answer_first_is_turned() -> None:
    flows, tunnels = ping()
    flows = [changed(flow, ab_packets=9, ba_packets=7) for flow in flows]
    found = chain([turned(flow) if n in (2, 8) else flow for n, flow in enumerate(flows)], tunnels)
    assert [hop.node for hop in found.hops] == WAY
    assert {(hop.ab_packets, hop.ba_packets, hop.network_a) for hop in found.hops} == {(9, 7, A)}


def test_loss_is_told_where_it_happens_and_for_each_direction() -> None:
    flows, tunnels = ping()
    lossy = [changed(flow, ab_packets=4 if n > 5 else 5, ba_packets=3 if n < 9 else 4) for n, flow in enumerate(flows)]
    stages = chain(lossy, tunnels).stages
    assert [(n, s.lost_ab, s.lost_ba) for n, s in enumerate(stages) if s.lost_ab or s.lost_ba] == [(5, 1, 0), (8, 0, 1)]


def test_counts_that_did_not_begin_together_are_not_compared() -> None:
    flows, tunnels = ping()
    later = msgspec.structs.replace(flows[4], start=9_000_000, last=9_500_000)
    stage = chain([*flows[:4], later], tunnels).stages[3]
    assert (stage.lost_ab, stage.delay, stage.round_trip) == (None, None, 20_000)
    assert "together" in stage.loss_unknown and "together" in stage.delay_unknown


def test_different_clocks_tell_no_delay() -> None:
    stage = chain(*ping(), clocks={}).stages[7]
    assert stage.delay is None and stage.delay_unknown == "h1 and h2 go by different clocks"
    assert (stage.round_trip, stage.lost_ab) == (20_000, 0)


def test_translated_addresses_are_one_chain_by_what_the_kernel_says() -> None:
    flows, tunnels = ping(translated=True)
    found = chain(flows, tunnels, translations=[MASQUERADE])
    assert [hop.node for hop in found.hops] == WAY and found.tracking_ids == ["t1", "t2"]
    assert [stage.translated for stage in found.stages] == ["", "", "", "h1/netns:router", *[""] * 7]
    assert {hop.network_a for hop in found.hops} == {A, ROUTER}


def test_a_router_that_is_not_known_leaves_parts_in_order_of_time() -> None:
    flows, tunnels = ping()
    far = [msgspec.structs.replace(flow, start=flow.start - 900) for flow in flows[4:]]
    strange = [msgspec.structs.replace(flow, link=msgspec.structs.replace(flow.link, a="02:99:00:00:00:01"))
               for flow in far]  # fmt: skip
    found = chain([*flows[:4], *strange], tunnels)
    assert found.order == "time" and "2 parts of the way are not joined" in found.notes[0]
    assert [hop.node for hop in found.hops][-4:] == WAY[:4]


def test_without_a_graph_the_order_is_that_of_time_and_said_to_be() -> None:
    flows, tunnels = ping()
    found = stitch(flows[:4][::-1], tunnels, Places(scratch()))
    assert [hop.node for hop in found.hops] == WAY[:4] and found.order == "time"
    assert "no object is known by" in found.notes[0]
    assert all(stage.between is None for stage in found.stages)


def test_a_point_that_the_graph_does_not_connect_stands_apart() -> None:
    flows, tunnels = ping()
    stray = msgspec.structs.replace(flows[1], uuid="stray", node="h1/dev:nowhere")
    found = chain([*flows, stray], tunnels)
    assert [hop.node for hop in found.hops] == WAY and [hop.node for hop in found.unplaced] == ["h1/dev:nowhere"]
    assert "h1/dev:nowhere" in found.notes[0]


def test_two_captures_of_a_point_and_flows_that_began_anew_are_one_hop() -> None:
    flows, tunnels = ping()
    anew = msgspec.structs.replace(flows[0], uuid="anew", start=5_000_000, last=6_000_000)
    twice = msgspec.structs.replace(flows[0], uuid="twice", capture="other", metric=FlowMetric(1, 98, 1, 98))
    found = chain([anew, *flows, twice], tunnels)
    assert [hop.node for hop in found.hops] == WAY
    assert (found.hops[0].ab_packets, found.hops[0].flows) == (10, ["anew", "f00"])


def test_nothing_seen_is_an_empty_chain() -> None:
    found = chain([], {})
    assert (found.hops, found.stages, found.notes) == ([], [], [])
