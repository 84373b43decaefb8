"""labs/plain disturbed while it is watched: graph and clique follow within a second, and return to what they were."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from calipso.graph.protocol import GraphReader
from calipso.operations.cliques import CliqueView, GetClique, get_clique
from calipso.runtime.system import System, opened
from labs.plain import cliques, making
from labs.plain import declaration as d
from labs.plain.cliques import Clique
from labs.plain.expectation import expected
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, clique, differences, graph_of, home, links, objects

pytestmark = pytest.mark.live
PROMISED = 1.0
"""Seconds from a disturbance to what it makes of graph and clique."""
PATIENCE = 10.0
"""Seconds after which something does not come any more: another lab, or a test run, may be busy beside this one."""
TRIES = 3
"""Of so many times, one has to be within what is promised, and each within patience."""
STEP = 0.01

VM_A, VM_B = "h1/netns:vm-a", "h1/netns:vm-b"
NEW_EACH_TIME = {
    "ifindex", "peer_ifindex", "master", "ofport", "uuid", "ovs_mac",
    "bridge_port_number", "bridge_port_id", "bridge_port_designated_port", "bridge_root_port",
    "inode", "default_route_netns",
}  # fmt: skip
"""What kernel and switch give to a thing when it is made: an ifindex, a port's number, a row's UUID, a tunnel's MAC."""
AGEING = {"netlink.neighbors", "netlink.fdb", "ovs.fdb"}


