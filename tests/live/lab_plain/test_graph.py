"""labs/plain: the graph equals the declaration object by object and link by link, also after it was disturbed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from calipso.graph.clique import find_clique
from calipso.graph.value import Graph
from calipso.model.cliques import CLIQUE_TYPES
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from labs.plain import declaration as d
from labs.plain import running
from labs.plain.environment import environment
from labs.plain.expectation import Expected, expected, rules

pytestmark = pytest.mark.live
TYPES = {each.name: each for each in CLIQUE_TYPES}
OPENFLOW = ("ofrule", "ofgroup")
STEP = 0.02
WITHIN = 10.0
"""Seconds a change may take here; the figure of a quiet machine is told by `bench/`."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Running]:
    state = tmp_path_factory.mktemp("lab")
    made = running.up(state)
    try:
        yield made
    finally:
        running.down(state)


def home(lab: running.Running, tmp_path: Path) -> Home:
    folder = Home(tmp_path)
    folder.prepare()
    (folder.environments / "plain.yaml").write_text(environment(lab))
    return folder


def objects(graph: Graph) -> dict[str, tuple[str, str]]:
    return {head.id: (head.kind, head.type) for head in graph.objects() if head.type not in OPENFLOW}


def links(graph: Graph) -> set[tuple[str, str, str]]:
    found = set()
    for head in graph.objects():
        for link in graph.links(head.ord):
            other = graph.get(link.other)
            assert other is not None
            if link.outgoing and OPENFLOW[0] not in (head.type, other.type):
                found.add((link.type, head.id, other.id))
    return found


def differences(graph: Graph, wanted: Expected) -> list[str]:
    """What is not as declared, in words."""
    out = []
    seen = objects(graph)
    for id in sorted({*seen, *wanted.objects}):
        if seen.get(id) != wanted.objects.get(id):
            out.append(f"{id}: is {seen.get(id)}, declared {wanted.objects.get(id)}")
    mine = links(graph)
    out += [f"not declared: {link}" for link in sorted(mine - wanted.links)]
    out += [f"missing: {link}" for link in sorted(wanted.links - mine)]
    for id, networks in wanted.networks.items():
        head = graph.resolve(id)
        if head is None or head.networks != networks:
            out.append(f"{id}: networks {head.networks if head else None}, declared {networks}")
    return out


def test_one_scan_gives_exactly_what_is_declared(lab: running.Running, tmp_path: Path) -> None:
    async def once() -> Graph:
        async with opened(home(lab, tmp_path), "plain") as system:
            assert await system.scan("plain") == []
            first = system.site("plain").writer.graph
            await system.scan("plain")
            again = system.site("plain").writer.graph
            changed = {facet for _, facet in _facets(first) ^ _facets(again)}
            assert changed <= {"netlink.neighbors", "netlink.fdb", "ovs.fdb", "sockets"}, "an unchanged lab changed"
            return again

    graph = asyncio.run(once())
    assert differences(graph, expected(lab.lab)) == []
    for host in lab.lab.hosts:
        found = {
            (a["bridge"], a["table"], a["priority"])
            for ord in graph.find("type", "ofrule")
            if (head := graph.get(ord)) is not None and head.host == host.name
            for a in [graph.attributes(head)]
        }
        assert found == rules(lab.lab, host)


def _facets(graph: Graph) -> set[tuple[object, str]]:
    return {(flat[i + 1], str(flat[i])) for _, flat in graph.facts.items() for i in range(0, len(flat), 2)}


def test_cliques_hold_what_shares_the_network_and_nothing_else(lab: running.Running, tmp_path: Path) -> None:
    async def once() -> Graph:
        async with opened(home(lab, tmp_path), "plain") as system:
            await system.scan("plain")
            return system.site("plain").writer.graph

    graph = asyncio.run(once())

    def clique(id: str, name: str) -> set[str]:
        focal = graph.resolve(id)
        assert focal is not None
        return set(find_clique(graph, focal, TYPES[name]).objects)

    def kinds(ids: set[str]) -> set[str]:
        return {head.kind for id in ids if (head := graph.resolve(id)) is not None}

    role = {"instance", "vnic", "vedge", "otep", "host_pnic", "network"}
    assert kinds(clique("h1/netns:vm-b", "instance")) == role | {"vconnector"}
    assert kinds(clique("h1/netns:vm-a", "instance")) == role
    for start, network in (("h1/netns:vm-a", d.BLUE), ("h1/netns:vm-b", d.RED)):
        reached = clique(start, "reach")
        ends = {
            id for id in reached if (head := graph.resolve(id)) is not None and head.kind in ("instance", "vservice")
        }
        assert ends == _on(lab.lab, network)
        assert {id for id in reached if id.startswith("segment:")} == {network.segment}


def _on(lab: d.Lab, network: d.Network) -> set[str]:
    """Namespaces with a NIC that is known to be on a network."""
    found = set()
    for host in lab.hosts:
        found |= {f"{host.name}/netns:{vm.name}" for vm in host.vms if vm.network == network}
        for service in host.services:
            if any(port.network == network and port.known for port in service.ports):
                found.add(f"{host.name}/netns:{service.name}")
    return found


def test_real_traffic_crosses_both_kinds_of_tunnel(lab: running.Running) -> None:
    for vm, address in (("vm-a", "10.10.0.12"), ("vm-b", "10.20.0.12"), ("vm-b", "10.20.0.2")):
        assert "1 received" in lab.inside("h1", vm, "ping", "-c", "1", "-W", "3", address)


