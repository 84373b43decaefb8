"""What the source makes of answers that a made-up cloud gives: pages, refusals, old clouds, several segments, twins."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from calipso.errors import ParseError
from calipso.graph.codec import Codec
from calipso.graph.value import FacetChange, Graph
from calipso.model.environment import Environment
from calipso.model.record import Record, RunEnded, ScopeGone
from calipso.seams import Http
from calipso.sources.openstack import parse
from tests.support.openstack_said import OBJECTS, MadeUpCloud, Row, records_of, said_by


def ends(cloud: MadeUpCloud) -> dict[str, str]:
    return {each.scope.part: each.status for each in said_by(cloud) if isinstance(each, RunEnded)}


def told(objects: dict[str, list[Row]] | None = None, **more: Any) -> dict[tuple[str, str], Record]:
    return records_of(said_by(MadeUpCloud({**OBJECTS, **(objects or {})}, **more)))


def attributes(id: str, facet: str, objects: dict[str, list[Row]] | None = None) -> dict[str, Any]:
    return told(objects)[id, facet].attributes


def linked(id: str) -> set[tuple[str, str]]:
    """(type, other end) of an object's links in the graph of everything told."""
    codec = Codec()
    changes = [
        FacetChange(each.id, f"{each.facet}@cloud", codec.encode(each.type, each.facet, each.attributes))
        for each in told().values()
    ]
    graph, _ = Graph(Environment(name="made-up"), codec).apply(changes, 1)
    head = graph.resolve(id)
    assert head is not None
    return {(each.type, graph.id_of(each.other)) for each in graph.links(head.ord)}


@pytest.mark.parametrize("listing", ["servers", "ports", "projects", "images"])
def test_pages_are_followed_as_each_service_links_them(listing: str) -> None:
    base = OBJECTS[listing][0]
    many = [{**base, "id": f"x{n}", "mac_address": f"fa:16:3e:00:00:0{n}"} for n in range(5)]
    assert told({listing: many}, size=2) == told({listing: many})
    if listing != "images":
        assert sum(":x" in id for id, _ in told({listing: many}, size=2)) >= 5


def test_what_moved_from_page_to_page_counts_once() -> None:
    base = OBJECTS["ports"][0]
    twice = [{**base, "id": "x1"}, {**base, "id": "x2"}, {**base, "id": "x1"}]
    assert {id for id, _ in told({"ports": twice}, size=2) if id.startswith("port:")} == {"port:x1", "port:x2"}


def test_a_nova_without_the_version_is_asked_without() -> None:
    cloud = MadeUpCloud(oldest=True)
    assert set(ends(cloud).values()) == {"completed"}
    assert records_of(said_by(cloud)) == told()


@pytest.mark.parametrize("status", [403, 404])
def test_what_a_cloud_may_lack_or_refuse_does_no_harm(status: int) -> None:
    cloud = MadeUpCloud()
    cloud.statuses = dict.fromkeys(("projects", "images", "flavors", "trunks", "segments", "qos_policies"), status)
    assert ends(cloud) == {
        "identity": "failed", "servers": "completed", "hosts": "completed", "networks": "completed",
        "agents": "completed", "resources": "completed", "quotas": "failed", "load_balancers": "completed",
        "firewalls": "completed", "vpns": "completed",
    }  # fmt: skip
    found = records_of(said_by(cloud))
    assert found["instance:i1", "nova"].attributes["project"] == "p1"
    assert "image" not in found["instance:i1", "nova"].attributes


@pytest.mark.parametrize(
    ("listing", "status", "failed"),
    [
        ("servers", 403, {"servers"}),
        ("hypervisors", 403, {"hosts", "resources"}),
        ("servers", 500, {"servers", "quotas"}),
        ("providers", 403, {"resources"}),
        ("/resource_providers/rp1/inventories", 500, {"resources"}),
        ("/quotas/p1", 503, {"quotas"}),
        ("/routers/r1/l3-agents", 503, {"networks"}),
        ("ports", 500, {"networks"}),
        ("agents", 403, {"agents"}),
        ("agents", 500, {"agents", "networks"}),
        ("images", 503, {"servers"}),
        ("load_balancers", 403, {"load_balancers"}),
        ("firewall_rules", 403, {"firewalls"}),
        ("ipsec_connections", 500, {"vpns"}),
        ("projects", 500, {"identity", "servers", "networks", "quotas", "load_balancers", "firewalls", "vpns"}),
    ],
)
def test_what_fails_fails_what_needs_it_and_says_why(listing: str, status: int, failed: set[str]) -> None:
    cloud = MadeUpCloud()
    cloud.statuses = {listing: status}
    over = [each for each in said_by(cloud) if isinstance(each, RunEnded)]
    assert {each.scope.part for each in over if each.status == "failed"} == failed
    assert all(str(status) in error.message for each in over for error in each.errors)


