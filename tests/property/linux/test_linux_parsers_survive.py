"""Whatever comes in, a parser gives a result or raises `ParseError`; and reading does not depend on order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calipso.errors import CalipsoError, ParseError
from calipso.model.record import Seen
from calipso.seams import SourceConfig
from calipso.sources.linux import SOURCE
from calipso.sources.linux.devices import build_devices
from calipso.sources.linux.parse_addresses import parse_addresses
from calipso.sources.linux.parse_ethtool import parse_ethtool
from calipso.sources.linux.parse_events import parse_events
from calipso.sources.linux.parse_host import FACTS, host_facts
from calipso.sources.linux.parse_links import parse_links
from calipso.sources.linux.parse_namespaces import Namespace, parse_namespaces
from calipso.sources.linux.parse_neighbors import parse_fdb, parse_neighbors
from calipso.sources.linux.parse_netfilter import parse_conntrack, parse_firewall, parse_iptables, parse_nftables
from calipso.sources.linux.parse_nsids import parse_nsids
from calipso.sources.linux.parse_routes import parse_routes
from calipso.sources.linux.parse_rules import parse_rules
from calipso.sources.linux.parse_sockets import parse_owners, parse_sockets
from calipso.sources.linux.wire import split_dumps
from calipso.transports.redact import redact
from calipso.transports.replay import ReplayTransport
from calipso.transports.transcript import decode_line

RECORDINGS = Path(__file__).parents[2] / "replay" / "linux"
ROOT = Namespace("h", "root", "", 1, 0)


def links_to_records(body: bytes) -> Any:
    return build_devices("h", ROOT, parse_links(body), {}, {}, lambda nsid: None)


def facts(body: bytes) -> Any:
    found: dict[str, Any] = {}
    for _, parse in FACTS:
        found |= parse(body)
    return host_facts(found)


BINARY: dict[str, Callable[[bytes], Any]] = {
    "links with statistics": links_to_records,
    "addresses": parse_addresses,
    "nsids": parse_nsids,
    "ethtool": parse_ethtool,
    "routes": parse_routes,
    "neighbors": parse_neighbors,
    "fdb": parse_fdb,
    "rules": parse_rules,
    "conntrack": parse_conntrack,
    "firewall": parse_firewall,
    "sockets": lambda body: parse_sockets(body, {}),
    "owners": parse_owners,
}
TEXT: dict[str, Callable[[bytes], Any]] = {
    "nftables": parse_nftables,
    "iptables": parse_iptables,
    "namespaces": lambda body: parse_namespaces(body, "h"),
    "facts": facts,
}


@cache
def recorded(name: str) -> tuple[bytes, ...]:
    """Dumps of that name as they were recorded."""
    out = []
    for file in sorted(RECORDINGS.glob("*.jsonl")):
        for number, line in enumerate(file.read_text().splitlines()[1:], start=2):
            request = json.loads(line)["request"]
            answer = decode_line(line, number).answer
            if request["type"] == "Netlink" and name in request["dumps"] and not isinstance(answer, CalipsoError):
                out.append(split_dumps(answer.body, tuple(request["dumps"]))[name])
    return tuple(out)


def result_or_parse_error(parse: Callable[[bytes], Any], body: bytes) -> None:
    with contextlib.suppress(ParseError):
        parse(body)


@pytest.mark.parametrize("name", BINARY)
@given(st.data())
def test_mutated_dumps(name: str, data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(recorded(name) or (b"",))))
    for _ in range(data.draw(st.integers(0, 8))):
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    result_or_parse_error(BINARY[name], bytes(body[:cut] if data.draw(st.booleans()) else body[cut:]))


@pytest.mark.parametrize("name", BINARY)
@given(
    kind=st.sampled_from([2, 16, 17, 20, 24, 28, 32, 88, 0xF001, 0xF003, 0xF004, 0xF005, 0xF006]),
    body=st.binary(max_size=200),
)
def test_messages_of_anything(name: str, kind: int, body: bytes) -> None:
    message = struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body + bytes(-len(body) % 4)
    result_or_parse_error(BINARY[name], message)


@pytest.mark.parametrize("name", TEXT)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300).map(str.encode),
        st.recursive(
            st.one_of(st.none(), st.integers(), st.text(max_size=5)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=4),
                st.dictionaries(
                    st.sampled_from(["nftables", "root", "inode", "set", "elem", "flags", "paths"]), inner, max_size=4
                ),
            ),
            max_leaves=20,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_text_of_anything(name: str, body: bytes) -> None:
    result_or_parse_error(TEXT[name], body)


def test_json_nested_beyond_reason() -> None:
    result_or_parse_error(parse_nftables, b'{"nftables":' + b"[" * 100_000)
    result_or_parse_error(parse_nftables, b'{"nftables":' + b"[" * 500 + b"]" * 500 + b"}")


@given(st.binary(max_size=300))
def test_frames_of_anything(body: bytes) -> None:
    result_or_parse_error(parse_events, body)
    result_or_parse_error(parse_events, struct.pack("=Ii", len(body), 3) + body)


@given(st.text(max_size=200))
def test_redaction_is_done_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_damaged_answer_fails_its_own_part_only(data: st.DataObject) -> None:
    """A host of which any one answer is damaged: the pass ends, and every run of it is ended."""
    lines = (RECORDINGS / "node1.jsonl").read_text().splitlines()
    at = data.draw(st.integers(1, len(lines) - 1))
    found = json.loads(lines[at])
    for key in ("text", "base64"):
        if key in found:
            found["text"] = data.draw(st.text(max_size=40))
            found.pop("base64", None)
    lines[at] = json.dumps(found)

    async def collect() -> list[Any]:
        return [each async for each in SOURCE.collect(ReplayTransport(lines), SourceConfig(host="node1"))]

    observations = asyncio.run(collect())
    began = [each.scope for each in observations if type(each).__name__ == "RunBegan"]
    ended = [each.scope for each in observations if type(each).__name__ == "RunEnded"]
    assert began == ended
    assert all(isinstance(each.attributes, dict) for o in observations if isinstance(o, Seen) for each in o.records)
