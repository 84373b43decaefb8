"""Binds: one thing under two ids, only when exactly one candidate is there (MODEL §3)."""

from __future__ import annotations

from calipso.graph.value import Graph
from calipso.model import ids
from tests.support.estate import Estate, scratch
from tests.support.named_estate import NAMED, TOLD, segment, two_hosts_named

INTERFACE = "h1/ovs/interface:d10"


def graph_of(estate: Estate) -> Graph:
    graph, _ = scratch().apply(estate.changes, 1)
    return graph


def is_one(graph: Graph, a: str, b: str) -> bool:
    one, other = graph.resolve(a), graph.resolve(b)
    return one is not None and other is not None and one.id == other.id


def test_an_interface_and_the_device_of_its_name_are_one_with_the_devices_id() -> None:
    estate = Estate()
    estate.device("h1", "", "d10", 5, "tun", mac="02:10")
    estate.ovs_port("h1", "br-int", "d10", "internal", ifindex=5)
    graph = graph_of(estate)
    united = graph.resolve(INTERFACE)
    assert united is not None and united.id == "h1/dev:d10"
    assert united.type == "internal"  # the OVS type over the kernel's
    assert {facet.name for facet in graph.facets(united)} == {"netlink", "ovs"}


def test_another_ifindex_contradicts() -> None:
    estate = Estate()
    estate.device("h1", "", "d10", 5, "tun", mac="02:10")
    estate.ovs_port("h1", "br-int", "d10", "system", ifindex=6)
    assert not is_one(graph_of(estate), INTERFACE, "h1/dev:d10")


def test_a_port_moved_into_a_namespace_is_found_by_name_or_attached_mac() -> None:
    estate = Estate()
    estate.device("h1", "dhcp", "d10", 5, "tun", mac="02:10")
    estate.ovs_port("h1", "br-int", "d10", "internal")
    assert is_one(graph_of(estate), INTERFACE, ids.device(ids.netns("h1", "dhcp"), "d10"))
    renamed = Estate()
    renamed.device("h1", "dhcp", "eth0", 5, "tun", mac="02:10")
    renamed.ovs_port("h1", "br-int", "d10", "internal", attached_mac="02:10")
    assert is_one(graph_of(renamed), INTERFACE, ids.device(ids.netns("h1", "dhcp"), "eth0"))


def test_moved_and_renamed_without_a_mac_is_unknown_not_wrong() -> None:
    estate = Estate()
    estate.device("h1", "dhcp", "eth0", 5, "tun", mac="02:10")
    estate.ovs_port("h1", "br-int", "d10", "internal")
    graph = graph_of(estate)
    alone = graph.resolve(INTERFACE)
    assert alone is not None and alone.id == INTERFACE


def test_two_candidates_bind_nothing() -> None:
    estate = Estate()
    for netns in ("a", "b"):
        estate.device("h1", netns, "d10", 5, "tun", mac="02:10")
    estate.ovs_port("h1", "br-int", "d10", "internal", attached_mac="02:10")
    assert graph_of(estate).resolve(INTERFACE).id == INTERFACE  # type: ignore[union-attr]


def test_a_guest_nic_is_the_device_in_a_namespace_with_its_mac_but_never_one_in_the_root() -> None:
    estate = Estate()
    nic = "instance:u/vnic:02:aa"
    estate.record(nic, "libvirt@h1", "nic", host="h1", instance="instance:u", mac="02:aa")
    estate.device("h1", "", "tap1", 5, "tun", mac="02:aa")
    assert graph_of(estate).resolve(nic).id == nic  # type: ignore[union-attr]
    estate.device("h1", "vm", "eth0", 2, "veth", mac="02:aa", peer_netns="h1", peer_ifindex=5)
    united = graph_of(estate).resolve(nic)
    assert united is not None and united.id == "h1/netns:vm/dev:eth0"
    assert united.kind == "vnic"


def test_a_segment_the_api_tells_of_a_network_and_the_one_its_database_names_are_one() -> None:
    graph, _ = scratch().apply(two_hosts_named(), 1)
    for said in ("segment:of-n1", "segment:vxlan/-/10010"):
        assert is_one(graph, said, "segment:uuid-n1")
    assert is_one(graph, "segment:vxlan/-/10020", "segment:of-n2"), "as long as nothing names it"
    assert is_one(graph, "segment:of-n3", "segment:uuid-n3") and is_one(graph, "segment:of-n4", "segment:uuid-n4")
    assert {head.id for head in graph.objects() if head.kind == "segment"} == {
        "segment:uuid-n1", "segment:of-n2", "segment:uuid-n3", "segment:uuid-n4",
    }  # fmt: skip
    nic = graph.resolve("h1/netns:vm-a/dev:eth0")
    assert nic is not None and nic.networks == ("network:n1",)


def test_two_networks_with_one_key_leave_what_hosts_speak_of_alone() -> None:
    estate = Estate()
    segment(estate, TOLD, "n1", "vxlan", "7")
    segment(estate, NAMED, "n2", "vxlan", "7")
    claimed = "segment:vxlan/-/7"
    estate.record(claimed, "ovs@h1", "segment", key="vxlan/-/7", network_type="vxlan")
    assert graph_of(estate).resolve(claimed).id == claimed  # type: ignore[union-attr]
