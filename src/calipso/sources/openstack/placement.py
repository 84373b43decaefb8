"""What Placement has of hosts, and how much projects may use."""

from __future__ import annotations

from typing import Any

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.openstack import parse
from calipso.sources.openstack.compute import IRONIC
from calipso.sources.openstack.listings import PLACEMENT, QUOTAS, Listings, said

KEPT = ("total", "reserved", "allocation_ratio", "min_unit", "max_unit", "step_size")
"""Of an inventory, what is no generation counter."""


def resource_records(listed: Listings) -> list[Record]:
    """Roots of trees of providers that are hosts' hypervisors; what is below them beside its root."""
    host_of = {
        each.hypervisor_hostname: str(each.service.get("host") or each.hypervisor_hostname)
        for each in listed.hypervisors
        if each.hypervisor_type != IRONIC
    }
    below: dict[str, list[parse.Provider]] = {}
    for each in listed.providers:
        if each.root != each.uuid and each.root is not None:
            below.setdefault(each.root, []).append(each)
    out = []
    for each in listed.providers:
        host = host_of.get(each.name)
        if host is None or each.root not in (None, each.uuid):
            continue
        nested = [{"name": one.name, "inventories": _inventories(one, listed)} for one in below.get(each.uuid, ())]
        attributes: Attributes = {
            "resource_provider": each.uuid,
            "inventories": _inventories(each, listed),
            "traits": sorted(listed.traits.get(each.uuid, ())),
            "nested_providers": sorted(nested, key=lambda one: str(one["name"])),
        }
        out.append(said(ids.host(host), PLACEMENT, "host", attributes))
    return out


def _inventories(each: parse.Provider, listed: Listings) -> dict[str, dict[str, Any]]:
    found = listed.inventories.get(each.uuid, {})
    return {
        resource: {name: found[resource][name] for name in KEPT if name in found[resource]}
        for resource in sorted(found)
        if isinstance(found[resource], dict)
    }


def quota_records(listed: Listings) -> list[Record]:
    """Limits of the projects that use something; -1 is without limit."""
    return [
        said(
            ids.by_uuid("project", project),
            QUOTAS,
            "project",
            {
                "compute_quotas": _limits(listed.compute_quotas.get(project, {})),
                "network_quotas": _limits(listed.network_quotas.get(project, {})),
            },
        )
        for project in sorted({*listed.compute_quotas, *listed.network_quotas})
    ]


def _limits(found: dict[str, Any]) -> dict[str, int]:
    return {name: found[name] for name in sorted(found) if isinstance(found[name], int)}
