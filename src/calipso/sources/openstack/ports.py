"""Ports, and the guests' NICs that bound ones are."""

from __future__ import annotations

from typing import Any

from calipso.model import ids
from calipso.model.media import ROUTED, ROUTED_VIF
from calipso.model.record import Attributes, Record
from calipso.sources.openstack import parse
from calipso.sources.openstack.listings import NEUTRON, Listings, said
from calipso.sources.openstack.segments import bound, medium


def port_records(listed: Listings, segments: list[parse.Segment]) -> list[Record]:
    of_network: dict[str, list[parse.Segment]] = {}
    for segment in segments:
        of_network.setdefault(segment.network_id, []).append(segment)
    below = {
        str(sub.get("port_id")): (trunk.port_id, sub.get("segmentation_id"))
        for trunk in listed.trunks
        for sub in trunk.sub_ports
    }
    host_of = {each.id: each.host for each in listed.ports}
    out = []
    for each in listed.ports:
        parent, number = below.get(each.id, (None, None))
        host = each.host or host_of.get(parent or "")  # OVN leaves a subport's own one empty
        found = bound(host, of_network.get(each.network_id, ()), listed)
        attributes = _port(each, listed) | {
            "host": host or None,
            "medium": ROUTED if each.vif_type == ROUTED_VIF else medium(found) if found else None,
            "parent_port": parent,
            "subport_vlan": number,
        }
        out.append(said(ids.by_uuid("port", each.id), NEUTRON, "port", attributes))
    return [*out, *_nics(listed.ports)]


def _port(each: parse.Port, listed: Listings) -> Attributes:
    mac = ids.canonical_mac(each.mac_address)
    policy = listed.policies.get(each.qos_policy_id or "")
    return {
        "port_id": each.id,
        "name": each.name or mac,
        "mac": mac,
        "ips": [ids.canonical_ip(one["ip_address"]) for one in each.fixed_ips if "ip_address" in one],
        "subnets": sorted({ids.by_uuid("subnet", one["subnet_id"]) for one in each.fixed_ips if "subnet_id" in one}),
        "network_id": ids.by_uuid("network", each.network_id),
        "device_id": each.device_id,
        "device_owner": each.device_owner,
        "status": each.status,
        "admin_state_up": each.admin_state_up,
        "port_security_enabled": each.port_security_enabled,
        "security_groups": [ids.by_uuid("security_group", group) for group in sorted(each.security_groups)],
        "allowed_address_pairs": _sorted(each.allowed_address_pairs),
        "vnic_type": each.vnic_type,
        "vif_type": each.vif_type,
        "vif_details": each.vif_details,
        "binding_profile": each.profile,
        "dns_name": each.dns_name,
        "qos_policy_id": each.qos_policy_id,
        "qos_policy": policy.name if policy else None,
        "description": each.description,
        "tags": sorted(each.tags),
        **listed.project(each.project_id),
    }


def _sorted(pairs: list[dict[str, str]]) -> list[dict[str, Any]]:
    return sorted(
        ({"ip": one.get("ip_address", ""), "mac": ids.canonical_mac(one.get("mac_address", ""))} for one in pairs),
        key=lambda one: (one["ip"], one["mac"]),
    )


def _nics(ports: list[parse.Port]) -> list[Record]:
    """Ports that Nova bound on a host. Twins (one MAC twice in an instance) are one record, without a port."""
    found: dict[str, list[Attributes]] = {}
    for each in ports:
        if each.host and each.device_id and (each.device_owner or "").startswith("compute:"):
            instance, mac = ids.instance(each.device_id), ids.canonical_mac(each.mac_address)
            attributes = {"host": each.host, "instance": instance, "mac": mac, "port_id": each.id}
            found.setdefault(ids.guest_nic(instance, mac), []).append(attributes)
    for twins in found.values():
        if len(twins) > 1:
            twins[0]["port_id"] = None
    return [said(id, NEUTRON, "nic", twins[0]) for id, twins in found.items()]
