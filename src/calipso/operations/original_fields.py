"""What the original's inventory documents say of objects of each type, in its names, out of our attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from calipso.graph.protocol import Obj
from calipso.model import ids
from calipso.operations.original_places import Places, key_of

Said = Mapping[str, Any]

FIELDS: Mapping[str, Mapping[str, str]] = {
    "region": {},
    "project": {"enabled": "enabled", "description": "description", "domain_id": "domain_id", "is_domain": "is_domain"},
    "availability_zone": {"hosts": "hosts", "available": "available"},
    "aggregate": {"hosts": "hosts", "metadata": "metadata", "availability_zone": "availability_zone"},
    "host": {"services": "services", "host_type": "roles", "zone": "availability_zone"},
    "instance": {
        "uuid": "uuid", "local_name": "domain_name", "status": "status", "vm_state": "vm_state", "flavor": "flavor",
        "image": "image", "availability_zone": "availability_zone", "project": "project", "project_id": "project_id",
        "project_name": "project", "created_at": "created", "vcpu": "vcpus", "disks": "disks",
    },
    "network": {
        "provider:network_type": "network_type", "provider:physical_network": "physical_network",
        "provider:segmentation_id": "segmentation_id", "mtu": "mtu", "shared": "shared", "router:external": "external",
        "port_security_enabled": "port_security_enabled", "availability_zones": "availability_zones",
        "status": "status", "admin_state_up": "admin_state_up", "project": "project", "tenant_id": "project_id",
        "driver": "driver", "scope": "network_scope", "Options": "options",
    },
    "port": {
        "status": "status", "admin_state_up": "admin_state_up", "mac_address": "mac", "device_id": "device_id",
        "device_owner": "device_owner", "security_groups": "security_groups", "binding:host_id": "host",
        "allowed_address_pairs": "allowed_address_pairs", "binding:vnic_type": "vnic_type",
        "binding:vif_type": "vif_type", "binding:vif_details": "vif_details", "binding:profile": "binding_profile",
        "port_security_enabled": "port_security_enabled", "project": "project", "tenant_id": "project_id",
    },
    "vnic": {
        "mac_address": "mac", "source_bridge": "bridge_name", "model": "model", "alias": "alias", "mtu": "mtu",
        "driver": "driver", "port": "port_id",
    },
    "vconnector": {"bridge_name": "name", "mac_address": "mac", "stp_enabled": "bridge_stp"},
    "vedge": {"version": "version"},
    "otep": {"ip_address": "ip", "overlay_type": "overlay_type", "udp_port": "udp_port", "overlay_mac_address": "mac"},
    "host_pnic": {"mac_address": "mac", "mtu": "mtu", "driver": "driver"},
    "vservice": {
        "service_type": "service_type", "local_service_id": "local_service_id", "admin_state_up": "admin_state_up",
        "tenant_id": "project_id", "status": "status", "cluster_ip": "cluster_ip", "namespace": "namespace",
    },
    "network_agent": {
        "agent_type": "agent_type", "binary": "name", "configurations": "configurations",
        "admin_state_up": "admin_state_up", "alive": "alive", "availability_zone": "availability_zone",
    },
    "container": {
        "image": "image", "container_status": "status", "ports": "ports", "hostname": "hostname",
        "container_id": "container_id", "labels": "labels",
    },
    "pod": {"namespace": "namespace", "pod_status": "status", "labels": "labels"},
    "namespace": {"status": "status"},
    "switch": {},
    "switch_pnic": {"mac_address": "mac"},
    "disk": {}, "partition": {}, "osd": {}, "monitoring_agent": {},
}  # fmt: skip
"""Type → field of the original's document → our attribute that says the same."""


def fields(places: Places, head: Obj, type: str) -> dict[str, Any]:
    """The fields of one document beside those that all have."""
    said = places.graph.attributes(head)
    found = {name: said[ours] for name, ours in FIELDS[type].items() if said.get(ours) is not None}
    if head.host and type != "host":
        found["host"] = head.host
    more = MORE.get(type)
    if more is not None:
        found.update({name: value for name, value in more(places, head, said).items() if value is not None})
    return found


def networks(places: Places, head: Obj) -> list[str]:
    """The original's ids of the networks an object is on."""
    found = (places.named(id) for id in head.networks or ())
    return sorted(place.id for place in found if place is not None)


def _addresses(said: Said) -> dict[str, Any]:
    ips = [str(each) for each in said.get("ips") or ()]
    four = next((each for each in ips if ":" not in each), None)
    return {"IP Address": four, "IPv6 Address": next((each for each in ips if ":" in each), None)}


