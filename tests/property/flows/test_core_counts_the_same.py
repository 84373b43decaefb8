"""The C core against its definition: the same frames make the same records, octet by octet."""

from __future__ import annotations

import ctypes
import io
import random
import struct
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.captures.core import CoreTable, joined, load
from calipso.errors import ParseError
from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.decode import ETHERNET, RAW_IP
from calipso.flows.fragments import EVER, LIMIT
from calipso.flows.pcap import read
from calipso.native.build import build
from tests.property.flows.test_decoding import damaged
from tests.support import packets as p


@cache
def core() -> ctypes.CDLL:
    path = build()
    found = load(path) if path is not None else None
    if found is None:
        pytest.skip("needs a C compiler: `make test` as root installs gcc")
    return found


def sorted_records(packed: bytes) -> list[bytes]:
    """Each with its tail."""
    found, at = [], 0
    for record in r.unpack(packed):
        heads = sum(map(len, record.tail.heads)) if record.tail is not None else 0
        size = r.SIZE + (r.TAIL.size + -(-heads // 8) * 8 if record.tail is not None else 0)
        found.append(packed[at : at + size])
        at += size
    assert at == len(packed)
    return sorted(found)


def conversation() -> st.SearchStrategy[bytes]:
    """Frames of few ends, so that they meet: TCP with any flags and sequences, echoes, fragments."""
    port, flags = st.integers(1, 3), st.integers(0, 63)
    ends = st.sampled_from([("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1")])

    def segment(ends: tuple[str, str], a: int, b: int, flag: int, sequence: int, payload: bytes, ttl: int) -> bytes:
        return p.ethernet(p.ipv4(p.tcp(payload, a, b, flag, sequence), 6, *ends, ttl=ttl), 0x0800)

    def ping(ends: tuple[str, str], kind: int, identifier: int) -> bytes:
        return p.ethernet(p.ipv4(p.echo(kind, identifier, 1), 1, *ends), 0x0800)

    def piece(ends: tuple[str, str], six: bool, ident: int, eights: int, more: bool, size: int) -> bytes:
        body = p.udp(b"x" * size, 1, 2)[: 8 + size] if not eights else b"y" * size
        if six:
            head = struct.pack("!BBHI", 17, 0, eights * 8 | more, ident)
            return p.ethernet(p.ipv6(head + body, 44, *(f"2001:db8::{end[-1]}" for end in ends)), 0x86DD)
        return p.ethernet(p.ipv4(body, 17, *ends, offset=eights * 8, more=more, ident=ident), 0x0800)

    numbers = st.one_of(st.integers(0, 20), st.integers(2**32 - 20, 2**32 - 1))
    return st.one_of(
        st.builds(segment, ends, port, port, flags, numbers, st.binary(max_size=5), st.integers(1, 255)),
        st.builds(ping, ends, st.sampled_from([0, 8, 13, 14, 3]), st.integers(0, 2)),
        st.builds(piece, ends, st.booleans(), st.integers(1, 20), st.integers(0, 2), st.booleans(), st.integers(0, 16)),
        damaged(),
    )


def times() -> st.SearchStrategy[int]:
    """Close together, and about the time that datagrams are remembered apart."""
    return st.one_of(st.integers(0, 50), st.integers(LIMIT - 2, LIMIT + 60))


@given(
    st.lists(st.tuples(conversation(), times(), st.sampled_from([0, 0, 7]), st.integers(0, 9)), max_size=60),
    st.sampled_from([ETHERNET, ETHERNET, RAW_IP]), st.booleans(), st.sampled_from([4, 500]),
    st.sampled_from([0, 1, 2, 1024]), st.booleans(), st.sampled_from([0, 1, 100]),
)  # fmt: skip
def test_the_same_frames_make_the_same_records(
    frames: list[tuple[bytes, int, int, int]], link: int, l2_key: bool, most: int, fragments: int, streams: bool,
    heads: int,
) -> None:  # fmt: skip
    table = CoreTable(most, l2_key=l2_key, fragments=fragments, streams=streams, heads=heads, packets=2, room=900,
                      core=core())  # fmt: skip
    counter = Counter(
        most, l2_key=l2_key, fragments=fragments, streams=streams, heads=heads, packets=2, room=900
    )  # fmt: skip
    try:
        for frame, time, vlan, cut in frames:
            kept = frame[: max(0, len(frame) - cut)]
            table.frame(kept, len(frame), time, link=link, ifindex=3, vlan=vlan)
            counter.frame(kept, len(frame), time, link=link, ifindex=3, vlan=vlan)
        for before in (25, LIMIT, EVER):
            assert table.counts() == (counter.received, counter.octets, counter.lost, counter.unknown)
            assert sorted_records(table.records()) == sorted_records(counter.records())
            table.settle(before)
            counter.settle(before)
        assert sorted_records(table.records()) == sorted_records(counter.records())
        assert table.packets() == counter.packets()
        table.release(20)
        counter.release(20)
        for frame, time, vlan, _ in frames[:9]:
            table.frame(frame, len(frame), time, link=link, ifindex=3, vlan=vlan)
            counter.frame(frame, len(frame), time, link=link, ifindex=3, vlan=vlan)
        assert sorted_records(table.records()) == sorted_records(counter.records())
        assert table.packets() == counter.packets()
        assert table.forget(25) == counter.forget(25)
        assert sorted_records(table.records()) == sorted_records(counter.records())
    finally:
        table.close()


def test_a_file_in_memory_is_the_same_as_its_packets() -> None:
    chance = random.Random(7)
    frames = []
    for n in range(3000):
        inner = p.ethernet(p.ipv4(p.udp(b"x" * chance.randrange(50), chance.randrange(9), 53), 17), 0x0800)
        frame = inner if n % 2 else p.ethernet(p.ipv4(p.vxlan(inner, n % 7), 17), 0x0800)
        frames.append((1e9 + n / 1000, frame))
    file = p.pcap(frames)[:-3]
    counter, table = Counter(), CoreTable(core=core())
    with pytest.raises(ParseError):
        for packet in read(io.BytesIO(file)):
            counter.frame(packet.frame, packet.wire, packet.time)
    buffer = ctypes.create_string_buffer(file, len(file))
    whole = table.pcap(ctypes.addressof(buffer) + 24, len(file) - 24, 1000, ETHERNET, 1 << 24)
    assert 24 + whole == len(file) - (16 + len(frames[-1][1]) - 3)
    assert sorted_records(table.records()) == sorted_records(counter.records())
    table.close()


def test_keys_and_values_that_stand_apart_are_joined_the_same_without_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    keys, values = random.Random(3).randbytes(5 * r.KEY.size), random.Random(4).randbytes(5 * r.VALUE.size)
    monkeypatch.setattr("calipso.captures.core.library", core)
    found = joined(keys, values)
    assert found[-r.SIZE :] == keys[-r.KEY.size :] + values[-r.VALUE.size :]
    monkeypatch.setattr("calipso.captures.core.library", lambda: None)
    assert joined(keys, values) == found


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 12), st.sampled_from([16, 16, 16, 16, 2, 17, 4]), st.booleans()),
        max_size=50,
    ),
    st.sampled_from([0, 2**32 - 20]), st.sampled_from([1, 200]),
)  # fmt: skip
def test_segments_in_any_order_are_followed_the_same(
    segments: list[tuple[int, int, int, bool]], base: int, scale: int
) -> None:
    table = CoreTable(streams=True, heads=9, core=core())
    counter = Counter(streams=True, heads=9)
    try:
        for n, (at, size, flags, back) in enumerate(segments):
            text = bytes((at * scale + each) % 251 for each in range(size * scale))
            ends = ("10.0.0.2", "10.0.0.1") if back else ("10.0.0.1", "10.0.0.2")
            made = p.tcp(text, 1, 1, flags, (base + at * scale) % 2**32)
            frame = p.ethernet(p.ipv4(made, 6, *ends), 0x0800)
            table.frame(frame, len(frame), n)
            counter.frame(frame, len(frame), n)
        assert sorted_records(table.records()) == sorted_records(counter.records())
    finally:
        table.close()
