"""Cliques, implicit links, differences and host names, on the estate of two hosts."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calipso.graph.clique import find_clique
from calipso.graph.diff import compare
from calipso.graph.hostnames import HostRecord, canonical_names
from calipso.graph.implicit import implicit_links
from calipso.graph.protocol import Obj
from calipso.graph.value import FacetChange, Graph
from calipso.model.cliques import CLIQUE_TYPES
from tests.support.estate import CODEC, scratch, two_hosts

TYPES = {each.name: each for each in CLIQUE_TYPES}
GRAPH, _ = scratch().apply(two_hosts(), 1)


def head(id: str, graph: Graph = GRAPH) -> Obj:
    found = graph.resolve(id)
    assert found is not None
    return found


def test_the_clique_of_an_instance_is_its_own_way_to_the_wire() -> None:
    found = find_clique(GRAPH, head("h1/netns:vm-b"), TYPES["instance"])
    assert [(link.type, link.source, link.target) for link in found.links] == [
        ("instance-vnic", "h1/netns:vm-b", "h1/netns:vm-b/dev:eth0"),
        ("vnic-vconnector", "h1/netns:vm-b/dev:eth0", "h1/dev:br-b"),
        ("vconnector-vedge", "h1/dev:br-b", "h1/ovs"),
        ("vedge-otep", "h1/ovs", "h1/otep:vxlan:192.0.2.1"),
        ("otep-host_pnic", "h1/otep:vxlan:192.0.2.1", "h1/dev:eth0"),
        ("host_pnic-network", "h1/dev:eth0", "segment:vxlan/-/10020"),
    ]
    assert found.constraint == ["segment:vxlan/-/10020"] and not found.unknown


def test_reach_adds_the_other_host_and_nothing_of_the_other_network() -> None:
    reached = set(find_clique(GRAPH, head("h1/netns:vm-a"), TYPES["reach"]).objects)
    assert {"h2/netns:vm-a", "h1/netns:router-r", "h2/netns:router-r", "h2/ovs", "h2/dev:eth0"} <= reached
    assert not reached & {"h1/netns:vm-b", "h2/netns:vm-b", "segment:vxlan/-/10020"}


def without(*places: tuple[str, str]) -> Graph:
    graph, _ = GRAPH.apply([FacetChange(id, facet, None) for id, facet in places], 2)
    return graph


def test_the_three_cases_of_networks() -> None:
    """None carried passes; the empty set fails; unknown is left out and listed."""
    unknown = without(("h2/ovs", "ovs.segments"))
    found = find_clique(unknown, head("h1/netns:vm-a", unknown), TYPES["reach"])
    assert "h2/netns:vm-a" not in found.objects
    focal_unknown = without(("h1/ovs", "ovs.segments"))
    alone = find_clique(focal_unknown, head("h1/netns:vm-a", focal_unknown), TYPES["instance"])
    assert alone.constraint is None and "not known" in alone.note
    assert "h1/ovs" in alone.objects
    nic = head("h1/netns:vm-b/dev:eth0")
    kept = find_clique(GRAPH, head("h1/netns:vm-b"), TYPES["instance"], ["segment:vxlan/-/10010"])
    assert nic.id not in kept.objects


def test_what_carries_unknown_networks_is_listed() -> None:
    graph = without(("h1/ovs", "ovs.segments"))
    found = find_clique(graph, head("h1/netns:vm-a", graph), TYPES["instance"], ["segment:vxlan/-/10010"])
    assert [(each.type, each.target) for each in found.unknown] == [("instance-vnic", "h1/netns:vm-a/dev:eth0")]


def test_implicit_links_lead_over_others_on_one_network() -> None:
    found = {each.target: each for each in implicit_links(GRAPH, head("h1/netns:vm-b"), depth=6)}
    assert found["h1/dev:br-b"].through == ("h1/netns:vm-b/dev:eth0",)
    assert found["segment:vxlan/-/10020"].type == "instance-network"
    assert "segment:vxlan/-/10010" not in found


def test_a_difference_is_told_field_by_field() -> None:
    change = next(each for each in two_hosts() if each.id == "h1/dev:vha")
    type, scope, attributes = CODEC.decode(change.body or b"")
    later, delta = GRAPH.apply(
        [FacetChange(change.id, "netlink", CODEC.encode(type, scope, {**attributes, "mtu": 9}))], 2
    )
    for ords in (None, [ord for ord, _, _ in delta.facets]):
        diff = compare(GRAPH, later, ords)
        assert [(each.op, each.id) for each in diff.objects] == [("changed", "h1/dev:vha")]
        assert [(field.name, field.old, field.new) for field in diff.objects[0].fields] == [("mtu", None, 9)]
        assert not diff.links
    gone = without(("h1/dev:vha", "netlink"))
    diff = compare(GRAPH, gone)
    assert ("removed", "h1/dev:vha") in [(each.op, each.id) for each in diff.objects]
    assert ("removed", "vnic-vedge") in [(each.op, each.type) for each in diff.links]


# ── host names ────────────────────────────────────────────────────────────────────────────────────────────────────


def said(name: str, source: str, **attributes: Any) -> HostRecord:
    return HostRecord(name, source, attributes)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([said("cmp1", "linux"), said("cmp1.example", "nova@api")], {"cmp1.example": "cmp1"}),
        ([said("a", "linux", machine_id="1"), said("b", "ovn@api", machine_id="1")], {"b": "a"}),
        ([said("a", "linux", machine_id="1"), said("b", "linux", machine_id="1")], {}),
        ([said("a.x", "linux"), said("a.y", "nova@api")], {}),
        ([said("a.x", "linux"), said("a.y", "linux"), said("a", "nova@api")], {}),
        ([said("a", "linux", addresses=["10.0.0.5/24"]), said("c", "nova", stated_addresses=["10.0.0.5"])], {"c": "a"}),
        ([said("10.0.0.5", "linux", hostname="ctl"), said("ctl.x", "nova@api")], {"ctl.x": "10.0.0.5"}),
        ([said("10.0.0.5", "linux", hostname="localhost"), said("localhost", "nova@api")], {}),
        ([said("10.0.0.5", "linux"), said("10", "nova@api")], {}),
    ],
    ids=["first label", "machine-id", "clones", "two full names", "namesakes", "stated address", "its own name",
         "local host", "address"],
)  # fmt: skip
def test_names_of_one_host(records: list[HostRecord], expected: dict[str, str]) -> None:
    for order in itertools.permutations(records):
        assert canonical_names(order, {}) == expected


def test_what_is_configured_wins() -> None:
    records = [said("a.x", "linux"), said("a.y", "linux"), said("old", "nova@api")]
    assert canonical_names(records, {"a.y": ["old"]}) == {"old": "a.y"}


NAMES = st.sampled_from(["a", "a.x", "a.y", "b", "b.x", "c"])
RECORD = st.builds(
    lambda name, source, machine, address: HostRecord(
        name, source, {"machine_id": machine, "addresses": [f"{address}/24"], "stated_addresses": [address]}
    ),
    NAMES,
    st.sampled_from(["linux", "nova@api", "ovn@api"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["10.0.0.1", "10.0.0.2"]),
)


@settings(max_examples=200)
@given(st.lists(RECORD, max_size=6, unique_by=lambda record: (record.said, record.source)), st.randoms())
def test_any_order_and_never_two_of_one_source(records: list[HostRecord], random: Any) -> None:
    names = canonical_names(records, {})
    shuffled = list(records)
    random.shuffle(shuffled)
    assert canonical_names(shuffled, {}) == names
    speakers: dict[str, set[str]] = {}
    for record in records:
        canonical = names.get(record.said, record.said)
        place = f"{canonical} {record.source}"
        speakers.setdefault(place, set()).add(record.said)
    assert all(len(each) == 1 for each in speakers.values()), "two records of one source became one host"
