"""What Calipso has to know of the cloud by its APIs, and how that meets what is on the hosts. Knows no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calipso.model import ids
from labs.openstack import declaration as d
from labs.openstack.expectation import BEGINNINGS, SHORT, Link, vedge

CLASSES = {
    "instance": "instance", "port": "port", "network": "network", "subnet": "subnet", "router": "router",
    "floating_ip": "floating_ip", "network_agent": "agent", "security_group": "security_group", "trunk": "trunk",
    "segment": "segment", "project": "project",
}  # fmt: skip
"""Kind → the class of its ids."""
LINKS = (
    "port-network", "subnet-network", "segment-network", "instance-port", "router-port", "floating_ip-port",
    "security_group-port", "vnic-port", "router-vservice", "floating_ip-vservice", "network-vservice", "vservice-vedge",
    "vedge-network_agent", "host_pnic-network",
)  # fmt: skip
OVERLAYS = ("vxlan", "gre", "geneve")
GATEWAY = "network:router_gateway"
SWITCH_AGENTS = (
    "Open vSwitch agent", "OVN Controller agent", "OVN Controller Gateway agent", "Calico per-host agent (felix)",
)  # fmt: skip


@dataclass
class Intended:
    """Objects by kind with their names, all links of LINKS."""

    objects: dict[str, dict[str, str]] = field(default_factory=dict)
    links: set[Link] = field(default_factory=set)


def intended(facts: Mapping[str, Any], mechanism: str) -> Intended:
    """From what `cloud/facts.py` prints."""
    out = Intended(_objects(facts, mechanism))
    out.links |= _references(facts)
    out.links |= _realised(facts, mechanism)
    out.links |= _served(facts, mechanism)
    out.links |= _carried(facts, mechanism)
    return out


def _objects(facts: Mapping[str, Any], mechanism: str) -> dict[str, dict[str, str]]:
    listed = facts["objects"]
    found = {kind: {ids.by_uuid(cls, id): name for id, name in listed[kind].items()} for kind, cls in CLASSES.items()}
    found["region"] = {ids.region(id): id for id in listed["region"]}
    found["availability_zone"] = {ids.availability_zone(d.REGION, name): name for name in listed["availability_zone"]}
    found["segment"] = found["segment"] or {ids.by_uuid("segment", id): "" for id in _segments(facts)}
    if mechanism == "ovn":  # nothing on a host realises its routers: they are services themselves
        found["vservice"] = found.pop("router")
    return found


def _references(facts: Mapping[str, Any]) -> set[Link]:
    """What one object of the API says of another."""
    links: set[Link] = set()
    for port in facts["ports"]:
        id = ids.by_uuid("port", port["id"])
        links.add(("port-network", id, ids.by_uuid("network", port["network"])))
        links |= {("security_group-port", ids.by_uuid("security_group", each), id) for each in port["groups"]}
        if port["device"] in facts["objects"]["instance"]:
            links.add(("instance-port", ids.instance(port["device"]), id))
        if port["device"] in facts["objects"]["router"]:
            links.add(("router-port", ids.by_uuid("router", port["device"]), id))
    for name, listed in (("subnet", facts["subnets"]), ("segment", _segments(facts))):
        for id, network in listed.items():
            links.add((f"{name}-network", ids.by_uuid(name, id), ids.by_uuid("network", network)))
    for id, (floating_port, _, _) in facts["floating"].items():
        if floating_port:
            links.add(("floating_ip-port", ids.by_uuid("floating_ip", id), ids.by_uuid("port", floating_port)))
    return links


def _segments(facts: Mapping[str, Any]) -> Mapping[str, str]:
    """Segment → network. Where Neutron does not list them, as with Calico, each network tells of one of its own; OVN
    names some of them by uuid."""
    if facts["segments"]:
        return dict(facts["segments"])
    named: dict[str, str] = facts.get("segments_named", {})
    return {**named, **{f"of-{each}": each for each in facts["networks"] if each not in named.values()}}


def nics_of(facts: Mapping[str, Any], mechanism: str) -> dict[str, set[str]]:
    """Port → the NICs that realise it: the guest's, or devices of agents, of some routers on several hosts."""
    found: dict[str, set[str]] = {}
    for port in facts["ports"]:
        if port["device"] in facts["objects"]["instance"] and port["host"]:
            found[port["id"]] = {ids.guest_nic(ids.instance(port["device"]), port["mac"])}
    for service in facts["services"] if mechanism == "ovs" else ():
        netns = ids.netns(service["host"], service["netns"])
        for port in service["ports"]:
            device = ids.device(netns, BEGINNINGS[port["owner"]] + port["id"][:SHORT])
            found.setdefault(port["id"], set()).add(device)
    return found


