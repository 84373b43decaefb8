"""VPNs, as Neutron's extension VPNaaS tells them: services of routers, with their connections to other sites."""

from __future__ import annotations

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.openstack.listings import VPNAAS, Listings, known, said
from calipso.sources.openstack.parse_services import EndpointGroup, IpsecConnection, VpnService

SUBNETS = "subnet"
"""Type of a group of endpoints that are subnets of the cloud."""


def records(listed: Listings) -> list[Record]:
    groups = {each.id: each for each in listed.endpoint_groups}
    connections: dict[str, list[IpsecConnection]] = {}
    for each in listed.ipsec_connections:
        connections.setdefault(each.vpnservice_id, []).append(each)
    return [
        said(ids.by_uuid("vpn", each.id), VPNAAS, "vpn", _vpn(each, connections.get(each.id, []), groups, listed))
        for each in listed.vpn_services
    ]


def _vpn(
    service: VpnService, connections: list[IpsecConnection], groups: dict[str, EndpointGroup], listed: Listings
) -> Attributes:
    subnets = {each for one in connections for each in _of(groups.get(one.local_ep_group_id or ""), SUBNETS)}
    subnets |= {service.subnet_id} if service.subnet_id else set()
    outside = (service.external_v4_ip, service.external_v6_ip)
    return {
        "name": service.name or service.id,
        "service_type": "vpn",
        "status": service.status,
        "admin_state_up": service.admin_state_up,
        "owner": ids.by_uuid("router", service.router_id),
        "subnet_refs": sorted(ids.by_uuid("subnet", each) for each in subnets),
        "ips": [ids.canonical_ip(each) for each in outside if each],
        "connections": [_connection(each, groups) for each in connections],
        "description": service.description,
        **listed.project(service.project_id),
    }


def _connection(each: IpsecConnection, groups: dict[str, EndpointGroup]) -> Attributes:
    """What both ends share as their key is not asked for."""
    far = groups.get(each.peer_ep_group_id or "")
    return known({
        "name": each.name or each.id, "id": each.id, "status": each.status, "admin_state_up": each.admin_state_up,
        "peer_address": each.peer_address, "peer_id": each.peer_id,
        "peer_cidrs": sorted({*each.peer_cidrs, *_of(far, "cidr")}), "initiator": each.initiator, "mtu": each.mtu,
    })  # fmt: skip


def _of(group: EndpointGroup | None, type: str) -> list[str]:
    return group.endpoints if group is not None and group.type == type else []
