"""A real OVN, followed live: what is ordered and what is claimed comes and goes, dead databases take nothing along."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from calipso.graph.codec import Codec
from calipso.graph.protocol import Obj
from calipso.graph.reconcile import Reconciler
from calipso.graph.value import Graph
from calipso.model.attributes import undeclared
from calipso.model.environment import Environment
from calipso.model.record import Observation, Record, Seen
from calipso.seams import Exec, Read, SourceConfig
from calipso.sources.ovn import SOURCE
from calipso.sources.ovs import SOURCE as OVS
from calipso.transports.local import LocalTransport
from tests.support.ovn_cloud import CHASSIS, Cloud

pytestmark = pytest.mark.live


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    netns = f"ct-ovn-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", netns], check=True)
    made = None
    try:
        subprocess.run(["ip", "-n", netns, "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "-n", netns, "addr", "add", "192.0.2.1/32", "dev", "lo"], check=True)
        made = Cloud(tmp_path / "ovn", netns)
        yield made
    finally:
        if made is not None:
            made.close()
        subprocess.run(["ip", "netns", "del", netns], check=True)


def config(cloud: Cloud) -> SourceConfig:
    return SourceConfig(host="central", options={"nb": cloud.socket("nb"), "sb": cloud.socket("sb")})


class Follower:
    """Takes what the source says into a graph, and keeps the records for a look at them."""

    def __init__(self) -> None:
        codec = Codec()
        self.graph, self.reconciler = Graph(Environment(name="live"), codec), Reconciler(codec)
        self.records: list[Record] = []

    def take(self, *observations: Observation) -> None:
        now = max(time.time_ns() // 1000, self.graph.ts + 1)
        outcome = self.reconciler.take(observations, self.graph, now)
        self.graph, _ = self.graph.apply(outcome.changes, now)
        self.records += [record for each in observations if isinstance(each, Seen) for record in each.records]

    def find(self, type: str, name: str) -> Obj:
        (found,) = (head for head in self.graph.objects() if head.type == type and head.name == name)
        return found

    def said(self, type: str, name: str) -> dict[str, object]:
        return dict(self.graph.attributes(self.find(type, name)))

    async def until(self, stream: AsyncIterator[Observation], holds: Callable[[], bool]) -> float:
        """Seconds until something holds; fails after ten."""
        began = time.monotonic()
        async with asyncio.timeout(10):
            while not holds():
                self.take(await anext(stream))
        return time.monotonic() - began

    def port(self, name: str) -> dict[str, object]:
        head = self.graph.resolve(f"port:{name}")
        return dict(self.graph.attributes(head)) if head is not None else {}


async def a_pass(cloud: Cloud) -> Follower:
    follower = Follower()
    async for observation in SOURCE.collect(LocalTransport(), config(cloud)):
        follower.take(observation)
    return follower


def test_ports_are_ordered_claimed_and_released_within_a_second(cloud: Cloud) -> None:
    cloud.start_switch()
    cloud.nbctl("ls-add", "sw0")
    cloud.nbctl("--wait=hv", "sync")

    async def follow() -> list[float]:
        follower, took = Follower(), []
        stream = SOURCE.watch(LocalTransport(), config(cloud))
        await follower.until(stream, lambda: follower.graph.resolve("h1/otep:geneve:192.0.2.1") is not None)
        await follower.until(stream, lambda: any(head.name == "sw0" for head in follower.graph.objects()))
        cloud.nbctl("lsp-add", "sw0", "vm1", "--", "lsp-set-addresses", "vm1", "50:54:00:00:00:01 10.0.0.11")
        took.append(await follower.until(stream, lambda: follower.port("vm1").get("ips") == ["10.0.0.11"]))
        assert "chassis" not in follower.port("vm1")
        bind = ("set", "interface", "p1", "type=internal", "external_ids:iface-id=vm1")
        cloud.vsctl("add-port", "br-int", "p1", "--", *bind)
        took.append(await follower.until(stream, lambda: follower.port("vm1").get("up") is True))
        assert follower.port("vm1")["chassis"] == CHASSIS
        assert follower.port("vm1")["host"] == "h1"
        cloud.vsctl("del-port", "br-int", "p1")
        took.append(await follower.until(stream, lambda: "chassis" not in follower.port("vm1")))
        cloud.nbctl("lsp-del", "vm1")
        took.append(await follower.until(stream, lambda: follower.graph.resolve("port:vm1") is None))
        await stream.aclose()  # type: ignore[attr-defined]
        return took

    assert max(asyncio.run(follow())) < 1.0


def test_a_router_is_a_service_on_the_switch_of_its_gateway_chassis(cloud: Cloud) -> None:
    cloud.start_switch()
    cloud.populate()
    cloud.vsctl(
        "add-port", "br-int", "p1", "--", "set", "interface", "p1", "type=internal", "external_ids:iface-id=vm1"
    )
    cloud.nbctl("--wait=hv", "sync")
    cloud.sbctl("wait-until", "port_binding", "cr-lr0-public", "up=true")
    follower = asyncio.run(a_pass(cloud))
    graph, router = follower.graph, follower.find("router", "lr0")
    assert router.kind == "vservice" and graph.attributes(router)["gateway_chassis"] == [CHASSIS]
    assert [graph.id_of(link.other) for link in graph.links(router.ord, ("vservice-vedge",))] == ["h1/ovs"]
    served = {graph.id_of(link.other) for link in graph.links(router.ord, ("network-vservice",))}
    assert served == {follower.find("network", name).id for name in ("sw0", "sw1", "public")}
    assert {entry["type"] for entry in graph.attributes(router)["nat"]} == {"snat", "dnat_and_snat"}
    floating = follower.find("floating_ip", "172.24.4.111")
    assert [graph.id_of(link.other) for link in graph.links(floating.ord, ("floating_ip-port",))] == ["port:vm1"]
    assert [graph.id_of(link.other) for link in graph.links(floating.ord, ("floating_ip-vservice",))] == [router.id]
    assert follower.said("load_balancer", "web")["network_ids"] == [follower.find("network", "sw0").id]
    assert [said for record in follower.records for said in undeclared(record)] == []


def test_rows_by_hand_tell_who_claims_what(cloud: Cloud) -> None:
    """Chassis of other hosts, as their controllers would write them: without one here."""
    cloud.populate()
    for name, host, ip in (("c1", "cmp1.example.net", "192.0.2.11"), ("c2", "", "192.0.2.12")):
        cloud.sbctl("chassis-add", name, "geneve", ip)
        if host:
            cloud.sbctl("set", "chassis", name, f"hostname={host}")
    cloud.nbctl("--wait=sb", "sync")
    cloud.sbctl("lsp-bind", "vm1", "c1", "--", "lsp-bind", "vm2", "c2")
    follower = asyncio.run(a_pass(cloud))
    assert (follower.port("vm1")["chassis"], follower.port("vm1")["host"]) == ("c1", "cmp1.example.net")
    assert (follower.port("vm2")["chassis"], follower.port("vm2")["host"]) == ("c2", "c2")
    assert "chassis" not in follower.port("vm3") and follower.port("vm3")["up"] is False
    assert follower.port("vm1-child")["parent_port"] == "vm1" and follower.port("vm1-child")["tag"] == 30
    assert follower.graph.resolve("cmp1.example.net/otep:geneve:192.0.2.11") is not None
    assert follower.said("segment", "vlan/physnet1/101")["network_id"] == follower.find("network", "public").id


def test_reading_twice_changes_nothing(cloud: Cloud) -> None:
    cloud.populate()
    cloud.nbctl("--wait=sb", "sync")

    async def twice() -> None:
        follower = await a_pass(cloud)
        before = follower.graph.rev
        async for observation in SOURCE.collect(LocalTransport(), config(cloud)):
            follower.take(observation)
        assert follower.graph.rev == before and len(follower.graph) > 12

    asyncio.run(twice())


class CommandsOnly(LocalTransport):
    """A host whose sockets cannot be reached from where Calipso is."""

    answers = frozenset({Exec, Read})


def test_commands_give_the_records_of_the_monitor(cloud: Cloud) -> None:
    cloud.populate()
    cloud.nbctl("--wait=sb", "sync")

    async def look(transport: LocalTransport) -> list[Observation]:
        return [each async for each in SOURCE.collect(transport, config(cloud))]

    by_commands = asyncio.run(look(CommandsOnly()))
    assert by_commands == asyncio.run(look(LocalTransport()))
    assert sum(isinstance(each, Seen) for each in by_commands) == 2


def test_a_dead_database_makes_its_scope_stale_and_the_other_goes_on(cloud: Cloud) -> None:
    cloud.populate()
    cloud.nbctl("--wait=sb", "sync")

    async def follow() -> None:
        follower = Follower()
        states = follower.reconciler.states
        stream = SOURCE.watch(LocalTransport(), config(cloud))
        await follower.until(stream, lambda: len([s for s in states.values() if s.status == "completed"]) == 2)
        ports = follower.graph.find("type", "port")
        cloud.stop("sb")
        await follower.until(stream, lambda: states["ovn@central:sb"].stale)
        assert not states["ovn@central:nb"].stale
        assert list(follower.graph.find("type", "port")) == list(ports)
        cloud.nbctl("lsp-add", "sw0", "vm9")
        await follower.until(stream, lambda: follower.graph.resolve("port:vm9") is not None)
        cloud.start_database("sb")
        await follower.until(stream, lambda: states["ovn@central:sb"].status == "completed")
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(follow())


def test_without_ovn_there_is_nothing_to_see_and_no_error() -> None:
    async def look() -> list[Observation]:
        return [each async for each in SOURCE.collect(LocalTransport(), SourceConfig(host="h1"))]

    if not any(Path(each).exists() for each in ("/var/run/ovn/ovnnb_db.sock", "/var/run/ovn/ovnsb_db.sock")):
        assert asyncio.run(look()) == []


def test_a_claimed_nic_that_no_host_shows_has_no_cable_and_the_switch_is_one_with_its_chassis(cloud: Cloud) -> None:
    cloud.start_switch()
    port, guest, mac = (
        "11111111-0000-4000-8000-00000000000a",
        "22222222-0000-4000-8000-00000000000b",
        "fa:16:3e:00:00:0a",
    )
    notes = (f'external_ids:"neutron:device_id"="{guest}"', 'external_ids:"neutron:device_owner"="compute:nova"')
    cloud.nbctl("ls-add", "sw0", "--", "lsp-add", "sw0", port, "--", "lsp-set-addresses", port, f"{mac} 10.0.0.9")
    cloud.nbctl("set", "logical_switch_port", port, *notes)
    bind = ("set", "interface", "tap1", "type=internal", f"external_ids:iface-id={port}")
    cloud.vsctl("add-port", "br-int", "tap1", "--", *bind)
    cloud.nbctl("wait-until", "logical_switch_port", port, "up=true")

    async def look() -> Follower:
        follower = await a_pass(cloud)
        instance = {"endpoint": f"unix:{cloud.folder}/db.sock", "rundir": str(cloud.folder)}
        switch = SourceConfig(host="h1", options={"instances": [instance]})
        async for observation in OVS.collect(LocalTransport(), switch):
            follower.take(observation)
        return follower

    graph = asyncio.run(look()).graph
    nic, vedge = graph.resolve(f"instance:{guest}/vnic:{mac}"), graph.resolve("h1/ovs")
    assert nic is not None and vedge is not None
    assert nic.kind == "vnic" and graph.attributes(nic)["host"] == "h1"
    assert [graph.id_of(link.other) for link in graph.links(nic.ord, ("vnic-port",))] == [f"port:{port}"]
    assert list(graph.links(nic.ord, ("vnic-vedge", "layer2.tap"))) == []
    assert {facet.name.partition("@")[0] for facet in graph.facets(vedge)} >= {"ovn", "ovs"}
    assert graph.resolve("h1/otep:geneve:192.0.2.1") is not None
