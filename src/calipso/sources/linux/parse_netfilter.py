"""Rule sets: `nft -j list ruleset` (libnftables-json(5)) and iptables-save(8). Counters and timers are taken out."""

from __future__ import annotations

import re
import struct
from typing import Any

import msgspec

from calipso.errors import ParseError
from calipso.sources.linux.parse_ethtool import CONNTRACK, FIREWALL, values
from calipso.sources.linux.wire import messages

NAME = "netfilter"
_VOLATILE = frozenset(("packets", "bytes", "used", "expires"))
_COUNTERS = re.compile(r"\s*\[\d+:\d+\]")


class Firewall(msgspec.Struct, frozen=True):
    """Whether a namespace has rules: transactions on nf_tables (1: none yet), names of legacy tables, or an error."""

    generation: int = 0
    tables: tuple[str, ...] = ()
    tables6: tuple[str, ...] = ()
    error: int = 0


def parse_firewall(body: bytes) -> Firewall:
    """Raises `ParseError`."""
    for kind, start, end in messages(body, NAME):
        if kind == FIREWALL:
            found = values(body, start, end, NAME)
            packed = found.get(1, b"")
            generation = struct.unpack("=i", packed)[0] if len(packed) == 4 else 0
            return Firewall(
                generation=max(generation, 0),
                tables=tuple(sorted(found.get(2, b"").decode("ascii", "replace").split())),
                tables6=tuple(sorted(found.get(3, b"").decode("ascii", "replace").split())),
                error=max(-generation, 0),
            )
    return Firewall()


def parse_conntrack(body: bytes) -> dict[str, float]:
    """`conntrack_count` and `conntrack_max`, empty where connections are not tracked. Raises `ParseError`."""
    out: dict[str, float] = {}
    for kind, start, end in messages(body, NAME):
        if kind == CONNTRACK:
            found = values(body, start, end, NAME)
            for number, name in ((1, "conntrack_count"), (2, "conntrack_max")):
                text = found.get(number, b"").strip()
                if text.isdigit():
                    out[name] = int(text)
    return out


def parse_nftables(body: bytes) -> list[Any]:
    """The objects of a rule set in their order, without `metainfo`. Raises `ParseError`."""
    try:
        decoded = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(NAME, f"nft: {error}", excerpt=body[:120].decode("utf-8", "replace")) from None
    entries = decoded.get("nftables", []) if isinstance(decoded, dict) else None
    if not isinstance(entries, list):
        raise ParseError(NAME, "nft: no list `nftables`", excerpt=body[:120].decode("utf-8", "replace"))
    try:
        return [_stable(each) for each in entries if not (isinstance(each, dict) and "metainfo" in each)]
    except RecursionError:
        raise ParseError(NAME, "nft: nested too deep") from None


def _stable(value: Any) -> Any:
    if isinstance(value, list):
        return [_stable(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "set" in value and isinstance(value["set"], dict) and _learnt(value["set"]):
        # Filled by packets and emptied by time: as short-lived as a counter.
        value = {**value, "set": {key: each for key, each in value["set"].items() if key != "elem"}}
    return {key: _stable(each) for key, each in value.items() if key not in _VOLATILE or isinstance(each, (dict, list))}


def _learnt(found: dict[str, Any]) -> bool:
    flags = found.get("flags", [])
    return "timeout" in found or bool({"dynamic", "timeout"} & set(flags if isinstance(flags, list) else [flags]))


def parse_iptables(body: bytes) -> dict[str, list[str]]:
    """Table → its chains and rules as iptables-save writes them, without counters. Raises `ParseError`."""
    out: dict[str, list[str]] = {}
    table: list[str] | None = None
    for number, line in enumerate(body.decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("*"):
            table = out.setdefault(line[1:].strip(), [])
        elif line.strip() == "COMMIT":
            table = None
        elif table is None:
            raise ParseError(NAME, "iptables: a rule outside of a table", line=number, excerpt=line)
        else:
            table.append(_COUNTERS.sub("", line, count=1) if line[0] in ":[" else line)
    return out
