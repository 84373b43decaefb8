"""A ping as one chain of hops: between hosts through VXLAN, through a router, and through a router that translates."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.flow import Flow
from calipso.model.flowpath import FlowPath
from calipso.operations.capture_documents import CaptureSpec
from calipso.operations.flow_paths import GetFlowPath, get_flow_path
from calipso.runtime.capturing import Captures
from calipso.runtime.system import opened
from calipso.seams import FlowFilter
from labs.plain import declaration as d
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, home

pytestmark = pytest.mark.live
PINGS = 5
ACROSS = ["h1/dev:vha", "h1/dev:eth0", "h2/dev:eth0", "h2/dev:pco", "h2/dev:pc", "h2/dev:vhc"]
"""From vm-a to vm-c: its tap, both uplinks, the cable to the Linux bridge that vm-c is plugged into, its tap."""
ROUTED = ["h1/dev:vha", "h1/netns:router-r/dev:r10", "h1/netns:router-r/dev:r20", "h1/dev:eth0", "h2/dev:eth0",
          "h2/dev:vhd"]  # fmt: skip
"""From vm-a to vm-d, on the other network."""


async def pinged(captures: Captures, enough: int) -> list[Flow]:
    """The echoes' flows, once so many have all their packets; at most 10 s later."""
    found: list[Flow] = []
    for _ in range(50):
        await captures.turn()
        found = [flow for flow in captures.flows.find(FlowFilter()) if flow.icmp is not None and flow.icmp.type == 8]
        if sum(flow.metric.ba_packets == PINGS for flow in found) >= enough:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError([(flow.node, flow.metric) for flow in found])


def path_of(lab: Running, folder: Path, points: list[str], target: str) -> FlowPath:
    """The chain of a ping from vm-a, captured at devices."""

    async def work() -> FlowPath:
        async with opened(home(lab, folder), NAME) as system:
            assert await system.scan(NAME) == []
            captures = system.captures(NAME)
            names = ", ".join(f"'{point}'" for point in points)
            captures.create(CaptureSpec(query=f"G.V().Has('TID', Within({names}))"))
            await captures.turn()
            states = {point.node: point.state for point in captures.states()[0].points}
            assert states == dict.fromkeys(points, "active"), states
            lab.inside("h1", "vm-a", "ping", "-q", "-c", str(PINGS), "-i", "0.1", target)
            found = await pinged(captures, len(points))
            return await get_flow_path(system, GetFlowPath(id=found[0].uuid, environment=NAME))

    return asyncio.run(work())


def counted(found: FlowPath) -> None:
    """Nothing is lost between any two hops of a healthy lab, and the time of every stage is told."""
    assert {(hop.ab_packets, hop.ba_packets) for hop in found.hops} == {(PINGS, PINGS)}
    assert all((stage.lost_ab, stage.lost_ba) == (0, 0) for stage in found.stages)
    assert all(stage.delay is not None and stage.round_trip is not None for stage in found.stages)
    assert not any(stage.loss_unknown or stage.delay_unknown for stage in found.stages)


def test_between_hosts_the_tunnel_stands_between_the_taps(lab: Running, tmp_path: Path) -> None:
    found = path_of(lab, tmp_path, ACROSS, "10.10.0.12")
    assert [hop.node for hop in found.hops] == ACROSS and found.order == "graph", found
    assert [hop.layer for hop in found.hops] == ["bare", "VXLAN 10010", "VXLAN 10010", "bare", "bare", "bare"]
    assert {(hop.outer_a, hop.outer_b) for hop in found.hops if hop.vni} == {("192.0.2.1", "192.0.2.2")}
    assert (found.unplaced, found.notes, {hop.leg for hop in found.hops}) == ([], [], {0})
    assert "h1/ovs/bridge:br-int" in (found.stages[0].between or [])
    counted(found)


