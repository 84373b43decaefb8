"""Load balancers, as Octavia tells them: services of the networks that their addresses are in."""

from __future__ import annotations

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.openstack.listings import OCTAVIA, Listings, said
from calipso.sources.openstack.parse_services import LoadBalancer


def records(listed: Listings) -> list[Record]:
    return [
        said(ids.by_uuid("load_balancer", each.id), OCTAVIA, "load_balancer", _balancer(each, listed))
        for each in listed.load_balancers
    ]


def _balancer(each: LoadBalancer, listed: Listings) -> Attributes:
    return {
        "name": each.name or each.id,
        "service_type": "load_balancer",
        "status": each.provisioning_status,
        "operating_status": each.operating_status,
        "admin_state_up": each.admin_state_up,
        "provider": each.provider,
        "ip": ids.canonical_ip(each.vip_address) if each.vip_address else None,
        "vip_port": ids.by_uuid("port", each.vip_port_id) if each.vip_port_id else None,
        "vip_subnet": ids.by_uuid("subnet", each.vip_subnet_id) if each.vip_subnet_id else None,
        "network_ids": [ids.by_uuid("network", each.vip_network_id)] if each.vip_network_id else [],
        "availability_zone": each.availability_zone,
        "description": each.description,
        "tags": sorted(each.tags),
        **listed.project(each.project_id),
    }
