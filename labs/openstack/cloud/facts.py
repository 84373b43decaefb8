"""Prints what the cloud's API says of itself, as JSON.

counts: kind → how many. instances: id, name, host, ports. services: what agents hold in namespaces, if
there are agents: netns, host, ports. A port: id, mac, owner, host, network, ips.
"""

from __future__ import annotations

import json
from typing import Any

from labs.openstack.cloud.connecting import connect

DHCP, ROUTER = "network:dhcp", ("network:router_interface", "network:router_gateway")


def main() -> None:
    cloud = connect()
    network = cloud.network
    ports = list(network.ports())
    servers = list(cloud.compute.servers(all_projects=True, status="ACTIVE"))
    kinds = {
        "instances": servers, "networks": network.networks(), "subnets": network.subnets(),
        "routers": network.routers(), "ports": ports, "floating IPs": network.ips(), "agents": network.agents(),
    }  # fmt: skip
    said = {
        "counts": {kind: len(list(each)) for kind, each in kinds.items()},
        "instances": [_instance(server, ports) for server in servers],
        "services": _services(ports),
    }
    print(json.dumps(said))


def _instance(server: Any, ports: list[Any]) -> dict[str, Any]:
    own = [_port(port) for port in ports if port.device_id == server.id]
    return {"id": server.id, "name": server.name, "host": server.compute_host, "ports": own}


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
        "network": port.network_id,
        "ips": sorted(each["ip_address"] for each in port.fixed_ips),
    }  # fmt: skip


if __name__ == "__main__":
    main()
