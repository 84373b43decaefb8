"""labs/openstack: what one scan of the APIs and the hosts finds is what the cloud says of itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from calipso.graph.explain import why
from calipso.graph.protocol import GraphReader
from calipso.model import ids
from labs.openstack import declaration as d
from labs.openstack import intent
from labs.openstack.environment import NAME
from labs.openstack.expectation import KINDS, LINKS, Expected, vedge
from labs.openstack.intent import intended, services_of
from labs.openstack.running import OUTSIDE, Running
from tests.support.openstack_lab import clique, home_of, links_of, scanned, told_by

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]
BUDGET, TRIES = 5.0, 6
"""Seconds that a scan of the lab takes at most, and how often a busy machine may try."""
QUOTA = {"instances": 10, "cores": 20}
"""What Nova allows a project unless told otherwise."""
API_FACETS = ("keystone", "nova", "neutron", "ovn")


def test_the_cloud_has_what_is_declared(lab: Running, facts: dict[str, Any]) -> None:
    vms = d.vms(lab.mechanism)
    assert {(each["name"], each["host"]) for each in facts["instances"]} == {(vm.name, vm.host) for vm in vms}
    assert facts["counts"].get("floating_ip", 0) == sum(vm.floating for vm in vms)


def test_every_object_on_the_hosts_is_found_and_no_other(graph: GraphReader, wanted: Expected) -> None:
    assert {head.id: head.kind for head in graph.objects() if head.kind in KINDS} == wanted.objects


def test_everything_is_plugged_as_the_cloud_plugs_it(graph: GraphReader, wanted: Expected) -> None:
    assert links_of(graph, LINKS) == wanted.links


def test_nics_carry_the_networks_of_their_ports(graph: GraphReader, wanted: Expected) -> None:
    found = {id: head.networks if (head := graph.resolve(id)) else None for id in wanted.networks}
    assert found == wanted.networks


def test_everything_that_the_api_lists_is_found_and_no_other(
    lab: Running, graph: GraphReader, facts: dict[str, Any]
) -> None:
    found = told_by(graph, API_FACETS)
    for kind, objects in intended(facts, lab.mechanism).objects.items():
        there = found.get(kind, {})
        if kind == "availability_zone":  # the client leaves out the one of the controllers
            there = {id: name for id, name in there.items() if name != "internal"}
        assert set(there) == set(objects), kind
        named = {id: name for id, name in objects.items() if kind in ("instance", "network", "router", "project")}
        assert {id: there[id] for id in named} == named, kind


def test_intent_meets_reality(lab: Running, graph: GraphReader, facts: dict[str, Any]) -> None:
    wanted = intended(facts, lab.mechanism).links
    for type in intent.LINKS:
        here = {each for each in wanted if each[0] == type}
        assert links_of(graph, (type,)) == here, type


def test_names_of_hosts_in_the_api_are_the_hosts(graph: GraphReader) -> None:
    hosts = {head.id for head in graph.objects() if head.kind == "host"}
    assert hosts == {host.name for host in d.HOSTS}
    for id in hosts:
        head = graph.resolve(id)
        assert head is not None
        facets = {facet.name.partition("@")[0] for facet in graph.facets(head)}
        assert "linux" in facets and facets & {"nova", "neutron"}, id
    assert {head.host for head in graph.objects()} <= hosts | {""}


def test_everything_of_an_instance_is_on_the_way_to_the_wire(
    lab: Running, graph: GraphReader, facts: dict[str, Any]
) -> None:
    """Tap, bridge, switch port, tag, tunnel, NIC: the clique of each instance ends at its networks."""
    for instance in facts["instances"]:
        found = clique(graph, ids.instance(instance["id"]), "instance")
        assert found.unknown == []
        wires = {"eth1" if facts["networks"][port["network"]][0] in (*intent.OVERLAYS, "local") else "eth2"
                 for port in instance["ports"]}  # fmt: skip
        pnics = {ids.device(instance["host"], nic) for nic in wires}
        assert pnics == {id for id in found.objects if "/dev:eth" in id and id.startswith(instance["host"])}
        networks = {ids.by_uuid("network", port["network"]) for port in instance["ports"]}
        assert networks == {id for id in found.objects if id.startswith("network:")}
        assert any("/otep:" in id for id in found.objects) == ("eth1" in wires and lab.mechanism != "calico")
        for port in instance["ports"]:
            tap = graph.resolve(ids.device(instance["host"], f"tap{port['id'][:11]}"))
            assert tap is not None and graph.attributes(tap)["state"] == "up"


@pytest.mark.parametrize("vm", [vm for vm in d.VMS if len(vm.networks) == 1], ids=lambda vm: f"{vm.name}@{vm.host}")
def test_reach(lab: Running, graph: GraphReader, facts: dict[str, Any], vm: d.Vm) -> None:
    """All services of the network and the instance at the other end, by tunnel ends and NICs; of no other tenant."""
    network = next(id for id, name in facts["objects"]["network"].items() if name == vm.networks[0])
    by_name = {each["name"]: each["id"] for each in facts["instances"]}
    found = set(clique(graph, ids.instance(by_name[vm.name]), "reach").objects)
    others = {ids.instance(by_name[each.name]) for each in d.VMS if vm.networks[0] in each.networks}
    assert {id for id in found if id.startswith("instance:") and "/" not in id} == others
    assert {id for id in found if id.startswith("network:")} == {ids.by_uuid("network", network)}
    services = _services(lab, facts, vm.project, network)
    kinds = {id: head.kind for id in found if (head := graph.resolve(id)) is not None}
    assert {id for id, kind in kinds.items() if kind == "vservice"} == services
    routed = lab.mechanism == "calico"
    for host in d.COMPUTES if routed else d.HOSTS:
        assert routed or ids.tunnel_endpoint(host.name, lab.overlay, host.tunnel_address) in found
        assert ids.device(host.name, "eth1") in found and vedge(host.name, lab.mechanism) in found
    foreign = {each["id"] for each in facts["ports"] if each["network"] != network}
    for head in (graph.resolve(id) for id in found):
        assert head is not None
        port = str(graph.attributes(head).get("port_id") or graph.attributes(head).get("iface_id") or "")
        assert head.kind != "vnic" or port not in foreign, head.id


def _services(lab: Running, facts: dict[str, Any], project: str, network: str) -> set[str]:
    """All that serves a tenant's network; where hosts route between guests nothing does."""
    if lab.mechanism == "calico":
        return set()
    router = next(id for id, name in facts["objects"]["router"].items() if name == f"router-{project}")
    services = set(services_of(router, facts, lab.mechanism))
    if lab.mechanism == "ovs":
        services.add(ids.netns(d.CTL.name, f"qdhcp-{network}"))
    for cls, listed in facts["beside"].items():
        services |= {ids.by_uuid(cls, id) for id, networks in listed.items() if network in networks}
    return services


