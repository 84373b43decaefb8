"""Captures by what Open vSwitch itself exports, and by its mirrors: packet by packet, nothing left behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.captures.ovs import IPFIX, NETFLOW, SFLOW, Exporter, Switch
from calipso.captures.ovs_ipfix import OvsIpfix
from calipso.captures.ovs_mirror import OvsMirror
from calipso.captures.ovs_netflow import OvsNetFlow
from calipso.captures.ovs_sflow import OvsSflow
from calipso.errors import CommandFailed, ConfigError
from calipso.model.flow import Flow
from calipso.operations.capture_documents import CaptureSpec
from calipso.runtime.capturing import Captures
from calipso.runtime.system import opened
from calipso.seams import CaptureEngine, CaptureOptions, CapturePoint, FlowFilter
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, home

pytestmark = pytest.mark.live
PINGS = 5
EXPORTS: list[tuple[CaptureEngine, Exporter]] = [(OvsSflow(), SFLOW), (OvsNetFlow(), NETFLOW), (OvsIpfix(), IPFIX)]
COLUMNS = ("_uuid", "external_ids", "targets")


@pytest.fixture
def switch(lab: Running) -> Iterator[Switch]:
    """That of h1; a test that changed it is to have put it back."""
    made = Switch(lab.hosts["h1"])
    before = state(made)
    yield made
    assert state(made) == before


def state(switch: Switch) -> list[object]:
    """All that captures change."""
    tables = [switch.table(each.table, *COLUMNS) for each in (SFLOW, NETFLOW, IPFIX)]
    bridges = switch.table("Bridge", "name", "sflow", "netflow", "ipfix", "mirrors", "external_ids", "ports")
    return [*tables, bridges, switch.table("Mirror", "name")]


async def seen(captures: Captures, seconds: float) -> Flow:
    """The flow of the pings, once it has all its packets."""
    found: list[Flow] = []
    for _ in range(int(seconds * 5)):
        await captures.turn()
        found = [flow for flow in captures.flows.find(FlowFilter()) if flow.icmp is not None and flow.icmp.type == 8]
        if any(flow.metric.ab_packets >= PINGS and flow.metric.ba_packets >= PINGS for flow in found):
            return found[0]
        await asyncio.sleep(0.2)
    raise AssertionError([(flow.node, flow.metric) for flow in found])


@pytest.mark.parametrize(("engine", "octets"), [("ovssflow", 98), ("ovsnetflow", 0), ("ovsipfix", 0)])
def test_the_bridge_tells_each_packet_of_a_ping(
    lab: Running, switch: Switch, tmp_path: Path, engine: str, octets: int
) -> None:
    """NetFlow's octets are those of the datapath: in the one of userspace with the tunnel that was put around."""
    first = next(vm for vm in lab.lab.hosts[0].vms if not vm.bridge)
    second = next(vm for vm in lab.lab.hosts[1].vms if vm.network == first.network)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            assert await system.scan(NAME) == []
            captures = system.captures(NAME)
            query = "G.V().Has('Type', 'ovsbridge', 'Name', 'br-int', 'Host', 'h1')"
            captures.create(CaptureSpec(query=query, engine="" if engine == "ovssflow" else engine))
            await captures.turn()
            (point,) = captures.states()[0].points
            assert (point.state, point.engine) == ("active", engine), point
            lab.inside("h1", first.name, "ping", "-q", "-c", str(PINGS), "-i", "0.1", second.address)
            flow = await seen(captures, 40)
            m = flow.metric
            assert (m.ab_packets, m.ba_packets) == (PINGS, PINGS)
            if octets:
                assert (m.ab_bytes, m.ba_bytes) == (PINGS * octets, PINGS * octets)
            (point,) = captures.states()[0].points
            assert not point.counts.dropped and not point.counts.lost, point

    asyncio.run(work())


def test_ipfix_tells_once_what_comes_by_a_patch_port_too(lab: Running, switch: Switch, tmp_path: Path) -> None:
    """Network 20 is realised by rules of another bridge, which has the tunnel."""
    there = next(vm for vm in lab.lab.hosts[1].vms if vm.network.by_rule)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            assert await system.scan(NAME) == []
            captures = system.captures(NAME)
            query = "G.V().Has('Type', 'ovsbridge', 'Name', 'br-int', 'Host', 'h1')"
            captures.create(CaptureSpec(query=query, engine="ovsipfix"))
            await captures.turn()
            lab.inside("h1", "router-r", "ping", "-q", "-c", str(PINGS), "-i", "0.1", there.address)
            m = (await seen(captures, 40)).metric
            assert (m.ab_packets, m.ba_packets) == (PINGS, PINGS)

    asyncio.run(work())


