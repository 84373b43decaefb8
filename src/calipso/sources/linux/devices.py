"""Interfaces of one namespace, as records: what the kernel says, in the words of the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from calipso.model import ids
from calipso.model.record import Attributes, Record
from calipso.sources.linux.link_kinds import CABLES, KEYED, TUNNELS
from calipso.sources.linux.parse_addresses import Address
from calipso.sources.linux.parse_ethtool import Hardware
from calipso.sources.linux.parse_links import ENCAPSULATIONS, FLAGS, Link
from calipso.sources.linux.parse_namespaces import Namespace
from calipso.sources.linux.wire import bits

FACET = "netlink"
Resolve = Callable[[int], str | None]
"""Number that a namespace uses for another → id of that one, None when it is not of this host."""

_LOOPBACK = 772
_UP, _LOWER_UP = 1, 1 << 16
_GRE_KEY = 0x2000
_ADDRESSED_BY_IP = frozenset((768, 769, 776, 778, 823, 0xFFFE))
"""ARPHRD_ of tunnels: their link-layer address is an IP address."""
_AS_IT_IS = (
    "mtu",
    "operstate",
    "master",
    "qdisc",
    "txqlen",
    "alias",
    "altnames",
    "num_tx_queues",
    "num_rx_queues",
    "carrier",
    "min_mtu",
    "max_mtu",
    "gso_max_size",
    "gso_max_segs",
    "gro_max_size",
    "phys_port_id",
    "phys_switch_id",
    "phys_port_name",
    "slave_kind",
    "xdp",
)
_WHEN_SET = ("group", "promiscuity", "proto_down")
_PCI = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_VMBUS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REPRESENTOR = re.compile(r"(c\d+)?pf\d+((vf|sf)\d+)?")
_UPLINK = re.compile(r"p\d+(s\d+)?")


class Device(msgspec.Struct):
    """One interface: its record, and what is needed to follow it when it is renamed or moved."""

    id: str
    index: int
    name: str
    type: str
    mac: str
    record: Record
    counters: dict[str, float]
    functions: tuple[Record, ...] = ()
    """Its virtual functions that no interface of this host stands for."""
    unresolved: int | None = None
    """The number of the namespace its other end is in, where that is not known to be of this host."""


def device_type(link: Link) -> str:
    return link.get("kind") or ("loopback" if link["hardware"] == _LOOPBACK else "device")


def state_of(flags: int, operstate: str) -> str:
    """`up` or `down`: administratively up and UP, or UNKNOWN with a carrier (MODEL §4)."""
    working = operstate == "up" or (operstate == "unknown" and bool(flags & _LOWER_UP))
    return "up" if flags & _UP and working else "down"


def build_devices(
    host: str,
    namespace: Namespace,
    links: list[Link],
    addresses: Mapping[int, list[Address]],
    hardware: Mapping[int, Hardware],
    resolve: Resolve,
) -> list[Device]:
    """The interfaces of a namespace, by index."""
    return [
        _device(host, namespace, link, addresses.get(link["index"], []), hardware.get(link["index"]), resolve)
        for link in sorted(links, key=lambda link: int(link["index"]))
    ]


def _device(
    host: str,
    namespace: Namespace,
    link: Link,
    addresses: list[Address],
    hardware: Hardware | None,
    resolve: Resolve,
) -> Device:
    kind = device_type(link)
    mac = "" if link["hardware"] in _ADDRESSED_BY_IP else link.get("address", "")
    a = _common(host, namespace, link)
    if mac.strip("0:"):
        a["mac"] = mac
    _add_addresses(addresses, a)
    _add_kind(kind, link, a)
    unresolved = _add_relations(kind, namespace, link, resolve, a)
    _add_hardware(link, hardware, a)
    id = ids.device(namespace.id, link["name"])
    return Device(
        id=id,
        index=link["index"],
        name=link["name"],
        type=kind,
        mac=mac,
        record=Record(id, FACET, kind, a),
        counters=link.get("counters", {}),
        functions=_functions(host, id, link.get("vfs", ())),
        unresolved=unresolved,
    )


def _common(host: str, namespace: Namespace, link: Link) -> Attributes:
    """What every kind of interface has."""
    flags = link["flags"]
    a: Attributes = {
        "host": host,
        "netns": namespace.id,
        "name": link["name"],
        "ifindex": link["index"],
        "flags": bits(flags, FLAGS),
        "state": state_of(flags, link.get("operstate", "unknown")),
        "encap": ENCAPSULATIONS.get(link["hardware"], str(link["hardware"])),
    }
    for name in _AS_IT_IS:
        if name in link:
            a[name] = link[name]
    for name in _WHEN_SET:
        if link.get(name):
            a[name] = link[name]
    if "permanent_address" in link and link["hardware"] not in _ADDRESSED_BY_IP:
        a["permanent_mac"] = link["permanent_address"]
    if "vfs" in link:
        a["vfs"] = link["vfs"]
    return a


def _functions(host: str, device: str, found: Iterable[dict[str, Any]]) -> tuple[Record, ...]:
    return tuple(
        Record(
            ids.virtual_function(device, each["index"]),
            FACET,
            "vf",
            {"host": host, "owner": device, "name": f"vf {each['index']}", **each},
        )
        for each in found
        if "device" not in each
    )


def _add_addresses(addresses: list[Address], a: Attributes) -> None:
    """`addresses` are all, with prefix; `ips` those that can join: no loopback, no link-local."""
    if not addresses:
        return
    a["addresses"] = [f"{each['ip']}/{each['length']}" for each in addresses]
    ips = [each["ip"] for each in addresses if each["scope"] != "host" and not _local(each["ip"])]
    if ips:
        a["ips"] = ips
    peers = {f"{each['ip']}/{each['length']}": each["peer"] for each in addresses if "peer" in each}
    if peers:
        a["address_peers"] = peers
    duplicates = [each["ip"] for each in addresses if each.get("duplicate")]
    if duplicates:
        a["duplicate_addresses"] = duplicates


def _local(ip: str) -> bool:
    """Loopback or link-local; canonical text, so prefixes decide."""
    if ":" in ip:
        return ip == "::1" or (ip[:2] == "fe" and ip[2:3] in "89ab" and ip[4:5] == ":")
    return ip.startswith(("127.", "169.254."))


def _add_kind(kind: str, link: Link, a: Attributes) -> None:
    details = dict(link.get("data", ()))
    details.pop("lower", None)
    if kind in KEYED:
        _add_key(details, a)
    if details.get("collect_metadata"):
        # Each packet brings its own; the device's zero says nothing.
        details.pop("vni", None)
    a |= details
    a |= link.get("slave_data", {})
    if "vlan_id" in details:
        a["segment"] = ids.segment("vlan", None, details["vlan_id"])
    elif "vni" in details:
        a["segment"] = ids.segment(kind, None, details["vni"])


def _add_key(details: dict[str, Any], a: Attributes) -> None:
    out, into = details.pop("oflags", _GRE_KEY), details.pop("iflags", _GRE_KEY)
    okey, ikey = details.pop("okey", 0), details.pop("ikey", 0)
    if out & _GRE_KEY and okey:
        a["key"] = okey
    if into & _GRE_KEY and ikey:
        a["in_key"] = ikey
        a.setdefault("key", ikey)


def _add_relations(kind: str, namespace: Namespace, link: Link, resolve: Resolve, a: Attributes) -> int | None:
    """Peer, parent and underlay: (namespace, ifindex), or the bare number of a namespace that is not this host's."""
    role = "peer" if kind in CABLES else "underlay" if kind in TUNNELS else "parent"
    # Some tunnels name their lower device among their details only, in the namespace they send from all the same.
    index = link.get("link") or link.get("data", {}).get("lower", 0)
    nsid = link.get("link_nsid")
    if not index and role != "underlay":
        return None
    if nsid is None and (not index or index == link["index"]):
        return None
    other = namespace.id if nsid is None else resolve(nsid) if nsid >= 0 else None
    if other is not None:
        a[f"{role}_netns"] = other
    elif nsid is not None and nsid >= 0:
        a[f"{role}_nsid"] = nsid
    if index:
        a[f"{role}_ifindex"] = index
    return nsid if other is None and role == "peer" else None


