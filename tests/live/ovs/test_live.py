"""A real Open vSwitch, followed live: ports come and go, servers die and return, what is not proven gone stays."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from calipso.graph.codec import Codec
from calipso.graph.reconcile import Reconciler
from calipso.graph.value import Graph
from calipso.model.environment import Environment
from calipso.model.record import Observation
from calipso.seams import SourceConfig
from calipso.sources.ovs import SOURCE
from calipso.transports.local import LocalTransport

pytestmark = pytest.mark.live
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class Switch:
    """An ovsdb-server and an ovs-vswitchd with their files in one folder, in a network namespace of their own."""

    def __init__(self, folder: Path, netns: str) -> None:
        self.folder, self.netns = folder, netns
        folder.mkdir()
        self.run("ovsdb-tool", "create", str(folder / "conf.db"), SCHEMA)
        self.start_database()
        self.vsctl("--no-wait", "init")
        self.inside("ovs-vswitchd", self.socket, "--disable-system", *self.files("ovs-vswitchd"))

    @property
    def socket(self) -> str:
        return f"unix:{self.folder}/db.sock"

    def files(self, name: str) -> list[str]:
        return ["--detach", "--no-chdir", f"--pidfile={self.folder}/{name}.pid", f"--log-file={self.folder}/{name}.log"]

    def start_database(self) -> None:
        self.inside(
            "ovsdb-server", str(self.folder / "conf.db"), f"--remote=p{self.socket}", *self.files("ovsdb-server")
        )

    def run(self, *argv: str) -> None:
        environment = {**os.environ, "OVS_RUNDIR": str(self.folder), "PATH": os.environ["PATH"] + ":/usr/sbin"}
        subprocess.run(argv, check=True, capture_output=True, env=environment, timeout=20)

    def inside(self, *argv: str) -> None:
        self.run("ip", "netns", "exec", self.netns, *argv)

    def vsctl(self, *argv: str) -> None:
        self.inside("ovs-vsctl", "--timeout=10", f"--db={self.socket}", *argv)

    def stop(self, name: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / f"{name}.pid").read_text())
            os.kill(pid, signal.SIGKILL)
            while os.path.exists(f"/proc/{pid}"):
                time.sleep(0.01)


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    netns = f"ct-ovs-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", netns], check=True)
    made = None
    try:
        made = Switch(tmp_path / "ovs", netns)
        made.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        yield made
    finally:
        if made is not None:
            for name in ("ovs-vswitchd", "ovsdb-server"):
                made.stop(name)
        subprocess.run(["ip", "netns", "del", netns], check=True)


def config(switch: Switch) -> SourceConfig:
    instance = {"endpoint": switch.socket, "rundir": str(switch.folder)}
    return SourceConfig(host="h1", options={"instances": [instance], "interval": 0.5})


class Follower:
    """Takes what the source says into a graph."""

    def __init__(self) -> None:
        codec = Codec()
        self.graph, self.reconciler = Graph(Environment(name="live"), codec), Reconciler(codec)

    def take(self, *observations: Observation) -> None:
        now = max(time.time_ns() // 1000, self.graph.ts + 1)
        outcome = self.reconciler.take(observations, self.graph, now)
        self.graph, _ = self.graph.apply(outcome.changes, now)

    async def until(self, stream: AsyncIterator[Observation], wanted: str, there: bool = True) -> float:
        """Seconds until an id is (or is not) in the graph; fails after ten."""
        began = time.monotonic()
        async with asyncio.timeout(10):
            while (self.graph.resolve(wanted) is not None) != there:
                self.take(await anext(stream))
        return time.monotonic() - began


def test_ports_come_and_go_within_a_second(switch: Switch) -> None:
    async def follow() -> tuple[float, float]:
        follower = Follower()
        stream = SOURCE.watch(LocalTransport(), config(switch))
        await follower.until(stream, "h1/ovs/bridge:br0")
        switch.vsctl("add-port", "br0", "p1", "tag=7", "--", "set", "interface", "p1", "type=internal")
        came = await follower.until(stream, "h1/ovs/port:p1")
        port = follower.graph.resolve("h1/ovs/port:p1")
        assert port is not None and follower.graph.attributes(port)["tag"] == 7
        switch.vsctl("del-port", "br0", "p1")
        went = await follower.until(stream, "h1/ovs/port:p1", there=False)
        await stream.aclose()  # type: ignore[attr-defined]
        return came, went

    came, went = asyncio.run(follow())
    assert came < 1.0 and went < 1.0


def test_a_dead_server_makes_its_scope_stale_and_removes_nothing(switch: Switch) -> None:
    async def follow() -> None:
        follower = Follower()
        stream = SOURCE.watch(LocalTransport(), config(switch))
        await follower.until(stream, "h1/ovs/bridge:br0")
        switch.stop("ovsdb-server")
        async with asyncio.timeout(10):
            while not follower.reconciler.states["ovs@h1"].stale:
                follower.take(await anext(stream))
        assert follower.graph.resolve("h1/ovs/bridge:br0") is not None
        assert "db.sock" in follower.reconciler.states["ovs@h1"].errors[0].message
        switch.start_database()
        async with asyncio.timeout(15):
            while follower.reconciler.states["ovs@h1"].status != "completed":
                follower.take(await anext(stream))
        assert follower.graph.resolve("h1/ovs/bridge:br0") is not None
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(follow())


def test_rules_are_objects_and_reading_twice_changes_nothing(switch: Switch) -> None:
    switch.inside("ovs-ofctl", "add-flow", f"unix:{switch.folder}/br0.mgmt", "priority=5,dl_vlan=9,actions=drop")

    async def twice() -> Follower:
        follower = Follower()
        for _ in range(2):
            before = follower.graph.rev
            async for observation in SOURCE.collect(LocalTransport(), config(switch)):
                follower.take(observation)
        assert follower.graph.rev == before
        return follower

    graph = asyncio.run(twice()).graph
    rules = [graph.attributes(head) for ord in graph.find("type", "ofrule") if (head := graph.get(ord)) is not None]
    assert {"dl_vlan": "9"} in [rule.get("match") for rule in rules]
    assert all(rule["bridge"] == "h1/ovs/bridge:br0" for rule in rules)


def test_no_open_vswitch_is_nothing_to_see_and_no_error(tmp_path: Path) -> None:
    async def look() -> list[Observation]:
        transport = LocalTransport()
        return [each async for each in SOURCE.collect(transport, SourceConfig(host="h1"))]

    if not Path("/var/run/openvswitch/db.sock").exists():
        assert asyncio.run(look()) == []


def test_a_bond_is_one_with_all_its_members(switch: Switch) -> None:
    for name in ("m1", "m2"):
        switch.inside("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-far")
        switch.inside("ip", "link", "set", name, "up")
    switch.vsctl("add-bond", "br0", "bond0", "m1", "m2", "bond_mode=balance-slb")

    async def look() -> Graph:
        follower = Follower()
        async for observation in SOURCE.collect(LocalTransport(), config(switch)):
            follower.take(observation)
        return follower.graph

    graph = asyncio.run(look())
    bond = graph.resolve("h1/ovs/port:bond0")
    assert bond is not None and bond.kind == "bond"
    assert graph.attributes(bond)["bond_mode"] == "balance-slb"
    below = {graph.id_of(link.other) for link in graph.links(bond.ord, ("layer2.ovs",))}
    assert below == {"h1/ovs/bridge:br0", "h1/ovs/interface:m1", "h1/ovs/interface:m2"}
