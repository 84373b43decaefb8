"""Ports with their bindings, level by level; the guests' NICs that bound ones are; trunks."""

from __future__ import annotations

from typing import Any

from calipso.model import ids
from calipso.model.media import ROUTED, ROUTED_VIF
from calipso.model.record import Attributes, Record
from calipso.sources.neutron_db import parse
from calipso.sources.neutron_db.rows import Rows, grouped, said

_id = ids.by_uuid
OVERLAYS = ("vxlan", "gre", "geneve")
PHYSICAL = ("flat", "vlan")
ACTIVE = "ACTIVE"


def records(read: Rows) -> list[Record]:
    ports = sorted(read.of("ports", parse.Port), key=lambda each: each.id)
    bindings = grouped((each.port_id, each) for each in read.of("bindings", parse.Binding))
    hosts = {port: active.host for port, each in bindings.items() if (active := _active(each))}
    return [*_ports(ports, bindings, read), *_nics(ports, hosts), *_trunks(read)]


def _ports(ports: list[parse.Port], bindings: dict[str, list[parse.Binding]], read: Rows) -> list[Record]:
    addresses = grouped((each.port_id or "", each) for each in read.of("addresses", parse.Address))
    distributed = grouped((each.port_id, each) for each in read.of("distributed", parse.Distributed))
    levels = grouped((each.port_id, each) for each in read.of("levels", parse.Level))
    blocks = grouped((str(each.standard_attr_id), each.entity) for each in read.of("blocks", parse.Block))
    trunks = {each.id: each.port_id for each in read.of("trunks", parse.Trunk)}
    below = {each.port_id: each for each in read.of("subports", parse.Subport)}
    out = []
    for each in ports:
        sub = below.get(each.id)
        bound = _levels(levels.get(each.id, []))
        found = addresses.get(each.id, [])
        attributes = {
            **_port(each),
            **_binding(_active(bindings.get(each.id, []))),
            "ips": sorted(ids.canonical_ip(one.ip_address) for one in found),
            "subnets": sorted({_id("subnet", one.subnet_id) for one in found}),
            "medium": _medium(each, bound, bindings.get(each.id, []), read),
            "binding_levels": bound,
            "bindings": _further(bindings.get(each.id, []), distributed.get(each.id, [])),
            "provisioning_blocks": sorted(blocks.get(str(each.standard_attr_id), [])),
            "parent_port": trunks.get(sub.trunk_id) if sub else None,
            "subport_vlan": sub.segmentation_id if sub else None,
        }
        out.append(said(_id("port", each.id), "port", attributes))
    return out


def _port(each: parse.Port) -> Attributes:
    mac = ids.canonical_mac(each.mac_address)
    return {
        "port_id": each.id,
        "name": each.name or mac,
        "mac": mac,
        "network_id": _id("network", each.network_id),
        "device_id": each.device_id,
        "device_owner": each.device_owner,
        "status": each.status,
        "admin_state_up": each.admin_state_up,
        "project_id": each.project_id,
    }


def _active(bindings: list[parse.Binding]) -> parse.Binding | None:
    """The binding that counts: while a server migrates there is an inactive one beside it (Rocky and later)."""
    return next((each for each in bindings if each.status == ACTIVE), bindings[0] if len(bindings) == 1 else None)


def _binding(active: parse.Binding | None) -> Attributes:
    if active is None:
        return {}
    return {
        "host": active.host,
        "vnic_type": active.vnic_type,
        "vif_type": active.vif_type,
        "vif_details": parse.mapping(active.vif_details),
        "binding_profile": parse.mapping(active.profile),
    }


def _levels(levels: list[parse.Level]) -> list[dict[str, Any]]:
    """Host by host, from the fabric down to the host's own switch (hierarchical port binding)."""
    found = []
    for each in sorted(levels, key=lambda one: (one.host, one.level)):
        entry: dict[str, Any] = {"host": each.host, "level": each.level, "driver": each.driver or ""}
        if each.segment_id:
            entry["segment"] = _id("segment", each.segment_id)
        found.append(entry)
    return found


def _medium(port: parse.Port, levels: list[dict[str, Any]], bindings: list[parse.Binding], read: Rows) -> str | None:
    """What carries a port on the host it is bound on: its lowest level there; without levels, its only segment."""
    active = _active(bindings)
    if active is not None and active.vif_type == ROUTED_VIF:
        return ROUTED
    here = [each for each in levels if active is not None and each["host"] == active.host and "segment" in each]
    segment = read.segments.get(here[-1]["segment"].removeprefix("segment:")) if here else None
    if segment is None and not levels and active is not None and active.host:
        of_network = [each for each in read.segments.values() if each.network_id == port.network_id]
        segment = of_network[0] if len(of_network) == 1 else None
    if segment is None:
        return None
    if segment.network_type in PHYSICAL:
        return f"physnet/{segment.physical_network}"
    return f"overlay/{segment.network_type}" if segment.network_type in OVERLAYS else None


def _further(bindings: list[parse.Binding], distributed: list[parse.Distributed]) -> list[dict[str, Any]]:
    """Bindings on other hosts than the port's own: of distributed routers, and where a server is about to go."""
    active = _active(bindings)
    found = []
    for each in (*(each for each in bindings if each is not active), *distributed):
        entry = {"host": each.host, "status": each.status, "vif_type": each.vif_type, "vnic_type": each.vnic_type}
        if isinstance(each, parse.Distributed) and each.router_id:
            entry["router_id"] = each.router_id
        found.append({name: value for name, value in entry.items() if value})
    return sorted(found, key=lambda one: (one.get("host", ""), one.get("status", "")))


def _nics(ports: list[parse.Port], hosts: dict[str, str]) -> list[Record]:
    """Ports that Nova bound on a host. Twins (one MAC twice in an instance) are one record, without a port."""
    found: dict[str, list[Attributes]] = {}
    for each in ports:
        host = hosts.get(each.id)
        if host and each.device_id and each.device_owner.startswith("compute:"):
            instance, mac = ids.instance(each.device_id), ids.canonical_mac(each.mac_address)
            attributes = {"host": host, "instance": instance, "mac": mac, "port_id": each.id}
            found.setdefault(ids.guest_nic(instance, mac), []).append(attributes)
    for twins in found.values():
        if len(twins) > 1:
            twins[0]["port_id"] = None
    return [said(id, "nic", twins[0]) for id, twins in found.items()]


def _trunks(read: Rows) -> list[Record]:
    subports = grouped((each.trunk_id, each) for each in read.of("subports", parse.Subport))
    out = []
    for each in sorted(read.of("trunks", parse.Trunk), key=lambda one: one.id):
        below = sorted(subports.get(each.id, []), key=lambda one: one.port_id)
        attributes = {
            "name": each.name or each.id,
            "port_id": each.port_id,
            "status": each.status,
            "admin_state_up": each.admin_state_up,
            "sub_ports": [
                {"port_id": one.port_id, "type": one.segmentation_type, "number": one.segmentation_id} for one in below
            ],
            "project_id": each.project_id,
        }
        out.append(said(_id("trunk", each.id), "trunk", attributes))
    return out