def test_the_machine_below_owns_nothing_of_the_lab(lab: running.Running, tmp_path: Path) -> None:
    async def once() -> set[str]:
        async with opened(home(lab, tmp_path)) as system:
            await system.scan("local")
            return {head.name for head in system.site("local").writer.graph.objects() if head.type == "netns"}

    assert not asyncio.run(once()) & {"vm-a", "vm-b", "router-r", "dhcp-10"}


# ── disturbances ──────────────────────────────────────────────────────────────────────────────────────────────────


class Watched:
    """The lab while it is watched."""

    def __init__(self, lab: running.Running, system: System) -> None:
        self.lab, self.system = lab, system

    @property
    def graph(self) -> Graph:
        return self.system.site("plain").writer.graph

    async def until(self, holds: Callable[[], object], what: str) -> float:
        """Seconds until something holds."""
        began = time.monotonic()
        for _ in range(int(WITHIN / STEP)):
            if holds():
                return time.monotonic() - began
            await asyncio.sleep(STEP)
        pytest.fail(f"not within {WITHIN:g} s: {what}")

    async def as_declared(self) -> None:
        wanted = expected(self.lab.lab)
        for _ in range(int(WITHIN / STEP)):
            if not differences(self.graph, wanted):
                return
            await asyncio.sleep(STEP)
        assert differences(self.graph, wanted) == []

    def link(self, type: str, source: str, target: str) -> bool:
        head, other = self.graph.resolve(source), self.graph.resolve(target)
        if head is None or other is None:
            return False
        return any(each.other == other.ord and each.outgoing for each in self.graph.links(head.ord, (type,)))

    def state(self, id: str) -> Any:
        head = self.graph.resolve(id)
        return self.graph.attributes(head).get("state") if head is not None else None


def watching(lab: running.Running, tmp_path: Path, disturb: Callable[[Watched], Any]) -> None:
    async def run() -> None:
        async with opened(home(lab, tmp_path), "plain") as system:
            system.watch("plain")
            watched = Watched(lab, system)
            await watched.as_declared()
            await disturb(watched)
            await watched.as_declared()

    asyncio.run(run())


def test_a_pulled_veth_takes_the_role_links_and_its_return_brings_them_back(
    lab: running.Running, tmp_path: Path
) -> None:
    async def disturb(watched: Watched) -> None:
        nic, vedge = "h1/netns:vm-a/dev:eth0", "h1/ovs"
        lab.run("h1", "ip", "link", "del", "vha")
        await watched.until(lambda: not watched.link("vnic-vedge", nic, vedge), "the pulled cable's link goes")
        lab.run("h1", "ovs-vsctl", "del-port", "br-int", "vha")
        running.replug(lab, "h1", "vm-a")

    watching(lab, tmp_path, disturb)


def test_a_physical_nic_that_goes_down_is_seen_down(lab: running.Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        lab.run("h1", "ip", "link", "set", "eth0", "down")
        await watched.until(lambda: watched.state("h1/dev:eth0") == "down", "eth0 is down")
        lab.run("h1", "ip", "link", "set", "eth0", "up")
        await watched.until(lambda: watched.state("h1/dev:eth0") == "up", "eth0 is up")

    watching(lab, tmp_path, disturb)


def test_a_deleted_tunnel_takes_its_network_off_the_wire(lab: running.Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        pnic, network = "h1/dev:eth0", d.BLUE.segment
        lab.run("h1", "ovs-vsctl", "del-port", "br-int", "vx10-h2")
        await watched.until(lambda: not watched.link("host_pnic-network", pnic, network), "the network leaves the NIC")
        nic = watched.graph.resolve("h1/netns:vm-a/dev:eth0")
        assert nic is not None and nic.networks is None, "what the tag means is unknown without the tunnel"
        lab.run("h1", "ovs-vsctl", *running.access_port(lab.lab, "h1", "h2", d.BLUE))

    watching(lab, tmp_path, disturb)


def test_a_deleted_port_cuts_its_instance_off(lab: running.Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        lab.run("h1", "ovs-vsctl", "del-port", "br-int", "pbo")
        await watched.until(
            lambda: not watched.link("vconnector-vedge", "h1/dev:br-b", "h1/ovs"), "the bridge is cut off"
        )
        lab.run("h1", "ovs-vsctl", "add-port", "br-int", "pbo", "tag=20")

    watching(lab, tmp_path, disturb)


def test_a_namespace_that_comes_and_goes(lab: running.Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        lab.run("h2", "ip", "netns", "add", "extra")
        await watched.until(lambda: watched.graph.resolve("h2/netns:extra"), "the namespace comes")
        lab.run("h2", "ip", "netns", "del", "extra")
        await watched.until(lambda: watched.graph.resolve("h2/netns:extra") is None, "the namespace goes")

    watching(lab, tmp_path, disturb)


def test_down_leaves_nothing(tmp_path: Path) -> None:
    before = set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()
    made = running.up(tmp_path / "other", hosts=3)
    pids = list(made.pids.values())
    running.down(tmp_path / "other")
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
    assert not (tmp_path / "other").exists()
    after = set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()
    assert {name for name in after if name.startswith("vm-")} == {name for name in before if name.startswith("vm-")}
    assert running.status(tmp_path / "other") is None
    assert "to-h1" not in subprocess.run(["ip", "link"], capture_output=True, text=True, check=True).stdout
