"""RTM_NEWRULE messages: struct fib_rule_hdr, include/uapi/linux/fib_rules.h."""

from __future__ import annotations

import struct
from typing import Any

from calipso.sources.linux.wire import AF_INET, AF_INET6, Table, attributes, boolean, ip, messages, text, u8, u32

NAME = "netlink rules"
_RULE = struct.Struct("=BBBBBxxBI").unpack_from
_RANGE = struct.Struct("=HH").unpack_from
_UIDS = struct.Struct("=II").unpack_from
_ACTIONS = {1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_INVERT = 2


def _ports(body: bytes, start: int, end: int) -> list[int] | None:
    return list(_RANGE(body, start)) if end - start >= 4 else None


def _users(body: bytes, start: int, end: int) -> list[int] | None:
    return list(_UIDS(body, start)) if end - start >= 8 else None


def _no_limit(body: bytes, start: int, end: int) -> int | None:
    """The kernel sends all ones where nothing is suppressed."""
    value: int | None = u32(body, start, end)
    return None if value == 0xFFFFFFFF else value


_TABLE: Table = {
    1: ("to", ip),
    2: ("from", ip),
    3: ("iif", text),
    4: ("goto", u32),
    6: ("priority", u32),
    10: ("fwmark", u32),
    13: ("suppress_group", _no_limit),
    14: ("suppress_prefix_length", _no_limit),
    15: ("table", u32),
    16: ("fwmask", u32),
    17: ("oif", text),
    19: ("l3mdev", boolean),
    20: ("users", _users),
    22: ("ip_protocol", u8),
    23: ("source_ports", _ports),
    24: ("destination_ports", _ports),
}


def parse_rules(body: bytes) -> list[dict[str, Any]]:
    """Policy rules of IPv4 and IPv6, in the order the kernel tries them. Raises `ParseError`."""
    out = []
    for kind, start, end in messages(body, NAME):
        if kind != 32 or end - start < 12:
            continue
        family, to_length, from_length, tos, table, action, flags = _RULE(body, start)
        if family not in (AF_INET, AF_INET6):
            continue
        rule: dict[str, Any] = {"family": 4 if family == AF_INET else 6, "priority": 0, "table": table}
        attributes(body, start + 12, end, _TABLE, rule, NAME)
        rule["action"] = _ACTIONS.get(action, str(action))
        for name, length in (("to", to_length), ("from", from_length)):
            if name in rule:
                rule[name] = f"{rule[name]}/{length}"
        if not rule["table"]:
            del rule["table"]
        if not rule.get("fwmark"):
            rule.pop("fwmask", None)
        if tos:
            rule["tos"] = tos
        if flags & _INVERT:
            rule["not"] = True
        out.append(rule)
    return sorted(out, key=lambda rule: (rule["family"], rule["priority"], repr(rule)))