def _add_hardware(link: Link, hardware: Hardware | None, a: Attributes) -> None:
    bus, address = link.get("parent_bus", ""), link.get("parent_device", "")
    if hardware is not None:
        for name in ("driver", "firmware", "speed", "duplex", "features"):
            value = getattr(hardware, name)
            if value:
                a[name] = value
        bus, address = _bus(hardware, bus, address)
    if bus:
        a["bus"] = bus
        a["bus_address"] = address
    port = link.get("phys_port_name", "")
    if "phys_switch_id" in link and _REPRESENTOR.fullmatch(port) and not _UPLINK.fullmatch(port):
        a["is_representor"] = True


def _bus(hardware: Hardware, bus: str, address: str) -> tuple[str, str]:
    """What the device sits on; before Linux 5.14 only the driver's bus_info says so, in its own way."""
    told = hardware.bus_info
    if bus == "virtio" and _PCI.fullmatch(told):
        return bus, told
    if bus:
        return bus, address
    if _PCI.fullmatch(told):
        return "virtio" if hardware.driver == "virtio_net" else "pci", told
    if told.startswith("usb-"):
        return "usb", told
    if told.startswith("virtio"):
        return "virtio", told
    if hardware.driver == "hv_netvsc" or _VMBUS.fullmatch(told):
        return "vmbus", told
    return "", ""
