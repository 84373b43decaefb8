"""Frames that are made say what was asked, and their checksums hold."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import QueryError
from calipso.flows import forge
from calipso.flows import record as r
from calipso.flows.decode import decode
from calipso.runtime.injecting import tracking_of

ENDS: dict[str, tuple[str, str]] = {"4": ("10.0.0.1", "10.0.0.2"), "6": ("2001:db8::1", "2001:db8::2")}
KINDS: tuple[forge.Kind, ...] = ("icmp4", "icmp6", "tcp4", "tcp6", "udp4", "udp6")


def wanted(kind: forge.Kind, **options: Any) -> forge.Frames:
    source, target = ENDS[kind[-1]]
    return forge.Frames(kind=kind, source_mac="02:00:00:00:00:0a", target_mac="02:00:00:00:00:0b", source_ip=source,
                        target_ip=target, target_port=53, **options)  # fmt: skip


@given(st.sampled_from(KINDS), st.binary(max_size=99), st.integers(1, 255), st.integers(0, 2**64))
def test_checksums_hold(kind: forge.Kind, payload: bytes, ttl: int, seed: int) -> None:
    (frame,) = forge.frames(wanted(kind, payload=payload, ttl=ttl), seed)
    ip, six = frame[14:], kind.endswith("6")
    if not six:
        assert forge.checksum(ip[:20]) == 0 and ip[8] == ttl and struct.unpack("!H", ip[2:4])[0] == len(ip)
    said = ip[40:] if six else ip[20:]
    ends, protocol = (ip[8:40], ip[6]) if six else (ip[12:20], ip[9])
    pseudo = b"" if kind == "icmp4" else ends + struct.pack("!II", len(said), protocol)
    assert forge.checksum(pseudo + said) == 0 and said.endswith(payload)
    assert forge.ends_of(frame) == ENDS[kind[-1]]


@pytest.mark.parametrize("kind", KINDS)
def test_one_flow_or_one_a_packet(kind: forge.Kind) -> None:
    same = list(forge.frames(wanted(kind, count=20), 1))
    assert len({tracking_of(frame) for frame in same}) == 1
    assert len({tracking_of(frame) for frame in forge.frames(wanted(kind, count=20, mode="random"), 1)}) > 15
    key = r.unpack_key(decode(same[0], len(same[0]))[-1].key)
    assert kind.startswith("icmp") or 53 in (key.port_a, key.port_b)


def test_each_is_longer_than_the_one_before() -> None:
    lengths = [len(frame) for frame in forge.frames(wanted("udp4", payload=b"ab", growth=10, count=4), 1)]
    assert lengths == [44, 54, 64, 74]
    assert len(list(forge.frames(wanted("udp4", growth=60_000, count=3), 1))[-1]) == 42 + forge.LARGEST


def test_what_does_not_fit_is_refused() -> None:
    mixed = forge.Frames(kind="icmp6", source_mac="02:00:00:00:00:0a", target_mac="02:00:00:00:00:0b",
                         source_ip="10.0.0.1", target_ip="2001:db8::2")  # fmt: skip
    with pytest.raises(QueryError, match="IPv6"):
        next(forge.frames(mixed, 1))
    nowhere = forge.Frames(kind="icmp4", source_mac="x", target_mac="02:00:00:00:00:0b", source_ip="10.0.0.1",
                           target_ip="10.0.0.2")  # fmt: skip
    with pytest.raises(QueryError, match="not a MAC"):
        next(forge.frames(nowhere, 1))
    assert forge.ends_of(b"\0" * 60) is None
