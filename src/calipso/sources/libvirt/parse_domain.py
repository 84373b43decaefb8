"""A domain's XML as records: the guest, its NICs and disks (libvirt: formatdomain)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from typing import Any

from calipso.errors import ParseError
from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.libvirt.xml import attribute_of, number, parse_xml, text_of

NOVA = "{http://openstack.org/xmlns/libvirt/nova/"
"""Nova's metadata; its version follows (`1.0`, `1.1`)."""
FACET = "libvirt"
_UNITS = {"b": 1, "bytes": 1, "kb": 10**3, "k": 2**10, "kib": 2**10, "mb": 10**6, "m": 2**20, "mib": 2**20,
          "gb": 10**9, "g": 2**30, "gib": 2**30, "tb": 10**12, "t": 2**40, "tib": 2**40}  # fmt: skip


def clean(attributes: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in attributes.items() if value is not None and value not in ("", [], {})}


class Domain:
    """One domain. Raises `ParseError` for XML that is no domain with name and UUID."""

    def __init__(self, text: str, host: str, statuses: dict[str, str]) -> None:
        self.root = parse_xml(text)
        name, uuid = text_of(self.root, "name"), text_of(self.root, "uuid")
        if self.root.tag != "domain" or not name or not uuid:
            raise ParseError("libvirt domain", "no domain with a name and a UUID", excerpt=text)
        self.name, self.host, self.id = name, host, ids.instance(uuid)
        self.status = statuses.get(name)
        self.active = self.root.get("id") is not None
        self.nova = Nova(self.root)

    def records(self) -> list[Record]:
        """The guest and its NICs, in order of the XML."""
        return [self._guest(), *self._nics()]

    def taps(self) -> dict[str, str]:
        """Device on the host → id of the guest's NIC behind it."""
        return {record.attributes["tap"]: record.id for record in self._nics() if "tap" in record.attributes}

    def _guest(self) -> Record:
        memory = self.root.find("memory")
        said = {
            "host": self.host,
            "name": self.nova.said.get("name") or self.name,
            "domain_name": self.name,
            "uuid": self.id.partition(":")[2],
            "status": self.status,
            "title": text_of(self.root, "title"),
            "virtualization": self.root.get("type"),
            "machine": attribute_of(self.root, "os/type", "machine"),
            "architecture": attribute_of(self.root, "os/type", "arch"),
            "vcpus": number(text_of(self.root, "vcpu")),
            "memory": _memory(memory) if memory is not None else None,
            "disks": [_disk(each) for each in self.root.findall("devices/disk")],
            **{name: value for name, value in self.nova.said.items() if name != "name"},
        }
        return Record(self.id, FACET, "domain", clean(said))

    def _nics(self) -> list[Record]:
        out, twins = [], Counter[str]()
        for element in self.root.findall("devices/interface"):
            mac = ids.canonical_mac(attribute_of(element, "mac", "address") or "")
            if mac:  # without an address there is nothing that tells it from others
                twins[mac] += 1
                out.append(self._nic(element, mac, twins[mac]))
        return out

    def _nic(self, element: ET.Element, mac: str, nth: int) -> Record:
        tap = attribute_of(element, "target", "dev") if self.active else None
        port = attribute_of(element, "virtualport/parameters", "interfaceid")
        link = attribute_of(element, "link", "state")
        said = {
            "host": self.host,
            "instance": self.id,
            "name": tap or attribute_of(element, "alias", "name") or mac,
            "mac": mac,
            "tap": tap,
            "state": "down" if link == "down" or not self.active else "up",
            "interface_type": element.get("type"),
            "model": attribute_of(element, "model", "type"),
            "driver": attribute_of(element, "driver", "name"),
            "alias": attribute_of(element, "alias", "name"),
            "mtu": number(attribute_of(element, "mtu", "size")),
            "filter": attribute_of(element, "filterref", "filter"),
            "virtual_port": attribute_of(element, "virtualport", "type"),
            "port_id": port or self.nova.port_of(tap),
            "vlans": sorted(tag for each in element.findall("vlan/tag") if (tag := number(each.get("id"))) is not None),
            **_attachment(element),
        }
        return Record(ids.guest_nic(self.id, mac, nth), FACET, "nic", clean(said))


def _attachment(element: ET.Element) -> dict[str, Any]:
    """What the NIC is plugged into, by the kinds of interface that libvirt has."""
    source = element.find("source")
    if source is None:
        return {}
    address = source.find("address")
    socket = element.get("type") == "vhostuser"
    vdpa = element.get("type") == "vdpa"
    return {
        "network_name": source.get("network"),
        "port_group": source.get("portgroup"),
        "bridge_name": source.get("bridge"),
        "lower_device": None if vdpa else source.get("dev"),
        "vdpa_device": source.get("dev") if vdpa else None,
        "mode": source.get("mode"),
        "socket": source.get("path") if socket else None,
        "pci_address": _pci(address) if address is not None and address.get("type") == "pci" else None,
    }


def _pci(address: ET.Element) -> str | None:
    """A PCI address as the kernel writes it: `0000:3b:02.1`."""
    parts = [number(address.get(name) or "0x0", 16) for name in ("domain", "bus", "slot", "function")]
    known = [part for part in parts if part is not None]
    return "{:04x}:{:02x}:{:02x}.{:x}".format(*known) if len(known) == 4 else None


def _disk(element: ET.Element) -> dict[str, Any]:
    source = element.find("source")
    place = source.attrib if source is not None else {}
    named = place.get("file") or place.get("dev") or place.get("dir") or place.get("volume") or place.get("name")
    return clean(
        {
            "name": attribute_of(element, "target", "dev"),
            "bus": attribute_of(element, "target", "bus"),
            "kind": element.get("device") or "disk",
            "source_type": element.get("type"),
            "source": named,
            "protocol": place.get("protocol"),
            "pool": place.get("pool"),
            "format": attribute_of(element, "driver", "type"),
            "serial": text_of(element, "serial"),
            "read_only": True if element.find("readonly") is not None else None,
        }
    )


def _memory(element: ET.Element) -> int | None:
    """Bytes; the unit is KiB when it does not say one."""
    count = number((element.text or "").strip())
    factor = _UNITS.get(element.get("unit", "KiB").lower())
    return count * factor if count is not None and factor is not None else None


class Nova:
    """What OpenStack Nova notes in a domain's metadata: nothing for a domain that is not its own."""

    def __init__(self, domain: ET.Element) -> None:
        self.said: dict[str, str | None] = {}
        self.ports: list[str] = []
        for each in domain.iterfind("metadata/*"):
            if each.tag.startswith(NOVA) and each.tag.endswith("}instance"):
                self._read(each, each.tag.removesuffix("instance"))

    def _read(self, instance: ET.Element, space: str) -> None:
        owner = f"{space}owner/{space}"
        self.said = {
            "name": text_of(instance, f"{space}name"),
            "flavor": attribute_of(instance, f"{space}flavor", "name"),
            "project": text_of(instance, f"{owner}project"),
            "project_id": attribute_of(instance, f"{owner}project", "uuid"),
            "image_id": attribute_of(instance, f"{space}image", "uuid"),
        }
        ports = instance.iterfind(f"{space}ports/{space}port")
        self.ports = [uuid for each in ports if (uuid := each.get("uuid"))]

    def port_of(self, tap: str | None) -> str | None:
        """The port a tap is made for: Nova and Neutron name it `tap` and the first eleven characters of the port."""
        named = [port for port in self.ports if tap is not None and tap == "tap" + port[:11]]
        return named[0] if named else None
