"""What connection tracking says: dumps of ctnetlink, and the text of conntrack(8)."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from calipso.errors import ParseError
from calipso.flows.translation import Conversation, Translation, of_netlink, of_text

# `conntrack -L -o extended` of conntrack-tools 1.4.7
TEXT = """\
ipv4     2 icmp     1 29 src=127.0.0.1 dst=127.0.0.9 type=8 code=0 id=22965 src=127.0.0.1 dst=127.0.0.1 type=0 code=0 \
id=22965 mark=0 use=1
ipv4     2 tcp      6 431999 ESTABLISHED src=10.1.0.2 dst=10.2.0.2 sport=40000 dport=80 src=10.2.0.2 dst=10.2.0.1 \
sport=80 dport=61000 [ASSURED] mark=0 use=1
ipv6     10 udp      17 29 src=fd00::1 dst=fd00::2 sport=5 dport=53 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=53 \
dport=5 mark=0 use=1
"""
TCP = Translation(
    "r", Conversation(6, "10.1.0.2", "10.2.0.2", 40000, 80), Conversation(6, "10.2.0.1", "10.2.0.2", 61000, 80)
)


def attribute(number: int, *value: bytes, nested: bool = True) -> bytes:
    body = b"".join(value)
    head = struct.pack("=HH", 4 + len(body), number | (0x8000 if nested else 0))
    return head + body + bytes(-len(body) % 4)


def side(number: int, a: str, b: str, protocol: int, numbers: dict[int, int]) -> bytes:
    addresses = [attribute(n, ipaddress.ip_address(each).packed, nested=False) for n, each in ((1, a), (2, b))]
    parts = [attribute(1, bytes([protocol]), nested=False)]
    parts += [attribute(n, value.to_bytes(2, "big"), nested=False) for n, value in numbers.items()]
    return attribute(number, attribute(1, *addresses), attribute(2, *parts))


def message(*sides: bytes, kind: int = 1 << 8) -> bytes:
    body = struct.pack("=BBH", 2, 0, 0) + b"".join(sides)
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body


def test_text_gives_what_is_translated_and_nothing_else() -> None:
    echo = Translation("r", Conversation(1, "127.0.0.1", "127.0.0.9", 22965, 22965),
                       Conversation(1, "127.0.0.1", "127.0.0.1", 22965, 22965))  # fmt: skip
    assert of_text(TEXT, "r") == [echo, TCP]


def test_a_dump_gives_the_same_as_the_text() -> None:
    tcp = message(side(1, "10.1.0.2", "10.2.0.2", 6, {2: 40000, 3: 80}),
                  side(2, "10.2.0.2", "10.2.0.1", 6, {2: 80, 3: 61000}))  # fmt: skip
    plain = message(side(1, "10.1.0.2", "10.2.0.2", 1, {4: 9}), side(2, "10.2.0.2", "10.1.0.2", 1, {4: 9}))
    echo = message(side(1, "10.1.0.2", "10.2.0.2", 1, {4: 9}), side(2, "10.2.0.2", "10.2.0.1", 1, {4: 10}))
    first, second = of_netlink(tcp + plain + echo, "r")
    assert first == TCP
    assert second.before == Conversation(1, "10.1.0.2", "10.2.0.2", 9, 9)
    assert second.after == Conversation(1, "10.2.0.1", "10.2.0.2", 10, 10)


def test_refusals_and_damage_are_said() -> None:
    with pytest.raises(ParseError, match="error 1"):
        of_netlink(struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -1), "r")
    with pytest.raises(ParseError, match="cut off"):
        of_netlink(message(side(1, "10.1.0.2", "10.2.0.2", 6, {}))[:-8], "r")


def test_either_way_is_the_same_for_both_directions() -> None:
    one = Conversation(6, "10.1.0.2", "10.2.0.2", 40000, 80)
    assert one.either_way == Conversation(6, "10.2.0.2", "10.1.0.2", 80, 40000).either_way
