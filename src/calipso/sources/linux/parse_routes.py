"""RTM_NEWROUTE messages: include/uapi/linux/rtnetlink.h, nexthop and lwtunnel of the headers of those names."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

from calipso.errors import ParseError
from calipso.sources.linux.wire import (
    AF_INET,
    AF_INET6,
    Table,
    attributes,
    bits,
    ip,
    ip_text,
    messages,
    text,
    u8,
    u16,
    u32,
)

NAME = "netlink routes"
Route = dict[str, Any]
"""family (4 or 6), table, dst, type, and when set: gateway, source, metric, protocol, scope, flags, nexthops …"""

_ROUTE = struct.Struct("=BBBBBBBBI").unpack_from
_HOP = struct.Struct("=HBBi").unpack_from
_CLONED = 0x200
TYPES = {
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
    10: "nat",
}
_ANY = {AF_INET: str(ipaddress.IPv4Address(0)), AF_INET6: str(ipaddress.IPv6Address(0))}
_ANSWERED_HERE = (6, 7, 8, 9)
_PROTOCOLS = {
    1: "redirect",
    2: "kernel",
    3: "boot",
    4: "static",
    8: "gated",
    9: "ra",
    10: "mrt",
    11: "zebra",
    12: "bird",
    16: "dhcp",
    17: "mrouted",
    18: "keepalived",
    42: "babel",
    99: "openr",
    186: "bgp",
    187: "isis",
    188: "ospf",
    189: "rip",
    192: "eigrp",
}
_SCOPES = {200: "site", 253: "link", 254: "host", 255: "nowhere"}
_FLAGS = {1: "dead", 2: "pervasive", 4: "onlink", 8: "offload", 16: "linkdown", 32: "unresolved", 0x4000: "offloaded"}
_ENCAPSULATIONS = {1: "mpls", 2: "ip", 3: "ila", 4: "ip6", 5: "seg6", 6: "bpf", 7: "seg6local", 8: "rpl", 9: "ioam6"}
_METRICS: Table = {
    2: ("mtu", u32),
    3: ("window", u32),
    7: ("cwnd", u32),
    8: ("advmss", u32),
    9: ("reordering", u32),
    10: ("hoplimit", u32),
    11: ("initcwnd", u32),
    12: ("features", u32),
    13: ("rto_min", u32),
    14: ("initrwnd", u32),
    15: ("quickack", u32),
    16: ("congestion_control", text),
}


def _via(body: bytes, start: int, end: int) -> str | None:
    """struct rtvia: a gateway of another family than the route's."""
    return ip_text(body[start + 2 : end])


def _metrics(body: bytes, start: int, end: int) -> dict[str, Any] | None:
    out: dict[str, Any] = {}
    attributes(body, start, end, _METRICS, out, NAME)
    return out or None


_HOP_TABLE: Table = {5: ("gateway", ip), 18: ("gateway", _via), 21: ("encap", u16)}


def _nexthops(body: bytes, start: int, end: int) -> list[dict[str, Any]]:
    """Rows of struct rtnexthop, each with attributes of its own."""
    out = []
    while start + 8 <= end:
        length, flags, hops, index = _HOP(body, start)
        if length < 8 or start + length > end:
            raise ParseError(NAME, f"a next hop of {length} bytes where {end - start} are left")
        hop: dict[str, Any] = {"ifindex": index, "weight": hops + 1}
        attributes(body, start + 8, start + length, _HOP_TABLE, hop, NAME)
        _name_encapsulation(hop)
        names = bits(flags, _FLAGS)
        if names:
            hop["flags"] = names
        out.append(hop)
        start += (length + 3) & ~3
    return out


_TABLE: Table = {
    1: ("dst", ip),
    2: ("from", ip),
    3: ("iif", u32),
    4: ("oif", u32),
    5: ("gateway", ip),
    6: ("metric", u32),
    7: ("source", ip),
    8: ("metrics", _metrics),
    9: ("nexthops", _nexthops),
    15: ("table", u32),
    18: ("gateway", _via),
    20: ("preference", u8),
    21: ("encap", u16),
    30: ("nexthop", u32),
}


def _name_encapsulation(found: dict[str, Any]) -> None:
    if "encap" in found:
        found["encap"] = _ENCAPSULATIONS.get(found["encap"], str(found["encap"]))


def parse_routes(body: bytes) -> list[tuple[tuple[int, ...], Route]]:
    """(interfaces a route leaves by, route), sorted; cached routes are left out. Raises `ParseError`.

    `dst` is `default` for everything, else address and length. No interface: the kernel answers for itself
    (blackhole, unreachable, prohibit …).
    """
    out = []
    for kind, start, end in messages(body, NAME):
        if kind != 24 or end - start < 12:
            continue
        header = _ROUTE(body, start)
        if header[0] in (AF_INET, AF_INET6) and not header[8] & _CLONED:
            found: dict[str, Any] = {}
            attributes(body, start + 12, end, _TABLE, found, NAME)
            out.append(_route(header, found))
    out.sort(key=lambda row: row[0])
    return [(indexes, route) for _, indexes, route in out]


def _route(header: tuple[int, ...], found: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[int, ...], Route]:
    family, dst_length, src_length, tos, table, protocol, scope, kind, flags = header
    dst = found.pop("dst", None)
    route: Route = {
        "family": 4 if family == AF_INET else 6,
        "table": found.pop("table", table),
        "dst": f"{dst or _ANY[family]}/{dst_length}" if dst_length else "default",
        "type": TYPES.get(kind, str(kind)),
        "protocol": _PROTOCOLS.get(protocol, str(protocol)),
    }
    if scope in _SCOPES:
        route["scope"] = _SCOPES[scope]
    if src_length and "from" in found:
        found["from"] = f"{found['from']}/{src_length}"
    if tos:
        route["tos"] = tos
    indexes = {found.pop("oif")} if "oif" in found else set()
    indexes |= {hop["ifindex"] for hop in found.get("nexthops", ())}
    if kind in _ANSWERED_HERE:
        indexes = set()  # for IPv6 the kernel names the loopback, which has no part in it
    _name_encapsulation(found)
    names = bits(flags, _FLAGS)
    if names:
        route["flags"] = names
    route |= found
    order = (route["family"], route["table"], route["dst"], route.get("metric", 0), repr(route), sorted(indexes))
    return order, tuple(sorted(indexes)), route
