"""Kinds: each rule of MODEL §5 on the smallest graph that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from calipso.graph.value import FacetChange, Graph
from calipso.model import ids
from calipso.model.environment import Environment
from tests.support.estate import CODEC, Estate


def graph_of(estate: Estate, **environment: Any) -> Graph:
    graph, _ = Graph(Environment(name="test", **environment), CODEC).apply(estate.changes, 1)
    return graph


def kind(graph: Graph, id: str) -> str:
    head = graph.resolve(id)
    assert head is not None, f"{id} is no object"
    return head.kind


def host(estate: Estate, **attributes: Any) -> None:
    estate.record("h1", "linux", "host", name="h1", host="h1", **{"namespaces_complete": True, **attributes})


def netns(estate: Estate, name: str) -> str:
    estate.record(ids.netns("h1", name), "netlink", "netns", host="h1", name=name)
    return ids.netns("h1", name)


@pytest.mark.parametrize(
    ("type", "attributes", "expected"),
    [
        ("loopback", {}, "device"),
        ("bridge", {"mac": "02:00"}, "vconnector"),
        ("vxlan", {"bus_address": "0000:00:01.0"}, "device"),
        ("bond", {}, "bond"),
        ("device", {"bus_address": "0000:00:01.0"}, "host_pnic"),
        ("device", {"bus_address": "0000:00:01.0", "is_representor": True}, "device"),
        ("device", {}, "device"),
        ("tun", {}, "device"),
        ("veth", {"peer_nsid": 0, "peer_ifindex": 7}, "host_pnic"),
        ("veth", {"peer_netns": "h1/netns:gone", "peer_ifindex": 7}, "device"),
    ],
)
def test_a_device_of_the_root_namespace(type: str, attributes: dict[str, Any], expected: str) -> None:
    estate = Estate()
    host(estate)
    estate.device("h1", "", "x0", 2, type, **attributes)
    assert kind(graph_of(estate), "h1/dev:x0") == expected


@pytest.mark.parametrize("complete", [False, None])
def test_a_veth_is_no_physical_nic_while_a_namespace_may_be_unseen(complete: bool | None) -> None:
    estate = Estate()
    if complete is None:
        estate.record("h1", "linux", "host", name="h1", host="h1")
    else:
        host(estate, namespaces_complete=complete)
    estate.device("h1", "", "eth0", 2, "veth", peer_nsid=0, peer_ifindex=7)
    assert kind(graph_of(estate), "h1/dev:eth0") == "device"


def test_it_becomes_one_when_the_enumeration_completes_and_is_none_again_after() -> None:
    estate = Estate()
    host(estate, namespaces_complete=False)
    estate.device("h1", "", "eth0", 2, "veth", peer_nsid=0, peer_ifindex=7)
    graph = graph_of(estate)
    for complete, expected in ((True, "host_pnic"), (False, "device")):
        facet = CODEC.encode("host", "test", {"name": "h1", "host": "h1", "namespaces_complete": complete})
        graph, _ = graph.apply([FacetChange("h1", "linux", facet)], 2)
        assert kind(graph, "h1/dev:eth0") == expected


@pytest.mark.parametrize("pattern", ["en*", "h1/enp*", "h?/enp3s0"])
def test_the_environment_names_physical_nics(pattern: str) -> None:
    estate = Estate()
    host(estate)
    estate.device("h1", "", "enp3s0", 2, "tun")
    assert kind(graph_of(estate, pnics=(pattern,)), "h1/dev:enp3s0") == "host_pnic"
    assert kind(graph_of(estate, pnics=("h2/*",)), "h1/dev:enp3s0") == "device"


def test_a_namespace_named_after_a_service_is_the_service_and_its_devices_are_nics() -> None:
    estate = Estate()
    host(estate)
    where = netns(estate, "qrouter-282e8a04-0000-0000-0000-000000000000")
    estate.device("h1", "qrouter-282e8a04-0000-0000-0000-000000000000", "qr-1", 2, "tun")
    graph = graph_of(estate)
    service = graph.resolve(where)
    assert service is not None and service.kind == "vservice"
    attributes = graph.attributes(service)
    assert attributes["service_type"] == "router"
    assert attributes["local_service_id"] == "282e8a04-0000-0000-0000-000000000000"
    assert kind(graph, ids.device(where, "qr-1")) == "vnic"


def test_a_named_namespace_with_a_device_is_an_instance_only_where_the_environment_says_so() -> None:
    estate = Estate()
    host(estate)
    where = netns(estate, "vm-a")
    estate.device("h1", "vm-a", "lo", 1, "loopback")
    assert kind(graph_of(estate, namespaces="instances"), where) == "netns"
    estate.device("h1", "vm-a", "eth0", 2, "veth", peer_netns="h1", peer_ifindex=9)
    assert kind(graph_of(estate, namespaces="instances"), where) == "instance"
    assert kind(graph_of(estate, namespaces="plain"), where) == "netns"


def test_the_namespace_of_a_container_stays_a_namespace_and_its_devices_are_nics() -> None:
    estate = Estate()
    host(estate)
    where = netns(estate, "3ba314f9c9d1")
    estate.device("h1", "3ba314f9c9d1", "eth0", 2, "veth", peer_netns="h1", peer_ifindex=9)
    graph = graph_of(estate)
    assert kind(graph, ids.device(where, "eth0")) == "device"
    estate.record("container:ab", "docker", "container", name="web", host="h1", netns=where)
    graph, _ = graph.apply([estate.changes[-1]], 2)
    assert (kind(graph, where), kind(graph, ids.device(where, "eth0"))) == ("netns", "vnic")
    graph, _ = graph.apply([FacetChange("container:ab", "docker", None)], 3)
    assert kind(graph, ids.device(where, "eth0")) == "device"


def test_the_segment_nobody_claims_is_a_network_until_a_vim_names_it() -> None:
    estate = Estate()
    estate.record("segment:vxlan/-/10", "ovs@h1", "segment", key="vxlan/-/10", network_type="vxlan")
    graph = graph_of(estate)
    assert kind(graph, "segment:vxlan/-/10") == "network"
    estate.record(
        "segment:0aa0", "neutron@api", "segment", key="vxlan/-/10", network_type="vxlan", network_id="network:1"
    )
    graph, _ = graph.apply([estate.changes[-1]], 2)
    united = graph.resolve("segment:vxlan/-/10")
    assert united is not None and (united.id, united.kind) == ("segment:0aa0", "segment")
    assert len(graph) == 1
