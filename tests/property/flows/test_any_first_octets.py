"""Whatever octets a conversation begins with, reading them raises nothing and tells nothing endless."""

from __future__ import annotations

import struct

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.payload import LAYERS, said_by
from calipso.flows.stream import HEAD
from calipso.flows.table import FlowTable, Point, Policy
from tests.support import packets as p
from tests.unit.flows.test_first_octets import answer, hello, question

DHCP = struct.pack("!BBBB", 1, 1, 6, 0) + bytes(232) + bytes.fromhex("63825363") + b"\x35\1\1\x0c\2vm\xff"
VRRP = struct.pack("!8B", 0x21, 5, 200, 1, 0, 1, 0, 0) + bytes([10, 0, 0, 1])
HTTP = b"GET http://a.example/ HTTP/1.1\r\nHost: b.example:80\r\n\r\n"
KNOWN = [hello("a.example", padding=9), hello("a.example", records=2), question("a.example"), answer("a.example"), DHCP,
         VRRP, HTTP]  # fmt: skip


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """Known messages with octets changed and cut off, and others."""
    text = bytearray(draw(st.one_of(st.sampled_from(KNOWN), st.binary(max_size=200))))
    for at, octet in draw(st.lists(st.tuples(st.integers(0, HEAD), st.integers(0, 255)), max_size=6)):
        if text:
            text[at % len(text)] = octet
    return bytes(text[: draw(st.integers(0, HEAD))])


@given(heads(), heads(), st.sampled_from([6, 17, 112, 132]), st.sampled_from([53, 67, 443, 5353, 7]))
def test_first_octets(one: bytes, two: bytes, protocol: int, port: int) -> None:
    key = r.Key(b"\1" * 16, b"\2" * 16, port, 4000, protocol, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, b"", b"", 0)
    said = said_by(key, (one, two))
    assert len(msgspec.json.encode(said)) < 100_000
    if said.asked_name:
        assert said.application in ("TLS", "HTTP", "DNS") and said.asked_name.isprintable()


@given(heads(), st.sampled_from([53, 67, 443]), st.booleans())
def test_frames_with_them_become_flows(head: bytes, port: int, over_tcp: bool) -> None:
    made = p.tcp(head, 4000, port, 24) if over_tcp else p.udp(head, 4000, port)
    frame = p.ethernet(p.ipv4(made, 6 if over_tcp else 17), 0x0800)
    counter = Counter(streams=True, heads=1)
    counter.frame(frame, len(frame), 5)
    (flow,) = FlowTable(Point(), Policy(layers=LAYERS)).update(r.unpack(counter.records()), 9)
    assert msgspec.json.encode(flow)


@given(st.binary(max_size=900))
def test_records_that_are_none_are_refused_and_nothing_else(packed: bytes) -> None:
    try:
        found = list(r.unpack(packed))
    except ValueError:
        return
    assert bool(found) == bool(packed)
