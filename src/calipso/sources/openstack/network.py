"""Networks, subnets, routers and what guards and joins them, as Neutron tells them; ports are in `ports.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.openstack import parse
from calipso.sources.openstack.listings import NEUTRON, Listings, said
from calipso.sources.openstack.ports import port_records
from calipso.sources.openstack.segments import segments_of


def records(listed: Listings) -> list[Record]:
    segments = segments_of(listed)
    return [
        *(said(_id("network", each.id), NEUTRON, "network", _network(each, listed)) for each in listed.networks),
        *(said(_id("segment", each.id), NEUTRON, "segment", _segment(each)) for each in segments),
        *(said(_id("subnet", each.id), NEUTRON, "subnet", _subnet(each, listed)) for each in listed.subnets),
        *port_records(listed, segments),
        *(said(_id("router", each.id), NEUTRON, "router", _router(each, listed)) for each in listed.routers),
        *(said(_id("floating_ip", each.id), NEUTRON, "floating_ip", _floating(each, listed))
          for each in listed.floating_ips),
        *(said(_id("trunk", each.id), NEUTRON, "trunk", _trunk(each, listed)) for each in listed.trunks),
        *(said(_id("security_group", each.id), NEUTRON, "security_group", _group(each, listed))
          for each in listed.security_groups),
    ]  # fmt: skip


_id = ids.by_uuid


def _network(each: parse.Network, listed: Listings) -> Attributes:
    return {
        "name": each.name or each.id,
        "status": each.status,
        "admin_state_up": each.admin_state_up,
        "network_type": each.network_type,
        "physical_network": each.physical_network,
        "segmentation_id": each.segmentation_id,
        "mtu": each.mtu,
        "shared": each.shared,
        "external": each.external,
        "port_security_enabled": each.port_security_enabled,
        "vlan_transparent": each.vlan_transparent,
        "subnets": [_id("subnet", subnet) for subnet in sorted(each.subnets)],
        "availability_zones": sorted(each.availability_zones),
        "dns_domain": each.dns_domain,
        "description": each.description,
        "tags": sorted(each.tags),
        **qos(each.qos_policy_id, listed),
        **listed.project(each.project_id),
    }


def qos(policy_id: str | None, listed: Listings) -> Attributes:
    """The policy of quality of service that an object is under, with its rules."""
    if not policy_id:
        return {}
    found = listed.policies.get(policy_id)
    rules: list[dict[str, Any]] = sorted(found.rules, key=lambda one: str(one.get("id"))) if found else []
    return {"qos_policy_id": policy_id, "qos_policy": found.name if found else None, "qos_rules": rules}


def _segment(each: parse.Segment) -> Attributes:
    key = ids.segment_key(each.network_type, each.physical_network, each.segmentation_id)
    return {
        "name": key,
        "key": key,
        "network_type": each.network_type,
        "physical_network": each.physical_network,
        "segmentation_id": each.segmentation_id,
        "network_id": _id("network", each.network_id),
        "segment_name": each.name,
    }


def _subnet(each: parse.Subnet, listed: Listings) -> Attributes:
    return {
        "name": each.name or each.cidr or each.id,
        "network_id": _id("network", each.network_id),
        "cidr": each.cidr,
        "ip_version": each.ip_version,
        "gateway_ip": each.gateway_ip,
        "enable_dhcp": each.enable_dhcp,
        "ipv6_ra_mode": each.ipv6_ra_mode,
        "ipv6_address_mode": each.ipv6_address_mode,
        "allocation_pools": sorted(f"{one.get('start')}-{one.get('end')}" for one in each.allocation_pools),
        "host_routes": sorted(each.host_routes, key=lambda one: sorted(one.items())),
        "dns_nameservers": each.dns_nameservers,
        "service_types": sorted(each.service_types),
        "segment_id": _id("segment", each.segment_id) if each.segment_id else None,
        "subnetpool_id": each.subnetpool_id,
        "description": each.description,
        "tags": sorted(each.tags),
        **listed.project(each.project_id),
    }


def _router(each: parse.Router, listed: Listings) -> Attributes:
    gateway = each.external_gateway_info or {}
    network = gateway.get("network_id")
    addresses = [str(one["ip_address"]) for one in gateway.get("external_fixed_ips") or [] if one.get("ip_address")]
    return {
        "name": each.name or each.id,
        "router_id": each.id,
        "status": each.status,
        "admin_state_up": each.admin_state_up,
        "distributed": each.distributed,
        "ha": each.ha,
        "gateway_network": _id("network", str(network)) if network else None,
        "gateway_ips": sorted(addresses),
        "enable_snat": gateway.get("enable_snat"),
        "routes": sorted(
            ({name: str(value) for name, value in one.items()} for one in each.routes),
            key=lambda one: sorted(one.items()),
        ),
        "availability_zones": sorted(each.availability_zones),
        "ha_states": _ha_states(listed.router_agents.get(each.id, ())),
        "description": each.description,
        "tags": sorted(each.tags),
        **listed.project(each.project_id),
    }


def _ha_states(agents: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Which of the hosts of a router is the active one, as its agents have told."""
    found = ({"host": str(one.get("host")), "state": str(one.get("ha_state") or "unknown")} for one in agents)
    return sorted(found, key=lambda one: one["host"])


def _floating(each: parse.FloatingIp, listed: Listings) -> Attributes:
    forwarded = [{name: one[name] for name in sorted(one) if one[name] is not None} for one in each.port_forwardings]
    return {
        "name": each.floating_ip_address,
        "ip": each.floating_ip_address,
        "fixed_ip": each.fixed_ip_address,
        "port_id": each.port_id,
        "router_id": each.router_id,
        "status": each.status,
        "floating_network": _id("network", each.floating_network_id),
        "port_forwardings": sorted(forwarded, key=lambda one: str(one.get("external_port"))),
        "description": each.description,
        "tags": sorted(each.tags),
        **qos(each.qos_policy_id, listed),
        **listed.project(each.project_id),
    }


def _trunk(each: parse.Trunk, listed: Listings) -> Attributes:
    below = [
        {"port_id": str(one["port_id"]), "type": one.get("segmentation_type"), "number": one.get("segmentation_id")}
        for one in each.sub_ports
        if "port_id" in one
    ]
    return {
        "name": each.name or each.id,
        "port_id": each.port_id,
        "status": each.status,
        "admin_state_up": each.admin_state_up,
        "sub_ports": sorted(
            ({name: value for name, value in one.items() if value is not None} for one in below),
            key=lambda one: str(one["port_id"]),
        ),
        "description": each.description,
        "tags": sorted(each.tags),
        **listed.project(each.project_id),
    }


def _group(each: parse.SecurityGroup, listed: Listings) -> Attributes:
    return {
        "name": each.name or each.id,
        "stateful": each.stateful,
        "shared": each.shared,
        "rules": [_rule(rule) for rule in sorted(each.rules, key=lambda one: one.id)],
        "description": each.description,
        "tags": sorted(each.tags),
        **listed.project(each.project_id),
    }


def _rule(each: parse.Rule) -> Attributes:
    attributes = {
        "id": each.id,
        "direction": each.direction,
        "ethertype": each.ethertype,
        "protocol": str(each.protocol) if each.protocol is not None else None,
        "port_min": each.port_range_min,
        "port_max": each.port_range_max,
        "remote_ip_prefix": each.remote_ip_prefix,
        "remote_group": _id("security_group", each.remote_group_id) if each.remote_group_id else None,
        "remote_address_group": each.remote_address_group_id,
        "description": each.description or None,
    }
    return {name: value for name, value in attributes.items() if value is not None}
