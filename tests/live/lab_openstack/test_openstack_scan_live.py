"""labs/openstack: what one scan of the hosts finds is what the cloud's API says is on them."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request
from typing import Any

import pytest

from calipso.graph.protocol import GraphReader
from calipso.runtime.home import Home
from calipso.runtime.system import opened
from labs.openstack import declaration as d
from labs.openstack import services
from labs.openstack.environment import NAME, environment
from labs.openstack.expectation import KINDS, LINKS, Expected, Link, expected
from labs.openstack.running import OUTSIDE, Running

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def facts(lab: Running) -> dict[str, Any]:
    return services.facts(lab)


@pytest.fixture(scope="module")
def wanted(lab: Running, facts: dict[str, Any]) -> Expected:
    return expected(facts, lab.mechanism)


@pytest.fixture(scope="module")
def graph(lab: Running, wanted: Expected, tmp_path_factory: pytest.TempPathFactory) -> GraphReader:
    """After one scan that met no error."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.prepare()
    (home.environments / f"{NAME}.yaml").write_text(environment(lab))

    async def scanned() -> GraphReader:
        async with opened(home, NAME) as system:
            assert await system.scan(NAME) == []
            return system.site(NAME).graph()

    return asyncio.run(scanned())


def test_the_cloud_has_what_is_declared(facts: dict[str, Any]) -> None:
    assert {(each["name"], each["host"]) for each in facts["instances"]} == {(vm.name, vm.host) for vm in d.VMS}
    assert facts["counts"]["floating IPs"] == sum(vm.floating for vm in d.VMS)


def test_every_object_of_the_cloud_is_found_and_no_other(graph: GraphReader, wanted: Expected) -> None:
    assert {head.id: head.kind for head in graph.objects() if head.kind in KINDS} == wanted.objects


def test_everything_is_plugged_as_the_cloud_plugs_it(graph: GraphReader, wanted: Expected) -> None:
    assert _links(graph) == wanted.links


def test_nics_carry_the_networks_of_their_ports(graph: GraphReader, wanted: Expected) -> None:
    found = {id: head.networks if (head := graph.resolve(id)) else None for id in wanted.networks}
    assert found == wanted.networks


def test_instances_are_named_as_nova_names_them(graph: GraphReader, facts: dict[str, Any]) -> None:
    named = {head.id.split(":")[1]: head.name for head in graph.objects() if head.kind == "instance"}
    assert named == {each["id"]: each["name"] for each in facts["instances"]}


def test_a_thread_reaches_the_api_in_the_network_of_the_lab_and_comes_back(lab: Running) -> None:
    here = os.readlink("/proc/thread-self/ns/net")
    with lab.network(), urllib.request.urlopen(d.KEYSTONE.url, timeout=60) as answer:
        assert json.load(answer)["version"]["status"] == "stable"
    assert os.readlink("/proc/thread-self/ns/net") == here


def test_this_machine_has_no_part_in_the_network_of_the_lab(lab: Running) -> None:
    """Its addresses are reached from the outside of its hosts, and from nowhere else."""
    assert lab.answers(OUTSIDE, "ping", "-c", "1", "-W", "5", d.CTL.address)
    with open("/proc/net/fib_trie") as addresses:
        assert d.OUTSIDE not in addresses.read()


def _links(graph: GraphReader) -> set[Link]:
    found = set()
    for head in graph.objects():
        for link in graph.links(head.ord):
            other = graph.get(link.other)
            if link.outgoing and link.type in LINKS and other is not None:
                found.add((link.type, head.id, other.id))
    return found