def test_a_service_that_is_not_in_the_catalogue() -> None:
    cloud = MadeUpCloud()
    cloud.services = ["compute", "identity"]
    assert {part for part, status in ends(cloud).items() if status == "failed"} == {"networks", "agents"}
    assert not [each for each in cloud.asked if each.endpoint in ("openstack:network", "openstack:image")]


def test_a_cloud_without_placement_has_no_such_scope() -> None:
    cloud = MadeUpCloud()
    cloud.services.remove("placement")
    assert "resources" not in ends(cloud)
    assert [each for each in said_by(cloud, known=["resources"]) if isinstance(each, ScopeGone)]


def test_load_balancers_are_services_of_the_networks_of_their_addresses() -> None:
    cloud = MadeUpCloud()
    assert ends(cloud)["load_balancers"] == "completed"
    found = records_of(said_by(cloud))["load_balancer:lb1", "octavia"]
    assert found.type == "load_balancer"
    assert {name: found.attributes[name] for name in ("name", "service_type", "ip", "network_ids", "vip_port")} == {
        "name": "web", "service_type": "load_balancer", "ip": "10.1.0.9", "network_ids": ["network:n1"],
        "vip_port": "port:port1",
    }  # fmt: skip
    assert (found.attributes["status"], found.attributes["operating_status"]) == ("ACTIVE", "ONLINE")
    cloud.statuses["load_balancers"] = 503
    assert ends(cloud)["load_balancers"] == "failed"
    cloud.services.remove("load-balancer")
    assert "load_balancers" not in ends(cloud), "a cloud without Octavia is not asked for them"
    assert [each for each in said_by(cloud, known=["load_balancers"]) if isinstance(each, ScopeGone)]


def test_a_firewall_has_its_rules_in_their_order_and_serves_the_networks_of_its_ports() -> None:
    found = attributes("firewall:fw1", "fwaas")
    assert (found["name"], found["status"], found["ingress_policy"]) == ("edge", "ACTIVE", "web only")
    assert [(each["name"], each["action"]) for each in found["ingress_rules"]] == [("web", "allow"), ("rest", "deny")]
    assert found["ingress_rules"][0] == {
        "name": "web", "action": "allow", "protocol": "tcp", "ip_version": 4, "enabled": True, "source": "10.9.0.0/16",
        "source_port": "1024:65535", "destination": "10.0.0.5", "destination_port": "443",
    }  # fmt: skip
    assert (found["egress_policy"], found["egress_rules"]) == ("web only", found["ingress_rules"])
    assert linked("firewall:fw1") == {("vservice-port", "port:po1"), ("network-vservice", "network:n1")}


def test_a_firewall_tells_which_rules_and_policies_may_not_be_seen() -> None:
    found = attributes("firewall:fw2", "fwaas")
    assert found["ingress_rules"][0] == {"id": "fr-not-seen", "hidden": True}
    assert found["ingress_rules"][1]["name"] == "rest"
    found = attributes("firewall:fw3", "fwaas")
    assert found["egress_policy"] == "hidden"
    assert "egress_rules" not in found


def test_a_vpn_belongs_to_its_router_and_serves_the_networks_of_its_subnets() -> None:
    found = attributes("vpn:vp1", "vpnaas")
    assert found["ips"] == ["192.0.2.7", "2001:db8::7"] and found["project"] == "red"
    assert found["connections"] == [{
        "name": "to the branch", "id": "ic1", "status": "ACTIVE", "admin_state_up": True, "mtu": 1500,
        "peer_address": "198.51.100.7", "peer_id": "branch", "peer_cidrs": ["10.8.0.0/16"],
        "initiator": "bi-directional",
    }]  # fmt: skip
    assert linked("vpn:vp1") == {("ownership", "router:r1"), ("network-vservice", "network:n1")}


