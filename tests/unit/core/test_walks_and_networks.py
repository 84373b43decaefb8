"""Walks are VLAN-aware and stop at the nearest role; networks follow from ports, engines or tags."""

from __future__ import annotations

from calipso.graph.explain import why
from calipso.graph.value import FacetChange, Graph
from calipso.graph.walk import walk
from calipso.model import ids
from calipso.model.rules import ANY, DEVICES, Walk, of_type
from tests.support.estate import CODEC, Estate, scratch, two_hosts


def estate() -> Graph:
    graph, _ = scratch().apply(two_hosts(), 1)
    return graph


def ids_of(graph: Graph, ords: object) -> set[str]:
    return {graph.id_of(ord) for ord in ords}  # type: ignore[attr-defined]


def link_ids(graph: Graph, id: str, type: str) -> set[str]:
    head = graph.resolve(id)
    assert head is not None
    return {graph.id_of(link.other) for link in graph.links(head.ord, (type,))}


class Reading:
    """A graph as walks read it."""

    def __init__(self, graph: Graph) -> None:
        self.get, self.attributes, self.ends = graph.get, graph.attributes, graph.ends.get


def test_through_says_the_way_from_source_to_target() -> None:
    graph = estate()
    bridge, vedge = graph.resolve("h1/dev:br-b"), graph.resolve("h1/ovs")
    assert bridge is not None and vedge is not None
    assert why(graph, "vconnector-vedge", bridge, vedge).through == (
        "h1/dev:pb", "h1/dev:pbo", "h1/ovs/port:pbo", "h1/ovs/bridge:br-int",
    )  # fmt: skip


def test_a_walk_across_a_bridge_meets_only_ports_of_its_own_vlan() -> None:
    graph = estate()
    rule = Walk(ANY, of_type("vxlan"), through=DEVICES | {"ovs_bridge"})
    start = graph.resolve("h1/dev:vha")
    assert start is not None
    assert ids_of(graph, (reached.stop for reached in walk(Reading(graph), start.ord, rule))) == {
        "h1/ovs/interface:vx10"
    }


def test_an_instance_behind_a_bridge_reaches_the_bridge_and_not_the_switch() -> None:
    graph = estate()
    nic = "h1/netns:vm-b/dev:eth0"
    assert link_ids(graph, nic, "vnic-vconnector") == {"h1/dev:br-b"}
    assert link_ids(graph, nic, "vnic-vedge") == set()
    assert link_ids(graph, "h1/netns:vm-a/dev:eth0", "vnic-vedge") == {"h1/ovs"}


def test_networks_come_from_tags_and_change_with_their_meaning() -> None:
    graph = estate()

    def networks(id: str) -> tuple[str, ...] | None:
        head = graph.resolve(id)
        assert head is not None
        return head.networks

    assert networks("h1/netns:vm-a/dev:eth0") == ("segment:vxlan/-/10010",)
    assert networks("h1/dev:br-b") == ("segment:vxlan/-/10020",)
    assert link_ids(graph, "h1/dev:eth0", "host_pnic-network") == {"segment:vxlan/-/10010", "segment:vxlan/-/10020"}
    meaning = {"segments": [{"tag": 10, "segment": "segment:vxlan/-/10020"}]}
    graph, _ = graph.apply([FacetChange("h1/ovs", "ovs.segments", CODEC.encode("ovs", "test", meaning))], 2)
    assert networks("h1/netns:vm-a/dev:eth0") == ("segment:vxlan/-/10020",)
    assert networks("h1/dev:br-b") is None, "what a tag means is not known any more"
    assert link_ids(graph, "h1/dev:eth0", "host_pnic-network") == {"segment:vxlan/-/10020"}


def test_a_missing_process_takes_the_role_links_with_it_and_its_return_brings_them_back() -> None:
    graph = estate()
    said = [change for change in two_hosts() if change.id == "h1/ovs"]
    graph, _ = graph.apply([FacetChange(change.id, change.facet, None) for change in said], 2)
    assert link_ids(graph, "h1/netns:vm-a/dev:eth0", "vnic-vedge") == set()
    graph, _ = graph.apply(said, 3)
    assert link_ids(graph, "h1/netns:vm-a/dev:eth0", "vnic-vedge") == {"h1/ovs"}


def test_an_address_on_a_bridge_port_leads_the_tunnel_endpoint_to_the_nic_in_the_same_bridge() -> None:
    made = Estate()
    made.record("h1", "linux", "host", name="h1", host="h1", namespaces_complete=True)
    made.record("h1/ovs", "ovs", "ovs", host="h1", name="ovs")
    made.record("h1/ovs/bridge:br-vtep", "ovs", "ovsbridge", host="h1", ovs="h1/ovs", name="br-vtep", owner="h1/ovs")
    made.device("h1", "", "br-vtep", 3, "tun", ips=["10.0.0.1"])
    made.device("h1", "", "eth1", 2, "device", bus_address="0000:00:02.0")
    made.ovs_port("h1", "br-vtep", "br-vtep", "internal", ifindex=3)
    made.ovs_port("h1", "br-vtep", "eth1", "system", ifindex=2)
    endpoint = ids.tunnel_endpoint("h1", "vxlan", "10.0.0.1")
    made.record(endpoint, "ovs", "otep", host="h1", netns="h1", overlay_type="vxlan", ip="10.0.0.1", vedge="h1/ovs")
    graph, _ = scratch().apply(made.changes, 1)
    assert link_ids(graph, endpoint, "otep-host_pnic") == {"h1/dev:eth1"}
    otep, pnic = graph.resolve(endpoint), graph.resolve("h1/dev:eth1")
    assert otep is not None and pnic is not None and pnic.media == ("overlay/vxlan",)
    assert why(graph, "otep-host_pnic", otep, pnic).through == (
        "h1/dev:br-vtep", "h1/ovs/port:br-vtep", "h1/ovs/bridge:br-vtep", "h1/ovs/port:eth1",
    )  # fmt: skip
