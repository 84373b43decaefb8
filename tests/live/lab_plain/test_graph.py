"""labs/plain: the graph equals the declaration object by object and link by link, and so do the cliques."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.graph.protocol import GraphReader
from calipso.model import ids
from calipso.runtime.system import opened
from labs.plain import cliques
from labs.plain import declaration as d
from labs.plain import lab as plain
from labs.plain.expectation import expected, rules
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, clique, differences, graph_of, home, objects, scanned

pytestmark = pytest.mark.live
AGEING = {"netlink.neighbors", "netlink.fdb", "ovs.fdb"}
"""What the kernel and the switch learn and forget by themselves."""


@pytest.fixture(scope="module")
def graph(lab: Running, tmp_path_factory: pytest.TempPathFactory) -> GraphReader:
    return asyncio.run(scanned(lab, tmp_path_factory.mktemp("home")))


def test_one_scan_gives_exactly_what_is_declared(lab: Running, graph: GraphReader) -> None:
    assert differences(graph, expected(lab.lab)) == []


def test_every_openflow_rule_is_there(lab: Running, graph: GraphReader) -> None:
    found: dict[str, list[tuple[str, int, int]]] = {host.name: [] for host in lab.lab.hosts}
    for head in graph.objects():
        if head.type == "ofrule":
            said = graph.attributes(head)
            found[head.host].append((said["bridge"], said["table"], said["priority"]))
    assert {host: sorted(each) for host, each in found.items()} == {
        host.name: rules(lab.lab, host) for host in lab.lab.hosts
    }


def test_an_unchanged_lab_read_twice_does_not_change(lab: Running, tmp_path: Path) -> None:
    async def twice() -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
        async with opened(home(lab, tmp_path), NAME) as system:
            await system.scan(NAME)
            first = set(_records(graph_of(system)))
            await system.scan(NAME)
            return first, set(_records(graph_of(system)))

    first, second = asyncio.run(twice())
    assert first == second


def _records(graph: GraphReader) -> Iterator[tuple[str, str, str]]:
    for head in graph.objects():
        for id, facet in graph.records(head):
            if facet.name not in AGEING:
                yield id, facet.name, repr(sorted(facet.attributes.items()))


def test_the_clique_of_every_instance_is_exactly_what_its_frames_pass(lab: Running, graph: GraphReader) -> None:
    wanted = expected(lab.lab)
    for host in lab.lab.hosts:
        for vm in host.vms:
            assert clique(graph, ids.netns(host.name, vm.name)) == cliques.instance(wanted, host, vm)


def test_an_instance_reaches_all_of_its_network_and_nothing_of_the_other(lab: Running, graph: GraphReader) -> None:
    wanted = expected(lab.lab)
    for host in lab.lab.hosts:
        for vm in host.vms:
            found = clique(graph, ids.netns(host.name, vm.name), "reach")
            assert found == cliques.reach(wanted, lab.lab, host, vm)


def test_a_port_renamed_in_its_namespace_that_nobody_tells_of_stays_unknown(graph: GraphReader) -> None:
    device, port = graph.resolve("h1/netns:dhcp-10/dev:eth0"), graph.resolve("h1/ovs/interface:d10")
    assert device is not None and port is not None and device.ord != port.ord
    assert (device.kind, device.networks) == ("vnic", None)
    told = graph.resolve("h1/ovs/interface:d20")
    assert told is not None and told.id == "h1/netns:dhcp-10/dev:eth1", "its MAC is told: one object"


def test_the_machine_below_owns_nothing_of_the_lab(lab: Running, tmp_path: Path) -> None:
    async def once() -> set[str]:
        async with opened(home(lab, tmp_path)) as system:
            await system.scan("local")
            return {head.name for head in system.site("local").graph().objects() if head.type == "netns"}

    assert not asyncio.run(once()) & {head.name for head in _namespaces(lab)}


def _namespaces(lab: Running) -> list[d.Vm | d.Service]:
    return [each for host in lab.lab.hosts for each in (*host.vms, *host.services)]


def test_three_hosts_are_as_declared_too(tmp_path: Path) -> None:
    made = plain.up(tmp_path / "state", hosts=3, mortal=True)
    try:
        graph = asyncio.run(scanned(made, tmp_path / "home"))
    finally:
        plain.down(tmp_path / "state")
    wanted = expected(made.lab)
    assert differences(graph, wanted) == []
    assert {head.host for head in objects(graph) if head.host} == {"h1", "h2", "h3"}
    third = made.lab.host("h3")
    for vm in third.vms:
        assert clique(graph, ids.netns("h3", vm.name), "reach") == cliques.reach(wanted, made.lab, third, vm)
