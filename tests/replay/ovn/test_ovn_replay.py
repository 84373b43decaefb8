"""What the source makes of recordings: an OpenStack with ML2/OVN, and an OVN 23.03 that nobody's names are in."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from calipso.graph.clique import find_clique
from calipso.graph.codec import Codec
from calipso.graph.value import FacetChange, Graph
from calipso.model.cliques import CLIQUE_TYPES
from calipso.model.environment import Environment
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.runtime.recording import replay, replay_all

HERE = Path(__file__).parent
OPENSTACK, PLAIN = HERE / "ovn@ctl.jsonl", HERE / "ovn@h1.jsonl"
BY_HAND = HERE.parent / "openstack/ml2-ovn.jsonl"
ROUTER = "router:4fc27c60-acf9-4fca-a2fa-96a6e2c1e5fe"
CODEC = Codec()


@cache
def said(file: Path) -> tuple[Observation, ...]:
    return tuple(asyncio.run(replay(file)))


def records(file: Path) -> dict[tuple[str, str], Record]:
    return {(each.id, each.facet): each for seen in said(file) if isinstance(seen, Seen) for each in seen.records}


def merged(file: Path, id: str) -> dict[str, Any]:
    """What both databases say of an object."""
    out: dict[str, Any] = {}
    for (of, _), record in sorted(records(file).items()):
        if of == id:
            out |= record.attributes
    return out


def by_hand() -> list[dict[str, Any]]:
    return [json.loads(line) for line in BY_HAND.read_text().splitlines()[1:]]


@pytest.mark.parametrize("file", [OPENSTACK, PLAIN], ids=lambda file: file.stem)
def test_both_databases_complete_and_say_the_same_again(file: Path) -> None:
    assert [each.status for each in said(file) if isinstance(each, RunEnded)] == ["completed", "completed"]
    assert list(said(file)) == asyncio.run(replay(file))


def test_all_that_was_converted_by_hand_is_said_the_same() -> None:
    """Record by record, in the same facets, beside more than was converted."""
    wanted = [each for each in by_hand() if each["source"] == "ovn"]
    assert len(wanted) == 12
    for each in wanted:
        own = records(OPENSTACK)[each["id"], each["facet"]]
        assert own.type == each["type"]
        assert {name: own.attributes.get(name) for name in each["attributes"]} == each["attributes"], each["id"]


@cache
def cloud() -> Graph:
    """The cloud of the worked examples, with this source's records in the place of those made by hand."""
    changes = []
    for each in by_hand():
        if each["source"] != "ovn":
            scoped = each["id"].partition("/")[0] == each["reporter"]
            facet = each["facet"] if scoped else f"{each['facet']}@{each['reporter']}"
            changes.append(
                FacetChange(each["id"], facet, CODEC.encode(each["type"], each["source"], each["attributes"]))
            )
    for record in records(OPENSTACK).values():
        facet = record.facet if record.id.partition("/")[0] == "ctl" else f"{record.facet}@ctl"
        changes.append(FacetChange(record.id, facet, CODEC.encode(record.type, "ovn", record.attributes)))
    graph, _ = Graph(Environment(name="openstack"), CODEC).apply(changes, 1)
    return graph


@pytest.mark.parametrize(("name", "links", "objects"), [("instance", 6, 6), ("reach", 18, 15)])
def test_the_worked_example_holds_with_the_sources_own_records(name: str, links: int, objects: int) -> None:
    graph = cloud()
    focal = graph.resolve("instance:2c8a1d6c-a99f-45b4-85ab-c19f7b5d6aac")
    assert focal is not None
    found = find_clique(graph, focal, next(each for each in CLIQUE_TYPES if each.name == name))
    assert (len(found.links), len(found.objects), found.unknown) == (links, objects, [])


def test_a_router_is_a_service_on_its_gateways_switch_and_no_dhcp_service_is_there() -> None:
    graph = cloud()
    services = [head for head in graph.objects() if head.kind == "vservice"]
    assert {head.type for head in services} == {"router"} and len(services) == 2
    router = graph.resolve(ROUTER)
    assert router is not None
    assert [graph.id_of(link.other) for link in graph.links(router.ord, ("vservice-vedge",))] == ["ctl/ovs"]
    assert len(list(graph.links(router.ord, ("network-vservice",)))) == 2


def test_ports_are_neutrons_and_say_who_claimed_them() -> None:
    port = merged(OPENSTACK, "port:8858e298-8576-4290-97d6-11f49a9dca09")
    assert (port["chassis"], port["requested_chassis"], port["up"]) == ("cmp1", "cmp1", True)
    assert port["medium"] == "overlay/geneve" and port["ips"] == ["10.1.0.236"]
    assert port["security_groups"] == ["security_group:900eb878-a2c9-4984-947e-1272871eda00"]
    gateway = merged(OPENSTACK, "port:c8e6a269-d29c-4d78-a5ea-530e41dead23")
    assert "chassis" not in gateway and gateway["mac"] == "fa:16:3e:14:d8:9d" and "up" not in gateway


