"""Agents of Neutron, the hosts they are on, and where tunnels end."""

from __future__ import annotations

from typing import Any

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.neutron_db import parse
from calipso.sources.neutron_db.rows import Rows, said

COUNTS = frozenset({
    "networks", "subnets", "ports", "devices", "routers", "interfaces", "floating_ips", "ex_gw_ports",
})  # fmt: skip
"""What an agent counts with each report: no fact about it."""
ROLES = {"DHCP agent": "Network", "L3 agent": "Network", "Metadata agent": "Network"}
OVERLAYS = ("vxlan", "gre", "geneve")


def records(read: Rows) -> list[Record]:
    listed = sorted(read.agents, key=lambda each: each.id)
    out = [said(ids.by_uuid("agent", each.id), "agent", _agent(each)) for each in listed]
    return [*out, *_hosts(listed, read), *_endpoints(listed, read)]


def _agent(each: parse.Agent) -> Attributes:
    configurations = parse.mapping(each.configurations)
    return {
        "host": each.host,
        "name": each.binary,
        "agent_type": each.agent_type,
        "admin_state_up": each.admin_state_up,
        "availability_zone": each.availability_zone,
        "bridge_mappings": _bridges(configurations),
        "interface_mappings": configurations.get("interface_mappings"),
        "tunnel_types": _overlays(configurations),
        "tunneling_ip": configurations.get("tunneling_ip"),
        "configurations": {name: value for name, value in configurations.items() if name not in COUNTS},
    }


def _bridges(configurations: dict[str, Any]) -> dict[str, str]:
    """Physical network → bridge; OVN's agents say them as text, `physnet1:br-provider,physnet2:br-ex`."""
    pairs = (pair.strip().partition(":") for pair in str(configurations.get("bridge-mappings") or "").split(","))
    return {**{name: bridge for name, _, bridge in pairs if bridge}, **(configurations.get("bridge_mappings") or {})}


def _overlays(configurations: dict[str, Any]) -> list[str]:
    found: Any = configurations.get("tunnel_types")
    return sorted(map(str, found)) if isinstance(found, list) else []


def _hosts(listed: list[parse.Agent], read: Rows) -> list[Record]:
    macs = {each.host: ids.canonical_mac(each.mac_address) for each in read.host_macs}
    there: dict[str, list[parse.Agent]] = {}
    for each in listed:
        there.setdefault(each.host, []).append(each)
    out = []
    for host in sorted({*there, *macs} - {""}):
        agents = there.get(host, [])
        stated = {ip for each in agents if (ip := parse.mapping(each.configurations).get("tunneling_ip"))}
        attributes = {
            "name": host,
            "host": host,
            "roles": sorted({ROLES[each.agent_type] for each in agents if each.agent_type in ROLES}),
            "agents": [ids.by_uuid("agent", each.id) for each in agents],
            "stated_addresses": sorted(map(ids.canonical_ip, map(str, stated))),
            "dvr_mac": macs.get(host),
        }
        out.append(said(ids.host(host), "host", attributes))
    return out


def _endpoints(listed: list[parse.Agent], read: Rows) -> list[Record]:
    """Those of the tables of type drivers, and those that agents say themselves."""
    found: dict[tuple[str, str, str], int | None] = {}
    for each in listed:
        configurations = parse.mapping(each.configurations)
        ip = configurations.get("tunneling_ip")
        for overlay in _overlays(configurations):
            if ip and each.host and overlay in OVERLAYS:
                found[each.host, overlay, ids.canonical_ip(str(ip))] = None
    for overlay in OVERLAYS:
        for end in read.of(overlay, parse.Endpoint):
            if end.host:
                found[end.host, overlay, ids.canonical_ip(end.ip_address)] = end.udp_port or None
    return [
        said(
            ids.tunnel_endpoint(host, overlay, ip),
            "otep",
            {"host": host, "overlay_type": overlay, "ip": ip, "udp_port": port},
        )
        for (host, overlay, ip), port in sorted(found.items(), key=lambda one: one[0])
    ]
