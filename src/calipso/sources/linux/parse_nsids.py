"""RTM_NEWNSID and RTM_DELNSID messages: include/uapi/linux/net_namespace.h."""

from __future__ import annotations

from typing import Any

from calipso.sources.linux.wire import Table, attributes, messages, s32

NAME = "netlink nsids"
NEW, DELETE = 88, 89
_TABLE: Table = {1: ("nsid", s32), 5: ("current", s32)}


def parse_nsids(body: bytes) -> dict[int, int]:
    """Number a namespace uses for another → the transport's number of that one. Raises `ParseError`."""
    out = {}
    for kind, start, end in messages(body, NAME):
        if kind != NEW or end - start < 4:
            continue
        found: dict[str, Any] = {}
        attributes(body, start + 4, end, _TABLE, found, NAME)
        if found.get("nsid", -1) >= 0 and found.get("current", -1) >= 0:
            out[found["nsid"]] = found["current"]
    return out