def _realised(facts: Mapping[str, Any], mechanism: str) -> set[Link]:
    """Ports by their NICs; a subport by its parent's."""
    nics = nics_of(facts, mechanism)
    for parent, below in facts["trunks"].values():
        nics |= dict.fromkeys(below, nics.get(parent, set()))
    return {("vnic-port", nic, ids.by_uuid("port", port)) for port, each in nics.items() for nic in each}


def services_of(router: str, facts: Mapping[str, Any], mechanism: str) -> set[str]:
    """What realises a router: namespaces, on several hosts where it is distributed or highly available."""
    if mechanism == "ovn":
        return {ids.by_uuid("router", router)}
    names = (f"qrouter-{router}", f"snat-{router}")
    return {ids.netns(each["host"], each["netns"]) for each in facts["services"] if each["netns"] in names}


def _served(facts: Mapping[str, Any], mechanism: str) -> set[Link]:
    """Routers, DHCP and floating IPs by the services that do them."""
    links = {
        ("network-vservice", ids.by_uuid("network", network), ids.by_uuid(cls, id))
        for cls, listed in facts.get("beside", {}).items() for id, networks in listed.items() for network in networks
    }  # fmt: skip
    gateways = {port["device"]: port for port in facts["ports"] if port["owner"] == GATEWAY}
    done = {router: services_of(router, facts, mechanism) for router in gateways}
    for router, services in done.items():
        if mechanism == "ovs":
            links |= {("router-vservice", ids.by_uuid("router", router), service) for service in services}
            continue
        (service,) = services
        links.add(("vservice-vedge", service, ids.ovs(d.CTL.name)))
        links |= {
            ("network-vservice", ids.by_uuid("network", port["network"]), service)
            for port in facts["ports"]
            if port["device"] == router
        }
    for id, (_, router, _) in facts["floating"].items():
        if router:
            links |= {("floating_ip-vservice", ids.by_uuid("floating_ip", id), service) for service in done[router]}
    for service in facts["services"] if mechanism == "ovs" else ():
        if service["netns"].startswith("qdhcp-"):
            network = ids.by_uuid("network", service["netns"].removeprefix("qdhcp-"))
            links.add(("network-vservice", network, ids.netns(service["host"], service["netns"])))
    return links


def _carried(facts: Mapping[str, Any], mechanism: str) -> set[Link]:
    """Each host's networks by its NIC for tunnels or for the provider network, and its switch's agent."""
    links: set[Link] = set()
    for agent, (host, type) in facts["agents"].items():
        if type in SWITCH_AGENTS:
            links.add(("vedge-network_agent", vedge(host, mechanism), ids.by_uuid("agent", agent)))
    bound = {(port["host"], port["network"]) for port in facts["ports"] if port["host"]}
    if mechanism == "ovs":
        bound |= {(service["host"], port["network"]) for service in facts["services"] for port in service["ports"]}
    ports = {port["id"]: port for port in facts["ports"]}
    for parent, below in facts["trunks"].values():  # a subport is where its parent is
        bound |= {(ports[parent]["host"], ports[port]["network"]) for port in below if ports[parent]["host"]}
    if mechanism == "ovn":  # the gateway carries all networks of its routers
        routers = {port["device"] for port in facts["ports"] if port["owner"] == GATEWAY}
        bound |= {(d.CTL.name, port["network"]) for port in facts["ports"] if port["device"] in routers}
    for host, network in bound:
        nic = "eth1" if mechanism == "calico" or facts["networks"][network][0] in OVERLAYS else "eth2"
        links.add(("host_pnic-network", ids.device(host, nic), ids.by_uuid("network", network)))
    return links
