"""OpenFlow tables as `ovs-ofctl dump-flows` and `dump-groups` print them (ovs-ofctl(8), ovs-fields(7))."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple

from calipso.errors import ParseError

COUNTERS = frozenset({"duration", "n_packets", "n_bytes", "idle_age", "hard_age", "used"})
"""What changes by itself: never part of a rule."""
FLAGS = frozenset({"reset_counts", "send_flow_rem", "check_overlap", "no_packet_counts", "no_byte_counts"})
"""Bare words that say how a rule was added, not what it matches."""
HEADER = ("NXST_FLOW", "OFPST_FLOW", "OFPST_GROUP_DESC", "NXST_GROUP", "OFPST_GROUP")

_TUNNEL = re.compile(r"set_tunnel(?:64)?:(0x[0-9a-fA-F]+|\d+)|load:(0x[0-9a-fA-F]+|\d+)->NXM_NX_TUN_ID\[\]"
                     r"|set_field:(0x[0-9a-fA-F]+|\d+)->tun_id")  # fmt: skip
_VLAN = re.compile(r"mod_vlan_vid:(\d+)")
_VLAN_FIELD = re.compile(
    r"set_field:(0x[0-9a-fA-F]+|\d+)->vlan_vid|load:(0x[0-9a-fA-F]+|\d+)->NXM_OF_VLAN_TCI\[0\.\.11\]"
)


class Rule(NamedTuple):
    """One rule. `match`: field → value as printed, "" for a bare protocol name."""

    table: int
    priority: int
    cookie: str
    match: dict[str, str]
    actions: str
    packets: int
    bytes: int

    @property
    def digest(self) -> str:
        """What tells a rule from others of its bridge: table, priority, match."""
        match = ",".join(f"{name}={value}" for name, value in sorted(self.match.items()))
        return blake2b(f"{self.table} {self.priority} {match}".encode(), digest_size=8).hexdigest()


def parse_rules(text: str) -> list[Rule]:
    """The rules of a bridge. Raises `ParseError` naming the line."""
    out = []
    for number, line in enumerate(text.split("\n"), 1):
        said = line.strip()
        if said and not said.startswith(HEADER):
            out.append(_rule(said, number))
    return out


def _rule(said: str, number: int) -> Rule:
    before, found, actions = said.partition("actions=")
    if not found:
        raise ParseError("ovs-ofctl dump-flows", "a rule without actions", line=number, excerpt=said)
    fields: dict[str, str] = {}
    for part in _split(before.replace(", ", ",").strip().rstrip(",").replace(" ", ",")):
        name, _, value = part.partition("=")
        if name:
            fields[name] = value
    try:
        table, priority = int(fields.pop("table", "0")), int(fields.pop("priority", "32768"))
        packets, size = int(fields.get("n_packets", "0")), int(fields.get("n_bytes", "0"))
    except ValueError as error:
        raise ParseError("ovs-ofctl dump-flows", str(error), line=number, excerpt=said) from error
    cookie = fields.pop("cookie", "0x0")
    match = {name: value for name, value in fields.items() if name not in COUNTERS | FLAGS}
    return Rule(table, priority, cookie, match, actions.strip(), packets, size)


def _split(text: str) -> list[str]:
    """At commas outside parentheses."""
    if "(" not in text:
        return text.split(",")
    out, depth, start = [], 0, 0
    for at, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            out.append(text[start:at])
            start = at + 1
    return [*out, text[start:]]


class Group(NamedTuple):
    """One group."""

    number: int
    kind: str
    buckets: list[str]


def parse_groups(text: str) -> list[Group]:
    """The groups of a bridge. Raises `ParseError` naming the line."""
    out = []
    for number, line in enumerate(text.split("\n"), 1):
        said = line.strip()
        if not said or said.startswith(HEADER):
            continue
        head, *buckets = said.split(",bucket=")
        fields = dict(part.partition("=")[::2] for part in head.split(","))
        if not fields.get("group_id", "").isdigit():
            raise ParseError("ovs-ofctl dump-groups", "a group without a number", line=number, excerpt=said)
        out.append(Group(int(fields["group_id"]), fields.get("type", ""), buckets))
    return out


def tunnel_tags(rules: list[Rule]) -> set[tuple[int, int]]:
    """(VLAN, tunnel key) pairs that rules translate into each other, in either direction."""
    out: set[tuple[int, int]] = set()
    for rule in rules:
        keys = {int(text, 0) for found in _TUNNEL.findall(rule.actions) for text in found if text}
        tags = {int(text) for text in _VLAN.findall(rule.actions)}
        tags |= {int(text, 0) & 0xFFF for found in _VLAN_FIELD.findall(rule.actions) for text in found if text}
        matched_tag, matched_key = _number(rule.match.get("dl_vlan")), _number(rule.match.get("tun_id"))
        if matched_tag is not None:
            out |= {(matched_tag & 0xFFF, key) for key in keys}
        if matched_key is not None:
            out |= {(tag, matched_key) for tag in tags}
    return out


def _number(text: str | None) -> int | None:
    try:
        return int(text, 0) if text else None
    except ValueError:
        return None  # masked: not one VLAN, not one key
