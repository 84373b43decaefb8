"""A ping between instances on two hosts: one conversation at both taps and inside of the tunnel on both wires."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from calipso.errors import ConfigError, Conflict, QueryError
from calipso.flows.pcap import read
from calipso.model.flow import Flow
from calipso.operations.capture_documents import CaptureSpec
from calipso.operations.capturing import GetPackets, get_packets
from calipso.operations.querying import Query, query
from calipso.runtime.capturing import Captures
from calipso.runtime.system import System, opened
from calipso.seams import CaptureOptions, FlowFilter
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, graph_of, home

pytestmark = pytest.mark.live
PINGS = 5


async def flows(captures: Captures, enough: int) -> list[Flow]:
    """The pings' flows at all points, once there are so many with all their packets; at most 10 s later."""
    for _ in range(50):
        await captures.turn()
        found = [flow for flow in captures.flows.find(FlowFilter()) if flow.icmp is not None and flow.icmp.type == 8]
        if sum(flow.metric.ba_packets == PINGS for flow in found) >= enough:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError([(flow.node, flow.metric) for flow in found])


def between(lab: Running) -> tuple[str, str, str, str]:
    """Names and addresses of an instance on each host, of one network."""
    first = next(vm for vm in lab.lab.hosts[0].vms if not vm.bridge)
    second = next(vm for vm in lab.lab.hosts[1].vms if vm.network == first.network)
    return first.name, first.near, second.name, second.address


def test_one_conversation_at_every_point_of_its_way(lab: Running, tmp_path: Path) -> None:
    name, near, other, address = between(lab)
    far = next(vm.near for vm in lab.lab.hosts[1].vms if vm.name == other)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            assert await system.scan(NAME) == []
            captures = system.captures(NAME)
            query = f"G.V().Has('Name', Within('{near}', '{far}', 'eth0'), 'Type', 'veth').Has('Kind', NE('vnic'))"
            made = captures.create(CaptureSpec(query=query))
            await captures.turn()
            states = {point.node: point.state for point in captures.states()[0].points}
            assert set(states.values()) == {"active"}, states
            lab.inside("h1", name, "ping", "-q", "-c", str(PINGS), "-i", "0.1", address)
            found = await flows(captures, 4)
            assert {flow.node for flow in found} == {f"h1/dev:{near}", f"h2/dev:{far}", "h1/dev:eth0", "h2/dev:eth0"}
            assert {(flow.metric.ab_packets, flow.metric.ba_packets) for flow in found} == {(PINGS, PINGS)}
            assert {(flow.metric.ab_bytes, flow.metric.ba_bytes) for flow in found} == {(PINGS * 98, PINGS * 98)}
            assert len({flow.l3_tracking_id for flow in found}) == 1 and all(flow.metric.rtt for flow in found)
            inside = {flow.node: flow for flow in found if flow.tunnel}
            assert set(inside) == {"h1/dev:eth0", "h2/dev:eth0"}
            outside = {flow.uuid: flow for flow in captures.flows.find(FlowFilter(match={"application": ("VXLAN",)}))}
            assert all(outside[flow.parent].node == flow.node for flow in inside.values())
            vnics = {f"h1/netns:{name}/dev:eth0", f"h2/netns:{other}/dev:eth0"}
            assert {(flow.a_object, flow.b_object) for flow in found} == {tuple(sorted(vnics))}
            counts = [point.counts for point in captures.states()[0].points]
            assert all(each.received and not each.dropped and not each.lost for each in counts)
            captures.remove(made.id)
            await captures.turn()
            assert captures.states() == [] and len(captures.flows.find(FlowFilter())) >= 4

    asyncio.run(work())


def test_points_come_and_go_with_what_the_query_finds(lab: Running, tmp_path: Path) -> None:
    async def points(system: System) -> set[str]:
        await system.scan(NAME)
        await system.captures(NAME).turn()
        return {point.node for point in system.captures(NAME).states()[0].points if point.state == "active"}

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            system.captures(NAME).create(CaptureSpec(query="G.V().Has('Name', Regex('cap.*'))"))
            assert await points(system) == set()
            lab.run("h1", "ip", "link", "add", "cap0", "type", "veth", "peer", "name", "cap1")
            try:
                lab.run("h1", "ip", "link", "set", "cap0", "up")
                lab.run("h1", "ip", "link", "set", "cap1", "up")
                assert await points(system) == {"h1/dev:cap0", "h1/dev:cap1"}
            finally:
                lab.run("h1", "ip", "link", "del", "cap0")
            assert await points(system) == set()
            assert graph_of(system).resolve("h1/dev:cap0") is None

    asyncio.run(work())


def test_captures_go_on_after_a_restart_and_end_by_their_time(lab: Running, tmp_path: Path) -> None:
    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            await system.scan(NAME)
            system.captures(NAME).create(CaptureSpec(query="G.V().Has('Name', 'eth0', 'Type', 'veth')", id="uplinks"))
            with pytest.raises(Conflict):
                system.captures(NAME).create(CaptureSpec(query="G.V()", id="uplinks"))
            with pytest.raises(QueryError):
                system.captures(NAME).create(CaptureSpec(query="G.V().Values('Name')"))
            with pytest.raises(ConfigError, match="no engine 'magic'"):
                system.captures(NAME).create(CaptureSpec(query="G.V()", engine="magic"))
        async with opened(home(lab, tmp_path), NAME) as system:
            captures = system.captures(NAME)
            captures.create(CaptureSpec(query="G.V().Has('Name', 'eth0', 'Type', 'veth')", id="short", ttl=0.3))
            await captures.turn()
            assert [state.spec.id for state in captures.states()] == ["uplinks", "short"]
            assert all(point.state == "active" for state in captures.states() for point in state.points)
            await asyncio.sleep(0.4)
            await captures.turn()
            assert [state.spec.id for state in captures.states()] == ["uplinks"]

    asyncio.run(work())


def test_packets_of_flows_leave_as_a_file(lab: Running, tmp_path: Path) -> None:
    name, near, _, address = between(lab)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            assert await system.scan(NAME) == []
            captures = system.captures(NAME)
            captures.create(
                CaptureSpec(query=f"G.V().Has('Name', '{near}', 'Type', 'veth')", options=CaptureOptions(raw_packets=3))
            )
            await captures.turn()
            lab.inside("h1", name, "ping", "-q", "-c", str(PINGS), "-i", "0.1", address)
            (flow,) = await flows(captures, 1)
            file = await get_packets(system, GetPackets(environment=NAME, application="ICMPv4", bpf="icmp"))
            assert (file.packets, file.flows) == (3, 1)
            kept = list(read(io.BytesIO(file.pcap)))
            assert [each.wire for each in kept] == [98] * 3 and kept[0].time // 1000 == flow.start
            said = await query(system, Query(query="G.Flows().RawPackets().BPF('icmp').Count()", environment=NAME))
            assert said.items == [3]

    asyncio.run(work())
