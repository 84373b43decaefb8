"""Whatever comes over the network: a result or `ParseError`, never anything else, and records that can be unpacked."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.flows import record as r
from calipso.flows.export import sflow
from calipso.flows.export.netflow import Listener
from calipso.flows.export.told import ToldCounter
from calipso.flows.table import FlowTable, Point
from tests.support import exporters as x

ENDS = [(8, b"\x0a\0\0\1"), (12, b"\x0a\0\0\2")]
numbers = st.integers(0, 400)
plain = st.tuples(numbers, st.binary(max_size=9))
fields = st.lists(st.tuples(numbers, st.binary(max_size=9), st.sampled_from([29305, 9])) | plain, max_size=8)


@st.composite
def template_datagrams(draw: st.DrawFn) -> bytes:
    version = draw(st.sampled_from([9, 10]))
    made = [*ENDS, *draw(fields)]
    sets = [x.template(300, made, version), x.options(301, made[:1], made[1:], version), x.data(300, made, made),
            x.data(301, made), draw(st.binary(max_size=30))]  # fmt: skip
    return x.datagram(version, draw(numbers), *sets, seconds=draw(st.integers(0, 2**32 - 1)))


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    sent = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        if sent:
            sent[draw(st.integers(0, len(sent) - 1))] = draw(st.integers(0, 255))
    return bytes(sent[: draw(st.integers(0, len(sent)))]) if draw(st.booleans()) else bytes(sent)


headed = st.sampled_from([b"\0\5", b"\0\x09", b"\0\x0a", b"\0\0\0\5"])
noise = st.builds(lambda head, rest: head + rest, headed, st.binary(max_size=200)) | st.binary(max_size=200)
samples = st.lists(
    st.binary(max_size=80).map(lambda frame: x.packet_sample(1, frame)) | st.just(x.counter_sample(1, 2, 3, 4)),
    max_size=4,
)


@given(st.lists(damaged(template_datagrams()) | noise, max_size=4))
def test_flows_that_are_told(datagrams: list[bytes]) -> None:
    listener, counter = Listener(), ToldCounter(3)
    for each in datagrams:
        with contextlib.suppress(ParseError):
            counter.take(listener.parse(each, "e", 10**18).flows, 10**18)
    FlowTable(Point("n")).update(r.unpack(counter.records()), 10**18)


@given(damaged(samples.map(lambda each: x.sflow(1, *each))) | noise)
def test_sampled_packets(datagram: bytes) -> None:
    with contextlib.suppress(ParseError):
        said = sflow.parse(datagram)
        assert all(packet.wire >= len(packet.frame) for packet in said.packets)
