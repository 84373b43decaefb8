"""Servers, and the hosts, zones and aggregates they run in, as Nova tells them."""

from __future__ import annotations

from typing import Any

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.openstack import parse
from calipso.sources.openstack.listings import NOVA, Listings, said

MIB, GIB = 1 << 20, 1 << 30
ROLES = {"nova-compute": "Compute"}
"""Role of a host by the service that runs on it; the other services of Nova make it a controller."""
POWER = {0: "no state", 1: "running", 3: "paused", 4: "shut down", 6: "crashed", 7: "suspended"}
"""`nova.objects.fields.InstancePowerState`."""
IRONIC = "ironic"


def server_records(listed: Listings) -> list[Record]:
    images = {each.id: each.name for each in listed.images}
    flavors = {each.id: each for each in listed.flavors}
    return [
        said(ids.instance(each.id), NOVA, "server", _server(each, images, flavors) | listed.project(each.tenant_id))
        for each in listed.servers
    ]


def _server(each: parse.Server, images: dict[str, str | None], flavors: dict[str, parse.Flavor]) -> Attributes:
    image = each.image.get("id") if isinstance(each.image, dict) else None
    return {
        "name": each.name,
        "uuid": each.id,
        "host": each.host,
        "node": each.node if each.node != each.host else None,
        "status": each.status,
        "vm_state": each.vm_state,
        "power_state": POWER.get(each.power_state) if each.power_state is not None else None,
        "task_state": each.task_state,
        "domain_name": each.domain_name,
        "hostname": each.hostname,
        "availability_zone": each.zone,
        "image_id": image,
        "image": images.get(str(image)),
        **_flavor(each.flavor, flavors),
        "addresses": _addresses(each),
        "network_names": sorted(each.addresses),
        "volumes": sorted(str(one["id"]) for one in each.volumes if "id" in one),
        "created": each.created,
        "description": each.description,
        "locked": each.locked or None,
        "tags": sorted(each.tags),
    }


def _addresses(each: parse.Server) -> list[str]:
    """Its own. Floating ones are Neutron's to tell: Nova repeats them as it last heard, up to a minute late, and sends
    no event when it hears anew.
    """
    found = (one for listed in each.addresses.values() for one in listed if "addr" in one)
    return sorted({str(one["addr"]) for one in found if one.get("OS-EXT-IPS:type") != "floating"})


def _flavor(embedded: dict[str, Any], flavors: dict[str, parse.Flavor]) -> Attributes:
    """Embedded as it was when the server was made, or by its id as it is now."""
    listed = flavors.get(str(embedded.get("id")))
    if listed is not None:
        embedded = {"original_name": listed.name, "vcpus": listed.vcpus, "ram": listed.ram, "disk": listed.disk}
    if "ram" not in embedded:
        return {}
    return {
        "flavor": embedded.get("original_name"),
        "vcpus": embedded.get("vcpus"),
        "memory": int(embedded["ram"]) * MIB,
        "disk": int(embedded.get("disk") or 0) * GIB,
    }


def host_records(listed: Listings) -> list[Record]:
    return [*_hosts(listed), *_aggregates(listed), *_zones(listed)]


def _hosts(listed: Listings) -> list[Record]:
    """Hosts of hypervisors and of services; bare-metal nodes are no hosts, the service that drives them runs on one."""
    found: dict[str, Attributes] = {}
    for service in listed.nova_services:
        host = found.setdefault(service.host, {"name": service.host, "host": service.host, "services": []})
        host["services"].append(_service(service))
    for each in listed.hypervisors:
        name = str(each.service.get("host") or each.hypervisor_hostname)
        host = found.setdefault(name, {"name": name, "host": name, "services": []})
        if each.hypervisor_type != IRONIC:
            host.update(_hypervisor(each))
    zones = {name: zone.name for zone in listed.zones for name in zone.hosts or {} if zone.name != "internal"}
    for name, host in found.items():
        host["services"].sort(key=lambda one: str(one["binary"]))
        host["roles"] = sorted({ROLES.get(str(one["binary"]), "Controller") for one in host["services"]})
        host["availability_zone"] = zones.get(name)
    return [said(ids.host(name), NOVA, "host", found[name]) for name in sorted(found)]


def _service(each: parse.NovaService) -> Attributes:
    attributes = {
        "binary": each.binary,
        "status": each.status,
        "state": each.state,
        "zone": each.zone,
        "disabled_reason": each.disabled_reason,
    }
    return {name: value for name, value in attributes.items() if value}


def _hypervisor(each: parse.Hypervisor) -> Attributes:
    return {
        "hypervisor_hostname": each.hypervisor_hostname,
        "fqdn": each.hypervisor_hostname if "." in each.hypervisor_hostname else None,
        "hypervisor_type": each.hypervisor_type,
        "hypervisor_version": each.hypervisor_version,
        "hypervisor_state": each.state,
        "hypervisor_status": each.status,
        "stated_addresses": [ids.canonical_ip(each.host_ip)] if each.host_ip else [],
    }


def _aggregates(listed: Listings) -> list[Record]:
    return [
        said(
            ids.aggregate(listed.region, each.id),
            NOVA,
            "aggregate",
            {
                "name": each.name,
                "uuid": each.uuid,
                "availability_zone": each.availability_zone,
                "hosts": sorted(each.hosts),
                "metadata": each.metadata,
            },
        )
        for each in listed.aggregates
    ]


def _zones(listed: Listings) -> list[Record]:
    return [
        said(
            ids.availability_zone(listed.region, each.name),
            NOVA,
            "availability_zone",
            {"name": each.name, "available": each.state.available, "hosts": sorted(each.hosts or {})},
        )
        for each in listed.zones
    ]
