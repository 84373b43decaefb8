"""One host under two names: its parts meet under the canonical one, in whatever order they are told."""

from __future__ import annotations

import random

import pytest

from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from tests.support.estate import CODEC, Estate, scratch, seen

SAID = "cmp1.example"


def records() -> list[FacetChange]:
    """The kernel speaks of cmp1, the switch and a controller of cmp1.example."""
    estate = Estate()
    estate.record("cmp1", "linux", "host", name="cmp1", host="cmp1", namespaces_complete=True)
    estate.device("cmp1", "", "tap1", 5, "tun", mac="02:05")
    estate.device("cmp1", "", "br-int", 6, "tun", mac="02:06")
    estate.record(SAID, "ovn@api", "host", name=SAID, host=SAID)
    ovs = ids.ovs(SAID)
    estate.record(ovs, "ovs", "ovs", host=SAID, name="ovs", netns=SAID)
    estate.record(ids.ovs_bridge(ovs, "br-int"), "ovs", "ovsbridge", host=SAID, ovs=ovs, name="br-int", owner=ovs)
    estate.ovs_port(SAID, "br-int", "tap1", "system", 1, ifindex=5)
    estate.record("port:1", "neutron@api", "port", host=SAID, name="p", port_id="1", network_id="network:1")
    return estate.changes


def build(changes: list[FacetChange], step: int) -> Graph:
    graph = scratch()
    for start in range(0, len(changes), step):
        graph, _ = graph.apply(changes[start : start + step], start + 1)
    return graph


def test_parts_of_one_host_meet() -> None:
    graph = build(records(), 100)
    hosts = [head.id for head in graph.objects() if head.type == "host"]
    assert hosts == ["cmp1"]
    tap = graph.resolve("cmp1/dev:tap1")
    assert tap is not None and {facet.name for facet in graph.facets(tap)} == {"netlink", "ovs"}
    for id in ("cmp1/ovs", f"{SAID}/ovs", f"{SAID}/ovs/interface:tap1", SAID):
        found = graph.resolve(id)
        assert found is not None and found.host == "cmp1", id
    assert {head.host for head in graph.objects()} == {"cmp1"}
    bridge = graph.resolve("cmp1/ovs/bridge:br-int")
    assert bridge is not None and bridge.parent == "cmp1/ovs"
    ports = [graph.id_of(link.other) for link in graph.links(bridge.ord, ("layer2.ovs",))]
    assert ports == ["cmp1/ovs/port:tap1"]


@pytest.mark.parametrize("seed", range(12))
def test_any_order(seed: int) -> None:
    shuffled = records()
    random.Random(seed).shuffle(shuffled)
    assert seen(build(shuffled, 1 + seed % 4)) == seen(build(records(), 100))


def test_when_the_other_name_goes_its_parts_stand_alone_again() -> None:
    graph = build(records(), 100)
    graph, _ = graph.apply([FacetChange(SAID, "ovn@api", None)], 1000)
    left = [change for change in records() if change.id != SAID]
    assert seen(graph) == seen(build(left, 100))
    again = next(change for change in records() if change.id == SAID)
    graph, _ = graph.apply([again], 1001)
    assert seen(graph) == seen(build(records(), 100))


def test_a_second_host_with_the_same_first_label_unites_nothing() -> None:
    extra = FacetChange(
        "cmp1.other", "linux", CODEC.encode("host", "test", {"name": "cmp1.other", "host": "cmp1.other"})
    )
    graph = build([*records(), extra], 100)
    assert {head.id for head in graph.objects() if head.type == "host"} == {"cmp1", SAID, "cmp1.other"}
