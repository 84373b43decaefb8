"""What the source makes of two hypervisors with VPP, 17.07 and 22.10, and what the graph makes of both with guests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.graph.clique import find_clique
from calipso.graph.value import Graph
from calipso.model import ids
from calipso.model.attributes import undeclared
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.environment import Environment
from calipso.model.record import Measured, Record, RunEnded, Seen
from calipso.runtime.recording import replay
from tests.support.estate import CODEC, Estate

HERE = Path(__file__).parent
GUESTS = {
    "v1707": ("11111111-0000-4000-8000-000000000001", "/run/vpp/3f1d0a52-7d2b-4f43-9a4e-9a5e0c0f1101"),
    "v2210": ("22222222-0000-4000-8000-000000000002", "/var/run/vpp/sockets/3f1d0a52-7d2b-4f43-9a4e-9a5e0c0f2201"),
}
MAC = "fa:16:3e:00:00:01"


def records(host: str) -> list[Record]:
    said = asyncio.run(replay(HERE / f"vpp@{host}.jsonl"))
    assert {each.status for each in said if isinstance(each, RunEnded)} == {"completed"}
    return [record for each in said if isinstance(each, Seen) for record in each.records]


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Both hypervisors, and on each a guest as libvirt tells it."""
    estate = Estate()
    for host, (uuid, socket) in GUESTS.items():
        for record in records(host):
            estate.record(record.id, record.facet, record.type, **record.attributes)
        estate.record(host, "linux", "host", name=host, host=host, namespaces_complete=True)
        instance = ids.instance(uuid)
        estate.record(instance, "libvirt", "domain", name=f"vm on {host}", host=host)
        nic = {"instance": instance, "mac": MAC, "host": host, "socket": socket, "name": MAC}
        estate.record(ids.guest_nic(instance, MAC), "libvirt", "nic", **nic)
    estate.device("v2210", "", "vpp-host", 4, "tun", mac="02:fe:e7:ab:31:78")
    return Graph(Environment(name="test"), CODEC).apply(estate.changes, 1)[0]


def linked(graph: Graph, id: str, *types: str) -> set[str]:
    head = graph.resolve(id)
    assert head is not None, f"{id} is no object"
    return {graph.id_of(link.other) for link in graph.links(head.ord, types)}


@pytest.mark.parametrize("host", GUESTS)
def test_only_what_is_declared_is_said_and_twice_the_same(host: str) -> None:
    assert records(host) == records(host)
    assert [said for record in records(host) for said in undeclared(record)] == []


def test_a_host_without_vpp_says_nothing() -> None:
    assert asyncio.run(replay(HERE / "vpp@without.jsonl")) == []


def test_counters_stay_out_of_the_records() -> None:
    said = asyncio.run(replay(HERE / "vpp@v1707.jsonl"))
    (measured,) = [each for each in said if isinstance(each, Measured)]
    nic = measured.metrics["v1707/vpp/interface:TenGigabitEthernet4%2F0%2F0"]
    assert nic == {"rx_packets": 1523870, "rx_bytes": 219437280, "tx_packets": 90311, "tx_bytes": 11920000}


def test_roles(graph: Graph) -> None:
    kinds = {
        "v1707/vpp": "vedge",
        "v1707/vpp/bd:10": "vconnector",
        "v1707/vpp/interface:TenGigabitEthernet4%2F0%2F0": "host_pnic",
        "v1707/vpp/interface:VirtualEthernet0%2F0%2F0": "device",
        "v1707/vpp/interface:vxlan_tunnel0": "device",
        "v2210/vpp/interface:BondEthernet0": "bond",
        "v2210/vpp/interface:TenGigabitEthernet4%2F0%2F1": "host_pnic",
        "v2210/vpp/interface:host-veth1": "device",
    }
    found = {id: head.kind for id in kinds if (head := graph.resolve(id)) is not None}
    assert found == kinds


def test_a_guest_is_cabled_by_its_socket_to_its_bridge_domain(graph: Graph) -> None:
    nic = ids.guest_nic(ids.instance(GUESTS["v1707"][0]), MAC)
    assert linked(graph, nic, "layer2.tap") == {"v1707/vpp/interface:VirtualEthernet0%2F0%2F0"}
    assert linked(graph, nic, "vnic-vconnector") == {"v1707/vpp/bd:10"}
    assert linked(graph, "v1707/vpp/bd:10", "vconnector-vedge") == {"v1707/vpp"}


def test_a_bridge_domain_reaches_the_nic_of_its_sub_interface(graph: Graph) -> None:
    pnic = "v1707/vpp/interface:TenGigabitEthernet4%2F0%2F0"
    assert linked(graph, "v1707/vpp/bd:7", "vconnector-host_pnic") == {pnic}
    assert linked(graph, "v1707/vpp", "vedge-host_pnic") == {pnic}


def test_tunnels_end_at_each_other_and_leave_by_the_nics_of_a_bond(graph: Graph) -> None:
    assert linked(graph, "v1707/otep:vxlan:192.0.2.11", "otep-otep") == {"v2210/otep:vxlan:192.0.2.12"}
    members = {f"v2210/vpp/interface:TenGigabitEthernet4%2F0%2F{n}" for n in (0, 1)}
    assert linked(graph, "v2210/otep:vxlan:192.0.2.12", "otep-host_pnic") == members
    assert linked(graph, "v2210/vpp", "vedge-otep") == {"v2210/otep:vxlan:192.0.2.12"}


def test_a_tap_is_cabled_to_its_device_of_the_host(graph: Graph) -> None:
    assert linked(graph, "v2210/vpp/interface:tap0", "layer2.vpp") == {"v2210/dev:vpp-host"}


def test_the_cliques_of_both_guests(graph: Graph) -> None:
    types = {each.name: each for each in CLIQUE_TYPES}
    here, there = (ids.instance(uuid) for uuid, _ in GUESTS.values())
    head = graph.resolve(here)
    assert head is not None
    own = set(find_clique(graph, head, types["instance"]).objects)
    pnic = "v1707/vpp/interface:TenGigabitEthernet4%2F0%2F0"
    assert own == {
        here, ids.guest_nic(here, MAC), "v1707/vpp/bd:10", "v1707/vpp", "v1707/otep:vxlan:192.0.2.11", pnic,
        "segment:vxlan/-/10010",
    }  # fmt: skip
    reached = set(find_clique(graph, head, types["reach"]).objects)
    assert {there, ids.guest_nic(there, MAC), "v2210/vpp/bd:10", "v2210/vpp"} <= reached
