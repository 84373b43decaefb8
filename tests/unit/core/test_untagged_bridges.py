"""A bridge without VLANs and without anybody who names its network: cliques go on to the physical NIC in it."""

from __future__ import annotations

from calipso.graph.clique import find_clique
from calipso.graph.protocol import GraphReader
from calipso.graph.shares import carried
from calipso.graph.value import Graph
from calipso.model import ids
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.environment import Environment
from tests.support.estate import CODEC, Estate

INSTANCE = next(each for each in CLIQUE_TYPES if each.name == "instance")
VM = "h1/netns:vm"


def plain() -> Estate:
    """One instance, a bridge, and an Ethernet card in the bridge; a second card is in no bridge."""
    estate = Estate()
    estate.record("h1", "linux", "host", name="h1", host="h1", namespaces_complete=True)
    estate.record(VM, "netlink", "netns", host="h1", name="vm", inode=7)
    estate.device("h1", "vm", "eth0", 2, "veth", mac="02:00:00:00:00:11", peer_netns="h1", peer_ifindex=5)
    estate.device("h1", "", "vh", 5, "veth", peer_netns=VM, peer_ifindex=2, master=6)
    estate.device("h1", "", "br0", 6, "bridge")
    estate.device("h1", "", "eno1", 3, "device", bus_address="0000:00:01.0", master=6)
    estate.device("h1", "", "eno2", 4, "device", bus_address="0000:00:02.0")
    return estate


def graph_of(estate: Estate) -> GraphReader:
    return Graph(Environment(name="test", namespaces="instances"), CODEC).apply(estate.changes, 1)[0]


def test_it_reaches_the_card_in_the_bridge_and_no_other() -> None:
    graph = graph_of(plain())
    vm = graph.resolve(VM)
    assert vm is not None and vm.kind == "instance"
    found = find_clique(graph, vm, INSTANCE)
    assert found.constraint is None and "not known" in found.note
    assert [link.type for link in found.links] == ["instance-vnic", "vnic-vconnector", "vconnector-host_pnic"]
    assert "h1/dev:eno1" in found.objects and "h1/dev:eno2" not in found.objects


def test_what_an_unnamed_card_carries_is_not_known_rather_than_nothing() -> None:
    """A clique that is kept to a network does not go on by it, and says so."""
    estate = plain()
    estate.device("h1", "", "br1", 8, "bridge", addresses=["10.0.0.1/24"], ips=["10.0.0.1"])
    estate.device("h1", "", "eno3", 9, "device", bus_address="0000:00:03.0", master=8)
    graph = graph_of(estate)
    bridge, card = graph.resolve("h1/dev:br1"), graph.resolve("h1/dev:eno3")
    assert bridge is not None and card is not None
    assert carried(graph, "vconnector-host_pnic", bridge, card) == (True, None)


def test_a_card_that_is_named_for_networks_and_has_none_carries_nothing() -> None:
    """The empty set fails: it is a provider's card, and no network of the host uses it (MODEL §9)."""
    estate = plain()
    ovs, bridge = ids.ovs("h1"), ids.ovs_bridge("h1/ovs", "br-ex")
    mappings = {"physnet1": "br-ex"}
    estate.record(ovs, "ovs", "ovs", host="h1", name="ovs", netns="h1", bridge_mappings=mappings)
    estate.record(bridge, "ovs", "ovsbridge", host="h1", ovs=ovs, name="br-ex", owner=ovs)
    estate.ovs_port("h1", "br-ex", "eno2", "system", ifindex=4)
    graph = graph_of(estate)
    vedge, card = graph.resolve("h1/ovs"), graph.resolve("h1/dev:eno2")
    assert vedge is not None and card is not None and card.media == ("physnet/physnet1",)
    assert carried(graph, "vedge-host_pnic", vedge, card) == (True, frozenset())