def test_a_floating_ip_is_observed_where_it_is_translated(
    lab: Running, graph: GraphReader, facts: dict[str, Any]
) -> None:
    """A distributed router does it where the port is; of others that are on several hosts any may be ready to."""
    ports = {port["id"]: port for port in facts["ports"]}
    for id, (port, router, _) in facts["floating"].items():
        head = graph.resolve(ids.by_uuid("floating_ip", id))
        assert head is not None and router
        there = [graph.get(link.other) for link in graph.links(head.ord, ("floating_ip-vservice",))]
        found = {each.id: why(graph, "floating_ip-vservice", head, each).observed for each in there if each}
        assert set(found) == services_of(router, facts, lab.mechanism) and set(found.values()) <= {True, None}
        if lab.routers == "dvr":
            assert [each for each in found if found[each]] == [ids.netns(ports[port]["host"], f"qrouter-{router}")]
        else:
            assert True in found.values()


def _ports(facts: dict[str, Any], router: str) -> set[str]:
    return {ids.by_uuid("port", port["id"]) for port in facts["ports"] if port["device"] == router}


def test_a_router_on_several_hosts_is_one_with_one_port_and_many_nics(
    lab: Running, graph: GraphReader, facts: dict[str, Any]
) -> None:
    """Its namespaces have one name, and its NICs one name and often one MAC: the port's id joins them."""
    names = {f"router-{tenant.project}" for tenant in d.TENANTS}
    on_hosts = {"legacy": 1, "dvr": len(d.HOSTS), "ha": d.HA_HOSTS}[lab.routers]
    for router in (id for id, name in facts["objects"]["router"].items() if name in names):
        services = services_of(router, facts, lab.mechanism)
        found = {each for _, _, each in links_of(graph, ("vnic-port",)) if each in _ports(facts, router)}
        if lab.mechanism == "ovn":  # its routers are no namespaces, and their ports no devices
            assert services == {ids.by_uuid("router", router)} and not found
            continue
        hosts = {id.partition("/")[0] for id in services if f"qrouter-{router}" in id}
        assert len(hosts) == on_hosts and found == _ports(facts, router)
        head = graph.resolve(ids.by_uuid("router", router))
        assert head is not None
        told = graph.attributes(head)
        assert (told["distributed"], told["ha"]) == (lab.routers == "dvr", lab.routers == "ha")
        if lab.routers == "ha":
            states = told["ha_states"]
            assert {each["host"] for each in states} == hosts
            assert sorted(each["state"] for each in states) == ["active", "standby"]


