"""Agents of Neutron, the hosts they are on and the tunnel endpoints they say."""

from __future__ import annotations

from typing import Any

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.openstack import parse
from calipso.sources.openstack.listings import NEUTRON, Listings, said

COUNTS = frozenset({
    "networks", "subnets", "ports", "devices", "routers", "interfaces", "floating_ips", "ex_gw_ports",
})  # fmt: skip
"""What an agent counts with each report: no fact about it."""
ROLES = {"DHCP agent": "Network", "L3 agent": "Network", "Metadata agent": "Network"}
OVERLAYS = ("vxlan", "gre", "geneve")


def records(listed: Listings) -> list[Record]:
    out = [said(ids.by_uuid("agent", each.id), NEUTRON, "agent", _agent(each)) for each in listed.agents]
    return [*out, *_hosts(listed), *_endpoints(listed)]


def bridge_mappings(each: parse.Agent) -> dict[str, str]:
    """Physical network → bridge; OVN's agents say them as text, `physnet1:br-provider,physnet2:br-ex`."""
    mappings = each.configurations.get("bridge_mappings") or {}
    text = each.configurations.get("bridge-mappings") or ""
    pairs = (pair.strip().partition(":") for pair in str(text).split(","))
    return {**{name: bridge for name, _, bridge in pairs if bridge}, **mappings}


def served(listed: Listings, host: str) -> tuple[set[str], set[str]]:
    """What the agents of a host serve: physical networks, types of overlays."""
    physical: set[str] = set()
    overlays: set[str] = set()
    for each in listed.agents:
        if each.host == host:
            physical |= {*bridge_mappings(each), *(each.configurations.get("interface_mappings") or {})}
            overlays |= set(tunnel_types(each))
    return physical, overlays


def tunnel_types(each: parse.Agent) -> list[str]:
    said: Any = each.configurations.get("tunnel_types")
    return sorted(map(str, said)) if isinstance(said, list) else []


def _agent(each: parse.Agent) -> Attributes:
    configurations = {name: value for name, value in each.configurations.items() if name not in COUNTS}
    return {
        "host": each.host,
        "name": each.binary,
        "agent_type": each.agent_type,
        "alive": each.alive,
        "admin_state_up": each.admin_state_up,
        "availability_zone": each.availability_zone,
        "bridge_mappings": bridge_mappings(each),
        "interface_mappings": each.configurations.get("interface_mappings"),
        "tunnel_types": tunnel_types(each),
        "tunneling_ip": each.configurations.get("tunneling_ip"),
        "configurations": configurations,
    }


def _hosts(listed: Listings) -> list[Record]:
    out = []
    for host in sorted({each.host for each in listed.agents if each.host}):
        there = [each for each in listed.agents if each.host == host]
        stated = {ids.canonical_ip(ip) for each in there if (ip := each.configurations.get("tunneling_ip"))}
        attributes = {
            "name": host,
            "host": host,
            "roles": sorted({ROLES[each.agent_type] for each in there if each.agent_type in ROLES}),
            "agents": [ids.by_uuid("agent", each.id) for each in there],
            "stated_addresses": sorted(stated),
        }
        out.append(said(ids.host(host), NEUTRON, "host", attributes))
    return out


def _endpoints(listed: Listings) -> list[Record]:
    found = {
        (each.host, overlay, ids.canonical_ip(ip))
        for each in listed.agents
        if (ip := each.configurations.get("tunneling_ip"))
        for overlay in tunnel_types(each)
        if overlay in OVERLAYS
    }
    return [
        said(ids.tunnel_endpoint(host, overlay, ip), NEUTRON, "otep", {"host": host, "overlay_type": overlay, "ip": ip})
        for host, overlay, ip in sorted(found)
    ]