class Watched:
    """The lab while it is watched."""

    def __init__(self, lab: Running, system: System) -> None:
        self.lab, self.system = lab, system
        self.host = lab.lab.host("h1")
        self.vm = {vm.name: vm for vm in self.host.vms}
        self.wanted = expected(lab.lab)
        self.took: list[float] = []

    @property
    def graph(self) -> GraphReader:
        return graph_of(self.system)

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds, and note how long it took."""
        began = time.monotonic()
        while not holds():
            assert time.monotonic() - began < PATIENCE, f"not within {PATIENCE:g} s: {what}"
            await asyncio.sleep(STEP)
        self.took.append(time.monotonic() - began)

    async def as_declared(self) -> None:
        began = time.monotonic()
        while found := differences(self.graph, self.wanted):
            assert time.monotonic() - began < PATIENCE, "\n".join(found)
            await asyncio.sleep(0.05)

    def run(self, *argv: str) -> None:
        self.lab.run("h1", *argv)

    def clique(self, id: str) -> Clique:
        return clique(self.graph, id)

    def kind(self, id: str) -> str:
        head = self.graph.resolve(id)
        return head.kind if head is not None else ""

    def state(self, id: str) -> Any:
        head = self.graph.resolve(id)
        return self.graph.attributes(head).get("state") if head is not None else None


Disturb = Callable[[Watched], Awaitable[None]]


def watching(lab: Running, folder: Path, disturb: Disturb) -> None:
    """Disturb and undo, some times; what the graph says before and after has to be the same."""

    async def run() -> None:
        async with opened(home(lab, folder), NAME) as system:
            system.watch(NAME)
            watched = Watched(lab, system)
            await watched.as_declared()
            before = lasting(watched.graph)
            longest = []
            while len(longest) < TRIES and min(longest, default=PATIENCE) > PROMISED:
                watched.took = []
                await disturb(watched)
                await watched.as_declared()
                await settled(watched, before)
                longest.append(max(watched.took))
            talk(lab)
            assert min(longest) <= PROMISED, f"took {', '.join(f'{each:.2f} s' for each in longest)}"

    asyncio.run(run())


def talk(lab: Running) -> None:
    """It is not only drawn as before: frames pass."""
    for vm, address in (("vm-a", "10.10.0.12"), ("vm-b", "10.20.0.12")):
        assert "1 received" in lab.inside("h1", vm, "ping", "-c", "1", "-W", "5", address)


async def settled(watched: Watched, before: dict[str, Any]) -> None:
    """Wait until the graph says what it said before: addresses and routes of a new cable come one by one."""
    began = time.monotonic()
    while (after := lasting(watched.graph)) != before:
        if time.monotonic() - began > PATIENCE:
            pytest.fail("\n".join(f"{key}: {before.get(key)!r} now {after.get(key)!r}" for key in sorted(
                key for key in {*before, *after} if before.get(key) != after.get(key))))  # fmt: skip
        await asyncio.sleep(0.1)


def lasting(graph: GraphReader) -> dict[str, Any]:
    """All that a graph says, but for numbers, counters, times and what is learnt and forgotten."""
    found: dict[str, Any] = dict.fromkeys(map(str, links(graph)), True)
    for head in objects(graph):
        found[head.id] = head.kind, head.type, head.name, head.host, head.parent, head.networks, head.media
        for id, facet in graph.records(head):
            for name, value in facet.attributes.items():
                if facet.name not in AGEING and name not in NEW_EACH_TIME:
                    found[f"{id} {facet.name}.{name}"] = value
    return found


def test_a_pulled_cable_takes_the_instances_nic_with_it(lab: Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        watched.run("ip", "link", "del", "vha")
        await watched.until(lambda: watched.kind(VM_A) == "netns", "without a NIC it is a namespace like any")
        assert watched.graph.resolve(f"{VM_A}/dev:eth0") is None
        making.plug(watched.lab, watched.host, watched.vm["vm-a"])
        mine = cliques.instance(watched.wanted, watched.host, watched.vm["vm-a"])
        await watched.until(
            lambda: watched.kind(VM_A) == "instance" and watched.clique(VM_A) == mine, "its clique is whole again"
        )

    watching(lab, tmp_path, disturb)


def test_a_pulled_cable_behind_the_bridge_ends_the_clique_there(lab: Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        watched.run("ip", "link", "del", "pb")
        await watched.until(lambda: watched.clique(VM_B).objects == behind_the_bridge(), "it ends at the bridge")
        making.join(watched.lab, watched.host, watched.vm["vm-b"])
        mine = cliques.instance(watched.wanted, watched.host, watched.vm["vm-b"])
        await watched.until(lambda: watched.clique(VM_B) == mine, "its clique is whole again")

    watching(lab, tmp_path, disturb)


def behind_the_bridge() -> frozenset[str]:
    return frozenset({VM_B, f"{VM_B}/dev:eth0", "h1/dev:br-b"})


def test_a_deleted_port_ends_the_clique_at_the_bridge(lab: Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        watched.run("ovs-vsctl", "del-port", "br-int", "pbo")
        await watched.until(lambda: watched.clique(VM_B).objects == behind_the_bridge(), "it ends at the bridge")
        making.attach(watched.lab, watched.host, watched.vm["vm-b"])
        mine = cliques.instance(watched.wanted, watched.host, watched.vm["vm-b"])
        await watched.until(lambda: watched.clique(VM_B) == mine, "its clique is whole again")

    watching(lab, tmp_path, disturb)


def test_a_physical_nic_that_goes_down_takes_the_links_to_it_down(lab: Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        pnic = "h1/dev:eth0"
        for word in ("down", "up"):
            watched.run("ip", "link", "set", "eth0", word)
            await watched.until(lambda word=word: watched.state(pnic) == word, f"eth0 is {word}")
            began = time.monotonic()
            view = await seen(watched, VM_A)
            while (states := {edge.state for edge in view.links if pnic in (edge.source, edge.target)}) != {word}:
                assert time.monotonic() - began < PATIENCE, (
                    f"its links are {states}, not {word}"
                )  # the switch tells too
                await asyncio.sleep(STEP)
                view = await seen(watched, VM_A)
            assert {node.id for node in view.objects} == watched.clique(VM_A).objects

    watching(lab, tmp_path, disturb)


async def seen(watched: Watched, id: str) -> CliqueView:
    """A clique as users are told of it."""
    return await get_clique(watched.system, GetClique(id=id, environment=NAME))


def test_a_deleted_tunnel_takes_its_network_off_the_wire(lab: Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        other, nic = watched.lab.lab.host("h2"), f"{VM_A}/dev:eth0"
        link = ("host_pnic-network", "h1/dev:eth0", d.BLUE.segment)
        watched.run("ovs-vsctl", "del-port", "br-int", d.access_tunnel(d.BLUE, other))
        await watched.until(
            lambda: link not in links(watched.graph) and d.BLUE.segment not in watched.clique(VM_A).objects,
            "the network leaves the NIC, and the clique",
        )
        head = watched.graph.resolve(nic)
        assert head is not None and head.networks is None, "without the tunnel nothing tells what the tag means"
        watched.run("ovs-vsctl", *making.access_tunnel(watched.host, other, d.BLUE))
        mine = cliques.instance(watched.wanted, watched.host, watched.vm["vm-a"])
        await watched.until(lambda: watched.clique(VM_A) == mine, "its clique is whole again")

    watching(lab, tmp_path, disturb)


def test_a_namespace_comes_and_goes(lab: Running, tmp_path: Path) -> None:
    async def disturb(watched: Watched) -> None:
        watched.run("ip", "netns", "add", "extra")
        await watched.until(lambda: watched.kind("h1/netns:extra") == "netns", "the namespace comes")
        watched.run("ip", "netns", "del", "extra")
        await watched.until(lambda: not watched.kind("h1/netns:extra"), "the namespace goes")

    watching(lab, tmp_path, disturb)


def test_a_namespace_that_cannot_be_read_is_unknown_and_its_cable_no_physical_nic(lab: Running, tmp_path: Path) -> None:
    """Its mount is in another mount namespace: the host sees a name that leads nowhere, and a cable that does."""
    script = "ip netns add lost && ip link add vlost type veth peer name eth0 netns lost && echo && cat"

    async def disturb(watched: Watched) -> None:
        hidden = subprocess.Popen(  # noqa: ASYNC220  (it runs beside the test)
            lab.enter("h1", "unshare", "--mount", "--propagation", "private", "sh", "-c", script),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert hidden.stdout is not None and hidden.stdout.readline() == b"\n"
            await watched.until(lambda: watched.state("h1/netns:lost") == "unknown", "it is there and unknown")
            await watched.until(lambda: watched.kind("h1/dev:vlost"), "its cable is there")
            assert watched.kind("h1/dev:vlost") == "device"
            host = watched.graph.resolve("h1")
            assert host is not None
            assert watched.graph.attributes(host)["unreadable_namespaces"] == ["h1/netns:lost"]
        finally:
            watched.run("ip", "link", "del", "vlost")
            watched.run("rm", "-f", "/run/netns/lost")
            hidden.communicate()

    watching(lab, tmp_path, disturb)
