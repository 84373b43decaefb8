"""Forwarding tables as `ovs-appctl fdb/show` prints them; ages are left out."""

from __future__ import annotations

import re
from typing import Any

from calipso.errors import ParseError
from calipso.model import ids

_MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}")


def parse_fdb(text: str) -> list[dict[str, Any]]:
    """Entries {port, vlan, mac}, sorted. Raises `ParseError` naming the line."""
    out = []
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if len(fields) < 4 or fields[0] == "port":
            if fields and fields[0] != "port":
                raise ParseError("ovs-appctl fdb/show", "a line without four columns", line=number, excerpt=line)
            continue
        port, vlan, mac = fields[:3]
        if not vlan.isdigit() or _MAC.fullmatch(mac) is None:
            raise ParseError("ovs-appctl fdb/show", "not port, VLAN, MAC", line=number, excerpt=line)
        out.append({"port": port, "vlan": int(vlan), "mac": ids.canonical_mac(mac)})
    return sorted(out, key=lambda entry: (entry["vlan"], entry["mac"], entry["port"]))
