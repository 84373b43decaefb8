"""RTM_NEWNEIGH messages: neighbours and forwarding entries, include/uapi/linux/neighbour.h.

Ages and use counts are left out, and so is what only tells ages: REACHABLE, STALE, DELAY and PROBE are all `known`.
"""

from __future__ import annotations

import struct
from typing import Any

from calipso.sources.linux.wire import (
    AF_BRIDGE,
    AF_INET,
    AF_INET6,
    Table,
    attributes,
    be16,
    bits,
    hardware,
    messages,
    s32,
    set_ip,
    u16,
    u32,
)

NEIGHBORS, FDB = "netlink neighbors", "netlink fdb"
_NEIGHBOR = struct.Struct("=BxxxiHBB").unpack_from
_TABLE: Table = {
    1: ("ip", set_ip),
    2: ("mac", hardware),
    5: ("vlan", u16),
    6: ("port", be16),
    7: ("vni", u32),
    8: ("via_ifindex", u32),
    9: ("master", u32),
    10: ("nsid", s32),
    11: ("source_vni", u32),
    13: ("nexthop", u32),
}
_FLAGS = {
    0x02: "self",
    0x04: "master",
    0x08: "proxy",
    0x10: "ext_learned",
    0x20: "offloaded",
    0x40: "sticky",
    0x80: "router",
}
_INCOMPLETE, _FAILED, _NOARP, _PERMANENT = 0x01, 0x20, 0x40, 0x80

Entry = dict[str, Any]


def _state(value: int) -> str:
    if value & _PERMANENT:
        return "permanent"
    if value & _NOARP:
        return "static"
    return "unresolved" if value & (_INCOMPLETE | _FAILED) else "known"


def parse_neighbors(body: bytes) -> dict[int, list[Entry]]:
    """Interface index → {ip, mac, state, flags}, sorted; without those that need no resolution. Raises `ParseError`."""
    out: dict[int, list[Entry]] = {}
    for family, index, state, flags, found in _entries(body, NEIGHBORS):
        if family not in (AF_INET, AF_INET6) or "ip" not in found or (state & _NOARP and not flags & 0x08):
            continue
        entry: Entry = {"ip": found["ip"], "state": _state(state)}
        if "mac" in found:
            entry["mac"] = found["mac"]
        names = bits(flags, _FLAGS)
        if names:
            entry["flags"] = names
        out.setdefault(index, []).append(entry)
    return _sorted(out, "ip")


def parse_fdb(body: bytes) -> dict[int, list[Entry]]:
    """Interface index of the port → {mac, dst, vlan, vni, port, master, state, flags}, sorted. Raises `ParseError`.

    Group addresses a device listens to for itself are no forwarding entries and left out.
    """
    out: dict[int, list[Entry]] = {}
    for family, index, state, flags, found in _entries(body, FDB):
        mac = found.get("mac", "")
        if family != AF_BRIDGE or not mac or ("ip" not in found and "nexthop" not in found and int(mac[:2], 16) & 1):
            continue
        entry: Entry = {"mac": mac, "state": _state(state)}
        if "ip" in found:
            entry["dst"] = found["ip"]
        for name in ("vlan", "port", "vni", "source_vni", "via_ifindex", "master", "nexthop"):
            if name in found:
                entry[name] = found[name]
        names = bits(flags, _FLAGS)
        if names:
            entry["flags"] = names
        out.setdefault(index, []).append(entry)
    return _sorted(out, "mac")


def _entries(body: bytes, parser: str) -> list[tuple[int, int, int, int, dict[str, Any]]]:
    out = []
    for kind, start, end in messages(body, parser):
        if kind != 28 or end - start < 12:
            continue
        family, index, state, flags, _ = _NEIGHBOR(body, start)
        found: dict[str, Any] = {}
        attributes(body, start + 12, end, _TABLE, found, parser)
        out.append((family, index, state, flags, found))
    return out


def _sorted(found: dict[int, list[Entry]], first: str) -> dict[int, list[Entry]]:
    for entries in found.values():
        entries.sort(key=lambda entry: (entry[first], repr(entry)))
    return found
