"""Translated addresses: what a kernel's connection tracking says of a conversation, before and after NAT.

`of_netlink` reads a dump of ctnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h), `of_text` the output of
`conntrack -L -o extended`. Connections that are not translated are left out: they relate nothing.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from typing import NamedTuple

from calipso.errors import ParseError
from calipso.flows.naming import transport_number
from calipso.model.flow import Flow

_NEW, _ERROR = 1 << 8, 2
_ORIGINAL, _REPLY = 1, 2
_IP, _PROTOCOL = 1, 2
_ADDRESSES = {1: "source", 2: "target", 3: "source", 4: "target"}
_NUMBERS = {1: "protocol", 2: "from", 3: "to", 4: "echo", 7: "echo"}
_ICMP = (1, 58)
_NAMES = {"icmp": 1, "icmpv6": 58, "ipv6-icmp": 58, "tcp": 6, "udp": 17, "sctp": 132, "udplite": 136}


class Conversation(NamedTuple):
    """Who speaks with whom, from who began: the identifier of ICMP's echo stands for both ports."""

    protocol: int
    a: str
    b: str
    port_a: int
    port_b: int

    @property
    def either_way(self) -> tuple[int, tuple[tuple[str, int], ...]]:
        """The same for both directions."""
        return self.protocol, tuple(sorted(((self.a, self.port_a), (self.b, self.port_b))))


class Translation(NamedTuple):
    """A connection as it comes into a namespace and as it leaves it. `netns`: id of the namespace."""

    netns: str
    before: Conversation
    after: Conversation


def conversation(flow: Flow) -> Conversation | None:
    """None for what has no network layer."""
    network, ports = flow.network, flow.transport
    if network is None:
        return None
    if flow.icmp is not None:
        number = 1 if network.protocol == "IPV4" else 58
        return Conversation(number, network.a, network.b, flow.icmp.id, flow.icmp.id)
    if ports is None:
        return Conversation(0, network.a, network.b, 0, 0)
    return Conversation(transport_number(ports.protocol), network.a, network.b, ports.a, ports.b)


def of_netlink(body: bytes, netns: str) -> list[Translation]:
    """Of IPCTNL_MSG_CT_NEW messages. Raises `ParseError`."""
    out = []
    offset = 0
    try:
        while offset + 16 <= len(body):
            length, kind = struct.unpack_from("=IH", body, offset)
            if length < 16 or offset + length > len(body):
                raise ParseError("connections", "a message of connection tracking is cut off")
            if kind == _ERROR:
                raise ParseError(
                    "connections", f"the kernel refused: error {-struct.unpack_from('=i', body, offset + 16)[0]}"
                )
            if kind == _NEW:
                sides = dict(_attributes(body[offset + 20 : offset + length]))
                out += _relation(netns, _side(sides.get(_ORIGINAL, b"")), _side(sides.get(_REPLY, b"")))
            offset += (length + 3) & ~3
    except (struct.error, ValueError) as error:
        raise ParseError("connections", f"no dump of connection tracking: {error}") from error
    return out


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(body):
        size, number = struct.unpack_from("=HH", body, at)
        if size < 4:
            raise ParseError("connections", "an attribute of connection tracking is shorter than its header")
        yield number & 0x3FFF, body[at + 4 : at + size]
        at += (size + 3) & ~3


def _side(body: bytes) -> Conversation | None:
    said: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for number, value in _attributes(body):
        for inner, data in _attributes(value):
            if number == _IP and inner in _ADDRESSES:
                said[_ADDRESSES[inner]] = str(ipaddress.ip_address(data))
            elif number == _PROTOCOL and inner in _NUMBERS:
                numbers[_NUMBERS[inner]] = int.from_bytes(data, "big")
    if "source" not in said or "target" not in said:
        return None
    return _made(said["source"], said["target"], numbers)


def of_text(text: str, netns: str) -> list[Translation]:
    """Of lines as `ipv4 2 tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… src=… …`; others are passed over."""
    out = []
    for line in text.splitlines():
        words = line.split()
        name = next((word for word in words[:4] if word in _NAMES), "")
        pairs = [word.partition("=")[::2] for word in words if "=" in word]
        starts = [n for n, (key, _) in enumerate(pairs) if key == "src"]
        if not name or len(starts) != 2:
            continue
        try:
            sides = [_worded(_NAMES[name], dict(pairs[: starts[1]])), _worded(_NAMES[name], dict(pairs[starts[1] :]))]
        except (ValueError, KeyError):
            continue
        out += _relation(netns, *sides)
    return out


def _worded(protocol: int, said: dict[str, str]) -> Conversation:
    numbers = {"protocol": protocol}
    for key, name in (("sport", "from"), ("dport", "to"), ("id", "echo")):
        if key in said:
            numbers[name] = int(said[key])
    ends = [str(ipaddress.ip_address(said[key])) for key in ("src", "dst")]
    return _made(ends[0], ends[1], numbers)


def _made(a: str, b: str, numbers: dict[str, int]) -> Conversation:
    protocol = numbers.get("protocol", 0)
    if protocol in _ICMP:
        return Conversation(protocol, a, b, numbers.get("echo", 0), numbers.get("echo", 0))
    return Conversation(protocol, a, b, numbers.get("from", 0), numbers.get("to", 0))


def _relation(netns: str, before: Conversation | None, reply: Conversation | None) -> list[Translation]:
    if before is None or reply is None:
        return []
    after = Conversation(reply.protocol, reply.b, reply.a, reply.port_b, reply.port_a)
    return [Translation(netns, before, after)] if before != after else []
