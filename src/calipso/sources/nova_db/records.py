"""Servers and hosts, as Nova's databases tell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.nova_db import parse

FACET = "nova_db"
EMPTY: tuple[Any, ...] = (None, "", [], {})
MIB, GIB = 1 << 20, 1 << 30
ROLES = {"nova-compute": "Compute"}
"""Role of a host by the service that runs on it; the other services of Nova make it a controller."""
POWER = {0: "no state", 1: "running", 3: "paused", 4: "shut down", 6: "crashed", 7: "suspended"}
"""`nova.objects.fields.InstancePowerState`."""
IRONIC = "ironic"
ZONE = "availability_zone"


class Cell(msgspec.Struct, kw_only=True):
    """What was read of one cell's database. `name`: the cell's, its database's where no cell is mapped to it."""

    name: str
    instances: list[parse.Instance] = []
    services: list[parse.Service] = []
    compute_nodes: list[parse.ComputeNode] = []


def server_records(cell: Cell) -> list[Record]:
    listed = sorted(cell.instances, key=lambda each: each.uuid)
    return [_said(ids.instance(each.uuid), "server", _server(each, cell.name)) for each in listed]


def _server(each: parse.Instance, cell: str) -> Attributes:
    return {
        "name": each.name,
        "uuid": each.uuid,
        "host": each.host,
        "node": each.node if each.node != each.host else None,
        "vm_state": each.vm_state,
        "power_state": POWER.get(each.power_state) if each.power_state is not None else None,
        "task_state": each.task_state,
        "hostname": each.hostname,
        "availability_zone": each.availability_zone,
        "image_id": each.image_ref,
        "vcpus": each.vcpus,
        "memory": each.memory_mb * MIB if each.memory_mb is not None else None,
        "disk": each.root_gb * GIB if each.root_gb is not None else None,
        "created": _moment(each.created_at),
        "description": each.description,
        "locked": each.locked or None,
        "project_id": each.project_id,
        "cell": cell,
    }


def _moment(text: str | None) -> str | None:
    """Nova writes times of UTC without saying so."""
    return f"{text.partition('.')[0]}Z" if text and not text.endswith("Z") else text


def host_records(cells: Iterable[Cell], mapped: Mapping[str, parse.Cell], zones: Mapping[str, str]) -> list[Record]:
    """Hosts of services and hypervisors of all cells. `mapped`: host → its cell; `zones`: host → availability zone.

    Bare-metal nodes are no hosts; the service that drives them runs on one.
    """
    found: dict[str, Attributes] = {}
    for cell in cells:
        by_service = {each.id: each.host for each in cell.services}
        for service in cell.services:
            if service.host:
                _host(found, service.host)["services"].append(_service(service))
        for each in cell.compute_nodes:
            name = each.host or by_service.get(each.service_id or 0) or each.hypervisor_hostname
            if name and each.hypervisor_type != IRONIC:
                _host(found, name).update(_hypervisor(each), cell=cell.name)
    for name, of in mapped.items():
        _host(found, name).update(cell=of.name, cell_disabled=of.disabled or None)
    out = []
    for name in sorted(found):
        host = found[name]
        host["services"].sort(key=lambda one: str(one["binary"]))
        host["roles"] = sorted({ROLES.get(str(one["binary"]), "Controller") for one in host["services"]})
        host["availability_zone"] = zones.get(name)
        out.append(_said(ids.host(name), "host", host))
    return out


def _host(found: dict[str, Attributes], name: str) -> Attributes:
    return found.setdefault(name, {"name": name, "host": name, "services": []})


def _service(each: parse.Service) -> Attributes:
    """Whether it is up depends on when one asks; only that an operator forced it down is written there."""
    attributes = {
        "binary": each.binary,
        "status": {True: "disabled", False: "enabled", None: None}[each.disabled],
        "state": "down" if each.forced_down else None,
        "disabled_reason": each.disabled_reason,
    }
    return {name: value for name, value in attributes.items() if value}


def _hypervisor(each: parse.ComputeNode) -> Attributes:
    name = each.hypervisor_hostname or ""
    return {
        "hypervisor_hostname": name,
        "fqdn": name if "." in name else None,
        "hypervisor_type": each.hypervisor_type,
        "hypervisor_version": each.hypervisor_version,
        "stated_addresses": [ids.canonical_ip(each.host_ip)] if each.host_ip else [],
    }


def zones(hosts: Iterable[parse.AggregateHost], metadata: Iterable[parse.AggregateMetadata]) -> dict[str, str]:
    """Host → the zone that its aggregates give it."""
    of = {each.aggregate_id: each.value for each in metadata if each.key == ZONE and each.value}
    return {each.host: str(of[each.aggregate_id]) for each in hosts if each.aggregate_id in of}


def _said(id: str, type: str, attributes: dict[str, Any]) -> Record:
    return Record(id, FACET, type, {name: value for name, value in attributes.items() if value not in EMPTY})
