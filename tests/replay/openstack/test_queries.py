"""The queries that operators know, on recorded clouds: unchanged, and with the answers worked out by hand."""

from __future__ import annotations

import time
from typing import Any

import pytest

from calipso.query.evaluate import evaluate
from tests.replay.openstack.test_worked_examples import RECORDED, graph_of
from tests.support.queries import World, told


@pytest.fixture(params=RECORDED)
def cloud(request: pytest.FixtureRequest) -> World:
    return World(graph_of(request.param))


def objects(world: World, **wanted: Any) -> list[str]:
    """By hand: ids of all objects whose attributes are these."""
    graph = world.value
    return sorted(
        head.id
        for head in graph.objects()
        if all(graph.attributes(head).get(key) == value for key, value in wanted.items())
    )


def test_mtu(cloud: World) -> None:
    graph = cloud.value
    other = sorted(
        head.id for head in graph.objects() if (mtu := graph.attributes(head).get("mtu")) is not None and mtu != 1500
    )
    assert sorted(told("G.V().Has('MTU', NE(1500))", cloud)) == other
    assert sorted(told("G.V().Has('MTU', 1500)", cloud)) == objects(cloud, mtu=1500)
    for each in told("G.V().Has('MTU', 1500).Values('IPV4')", cloud) + told(
        "G.V().Has('MTU', NE(1500)).Values('IPV4')", cloud
    ):
        assert each and all(text.count(".") == 3 for text in each)


def test_interfaces_behind_bridges(cloud: World) -> None:
    found = told("G.V().Has('Type', 'ovsbridge').Out('RelationType', 'layer2').Out('RelationType', 'layer2')", cloud)
    graph = cloud.value
    by_hand = [
        graph.id_of(end.other)
        for head in graph.objects() if head.type == "ovsbridge"
        for port in graph.links(head.ord) if port.outgoing and port.type.startswith("layer2")
        for end in graph.links(port.other) if end.outgoing and end.type.startswith("layer2")
    ]  # fmt: skip
    assert sorted(found) == sorted(by_hand)
    named = told("G.V().Has('Type','ovsbridge').Out().Out().Has('Name', Without('br-int')).Values('Name')", cloud)
    assert "br-int" not in named and (named or not by_hand)


def test_the_interface_of_an_instance() -> None:
    world = World(graph_of("ml2-ovs"))
    ids = told("G.V().HasKey('ExtID.vm-id').Values('ExtID.vm-id')", world)
    assert ids
    for id in ids:
        assert told(f"G.V().Has('ExtID.vm-id', '{id}')", world)
    nics = told("G.V().Has('Manager', 'libvirt', 'Type', 'nic').Count()", world)
    assert nics[0] > 0


def test_from_a_guest_through_the_tunnel_to_a_guest_on_another_host() -> None:
    world = World(graph_of("ml2-ovs"))
    graph = world.value
    nics = [head for head in graph.objects() if head.type == "nic" and list(graph.links(head.ord, ["layer2.tap"]))]
    here = nics[0]
    there = next(nic for nic in nics if nic.host != here.host)
    levels = "Metadata('RelationType', Within('layer2', 'layer3'))"
    (way,) = told(f"G.V('{here.id}').ShortestPathTo(Metadata('ID', '{there.id}'), {levels})", world)
    kinds = [graph.resolve(id).type for id in way]  # type: ignore[union-attr]
    assert way[0] == here.id and way[-1] == there.id and kinds.count("vxlan") == 2
    assert "patch" in kinds and "ovsbridge" in kinds


def test_parsing_and_planning_take_little() -> None:
    text = "G.V().Has('Type', 'ovsbridge', 'Host', 'cmp{}').Out('layer2').Out().Has('Name', Without('br-int'))"
    world = World(graph_of("ml2-ovs"))
    began = time.process_time()
    for n in range(50):
        evaluate(text.format(n), world, time.monotonic)
    assert time.process_time() - began < 2
