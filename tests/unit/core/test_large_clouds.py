"""What is looked at less in large clouds is found all the same, in whatever order it comes."""

from __future__ import annotations

import random

import pytest

from calipso.graph.codec import RECENT
from calipso.graph.joining import FEW
from calipso.graph.value import FacetChange
from calipso.model import ids
from tests.support.estate import CODEC, Estate, scratch, seen

MANY = 3 * FEW
CONTAINER = "container:c1"
SEGMENT = ids.segment("vxlan", None, "10")


def crowd() -> Estate:
    """A container among many devices of its namespace, and switches of many hosts that speak of one segment."""
    estate = Estate()
    netns = ids.netns("h1", "pod")
    estate.record(netns, "netlink", "netns", host="h1", name="pod")
    estate.record(CONTAINER, "docker", "container", host="h1", name="c1", netns=netns)
    for number in range(MANY):
        estate.device("h1", "pod", f"eth{number}", number + 2, "veth", mac=f"02:00:00:00:01:{number:02x}")
    estate.record(SEGMENT, "neutron", "segment", network_type="vxlan", key="vxlan/-/10", network_id="network:n1")
    for number in range(MANY):
        host = f"k{number}"
        estate.record(
            ids.ovs(host), "ovs", "ovs", host=host, name="ovs",
            segments=[{"tag": 7, "segment": SEGMENT, "medium": "overlay/vxlan"}],
        )  # fmt: skip
        estate.record(SEGMENT, f"ovs@{host}", "segment", network_type="vxlan", key="vxlan/-/10")
        estate.ovs_port(host, "br-int", "p7", "system", tag=7)
    return estate


@pytest.mark.parametrize("order", range(12))
def test_the_graph_is_the_same_in_ticks_of_any_order(order: int) -> None:
    changes = crowd().changes
    whole, _ = scratch().apply(changes, 1)
    container = whole.resolve(CONTAINER)
    assert container is not None
    assert len(list(whole.links(container.ord, ("container-vnic",)))) == MANY
    port = whole.resolve(ids.ovs_port(ids.ovs("k1"), "p7"))
    assert port is not None and port.networks == ("network:n1",)
    pick = random.Random(order)
    pick.shuffle(changes)
    graph, at, ts = scratch(), 0, 0
    while at < len(changes):
        size, ts = pick.choice((1, 3, 40)), ts + 1
        graph, _ = graph.apply(changes[at : at + size], ts)
        at += size
    assert seen(graph) == seen(whole)


def test_a_segment_that_changes_its_network_changes_its_ports_and_one_more_speaker_does_not() -> None:
    graph, _ = scratch().apply(crowd().changes, 1)
    graph, delta = graph.apply([_segment("ovs@new")], 2)
    assert not [head for _, head in delta.heads if head is not None and head.type == "ovsport"]
    graph, delta = graph.apply([_segment("neutron", network_id="network:n2")], 3)
    told = [head.networks for _, head in delta.heads if head is not None and head.type == "ovsport"]
    assert told == [("network:n2",)] * MANY


def _segment(facet: str, **said: str) -> FacetChange:
    attributes = {"network_type": "vxlan", "key": "vxlan/-/10", **said}
    return FacetChange(SEGMENT, facet, CODEC.encode("segment", "test", attributes))


def test_plain_forms_that_are_kept_are_bounded() -> None:
    codec = type(CODEC)()
    bodies = [codec.encode("veth", "s", {"n": number, "text": f"{number} " * 40}) for number in range(3 * RECENT)]
    for number, body in enumerate(bodies):
        codec._keep(body, body)
        assert len(codec._recent) + len(codec._older) <= 2 * RECENT
        assert id(bodies[max(0, number - RECENT + 1)]) in {**codec._recent, **codec._older} or number % 997