def _host(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    stated = [*(said.get("stated_addresses") or ()), *(each.partition("/")[0] for each in said.get("addresses") or ())]
    system = (("ID", "os_id"), ("version", "os_version"), ("name", "os_name"))
    kept = {name: said[ours] for name, ours in system if said.get(ours)}
    return {"ip_address": stated[0] if stated else None, "OS": kept or None}


def _instance(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    nics = places.linked(head, "instance-vnic")
    host = places.graph.resolve(ids.host(head.host)) if head.host else None
    address = _host(places, host, places.graph.attributes(host))["ip_address"] if host is not None else None
    return {
        "uuid": said.get("uuid") or key_of(head.id), "ip_address": address,
        "network": sorted({network for nic in nics for network in networks(places, nic)}),
        "mac_address": next((places.graph.attributes(nic).get("mac") for nic in nics), None),
    }  # fmt: skip


def _network(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    subnets = []
    for each in places.related(head.id, "subnet"):
        told = places.graph.attributes(each)
        subnet: dict[str, Any] = {"id": key_of(each.id), "name": each.name, "network_id": key_of(head.id)}
        subnet |= {name: told[name] for name in ("cidr", "ip_version", "gateway_ip", "enable_dhcp") if name in told}
        subnets.append(subnet)
    out: dict[str, Any] = {
        "network": key_of(head.id), "subnets": subnets, "subnet_ids": [each["id"] for each in subnets],
        "cidrs": [each["cidr"] for each in subnets if "cidr" in each],
    }  # fmt: skip
    segments = places.related(head.id, "segment")
    if "network_type" not in said and segments:
        told = places.graph.attributes(segments[0])
        for name in ("network_type", "physical_network", "segmentation_id"):
            out[f"provider:{name}"] = told.get(name)
    return out


def _port(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    return {
        "network_id": key_of(str(said.get("network_id", ""))) or None,
        "fixed_ips": [{"ip_address": each} for each in said.get("ips") or ()],
        "network": networks(places, head) or None,
    }


def _vnic(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    owner = places.owner(head)
    on = networks(places, head)
    out: dict[str, Any] = {**_addresses(said), "addresses": said.get("addresses")}
    if owner is not None:
        out["vnic_type"] = f"{owner.type}_vnic"
        out["instance_id"] = owner.id if owner.type == "instance" else None
    if said.get("tap"):
        out["target"] = {"dev": said["tap"]}
    out["network"] = on[0] if len(on) == 1 else on or None
    return out


def _vconnector(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    inside = places.inside(head)
    stp = said.get("bridge_stp")
    return {
        "connector_type": "bridge", "stp_enabled": None if stp is None else "yes" if stp else "no",
        "interfaces": [{"name": each.name, "mac_address": places.graph.attributes(each).get("mac")} for each in inside],
        "interfaces_names": [each.name for each in inside], "network": networks(places, head) or None,
    }  # fmt: skip


def _vedge(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    agent = places.agent(head)
    told = places.graph.attributes(agent) if agent is not None else {}
    ports, interfaces = [], []
    for each in places.of_switch(head):
        of = places.graph.attributes(each)
        own = sorted(of.get("interfaces") or ())
        interfaces += own
        inner = next((found for id in own if (found := places.graph.resolve(id)) is not None), None)
        port: dict[str, Any] = {"name": each.name, "id": each.name}
        port["internal"] = inner is not None and inner.type == "internal"
        if isinstance(of.get("tag"), int):
            port["tag"] = of["tag"]
        ports.append(port)
    return {
        "vedge_type": {"ovs": "OVS", "vpp": "VPP", "calico": "Calico"}.get(head.type),
        "agent_type": told.get("agent_type"),
        "binary": told.get("name"), "configurations": told.get("configurations"), "ports": ports,
        "tunnel_ports": _tunnels(places, interfaces),
    }  # fmt: skip


def _tunnels(places: Places, interfaces: Iterable[str]) -> list[dict[str, Any]]:
    """The tunnel ports among some interfaces."""
    ports = []
    for id in interfaces:
        other = places.graph.resolve(id)
        told = places.graph.attributes(other) if other is not None else {}
        if other is not None and told.get("remote_ip"):
            options = {name: told[name] for name in ("local_ip", "remote_ip", "key") if name in told}
            ports.append({"name": other.name, "interface": other.name, "type": other.type, "options": options})
    return ports


def _otep(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    place = places.of(next(iter(places.linked(head, "otep-vconnector")), None))
    return {"ports": _tunnels(places, said.get("tunnels") or ()), "vconnector": place.id if place is not None else None}


def _host_pnic(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    state, speed = said.get("state"), said.get("speed")
    out = {
        **_addresses(said), "state": {"up": "UP", "down": "DOWN"}.get(str(state)),
        "Link detected": {"up": "yes", "down": "no"}.get(str(state)), "Speed": f"{speed}Mb/s" if speed else None,
    }  # fmt: skip
    if head.kind == "bond":
        out |= {"EtherChannel": True, "members": [each.name for each in places.inside(head)]}
    return out


def _vservice(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    nics = places.linked(head, "vservice-vnic")
    return {"network": sorted({network for nic in nics for network in networks(places, nic)})}


def _switch(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    return {"ip_address": next(iter(said.get("management_ips") or ()), None)}


def _switch_pnic(places: Places, head: Obj, said: Said) -> dict[str, Any]:
    switch = places.named(head.parent)
    return {"switch": switch.id if switch is not None else None}


MORE: Mapping[str, Callable[[Places, Obj, Said], dict[str, Any]]] = {
    "host": _host, "instance": _instance, "network": _network, "port": _port, "vnic": _vnic, "vedge": _vedge,
    "vconnector": _vconnector, "otep": _otep, "host_pnic": _host_pnic, "vservice": _vservice, "switch": _switch,
    "switch_pnic": _switch_pnic,
}  # fmt: skip
"""What takes more than renaming."""
