"""Prints what the cloud's API says of itself, as JSON.

counts: kind → how many. objects: kind of Calipso's model → id → name. instances: id, name, host, status, ports.
services: what agents hold in namespaces, if there are agents: netns, host, ports. A port: id, mac, owner, host,
network, device, groups, ips. ports, networks, segments, subnets, floating, trunks, agents: what one refers to
another by.
"""

from __future__ import annotations

import json
from typing import Any

from labs.openstack.cloud.connecting import connect

DHCP = "network:dhcp"
ROUTER = (
    "network:router_interface", "network:router_gateway", "network:ha_router_replicated_interface",
    "network:router_ha_interface",
)  # fmt: skip


def main() -> None:
    cloud = connect()
    network = cloud.network
    ports = list(network.ports())
    servers = list(cloud.compute.servers(all_projects=True))
    listed = {
        "instance": servers, "port": ports, "network": list(network.networks()), "subnet": list(network.subnets()),
        "router": list(network.routers()), "floating_ip": list(network.ips()), "network_agent": list(network.agents()),
        "security_group": list(network.security_groups()), "trunk": list(network.trunks()),
        "segment": list(network.segments()), "project": list(cloud.identity.projects()),
        "region": list(cloud.identity.regions()), "aggregate": list(cloud.compute.aggregates()),
        "availability_zone": list(cloud.compute.availability_zones()),
    }  # fmt: skip
    said = {
        "counts": {kind: len(each) for kind, each in listed.items()},
        "objects": {kind: {str(each.id or each.name): each.name for each in found} for kind, found in listed.items()},
        "instances": [_instance(server, ports) for server in servers if server.status in ("ACTIVE", "SHUTOFF")],
        "services": _services(ports),
        "ports": [_port(port) for port in ports],
        "networks": {each.id: [each.provider_network_type, each.provider_physical_network]
                     for each in listed["network"]},
        "segments": {each.id: each.network_id for each in listed["segment"]},
        "subnets": {each.id: each.network_id for each in listed["subnet"]},
        "floating": {each.id: [each.port_id, each.router_id, each.floating_ip_address]
                     for each in listed["floating_ip"]},
        "agents": {each.id: [each.host, each.agent_type] for each in listed["network_agent"]},
        "trunks": {each.id: [each.port_id, [sub["port_id"] for sub in each.sub_ports]] for each in listed["trunk"]},
    }  # fmt: skip
    print(json.dumps(said))


def _instance(server: Any, ports: list[Any]) -> dict[str, Any]:
    own = [_port(port) for port in ports if port.device_id == server.id]
    return {
        "id": server.id, "name": server.name, "host": server.compute_host, "status": server.status, "ports": own,
    }  # fmt: skip


def _services(ports: list[Any]) -> list[dict[str, Any]]:
    """Router and DHCP agents name a namespace after what they serve."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for port in ports:
        if port.binding_vif_type != "ovs":
            continue
        if port.device_owner == DHCP:
            found.setdefault((f"qdhcp-{port.network_id}", port.binding_host_id), []).append(_port(port))
        elif port.device_owner in ROUTER:
            found.setdefault((f"qrouter-{port.device_id}", port.binding_host_id), []).append(_port(port))
    return [{"netns": netns, "host": host, "ports": own} for (netns, host), own in sorted(found.items())]


def _port(port: Any) -> dict[str, Any]:
    return {
        "id": port.id, "mac": port.mac_address, "owner": port.device_owner, "host": port.binding_host_id,
        "network": port.network_id, "device": port.device_id, "groups": sorted(port.security_group_ids or ()),
        "ips": sorted(each["ip_address"] for each in port.fixed_ips),
    }  # fmt: skip


if __name__ == "__main__":
    main()
