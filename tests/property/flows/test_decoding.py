"""Whatever is on the wire: every frame is counted once at its outermost layer, nothing crashes, records come back."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.decode import DEEPEST, decode
from calipso.flows.pcap import read
from calipso.flows.table import FlowTable, Point
from tests.support import packets as p

INNER = st.sampled_from([
    p.ethernet(p.ipv4(p.udp(b"x", 1, 2), 17), 0x0800), p.ethernet(p.ipv6(p.tcp(b"y", 3, 4), 6), 0x86DD),
    p.ethernet(b"\0" * 28, 0x0806),
])  # fmt: skip


def wrapped(frame: bytes, how: int) -> bytes:
    ways = [
        lambda: p.ipv4(p.vxlan(frame, 9), 17), lambda: p.ipv4(p.geneve(frame, 9), 17),
        lambda: p.ipv4(p.gre(frame, 0x6558, key=1), 47), lambda: p.ipv4(p.erspan2(frame, 3), 47),
    ]  # fmt: skip
    return p.ethernet(ways[how % len(ways)](), 0x0800)


FRAMES = st.one_of(
    st.binary(max_size=120),
    INNER,
    st.tuples(INNER, st.integers(0, 3)).map(lambda each: wrapped(*each)),
    st.tuples(INNER, st.integers(0, 3), st.integers(0, 3)).map(
        lambda each: wrapped(wrapped(each[0], each[1]), each[2])
    ),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    frame = bytearray(draw(FRAMES))
    for _ in range(draw(st.integers(0, 4))):
        if frame:
            frame[draw(st.integers(0, len(frame) - 1))] = draw(st.integers(0, 255))
    return bytes(frame[: draw(st.integers(0, len(frame)))]) if draw(st.booleans()) else bytes(frame)


@given(damaged())
def test_any_octets_are_decoded(frame: bytes) -> None:
    layers = decode(frame, len(frame))
    assert len(layers) <= DEEPEST and bool(layers) == (len(frame) >= 14)
    lengths = [layer.length for layer in layers]
    assert lengths == sorted(lengths, reverse=True) and lengths[:1] in ([], [len(frame)])


@given(st.lists(damaged(), max_size=30))
def test_every_frame_is_counted_once_at_its_outermost_layer(frames: list[bytes]) -> None:
    counter = Counter()
    for n, frame in enumerate(frames):
        counter.frame(frame, len(frame), n)
    records = list(r.unpack(counter.records()))
    outermost = [each for each in records if not each.key.tunnel]
    assert sum(sum(each.packets) for each in outermost) == counter.received - counter.unknown
    assert sum(sum(each.octets) for each in outermost) == sum(len(each) for each in frames if len(each) >= 14)
    flows = FlowTable(Point("n")).update(records, len(frames))
    assert len(flows) == len(records) == len({flow.uuid for flow in flows})
    assert {flow.parent for flow in flows if flow.tunnel} <= {flow.uuid for flow in flows}
    assert all(flow.parent for flow in flows if flow.tunnel)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a"]))
def test_any_file_is_read_or_refused(rest: bytes, magic: bytes) -> None:
    try:
        for packet in read(io.BytesIO(magic + rest)):
            assert len(packet.frame) <= len(rest)
    except ParseError:
        pass
