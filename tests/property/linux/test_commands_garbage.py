"""Whatever a host prints: records or `ParseError`, nothing else."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.ovsdb_commands import parse_lists
from calipso.seams import Reply
from calipso.sources.linux.commands.batch import parse_frames
from calipso.sources.linux.commands.form import rows
from calipso.sources.linux.commands.listing import parse_listing, parse_numbers
from calipso.sources.linux.commands.parse_hardware import parse_hardware
from calipso.sources.linux.commands.parse_links import parse_addresses, parse_links
from calipso.sources.linux.commands.parse_sockets import parse_sockets
from calipso.sources.linux.commands.parse_tables import parse_fdb, parse_neighbors, parse_routes, parse_rules

KEYS = st.sampled_from((
    "ifindex", "ifname", "flags", "link_type", "linkinfo", "info_kind", "info_data", "id", "addr_info", "family",
    "prefixlen", "dst", "dev", "table", "type", "nexthops", "metrics", "priority", "src", "srclen", "fwmark", "state",
    "vfinfo_list", "xdp", "stats64", "link", "link_index", "link_netnsid", "ns", "netnsid", "namespaces", "headings",
    "data", "local", "mac",
))  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 70000) | st.sampled_from(("", "x", "vlan", "1", "10.0.0.1", "inet"))
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=8), max_leaves=25
)
NAMES = {"x": 1}


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=12), max_size=4))
def test_json_of_any_shape(said: list[dict[str, Any]]) -> None:
    body = msgspec.json.encode(said)
    for attempt in (
        lambda: parse_links(rows(body, "x")), lambda: parse_addresses(rows(body, "x")),
        lambda: parse_routes(body, body, NAMES), lambda: parse_rules(body, body), lambda: parse_neighbors(body, NAMES),
        lambda: parse_fdb(body, NAMES), lambda: parse_lists("ovs-vsctl", body, ("Bridge",)),
        lambda: parse_numbers(Reply(b'{"namespaces": ' + body + b"}"), Reply(body), {1: 1}, NAMES),
    ):  # fmt: skip
        with contextlib.suppress(ParseError):
            attempt()


@given(st.binary(max_size=200))
def test_bytes_of_any_kind(body: bytes) -> None:
    reply = Reply(body)
    for attempt in (
        lambda: rows(body, "x"), lambda: parse_frames(body, 2), lambda: parse_listing([reply] * 5),
        lambda: parse_numbers(reply, reply, {}, {}), lambda: parse_lists("ovs-vsctl", body, ("Bridge",)),
        lambda: parse_hardware(reply, reply, reply), lambda: parse_sockets(body),
    ):  # fmt: skip
        with contextlib.suppress(ParseError):
            attempt()