def test_the_same_through_gre(lab: Running, tmp_path: Path) -> None:
    """The same network with its tunnels of another kind (RFC 2890: its key is the network)."""
    h1, h2 = lab.lab.hosts
    ends = {"h1": d.access_tunnel(d.BLUE, h2), "h2": d.access_tunnel(d.BLUE, h1)}
    try:
        for host, port in ends.items():
            lab.run(host, "ovs-vsctl", "set", "interface", port, "type=gre")
        found = path_of(lab, tmp_path, ACROSS, "10.10.0.12")
    finally:
        for host, port in ends.items():
            lab.run(host, "ovs-vsctl", "set", "interface", port, "type=vxlan")
    assert [hop.node for hop in found.hops] == ACROSS and found.order == "graph", found
    assert [hop.layer for hop in found.hops] == ["bare", *["ETHERIP-GRE 10010"] * 2, *["bare"] * 3]
    assert {(hop.outer_a, hop.outer_b) for hop in found.hops if hop.vni} == {("192.0.2.1", "192.0.2.2")}
    assert (found.unplaced, found.notes) == ([], [])
    counted(found)


def test_what_is_not_captured_is_named(lab: Running, tmp_path: Path) -> None:
    found = path_of(lab, tmp_path, ["h1/dev:vha", "h2/dev:vhc"], "10.10.0.12")
    assert [hop.node for hop in found.hops] == ["h1/dev:vha", "h2/dev:vhc"] and found.order == "graph"
    assert {"h2/dev:pco", "h2/dev:pc", "h2/dev:br-c"} <= set(found.stages[0].not_captured)
    counted(found)


def test_through_a_router_to_another_network(lab: Running, tmp_path: Path) -> None:
    found = path_of(lab, tmp_path, ROUTED, "10.20.0.12")
    assert [hop.node for hop in found.hops] == ROUTED and found.order == "graph", found
    assert [hop.leg for hop in found.hops] == [0, 0, 1, 1, 1, 1]
    assert [stage.routed for stage in found.stages] == [False, True, False, False, False]
    assert (found.notes, {stage.translated for stage in found.stages}) == ([], {""})
    counted(found)


def test_through_a_router_that_translates_it_is_still_one_chain(lab: Running, tmp_path: Path) -> None:
    lab.inside("h1", "router-r", "nft", "add", "table", "ip", "follow")
    try:
        chain = "{ type nat hook postrouting priority 100 ; }"
        lab.inside("h1", "router-r", "nft", "add", "chain", "ip", "follow", "out", chain)
        lab.inside("h1", "router-r", "nft", "add", "rule", "ip", "follow", "out", "oifname", "r20", "masquerade")
        found = path_of(lab, tmp_path, ROUTED, "10.20.0.12")
    finally:
        lab.inside("h1", "router-r", "nft", "delete", "table", "ip", "follow")
    assert [hop.node for hop in found.hops] == ROUTED and found.order == "graph", found
    assert [hop.network_a for hop in found.hops] == ["10.10.0.11"] * 2 + ["10.20.0.1"] * 4
    assert [stage.translated for stage in found.stages] == ["", "h1/netns:router-r", "", "", ""]
    assert len(found.tracking_ids) == 2 and found.notes == []
    counted(found)


def test_through_a_router_that_translates_the_target(lab: Running, tmp_path: Path) -> None:
    """An address that nobody has, which the router sends on to vm-d: a floating IP."""
    lab.inside("h1", "router-r", "nft", "add", "table", "ip", "follow")
    try:
        chain = "{ type nat hook prerouting priority -100 ; }"
        lab.inside("h1", "router-r", "nft", "add", "chain", "ip", "follow", "into", chain)
        rule = ("ip", "daddr", "10.20.0.99", "dnat", "to", "10.20.0.12")
        lab.inside("h1", "router-r", "nft", "add", "rule", "ip", "follow", "into", *rule)
        found = path_of(lab, tmp_path, ROUTED, "10.20.0.99")
    finally:
        lab.inside("h1", "router-r", "nft", "delete", "table", "ip", "follow")
    assert [hop.node for hop in found.hops] == ROUTED and found.order == "graph", found
    assert [hop.network_b for hop in found.hops] == ["10.20.0.99"] * 2 + ["10.20.0.12"] * 4
    assert [stage.translated for stage in found.stages] == ["", "h1/netns:router-r", "", "", ""]
    assert (found.a_object, found.b_object) == ("h1/netns:vm-a/dev:eth0", "h2/netns:vm-d/dev:eth0")
    counted(found)
