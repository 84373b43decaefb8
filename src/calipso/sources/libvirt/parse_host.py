"""What libvirt keeps for a host: virtual networks (formatnetwork) and storage pools (formatstorage)."""

from __future__ import annotations

from typing import Any

from calipso.errors import ParseError
from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.libvirt.parse_domain import FACET, clean
from calipso.sources.libvirt.xml import attribute_of, number, parse_xml, text_of


def network_record(text: str, host: str, active: frozenset[str]) -> Record:
    """A network. Raises `ParseError` for XML that is no network with name and UUID."""
    root = parse_xml(text)
    name, uuid = text_of(root, "name"), text_of(root, "uuid")
    if root.tag != "network" or not name or not uuid:
        raise ParseError("libvirt network", "no network with a name and a UUID", excerpt=text)
    said: dict[str, Any] = {
        "host": host,
        "name": name,
        "uuid": uuid.lower(),
        "status": "active" if uuid.lower() in active else "inactive",
        "forward": attribute_of(root, "forward", "mode") or ("open" if root.find("forward") is not None else "none"),
        "lower_device": attribute_of(root, "forward", "dev"),
        "bridge_name": attribute_of(root, "bridge", "name"),
        "mac": ids.canonical_mac(attribute_of(root, "mac", "address") or ""),
        "mtu": number(attribute_of(root, "mtu", "size")),
        "domain": attribute_of(root, "domain", "name"),
        "virtual_port": attribute_of(root, "virtualport", "type"),
        "gateways": sorted(ids.canonical_ip(ip) for each in root.findall("ip") if (ip := each.get("address"))),
    }
    return Record(ids.by_uuid("network", uuid), FACET, "network", clean(said))


def pool_entry(text: str, active: frozenset[str]) -> dict[str, Any]:
    """A storage pool. Raises `ParseError` for XML that is no pool with name and UUID."""
    root = parse_xml(text)
    name, uuid = text_of(root, "name"), text_of(root, "uuid")
    if root.tag != "pool" or not name or not uuid:
        raise ParseError("libvirt pool", "no pool with a name and a UUID", excerpt=text)
    said = {
        "name": name,
        "uuid": uuid.lower(),
        "type": root.get("type"),
        "status": "active" if uuid.lower() in active else "inactive",
        "path": text_of(root, "target/path"),
    }
    return clean(said)


def pools_record(pools: list[dict[str, Any]], host: str) -> list[Record]:
    """The host's pools by name; none when there are none."""
    entries = sorted(pools, key=lambda pool: (pool["name"], pool["uuid"]))
    return [Record(ids.host(host), "libvirt.pools", "host", {"host": host, "pools": entries})] if entries else []
