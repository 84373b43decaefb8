"""`ip -d -s -j link` and `ip -j addr`: interfaces and addresses as the netlink parsers give them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from calipso.errors import ParseError
from calipso.sources.linux.commands.details import KINDS, SILENT, SLAVES, details, index_of
from calipso.sources.linux.commands.form import parser
from calipso.sources.linux.link_kinds import KINDS as PREFIXES
from calipso.sources.linux.link_kinds import SLAVE_KINDS as SLAVE_PREFIXES
from calipso.sources.linux.parse_addresses import Address
from calipso.sources.linux.parse_links import ENCAPSULATIONS, FLAGS, Link

NAME = "ip addr"
_FLAGS = {name: bit for bit, name in FLAGS.items()}
_HARDWARE = {name: number for number, name in ENCAPSULATIONS.items()}
_SAME = {
    "ifname": "name", "mtu": "mtu", "qdisc": "qdisc", "txqlen": "txqlen", "ifalias": "alias", "address": "address",
    "promiscuity": "promiscuity", "num_tx_queues": "num_tx_queues", "num_rx_queues": "num_rx_queues",
    "min_mtu": "min_mtu", "max_mtu": "max_mtu", "gso_max_size": "gso_max_size", "gso_max_segs": "gso_max_segs",
    "gro_max_size": "gro_max_size", "phys_port_id": "phys_port_id", "phys_switch_id": "phys_switch_id",
    "phys_port_name": "phys_port_name", "permaddr": "permanent_address", "parentdev": "parent_device",
    "parentbus": "parent_bus",
}  # fmt: skip
_XDP = {1: "driver", 2: "generic", 3: "offload", 4: "multi"}
_COUNTERS = {"over_errors": "rx_over_errors", "multicast": "multicast", "carrier_errors": "tx_carrier_errors",
             "collisions": "collisions"}  # fmt: skip
_UP, _RUNNING, _LOWER_UP = _FLAGS["UP"], _FLAGS["RUNNING"], _FLAGS["LOWER_UP"]


def names_of(found: list[dict[str, Any]]) -> dict[str, int]:
    """Name → index. Raises `ParseError` for an interface without either."""
    try:
        return {str(each["ifname"]): int(each["ifindex"]) for each in found}
    except (KeyError, TypeError, ValueError):
        raise ParseError(NAME, "an interface without name or number") from None


@parser(NAME)
def parse_links(found: list[dict[str, Any]]) -> list[Link]:
    """Interfaces, in their order. Raises `ParseError`."""
    names = names_of(found)
    return [_link(each, names) for each in found]


def _link(said: dict[str, Any], names: Mapping[str, int]) -> Link:
    link: Link = {"index": int(said["ifindex"]), "flags": _flags(said.get("flags", ())), "proto_down": False}
    link["hardware"] = _hardware(str(said.get("link_type", "")))
    for name, to in _SAME.items():
        if said.get(name) not in (None, ""):
            link[to] = said[name]
    link["operstate"] = str(said.get("operstate", "unknown")).lower()
    if link["flags"] & _UP:
        link["carrier"] = bool(link["flags"] & _LOWER_UP)
    if str(said.get("group", "default")).isdigit():
        link["group"] = int(said["group"])
    if said.get("altnames"):
        link["altnames"] = sorted(said["altnames"])
    _relations(said, names, link)
    _kinds(said.get("linkinfo") or {}, names, link)
    if isinstance(said.get("xdp"), dict) and said["xdp"].get("mode"):
        mode = said["xdp"]["mode"]
        link["xdp"] = {"mode": _XDP.get(mode, str(mode)), "program": said["xdp"].get("prog", {}).get("id", 0)}
    if said.get("vfinfo_list"):
        link["vfs"] = [_function(each) for each in said["vfinfo_list"]]
    if isinstance(said.get("stats64"), dict):
        link["counters"] = _counters(said["stats64"])
    return link


def _flags(said: Any) -> int:
    """RUNNING is not printed; its absence is, as NO-CARRIER."""
    flags = sum(_FLAGS.get(name, 0) for name in set(said))
    return flags | _RUNNING if flags & _UP and "NO-CARRIER" not in said else flags


def _hardware(name: str) -> int:
    if name in _HARDWARE:
        return _HARDWARE[name]
    digits = name.strip("[]")
    return int(digits) if digits.isdigit() else 0xFFFF


def _relations(said: dict[str, Any], names: Mapping[str, int], link: Link) -> None:
    if "link_index" in said:
        link["link"] = int(said["link_index"])
    elif said.get("link"):
        index = index_of(str(said["link"]), names)
        if index is not None:
            link["link"] = index
    if "link_netnsid" in said:
        link["link_nsid"] = int(said["link_netnsid"])
    if said.get("master"):
        master = index_of(str(said["master"]), names)
        if master is not None:
            link["master"] = master


def _kinds(said: dict[str, Any], names: Mapping[str, int], link: Link) -> None:
    kind, slave = said.get("info_kind"), said.get("info_slave_kind")
    if kind:
        link["kind"] = kind
        if kind in KINDS and kind in PREFIXES:
            prefix = PREFIXES[kind][0]
            silent = {prefix + name: value for name, value in SILENT.get(kind, {}).items()}
            link["data"] = silent | details(said.get("info_data") or {}, KINDS[kind], prefix, names)
    if slave:
        link["slave_kind"] = slave
        if slave in SLAVES:
            prefix = SLAVE_PREFIXES[slave][0]
            link["slave_data"] = details(said.get("info_slave_data") or {}, SLAVES[slave], prefix, names)


def _function(said: dict[str, Any]) -> dict[str, Any]:
    """A virtual function (ip/ipaddress.c, print_vfinfo)."""
    vlans = said.get("vlan_list") or [{}]
    rate = said.get("rate") or {}
    out: dict[str, Any] = {
        "index": int(said.get("vf", 0)),
        "vlan": vlans[0].get("vlan", 0),
        "qos": vlans[0].get("qos", 0),
        "min_tx_rate": rate.get("min_tx", 0),
        "max_tx_rate": rate.get("max_tx", 0),
    }
    for name, to in (("address", "mac"), ("mac", "mac"), ("spoofchk", "spoof_check"), ("link_state", "link_state"),
                     ("trust", "trust")):  # fmt: skip
        if name in said:
            out[to] = said[name]
    return out


def _counters(said: dict[str, Any]) -> dict[str, float]:
    out: dict[str, float] = {}
    for direction in ("rx", "tx"):
        for name, value in (said.get(direction) or {}).items():
            if isinstance(value, int):
                out[_COUNTERS.get(name, f"{direction}_{name}")] = value
    return out


@parser(NAME)
def parse_addresses(found: list[dict[str, Any]]) -> dict[int, list[Address]]:
    """Interface index → its addresses, IPv4 first, sorted. Raises `ParseError`."""
    out: dict[int, list[Address]] = {}
    for each in found:
        entries = []
        for said in each.get("addr_info", ()):
            if said.get("family") not in ("inet", "inet6") or "local" not in said:
                continue
            try:
                packed = ipaddress.ip_address(said["local"])
            except ValueError:
                raise ParseError(NAME, "no address", excerpt=str(said["local"])) from None
            entry: Address = {"ip": str(packed), "length": said["prefixlen"], "scope": str(said.get("scope", "global"))}
            if said.get("address") not in (None, said["local"]):
                entry["peer"] = said["address"]
            if said.get("dadfailed"):
                entry["duplicate"] = True
            entries.append((packed.version, entry["ip"], entry["length"], entry))
        if entries:
            out[int(each["ifindex"])] = [row[3] for row in sorted(entries, key=lambda row: row[:3])]
    return out
