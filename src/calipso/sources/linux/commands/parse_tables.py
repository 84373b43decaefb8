"""Routes, rules, neighbours and forwarding entries by ip and bridge, as the netlink parsers give them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from calipso.sources.linux.commands.details import index_of
from calipso.sources.linux.commands.form import parser, rows
from calipso.sources.linux.parse_neighbors import Entry
from calipso.sources.linux.parse_routes import Route

_TABLES = {"main": 254, "local": 255, "default": 253, "unspec": 0}
_ANSWERED_HERE = ("blackhole", "unreachable", "prohibit", "throw")
_PREFERENCES = {"low": 3, "medium": 0, "high": 1}
_FLAGS = {"extern_learn": "ext_learned", "offload": "offloaded"}
_LOST = ("INCOMPLETE", "FAILED")
_COLUMNS = ("self", "master", "proxy", "ext_learned", "offloaded", "sticky", "router")
_PLAIN = {"metric": "metric", "prefsrc": "source", "gateway": "gateway", "nhid": "nexthop", "encap": "encap"}

Names = Mapping[str, int]


def _table(name: Any) -> Any:
    text = str(name)
    return _TABLES.get(text, int(text) if text.isdigit() else text)


def _prefix(text: str, family: int) -> str:
    return text if text == "default" or "/" in text else f"{text}/{32 if family == 4 else 128}"


@parser("ip route")
def parse_routes(v4: bytes, v6: bytes, names: Names) -> list[tuple[tuple[int, ...], Route]]:
    """(interfaces a route leaves by, route), sorted. Raises `ParseError`."""
    out = []
    for family, body in ((4, v4), (6, v6)):
        for said in rows(body, "ip route"):
            if "cache" in said or "cloned" in said.get("flags", ()):
                continue
            route, indexes = _route(said, family, names)
            order = (family, str(route["table"]), route["dst"], route.get("metric", 0), repr(route), indexes)
            out.append((order, tuple(indexes), route))
    out.sort(key=lambda row: (row[0][0], _number(row[2]["table"]), *row[0][1:]))
    return [(indexes, route) for _, indexes, route in out]


def _number(table: Any) -> int:
    return table if isinstance(table, int) else 1 << 32


def _route(said: dict[str, Any], family: int, names: Names) -> tuple[Route, list[int]]:
    kind = str(said.get("type", "unicast"))
    route: Route = {
        "family": family,
        "table": _table(said.get("table", "main")),
        "dst": _prefix(str(said.get("dst", "default")), family),
        "type": kind,
        "protocol": str(said.get("protocol", "boot")),
    }
    if said.get("scope") not in (None, "global"):
        route["scope"] = said["scope"]
    if said.get("flags"):
        route["flags"] = list(said["flags"])
    for name, to in _PLAIN.items():
        if name in said:
            route[to] = said[name]
    if isinstance(said.get("via"), dict):
        route["gateway"] = said["via"].get("host")
    if "from" in said:
        route["from"] = _prefix(str(said["from"]), family)
    if said.get("metrics"):
        route["metrics"] = {key: value for each in said["metrics"] for key, value in each.items()}
    if said.get("nexthops"):
        route["nexthops"] = [_hop(each, names) for each in said["nexthops"]]
    if said.get("pref") in _PREFERENCES:
        route["preference"] = _PREFERENCES[said["pref"]]
    indexes = {index_of(str(said["dev"]), names)} if "dev" in said else set()
    indexes |= {hop.get("ifindex") for hop in route.get("nexthops", ())}
    return route, [] if kind in _ANSWERED_HERE else sorted(each for each in indexes if each is not None)


def _hop(said: dict[str, Any], names: Names) -> dict[str, Any]:
    hop: dict[str, Any] = {"ifindex": index_of(str(said.get("dev", "")), names), "weight": said.get("weight", 1)}
    for name in ("gateway", "encap"):
        if name in said:
            hop[name] = said[name]
    if isinstance(said.get("via"), dict):
        hop["gateway"] = said["via"].get("host")
    if said.get("flags"):
        hop["flags"] = list(said["flags"])
    return hop


@parser("ip rule")
def parse_rules(v4: bytes, v6: bytes) -> list[dict[str, Any]]:
    """Policy rules, in the order the kernel tries them. Raises `ParseError`."""
    out = [_rule(said, family) for family, body in ((4, v4), (6, v6)) for said in rows(body, "ip rule")]
    return sorted(out, key=lambda rule: (rule["family"], rule["priority"], repr(rule)))


def _rule(said: dict[str, Any], family: int) -> dict[str, Any]:
    rule: dict[str, Any] = {"family": family, "priority": int(said.get("priority", 0))}
    if said.get("table") not in (None, "unspec"):
        rule["table"] = _table(said["table"])
    for name, length, to in (("dst", "dstlen", "to"), ("src", "srclen", "from")):
        if said.get(name) not in (None, "all"):
            rule[to] = f"{said[name]}/{said[length]}" if length in said else _prefix(str(said[name]), family)
    for name in ("iif", "oif", "goto"):
        if name in said:
            rule[name] = said[name]
    if said.get("fwmark"):
        rule["fwmark"] = int(str(said["fwmark"]), 0)
        rule["fwmask"] = int(str(said.get("fwmask", 0xFFFFFFFF)), 0)
    if "suppress_prefixlen" in said:
        rule["suppress_prefix_length"] = said["suppress_prefixlen"]
    if "l3mdev" in said:
        rule["l3mdev"] = True
    rule["action"] = str(said.get("action", "goto" if "goto" in said else "lookup"))
    if said.get("tos"):
        rule["tos"] = int(str(said["tos"]), 0)
    if "not" in said:
        rule["not"] = True
    return rule


@parser("ip neigh")
def parse_neighbors(body: bytes, names: Names) -> dict[int, list[Entry]]:
    """Interface index → {ip, mac, state, flags}, sorted, of `neigh show nud all`. Raises `ParseError`."""
    out: dict[int, list[Entry]] = {}
    for said in rows(body, "ip neigh"):
        index = index_of(str(said.get("dev", "")), names)
        state = said.get("state") or []
        if index is None or "dst" not in said or ("NOARP" in state and "proxy" not in said):
            continue
        entry: Entry = {"ip": str(ipaddress.ip_address(said["dst"])), "state": _state(state)}
        if "lladdr" in said:
            entry["mac"] = said["lladdr"]
        flags = [name for name in _COLUMNS if name in {_FLAGS.get(each, each) for each in said}]
        if flags:
            entry["flags"] = flags
        out.setdefault(index, []).append(entry)
    return _sorted(out, "ip")


def _state(said: list[str]) -> str:
    if "PERMANENT" in said:
        return "permanent"
    if "NOARP" in said:
        return "static"
    return "unresolved" if any(each in said for each in _LOST) else "known"


@parser("bridge fdb")
def parse_fdb(body: bytes, names: Names) -> dict[int, list[Entry]]:
    """Interface index of the port → entries, sorted; group addresses it listens to left out. Raises `ParseError`."""
    out: dict[int, list[Entry]] = {}
    for said in rows(body, "bridge fdb"):
        mac, index = str(said.get("mac", "")), index_of(str(said.get("ifname", "")), names)
        grouped = mac[:2] and int(mac[:2], 16) & 1
        if index is None or not mac or ("dst" not in said and "nhid" not in said and grouped):
            continue
        entry: Entry = {
            "mac": mac,
            "state": {"permanent": "permanent", "static": "static"}.get(str(said.get("state")), "known"),
        }
        for name, to in (("dst", "dst"), ("vlan", "vlan"), ("port", "port"), ("vni", "vni"), ("src_vni", "source_vni"),
                         ("nhid", "nexthop")):  # fmt: skip
            if name in said:
                entry[to] = said[name]
        for name, to in (("viaIf", "via_ifindex"), ("master", "master")):
            other = index_of(str(said[name]), names) if name in said else None
            if other is not None:
                entry[to] = other
        flags = {_FLAGS.get(each, each) for each in said.get("flags", ())}
        if flags & set(_COLUMNS):
            entry["flags"] = [name for name in _COLUMNS if name in flags]
        out.setdefault(index, []).append(entry)
    return _sorted(out, "mac")


def _sorted(found: dict[int, list[Entry]], first: str) -> dict[int, list[Entry]]:
    for entries in found.values():
        entries.sort(key=lambda entry: (entry[first], repr(entry)))
    return found
