"""RTM_NEWADDR messages: struct ifaddrmsg, include/uapi/linux/if_addr.h."""

from __future__ import annotations

import struct
from typing import Any

from calipso.sources.linux.wire import Table, attributes, ip, messages, text, u32

NAME = "netlink addresses"
_ADDRESS = struct.Struct("=BBBBI").unpack_from
_TABLE: Table = {1: ("address", ip), 2: ("local", ip), 3: ("label", text), 4: ("broadcast", ip), 8: ("flags", u32)}
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_FAILED = 0x08

Address = dict[str, Any]
"""ip, length, scope, and when they hold: peer, broadcast, duplicate (DAD failed)."""


def parse_addresses(body: bytes) -> dict[int, list[Address]]:
    """Interface index → its addresses, IPv4 first, sorted. Raises `ParseError`."""
    out: dict[int, list[tuple[Any, ...]]] = {}
    for kind, start, end in messages(body, NAME):
        if kind != 20 or end - start < 8:
            continue
        family, length, flags, scope, index = _ADDRESS(body, start)
        found: dict[str, Any] = {}
        attributes(body, start + 8, end, _TABLE, found, NAME)
        address = found.get("local") or found.get("address")
        if family not in (2, 10) or address is None:
            continue
        entry: Address = {"ip": address, "length": length, "scope": _SCOPES.get(scope, str(scope))}
        if found.get("local") and found.get("address") not in (None, address):
            entry["peer"] = found["address"]
        if found.get("flags", flags) & _FAILED and family == 10:
            entry["duplicate"] = True
        out.setdefault(index, []).append((family, address, length, entry))
    return {index: [row[3] for row in sorted(rows, key=lambda row: row[:3])] for index, rows in out.items()}
