"""Bonds: walks pass to all members, and each member reaches its own switch port by its permanent MAC."""

from __future__ import annotations

import pytest

from calipso.graph.value import Graph
from calipso.model import ids
from calipso.model.environment import Environment
from tests.support.estate import CODEC, Estate

MEMBERS = ("eth0", "eth1")
SHARED = "02:00:00:00:00:99"
"""The MAC that a bond gives to all of its members."""


def members(estate: Estate, **attributes: object) -> None:
    for n, name in enumerate(MEMBERS):
        own = f"02:00:00:00:00:0{n}"
        said = {"bus_address": f"0000:00:0{n}.0", "mac": SHARED, "permanent_mac": own, **attributes}
        estate.device("h1", "", name, 2 + n, "device", **said)
        port = ids.switch_port("switch:leaf", f"Eth{n}")
        estate.record(port, "snmp", "switchport", name=f"Eth{n}", switch="switch:leaf", neighbor_macs=[own])
    estate.record("switch:leaf", "snmp", "switch", name="leaf")


def host(estate: Estate) -> None:
    estate.record("h1", "linux", "host", name="h1", host="h1", namespaces_complete=True)


def graph_of(estate: Estate) -> Graph:
    return Graph(Environment(name="test"), CODEC).apply(estate.changes, 1)[0]


def linked(graph: Graph, id: str, type: str) -> set[str]:
    head = graph.resolve(id)
    assert head is not None, f"{id} is no object"
    return {graph.id_of(link.other) for link in graph.links(head.ord, (type,))}


@pytest.mark.parametrize("type", ["bond", "team"])
def test_a_bridge_on_a_bond_reaches_all_members_and_each_its_switch_port(type: str) -> None:
    estate = Estate()
    host(estate)
    estate.device("h1", "", "bond0", 10, type, mac=SHARED, master=11)
    estate.device("h1", "", "br0", 11, "bridge", mac=SHARED)
    members(estate, master=10)
    graph = graph_of(estate)
    bond = graph.resolve("h1/dev:bond0")
    assert bond is not None and bond.kind == "bond"
    assert linked(graph, "h1/dev:br0", "vconnector-host_pnic") == {"h1/dev:eth0", "h1/dev:eth1"}
    for n, name in enumerate(MEMBERS):
        assert linked(graph, f"h1/dev:{name}", "host_pnic-switch_pnic") == {f"switch:leaf/port:Eth{n}"}


def test_a_shared_mac_alone_leads_to_no_port() -> None:
    estate = Estate()
    host(estate)
    members(estate)
    estate.record("switch:leaf/port:Eth9", "snmp", "switchport", name="Eth9", neighbor_macs=[SHARED])
    graph = graph_of(estate)
    assert linked(graph, "switch:leaf/port:Eth9", "host_pnic-switch_pnic") == set()


def test_a_bond_of_open_vswitch_is_one_and_passes_to_all_members() -> None:
    estate = Estate()
    host(estate)
    members(estate)
    ovs, bridge, port = ids.ovs("h1"), ids.ovs_bridge("h1/ovs", "br-ex"), ids.ovs_port("h1/ovs", "bond0")
    interfaces = [ids.ovs_interface(ovs, name) for name in MEMBERS]
    estate.record(ovs, "ovs", "ovs", host="h1", name="ovs", netns="h1")
    estate.record(bridge, "ovs", "ovsbridge", host="h1", ovs=ovs, name="br-ex", owner=ovs)
    estate.record(port, "ovs", "ovsport", host="h1", ovs=ovs, bridge=bridge, name="bond0", interfaces=interfaces)
    for n, (name, interface) in enumerate(zip(MEMBERS, interfaces, strict=True)):
        said = {"ovs": ovs, "netns": "h1", "port": port, "bridge": bridge, "name": name, "ifindex": 2 + n}
        estate.record(interface, "ovs", "system", host="h1", **said)
    graph = graph_of(estate)
    bond = graph.resolve(port)
    assert bond is not None and bond.kind == "bond"
    assert linked(graph, ovs, "vedge-host_pnic") == {"h1/dev:eth0", "h1/dev:eth1"}
    for n, name in enumerate(MEMBERS):
        assert linked(graph, f"h1/dev:{name}", "host_pnic-switch_pnic") == {f"switch:leaf/port:Eth{n}"}


def test_a_neighbour_that_changes_changes_the_link() -> None:
    estate = Estate()
    host(estate)
    members(estate)
    graph = graph_of(estate)
    port = "switch:leaf/port:Eth0"
    later = Estate()
    later.record(port, "snmp", "switchport", name="Eth0", switch="switch:leaf", neighbor_devices=["h1/dev:eth1"])
    moved, _ = graph.apply(later.changes, 2)
    assert linked(moved, port, "host_pnic-switch_pnic") == {"h1/dev:eth1"}
