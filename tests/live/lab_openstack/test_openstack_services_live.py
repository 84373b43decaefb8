"""labs/openstack: load balancers, firewalls and VPNs, as far as the cloud has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from calipso.graph.protocol import GraphReader, Obj
from calipso.model import ids
from labs.openstack import declaration as d
from labs.openstack.running import Running
from tests.support.openstack_lab import links_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]


def of_type(graph: GraphReader, type: str) -> Obj:
    """The one that was ordered. Neutron makes a firewall `default` for every project that looks at its own."""
    (found,) = (head for head in graph.objects() if head.type == type and head.name.endswith(f"-{d.SERVED}"))
    assert found.kind == "vservice"
    return found


@pytest.fixture
def extended(lab: Running) -> Iterator[None]:
    if lab.mechanism != "ovs":
        pytest.skip("this lab's Neutron has these extensions with ML2/OVS only")
    yield


def test_services_are_those_that_the_cloud_lists(graph: GraphReader, facts: dict[str, Any]) -> None:
    wanted = {ids.by_uuid(cls, id) for cls, listed in facts["beside"].items() for id in listed}
    assert {head.id for head in graph.objects() if head.type in ("load_balancer", "firewall", "vpn")} == wanted
    assert "load_balancer" in facts["beside"]


def test_a_load_balancer_has_its_address_on_its_port(lab: Running, graph: GraphReader, facts: dict[str, Any]) -> None:
    if lab.mechanism == "calico":
        pytest.skip("a load balancer's address is outside, and this lab gives Calico no way there")
    balancer = of_type(graph, "load_balancer")
    told = graph.attributes(balancer)
    (port,) = (each for each in facts["ports"] if each["owner"] == "Octavia")
    assert (told["ip"], told["provider"], told["vip_port"]) == (
        port["ips"][0], "noop_driver", ids.by_uuid("port", port["id"]),
    )  # fmt: skip
    assert ("vservice-port", balancer.id, told["vip_port"]) in links_of(graph, ("vservice-port",))


@pytest.mark.usefixtures("extended")
def test_a_firewall_has_its_rules_and_its_agent_has_done_them(graph: GraphReader, facts: dict[str, Any]) -> None:
    told = graph.attributes(of_type(graph, "firewall"))
    rules = [(each["name"], each["action"], each.get("destination_port")) for each in told["ingress_rules"]]
    assert rules == [("web", "allow", "80"), ("rest", "deny", None)]
    assert told["status"] == "ACTIVE" and told["project"] == d.SERVED
    (port,) = told["port_refs"]
    device = next(each["device"] for each in facts["ports"] if ids.by_uuid("port", each["id"]) == port)
    assert facts["objects"]["router"][device] == f"router-{d.SERVED}"


@pytest.mark.usefixtures("extended")
def test_a_vpn_belongs_to_its_router_and_has_its_connections(graph: GraphReader, facts: dict[str, Any]) -> None:
    vpn = of_type(graph, "vpn")
    told = graph.attributes(vpn)
    router = next(id for id, name in facts["objects"]["router"].items() if name == f"router-{d.SERVED}")
    assert ("ownership", ids.by_uuid("router", router), vpn.id) in links_of(graph, ("ownership",))
    (connection,) = told["connections"]
    assert (connection["name"], connection["peer_cidrs"], connection["status"]) == (
        "to-the-branch", ["10.8.0.0/16"], "PENDING_CREATE",
    )  # fmt: skip


@pytest.mark.usefixtures("extended")
def test_the_key_of_a_vpn_is_not_known(graph: GraphReader) -> None:
    known = "".join(repr(graph.attributes(head)) for head in graph.objects())
    assert "to-the-branch" in known and d.KEY_OF_VPN not in known