def test_the_key_of_a_vpn_connection_is_not_asked_for() -> None:
    cloud = MadeUpCloud()
    said_by(cloud)
    (asked,) = (each for each in cloud.asked if "ipsec" in each.path)
    assert "fields=peer_address" in asked.path and "psk" not in asked.path
    assert b"never" not in asyncio.run(cloud.ask(asked)).body
    assert b"never" in asyncio.run(cloud.ask(Http(asked.endpoint, asked.path.partition("?")[0]))).body


def test_a_cloud_without_firewalls_and_vpns_is_not_asked_for_them() -> None:
    cloud = MadeUpCloud()
    cloud.extensions = ["vpnaas"]
    said = said_by(cloud, known=["firewalls", "vpns"])
    assert [each.scope.part for each in said if isinstance(each, ScopeGone)] == ["firewalls"]
    assert not [each for each in cloud.asked if "fwaas" in each.path]
    assert "vpn:vp1" in {id for id, _ in records_of(said)}


def test_where_extensions_are_not_told_what_was_known_is_asked_and_nothing_is_gone() -> None:
    cloud = MadeUpCloud()
    cloud.statuses["extensions"] = 500
    said = said_by(cloud, known=["vpns"])
    assert {each.scope.part for each in said if isinstance(each, RunEnded)} >= {"vpns", "networks"}
    assert not [each for each in said if isinstance(each, ScopeGone)]
    assert not [each for each in cloud.asked if "fwaas" in each.path]


@pytest.mark.parametrize(
    ("wanted", "told"), [({"servers"}, {"servers", "networks"}), ({"networks"}, {"networks"}), ({"agents"}, {"agents"})]
)
def test_only_the_parts_that_are_wanted_are_asked_for(wanted: set[str], told: set[str]) -> None:
    """A server's NICs are ports: one that came since is looked for too. What is left out is not ended."""
    cloud = MadeUpCloud()
    said = said_by(cloud, frozenset(wanted), known=["servers", "networks", "agents", "quotas", "resources"])
    assert {each.scope.part for each in said if isinstance(each, RunEnded)} == told
    assert not [each for each in said if isinstance(each, ScopeGone)]
    paths = {each.path.partition("?")[0] for each in cloud.asked}
    assert "/resource_providers" not in paths and "/os-hypervisors/detail" not in paths
    assert ("/servers/detail" in paths) == ("servers" in told)


def test_quotas_can_be_left_alone() -> None:
    cloud = MadeUpCloud()
    over = said_by(cloud, quotas=False, known=["quotas"])
    assert not [each for each in cloud.asked if "quota" in each.path]
    assert [each.scope.part for each in over if isinstance(each, ScopeGone)] == ["quotas"]


def test_a_host_has_the_inventories_of_its_provider_and_of_those_below() -> None:
    found = attributes("cmp1", "placement")
    assert found["inventories"]["VCPU"]["total"] == 8 and found["traits"] == ["COMPUTE_NODE", "HW_CPU_X86_SSE2"]
    assert found["nested_providers"] == [{"name": "cmp1.example.org_numa0", "inventories": {"PCPU": {"total": 2}}}]
    assert [id for id, facet in told() if facet == "placement"] == ["cmp1"]


def test_limits_of_a_project_and_who_is_the_active_one_of_a_router() -> None:
    assert attributes("project:p1", "quotas") == {
        "compute_quotas": {"cores": 20, "ram": -1}, "network_quotas": {"port": 500},
    }  # fmt: skip
    assert attributes("router:r1", "neutron")["ha_states"] == [
        {"host": "cmp1", "state": "active"}, {"host": "cmp2", "state": "standby"},
    ]  # fmt: skip


def test_what_users_gave_their_servers_is_not_read() -> None:
    assert "never" not in repr(told())


def test_a_bare_metal_node_is_no_host() -> None:
    assert {id for (id, facet), each in told().items() if each.type == "host" and facet == "nova"} == {"cmp1", "ctl"}
    assert "hypervisor_type" not in attributes("ctl", "nova")


