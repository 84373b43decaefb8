"""What labs/plain promises: the worked example of the model, and that it hangs together for any number of hosts."""

from __future__ import annotations

from collections import Counter

import pytest

from calipso.model import ids
from labs.plain import cliques
from labs.plain import declaration as d
from labs.plain.expectation import Expected, expected, rules

TWO = d.lab()
H1 = TWO.host("h1")
VM_A, VM_B = H1.vms
BETWEEN_HOSTS = {"layer3.tunnel", "otep-otep"}


@pytest.fixture(params=[2, 3, 5, 11])
def lab(request: pytest.FixtureRequest) -> d.Lab:
    return d.lab(request.param)


@pytest.fixture
def graph(lab: d.Lab) -> Expected:
    return expected(lab)


def test_the_kinds_of_the_worked_example() -> None:
    kinds = {id: kind for id, (kind, _) in expected(TWO).objects.items()}
    assert {
        "h1/netns:vm-a": "instance", "h1/netns:vm-b": "instance",
        "h1/netns:router-r": "vservice", "h1/netns:dhcp-10": "vservice",
        "h1/netns:vm-a/dev:eth0": "vnic", "h1/netns:router-r/dev:r10": "vnic", "h1/netns:router-r/dev:r20": "vnic",
        "h1/dev:br-b": "vconnector",
        "h1/dev:vhb": "device", "h1/dev:pb": "device", "h1/dev:pbo": "device", "h1/dev:vha": "device",
        "h1/ovs": "vedge", "h1/otep:vxlan:192.0.2.1": "otep", "h1/dev:eth0": "host_pnic",
        "segment:vxlan/-/10010": "network", "segment:vxlan/-/10020": "network",
        "h1/netns:dhcp-10/dev:eth0": "vnic", "h1/ovs/interface:d10": "device",
    }.items() <= kinds.items()  # fmt: skip
    assert "h1/ovs/interface:d20" not in kinds, "its MAC is told: it is the device in the namespace"


def test_four_tunnel_ends_are_two_pairs() -> None:
    graph = expected(TWO)
    tunnels = sorted(link for link in graph.links if link[0] == "layer3.tunnel")
    assert tunnels == [
        ("layer3.tunnel", "h1/ovs/interface:vx-h2", "h2/ovs/interface:vx-h1"),
        ("layer3.tunnel", "h1/ovs/interface:vx10-h2", "h2/ovs/interface:vx10-h1"),
    ]
    bare = [id for id, (_, type) in graph.objects.items() if type == "geneve"]
    assert len(bare) == 2 and not any(end in link for link in tunnels for end in bare), "no local address, no pair"


def test_what_the_directly_plugged_instance_depends_on() -> None:
    own = cliques.instance(expected(TWO), H1, VM_A)
    assert own.links == {
        ("instance-vnic", "h1/netns:vm-a", "h1/netns:vm-a/dev:eth0"),
        ("vnic-vedge", "h1/netns:vm-a/dev:eth0", "h1/ovs"),
        ("vedge-otep", "h1/ovs", "h1/otep:vxlan:192.0.2.1"),
        ("otep-host_pnic", "h1/otep:vxlan:192.0.2.1", "h1/dev:eth0"),
        ("host_pnic-network", "h1/dev:eth0", "segment:vxlan/-/10010"),
        # beside the five of the worked example: eth0 is in a bridge here, so that tunnels work without the kernel's
        # datapath; and one endpoint has no address
        ("vedge-host_pnic", "h1/ovs", "h1/dev:eth0"),
        ("vedge-otep", "h1/ovs", "h1/otep:geneve"),
    }


def test_what_the_instance_behind_the_bridge_depends_on() -> None:
    graph = expected(TWO)
    own = cliques.instance(graph, H1, VM_B)
    direct = cliques.instance(graph, H1, VM_A)
    assert len(own.links) == len(direct.links) + 1
    assert Counter(graph.objects[id][0] for id in own.objects) == {
        "instance": 1, "vnic": 1, "vconnector": 1, "vedge": 1, "otep": 2, "host_pnic": 1, "network": 1,
    }  # fmt: skip
    assert graph.through["vconnector-vedge", "h1/dev:br-b", "h1/ovs"] == (
        "h1/dev:pb", "h1/dev:pbo", "h1/ovs/port:pbo", "h1/ovs/bridge:br-int",
    )  # fmt: skip