def test_a_mirror_shows_each_packet_of_a_port(lab: Running, switch: Switch, tmp_path: Path) -> None:
    first = next(vm for vm in lab.lab.hosts[0].vms if not vm.bridge)
    second = next(vm for vm in lab.lab.hosts[1].vms if vm.network == first.network)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            assert await system.scan(NAME) == []
            captures = system.captures(NAME)
            name = next(head.name for head in system.site(NAME).graph().objects()
                        if head.type == "ovsport" and head.host == "h1" and head.name == first.near)  # fmt: skip
            captures.create(CaptureSpec(query=f"G.V().Has('Type', 'ovsport', 'Name', '{name}', 'Host', 'h1')"))
            await captures.turn()
            (point,) = captures.states()[0].points
            assert (point.state, point.engine) == ("active", "ovsmirror"), point
            lab.inside("h1", first.name, "ping", "-q", "-c", str(PINGS), "-i", "0.1", second.address)
            m = (await seen(captures, 40)).metric
            assert (m.ab_packets, m.ab_bytes, m.ba_packets, m.ba_bytes) == (PINGS, PINGS * 98, PINGS, PINGS * 98)

    asyncio.run(work())


def test_mirrors_of_what_carries_tunnels_double_nothing(lab: Running, tmp_path: Path) -> None:
    first = next(vm for vm in lab.lab.hosts[0].vms if not vm.bridge)
    second = next(vm for vm in lab.lab.hosts[1].vms if vm.network == first.network)

    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            assert await system.scan(NAME) == []
            captures = system.captures(NAME)
            captures.create(CaptureSpec(query="G.V('h1/ovs/port:eth0', 'h2/ovs/port:eth0')"))
            await captures.turn()
            assert {point.state for point in captures.states()[0].points} == {"active"}, captures.states()
            said = lab.inside("h1", first.name, "ping", "-c", str(PINGS), "-i", "0.1", second.address)
            assert f"{PINGS} received" in said and "DUP" not in said, said
            m = (await seen(captures, 40)).metric
            assert (m.ab_packets, m.ba_packets) == (PINGS, PINGS)

    asyncio.run(work())


@pytest.mark.parametrize(("engine", "exporter"), EXPORTS)
def test_what_a_bridge_exports_already_goes_on(
    lab: Running, switch: Switch, engine: CaptureEngine, exporter: Exporter
) -> None:
    point = CapturePoint(device="br-int", pid=lab.hosts["h1"], node="b", host="h1")
    switch.vsctl("--", "--id=@x", "create", exporter.table, 'targets="192.0.2.1:9"', "external_ids:by=admin",
                 "--", "set", "Bridge", "br-int", f"{exporter.column}=@x")  # fmt: skip
    try:
        before = state(switch)
        one, other = (engine.open(point, CaptureOptions()) for _ in range(2))
        (row,) = switch.table(exporter.table, *COLUMNS)
        assert len(row["targets"]) == 3 and "192.0.2.1:9" in row["targets"]
        one.close()
        other.close()
        assert state(switch) == before
    finally:
        switch.vsctl("clear", "Bridge", "br-int", exporter.column)


@pytest.mark.parametrize(("engine", "exporter"), EXPORTS)
def test_two_captures_of_a_bridge_share_what_is_made(
    lab: Running, switch: Switch, engine: CaptureEngine, exporter: Exporter
) -> None:
    point = CapturePoint(device="br-int", pid=lab.hosts["h1"], node="b", host="h1")
    one, other = (engine.open(point, CaptureOptions()) for _ in range(2))
    one.close()
    assert len(switch.table(exporter.table, *COLUMNS)) == 1
    other.close()


CRASH = """
import os, sys
from calipso.captures.{module} import {name}
from calipso.seams import CaptureOptions, CapturePoint
{name}().open(CapturePoint(device=sys.argv[2], pid=int(sys.argv[1]), node="b", host="h1"), CaptureOptions())
os._exit(1)
"""


@pytest.mark.parametrize(
    ("module", "engine"),
    [("ovs_sflow", OvsSflow()), ("ovs_netflow", OvsNetFlow()), ("ovs_ipfix", OvsIpfix()), ("ovs_mirror", OvsMirror())],
)
def test_what_a_crash_left_is_undone_by_the_next_capture(
    lab: Running, switch: Switch, module: str, engine: CaptureEngine
) -> None:
    before, pid = state(switch), lab.hosts["h1"]
    device = next(vm.near for vm in lab.lab.hosts[0].vms if not vm.bridge) if module == "ovs_mirror" else "br-int"
    program = CRASH.format(module=module, name=type(engine).__name__)
    done = subprocess.run([sys.executable, "-c", program, str(pid), device], capture_output=True, text=True)
    assert done.returncode == 1 and not done.stderr, done.stderr
    assert state(switch) != before
    engine.open(CapturePoint(device=device, pid=pid, node="b", host="h1"), CaptureOptions()).close()
    assert state(switch) == before


def test_bridges_that_are_not_there_and_exports_that_are_shared(lab: Running, switch: Switch) -> None:
    pid = lab.hosts["h1"]
    with pytest.raises(CommandFailed):
        OvsSflow().open(CapturePoint(device="br-none", pid=pid), CaptureOptions())
    with pytest.raises(CommandFailed):
        OvsMirror().open(CapturePoint(device="none", pid=pid), CaptureOptions())
    with pytest.raises(ConfigError, match="not filtered"):
        OvsSflow().open(CapturePoint(device="br-int", pid=pid), CaptureOptions(bpf="icmp"))
