"""Neighbours as records: switches and their ports, and on the local device who is at the other end of its cable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.lldp.parse import Chassis, Neighbor, Port

FACET = "lldp"


def records(host: str, neighbors: Sequence[Neighbor], own: Chassis | None) -> list[Record]:
    """One record for each id, sorted. A neighbour that is no switch makes no object: the device tells who it is."""
    found: dict[str, Record] = {}
    by_device: dict[str, list[Neighbor]] = {}
    for each in neighbors:
        by_device.setdefault(each.device, []).append(each)
        if each.chassis.switches and each.chassis.id and each.port.id:
            devices = {other.device for other in neighbors if _at(other) == _at(each)}
            hears = [ids.device(ids.host(host), device) for device in sorted(devices)]
            for record in (switch_record(each.chassis), port_record(each.chassis, each.port, hears)):
                found.setdefault(record.id, record)
    for device, heard in by_device.items():
        record = _device_record(host, device, heard)
        found[record.id] = record
    if own is not None and own.id:
        said = {"host": host, "chassis_id": own.id, "chassis_id_subtype": own.subtype}
        found[ids.host(host)] = Record(ids.host(host), FACET, "host", clean(said))
    return [found[id] for id in sorted(found)]


def switch_record(chassis: Chassis) -> Record:
    said = {
        "name": chassis.name or chassis.id,
        "chassis_id": chassis.id,
        "chassis_id_subtype": chassis.subtype,
        "description": chassis.description,
        "management_ips": list(chassis.addresses),
        "capabilities": list(chassis.capabilities or ()),
    }
    return Record(ids.switch(chassis.id), FACET, "switch", clean(said))


def port_record(chassis: Chassis, port: Port, hears: list[str]) -> Record:
    """A port is named as people know it: by its interface's name, which some tell as id and some as description."""
    switch = ids.switch(chassis.id)
    by_name = port.subtype in ("ifname", "ifalias", "local")
    said = {
        "name": port.id if by_name or not port.description else port.description,
        "switch": switch,
        "port_id": port.id,
        "port_id_subtype": port.subtype,
        "mac": port.id if port.subtype == "mac" else None,
        "description": port.description,
        "largest_frame": port.largest_frame,
        "aggregation": port.aggregation,
        "medium": port.medium,
        "pvid": port.pvid,
        "vlans": [clean({"id": number, "name": name}) for number, name in port.vlans],
        "neighbor_devices": hears,
    }
    return Record(ids.switch_port(switch, port.id), FACET, "switchport", clean(said))


def _at(neighbor: Neighbor) -> tuple[str, str]:
    return neighbor.chassis.id, neighbor.port.id


def _device_record(host: str, device: str, heard: list[Neighbor]) -> Record:
    netns = ids.host(host)
    ports = {ids.switch_port(ids.switch(each.chassis.id), each.port.id) for each in heard if each.chassis.switches}
    said = {
        "host": host,
        "netns": netns,
        "name": device,
        "switch_ports": sorted(ports),
        "lldp_neighbors": [_entry(each) for each in heard],
    }
    return Record(ids.device(netns, device), FACET, "device", clean(said))


def _entry(neighbor: Neighbor) -> dict[str, Any]:
    return clean(
        {
            "protocol": neighbor.protocol,
            "name": neighbor.chassis.name,
            "chassis_id": neighbor.chassis.id,
            "chassis_id_subtype": neighbor.chassis.subtype,
            "port_id": neighbor.port.id,
            "port_id_subtype": neighbor.port.subtype,
            "port_description": neighbor.port.description,
            "is_switch": neighbor.chassis.switches,
        }
    )


def clean(said: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in said.items() if value is not None and value != "" and value != []}
