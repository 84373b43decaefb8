"""Prints what the cloud's API says of itself, as JSON.

counts: kind → how many. objects: kind of Calipso's model → id → name. instances: id, name, host, status, ports.
services: what agents hold in namespaces, if there are agents: netns, host, ports. A port: id, mac, owner, host,
network, device, groups, ips. beside: firewalls, VPNs, load balancers. ports, networks, segments, subnets, floating,
trunks, agents: what one refers to another by.
"""

from __future__ import annotations

import json
from typing import Any

from labs.openstack.cloud.connecting import connect
from labs.openstack.cloud.ordering import FIREWALLS, VPNS

DHCP = "network:dhcp"
HA, DISTRIBUTED, GATEWAY = (
    "network:router_ha_interface",
    "network:router_interface_distributed",
    "network:router_gateway",
)
ROUTER = ("network:router_interface", "network:ha_router_replicated_interface", HA, DISTRIBUTED, GATEWAY)
OF_DISTRIBUTED = {"network:router_centralized_snat": "snat", "network:floatingip_agent_gateway": "fip"}
"""What only distributed routers have, by the beginning of its namespace's name."""


def main() -> None:
    cloud = connect()
    network = cloud.network
    known = {each.alias for each in network.extensions()}
    ports = list(network.ports())
    servers = list(cloud.compute.servers(all_projects=True))
    listed = {
        "instance": servers, "port": ports, "network": list(network.networks()), "subnet": list(network.subnets()),
        "router": list(network.routers()) if "router" in known else [],
        "floating_ip": list(network.ips()) if "router" in known else [], "network_agent": list(network.agents()),
        "security_group": list(network.security_groups()), "trunk": list(network.trunks()) if "trunk" in known else [],
        "segment": list(network.segments()) if "segment" in known else [], "project": list(cloud.identity.projects()),
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
        "beside": _beside(cloud, ports),
        "trunks": {each.id: [each.port_id, [sub["port_id"] for sub in each.sub_ports]] for each in listed["trunk"]},
    }  # fmt: skip
    print(json.dumps(said))


def _beside(cloud: Any, ports: list[Any]) -> dict[str, dict[str, list[str]]]:
    """Firewalls, VPNs and load balancers: class → id → networks."""
    network = cloud.network
    known = {each.alias for each in network.extensions()}
    network_of = {each.id: each.network_id for each in ports}
    of_subnet = {each.id: each.network_id for each in network.subnets()}
    found: dict[str, dict[str, list[str]]] = {
        "load_balancer": {each.id: [each.vip_network_id] for each in cloud.load_balancer.load_balancers()},
    }  # fmt: skip
    if FIREWALLS in known:
        found["firewall"] = {
            each.id: sorted({network_of[port] for port in each.ports}) for each in network.firewall_groups()
        }
    if VPNS in known:
        groups = {each.id: each.endpoints for each in network.vpn_endpoint_groups()}
        ends = {each.vpnservice_id: groups[each.local_ep_group_id] for each in network.vpn_ipsec_site_connections()}
        found["vpn"] = {
            each.id: sorted({of_subnet[end] for end in ends.get(each.id, ())}) for each in network.vpn_services()
        }
    return found


def _instance(server: Any, ports: list[Any]) -> dict[str, Any]:
    own = [_port(port) for port in ports if port.device_id == server.id]
    return {
        "id": server.id, "name": server.name, "host": server.compute_host, "status": server.status, "ports": own,
    }  # fmt: skip


def _services(ports: list[Any]) -> list[dict[str, Any]]:
    """Router and DHCP agents name a namespace after what they serve."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for port in ports:
        if port.binding_vif_type in ("ovs", "distributed"):
            for place in _places(port, ports):
                found.setdefault(place, []).append(_port(port))
    return [{"netns": netns, "host": host, "ports": own} for (netns, host), own in sorted(found.items())]


def _places(port: Any, ports: list[Any]) -> list[tuple[str, str]]:
    """(namespace, host) of each device of a port: those of a router that is on several hosts are on all of them."""
    owner, host, router = port.device_owner, port.binding_host_id, port.device_id
    own = [each for each in ports if each.device_id == router]
    owners = {each.device_owner for each in own}
    if owner == DHCP:
        return [(f"qdhcp-{port.network_id}", host)]
    if owner in OF_DISTRIBUTED:
        kind = OF_DISTRIBUTED[owner]
        return [(f"{kind}-{port.network_id if kind == 'fip' else router}", host)]
    if owner == GATEWAY and DISTRIBUTED in owners:
        return [(f"snat-{router}", host)]
    if owner == DISTRIBUTED:
        return [(f"qrouter-{router}", each) for each in sorted(_served(own, ports))]
    if owner in ROUTER and owner != HA and HA in owners:
        return [(f"qrouter-{router}", each.binding_host_id) for each in own if each.device_owner == HA]
    return [(f"qrouter-{router}", host)] if owner in ROUTER else []


def _served(own: list[Any], ports: list[Any]) -> set[str]:
    """Hosts of a distributed router: of who is on its subnets, and the one that translates for all."""
    subnets = {one["subnet_id"] for port in own if port.device_owner == DISTRIBUTED for one in port.fixed_ips}
    on_them = {port.binding_host_id for port in ports if port.device_owner.startswith(("compute:", DHCP))
               and any(one["subnet_id"] in subnets for one in port.fixed_ips)}  # fmt: skip
    return {each for each in on_them | {port.binding_host_id for port in own} if each}


def _port(port: Any) -> dict[str, Any]:
    return {
        "id": port.id, "mac": port.mac_address, "owner": port.device_owner, "host": port.binding_host_id,
        "network": port.network_id, "device": port.device_id, "groups": sorted(port.security_group_ids or ()),
        "ips": sorted(each["ip_address"] for each in port.fixed_ips),
    }  # fmt: skip


if __name__ == "__main__":
    main()