def test_a_hypervisor_is_known_by_its_full_name_and_its_address() -> None:
    found = attributes("cmp1", "nova")
    assert (found["fqdn"], found["stated_addresses"], found["roles"], found["availability_zone"]) == (
        "cmp1.example.org", ["192.0.2.21"], ["Compute"], "az1",
    )  # fmt: skip


SEVERAL = [
    {"id": "sg1", "network_id": "n1", "network_type": "vlan", "physical_network": "physnet1", "segmentation_id": 101},
    {"id": "sg2", "network_id": "n1", "network_type": "vlan", "physical_network": "physnet9", "segmentation_id": 102},
]


def test_of_several_segments_a_port_is_bound_to_the_one_its_host_serves() -> None:
    assert attributes("port:po1", "neutron", {"segments": SEVERAL})["medium"] == "physnet/physnet1"
    overlay = [{**SEVERAL[0], "physical_network": "physnet8"}, {**SEVERAL[1], "network_type": "vxlan"}]
    assert attributes("port:po1", "neutron", {"segments": overlay})["medium"] == "overlay/vxlan"


def test_of_several_segments_that_a_host_serves_none_is_guessed() -> None:
    both = [SEVERAL[0], {**SEVERAL[1], "network_type": "vxlan", "physical_network": None}]
    assert "medium" not in attributes("port:po1", "neutron", {"segments": both})


def test_segments_that_are_not_listed_are_those_of_the_network() -> None:
    network = {**OBJECTS["networks"][0], "segments": [
        {"provider:network_type": "vlan", "provider:physical_network": "physnet1", "provider:segmentation_id": 101},
        {"provider:network_type": "vxlan", "provider:segmentation_id": 7},
    ]}  # fmt: skip
    found = told({"segments": [], "networks": [network]})
    assert {id: each.attributes["key"] for (id, _), each in found.items() if each.type == "segment"} == {
        "segment:of-n1": "vlan/physnet1/101", "segment:of-n1.2": "vxlan/-/7",
    }  # fmt: skip


def test_twin_macs_in_one_instance_are_one_nic_without_a_port() -> None:
    base = OBJECTS["ports"][0]
    found = attributes("instance:i1/vnic:fa:16:3e:00:00:01", "neutron", {"ports": [base, {**base, "id": "po2"}]})
    assert "port_id" not in found and found["mac"] == "fa:16:3e:00:00:01"


def test_a_port_that_is_bound_nowhere_is_no_nic() -> None:
    found = told({"ports": [{**OBJECTS["ports"][0], "binding:host_id": ""}]})
    assert not [id for id, _ in found if "/vnic:" in id]
    assert "host" not in found["port:po1", "neutron"].attributes


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"ports": {}}', b'{"ports": [{}]}', b'{"ports": [{"id": 1}]}', b"<html>", b"\xff"]
)
def test_answers_that_are_none(body: bytes) -> None:
    with pytest.raises(ParseError, match="openstack ports"):
        parse.page(body, "ports", parse.Port)


def test_a_body_that_is_no_answer_fails_its_part_alone() -> None:
    cloud = MadeUpCloud({**OBJECTS, "agents": [{"id": "x"}]})
    assert {part for part, status in ends(cloud).items() if status == "failed"} == {"agents", "networks"}


def test_a_listing_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["calipso.sources.openstack.collect"], "MOST", 3)
    many = [{**OBJECTS["images"][0], "id": f"x{n}"} for n in range(9)]
    over = said_by(MadeUpCloud({**OBJECTS, "images": many}, size=1))
    assert any("more than 3 pages" in json.dumps([error.message for error in each.errors]) for each in over
               if isinstance(each, RunEnded))  # fmt: skip


def test_addresses_of_a_server_are_its_own_and_floating_ones_are_neutrons_to_tell() -> None:
    listed = [
        {"addr": "10.0.0.5", "version": 4, "OS-EXT-IPS:type": "fixed"},
        {"addr": "172.24.4.9", "version": 4, "OS-EXT-IPS:type": "floating"},
        {"addr": "10.0.0.6", "version": 4},  # as a cloud without that extension tells them
    ]
    server = {**OBJECTS["servers"][0], "addresses": {"net": listed}}
    found = attributes(f"instance:{server['id']}", "nova", {"servers": [server]})
    assert found["addresses"] == ["10.0.0.5", "10.0.0.6"] and found["network_names"] == ["net"]