def test_hosts_have_their_resources_and_projects_their_quotas(graph: GraphReader, facts: dict[str, Any]) -> None:
    for host in d.COMPUTES:
        head = graph.resolve(ids.host(host.name))
        assert head is not None
        assert {"VCPU", "MEMORY_MB", "DISK_GB"} <= set(graph.attributes(head)["inventories"])
    projects = {name: id for id, name in facts["objects"]["project"].items()}
    for tenant in d.TENANTS:
        head = graph.resolve(ids.by_uuid("project", projects[tenant.project]))
        assert head is not None
        told = graph.attributes(head)
        assert {name: told["compute_quotas"][name] for name in QUOTA} == QUOTA
        assert told["network_quotas"]["port"] > 0


def test_looking_again_changes_nothing(lab: Running, tmp_path: Path) -> None:
    home = home_of(lab, tmp_path)
    first, again = scanned(home), scanned(home)
    kept = ("keystone", "nova", "neutron", "ovn", "libvirt")
    assert told_by(again, kept) == told_by(first, kept)
    assert links_of(again, LINKS + intent.LINKS) == links_of(first, LINKS + intent.LINKS)


def test_one_command_scans_the_lab_in_time(lab: Running, tmp_path: Path) -> None:
    """Warm, from the start of the command to its end: the APIs, three hosts, all that follows from them.

    On a machine whose processors others keep busy too it takes that much longer.
    """
    home = home_of(lab, tmp_path)
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    command = [sys.executable, "-m", "calipso", "scan", "--env", NAME]
    taken = []
    for _ in range(TRIES):
        began = time.monotonic()
        told = subprocess.run(
            command, env={**os.environ, "CALIPSO_HOME": str(home.path)}, capture_output=True, text=True, timeout=120
        )
        taken.append(time.monotonic() - began)
        assert told.returncode == 0, told.stderr
        if len(taken) > 1 and taken[-1] <= BUDGET * max(1.0, busy):
            return
    raise AssertionError(f"a scan took {', '.join(f'{each:.1f}' for each in taken)} s")


def test_a_thread_reaches_the_api_in_the_network_of_the_lab_and_comes_back(lab: Running) -> None:
    here = os.readlink("/proc/thread-self/ns/net")
    with lab.network(), urllib.request.urlopen(d.KEYSTONE.url, timeout=60) as answer:
        assert json.load(answer)["version"]["status"] == "stable"
    assert os.readlink("/proc/thread-self/ns/net") == here


def test_this_machine_has_no_part_in_the_network_of_the_lab(lab: Running) -> None:
    """Its addresses are reached from the outside of its hosts, and from nowhere else."""
    assert lab.answers(OUTSIDE, "ping", "-c", "1", "-W", "5", d.CTL.address)
    with open("/proc/net/fib_trie") as addresses:
        assert d.OUTSIDE not in addresses.read()