def test_what_the_instance_behind_the_bridge_reaches() -> None:
    graph = expected(TWO)
    added = cliques.reach(graph, TWO, H1, VM_B).objects - cliques.instance(graph, H1, VM_B).objects
    assert added == {
        "h1/netns:router-r", "h1/netns:router-r/dev:r20", "h1/netns:dhcp-10", "h1/netns:dhcp-10/dev:eth1",
        "h2/dev:eth0", "h2/otep:vxlan:192.0.2.2", "h2/ovs", "h2/netns:vm-d/dev:eth0", "h2/netns:vm-d",
    }  # fmt: skip


def test_a_dhcp_server_whose_port_is_unknown_is_not_reached() -> None:
    graph = expected(TWO)
    reached = cliques.reach(graph, TWO, H1, VM_A).objects
    assert "h1/netns:router-r" in reached and "h1/netns:dhcp-10" not in reached
    assert graph.networks["h1/netns:dhcp-10/dev:eth0"] is None


def test_links_join_what_is_there_and_cross_between_hosts_by_tunnels_only(graph: Expected) -> None:
    for type, source, target in graph.links:
        assert source in graph.objects and target in graph.objects
        if ids.host_of(target):
            assert type in BETWEEN_HOSTS or ids.host_of(source) == ids.host_of(target)
        if type in {*BETWEEN_HOSTS, "layer2.veth", "layer2.patch"}:
            assert source < target
    assert all(link in graph.links for link in graph.through)
    assert all(id in graph.objects for through in graph.through.values() for id in through)


def test_all_but_hosts_and_networks_have_one_owner(graph: Expected) -> None:
    owners = Counter(target for type, _, target in graph.links if type == "ownership")
    assert {id for id in graph.objects if id not in owners} == {
        id for id, (kind, _) in graph.objects.items() if kind in ("host", "network")
    }
    assert set(owners.values()) == {1}


def test_what_is_said_of_objects_names_objects(graph: Expected) -> None:
    assert graph.attributes.keys() == graph.objects.keys()
    for said in graph.attributes.values():
        for name in ("netns", "peer_netns", "ovs", "bridge", "port", "vedge"):
            assert said.get(name) is None or said[name] in graph.objects


def test_macs_and_addresses_are_given_once(graph: Expected) -> None:
    macs = Counter(mac for said in graph.attributes.values() if (mac := said.get("mac")))
    ips = Counter(ip for said in graph.attributes.values() for ip in said.get("ips") or ())
    assert macs and set(macs.values()) == {1} and set(ips.values()) == {1}


def test_every_two_hosts_have_a_tunnel_for_each_way_of_carrying_a_network(lab: d.Lab, graph: Expected) -> None:
    pairs = len(lab.hosts) * (len(lab.hosts) - 1) // 2
    counted = Counter(type for type, _, _ in graph.links)
    assert counted["layer3.tunnel"] == 2 * pairs and counted["otep-otep"] == pairs
    assert {network.by_rule for network in lab.networks} == {True, False}
    assert all(len(rules(lab, host)) == 4 for host in lab.hosts)


def test_every_instance_reaches_its_network_on_all_hosts_and_not_the_other(lab: d.Lab, graph: Expected) -> None:
    for host in lab.hosts:
        for vm in host.vms:
            reached = cliques.reach(graph, lab, host, vm).objects
            assert {id for id in reached if graph.objects[id][0] == "instance"} == {
                ids.netns(each.name, other.name)
                for each in lab.hosts
                for other in each.vms
                if other.network == vm.network
            }
            assert {id for id in reached if graph.objects[id][0] == "network"} == {vm.network.segment}


def test_as_text_it_has_a_line_for_each_object_and_each_link(graph: Expected) -> None:
    assert len(graph.text().splitlines()) == len(graph.objects) + len(graph.links)