def test_what_is_on_the_wire_is_the_tunnel_key_beside_neutrons_network_type() -> None:
    network = merged(OPENSTACK, "network:71945399-8b0a-4730-af36-949797815cec")
    assert (network["tunnel_key"], network["network_type"], network["name"]) == (3, "geneve", "net-red")
    assert not [id for id, _ in records(OPENSTACK) if id.startswith("segment:geneve")]
    vlan = merged(OPENSTACK, "segment:d4b737fd-0e83-43bd-b895-b8e3b1d94844")
    assert (vlan["key"], vlan["network_id"]) == ("vlan/physnet1/101", "network:be494bbd-b1f1-43f9-8a35-031ae6c2f914")


def test_floating_ip_subnets_and_groups_are_neutrons() -> None:
    floating = merged(OPENSTACK, "floating_ip:1d6eb3d9-76be-4cdc-947d-3dc0512edabb")
    assert (floating["ip"], floating["fixed_ip"], floating["distributed"]) == ("172.24.4.200", "10.1.0.236", False)
    subnet = merged(OPENSTACK, "subnet:43138e75-5717-40c6-b0e4-4f013dfbd293")
    assert (subnet["cidr"], subnet["gateway_ip"], subnet["dns_nameservers"]) == (
        "10.1.0.0/24",
        "10.1.0.1",
        ["192.0.2.53"],
    )
    groups = [record for record in records(OPENSTACK).values() if record.type == "security_group"]
    assert len(groups) == 5 and {record.attributes["acl_count"] for record in groups} == {4}


def test_a_chassis_is_known_by_its_host_and_its_own_name_stays() -> None:
    chassis = merged(PLAIN, "h1/ovs")["system_id"]
    assert merged(PLAIN, "h1")["chassis"] == [chassis] and chassis != "h1"
    assert (merged(PLAIN, "port:vm1")["host"], merged(PLAIN, "port:vm1")["chassis"]) == ("h1", chassis)
    assert "chassis" not in merged(PLAIN, "port:vm2") and merged(PLAIN, "port:vm2")["up"] is False


def test_names_of_nobody_else_give_segments_of_the_wire() -> None:
    found = {id: record for (id, _), record in records(PLAIN).items() if record.type == "segment"}
    assert {id for id in found if id.startswith("segment:vlan")} == {"segment:vlan/physnet1/101"}
    assert len([id for id in found if id.startswith("segment:geneve/-/")]) == 2
    graph = asyncio.run(replay_all([PLAIN], Environment(name="replay"))).graph
    (router,) = (head for head in graph.objects() if head.type == "router")
    assert {medium.partition("@")[0] for medium in router.media} >= {"overlay/geneve", "physnet/physnet1"}
    assert {medium.partition("@")[2] for medium in router.media} - {""} == {"h1"}


def test_a_trunks_port_a_balancer_and_rules_are_told() -> None:
    child = merged(PLAIN, "port:vm1-child")
    assert (child["parent_port"], child["tag"]) == ("vm1", 30)
    found = {
        record.attributes["name"]: record.attributes
        for record in records(PLAIN).values()
        if "name" in record.attributes
    }
    assert found["web"]["vips"] == [{"vip": "172.24.4.120:80", "backends": ["10.0.0.11:8080", "10.0.0.12:8080"]}]
    assert len(found["web"]["network_ids"]) == len(found["web"]["router_refs"]) == 1
    assert (found["guests"]["acl_count"], found["sw1"]["acl_count"], found["sw0"]["acl_count"]) == (1, 1, 0)
    assert found["lr0"]["gateways"][0]["priority"] == 20 and found["lr0"]["policy_count"] == 1
    assert found["10.0.0.0/24"]["network_id"] == child_network(PLAIN, "port:vm1")


def test_a_balancer_is_a_service_of_the_networks_that_balance() -> None:
    changes = [
        FacetChange(each.id, f"{each.facet}@h1", CODEC.encode(each.type, "ovn", each.attributes))
        for each in records(PLAIN).values()
    ]
    graph, _ = Graph(Environment(name="plain"), CODEC).apply(changes, 1)
    (web,) = (head for head in graph.objects() if head.type == "load_balancer")
    assert (web.kind, web.name) == ("vservice", "web")
    linked = [graph.id_of(link.other) for link in graph.links(web.ord, ("network-vservice",))]
    assert linked == graph.attributes(web)["network_ids"] and len(linked) == 1


def child_network(file: Path, port: str) -> str:
    return str(merged(file, port)["network_id"])


def test_no_counter_and_no_time_reaches_a_facet() -> None:
    for file in (OPENSTACK, PLAIN):
        for record in records(file).values():
            assert not set(record.attributes) & {"nb_cfg", "nb_cfg_timestamp", "up_timestamp"}, record.id
            assert "neutron:revision_number" not in record.attributes.get("external_ids", {})
