"""The demo's traffic: packets made up for its conversations, counted by the code that counts real ones.

Nothing was captured where the demo was recorded. Its workloads talk as such do: what passed between red-1 and red-2
until the fault, what each tries since, what goes on beside it. Every packet is put together with its headers, in VXLAN
on the wire between hosts, and handed to a counter at each point of capture it comes by; where the tunnel is gone it
comes by no further. Ethernet II, IPv4 (RFC 791), TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792), VXLAN (RFC 7348).
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import msgspec

from calipso.flows.count import Counter
from calipso.flows.forge import checksum
from calipso.flows.offline import reading
from calipso.flows.table import Point
from calipso.model.flow import Flow

CAPTURE = "demo"
"""The id of the capture that all of it is told of."""
FAULT = -(23 * 60 + 3)
"""Seconds before the end: when cmp2 loses its tunnel to cmp1, as in `demo.jsonl`."""
_SECOND = 1_000_000_000
_HOP = 40_000
"""ns from one point to the next."""
_SYN, _ACK, _PUSH = 0x02, 0x10, 0x18
_BLUE, _RED = 1181, 1938
"""VNIs."""


class _End(msgspec.Struct, frozen=True):
    """A workload's NIC: where it is plugged in, and the tunnel endpoint of its host."""

    host: str
    tap: str
    mac: str
    ip: str
    vtep_mac: str
    vtep: str


def _end(host: str, tap: str, mac: str, ip: str) -> _End:
    mine = {
        "cmp1": ("8e:cb:aa:da:eb:4a", "10.77.1.21"), "cmp2": ("3a:81:15:c6:b8:44", "10.77.1.22"),
        "ctl": ("22:1b:1e:4a:58:4c", "10.77.1.11"),
    }  # fmt: skip
    return _End(host, f"{host}/{tap}", mac, ip, *mine[host])


RED_1 = _end("cmp1", "dev:tap2b3d0d1d-27", "fa:16:3e:f7:ed:70", "10.1.0.95")
RED_2 = _end("cmp2", "dev:tapfcb0da28-da", "fa:16:3e:d1:be:9c", "10.1.0.33")
BLUE_1 = _end("cmp1", "dev:tap1eabdca1-58", "fa:16:3e:98:f5:da", "10.2.0.51")
_DHCP_RED = _end("ctl", "netns:qdhcp-63aadad0-8f9e-4e80-8b8a-abab76a185b8/dev:tapaf91672b-57", "fa:16:3e:e8:fb:67",
                 "10.1.0.2")  # fmt: skip
_DHCP_BLUE = _end("ctl", "netns:qdhcp-244892a7-e502-465e-9d2a-be6383505f0f/dev:tap0a057ac8-42", "fa:16:3e:8b:34:88",
                  "10.2.0.2")  # fmt: skip


class _Packet(msgspec.Struct, frozen=True):
    """`at`: seconds before the end. `said`: what is in the IP packet."""

    at: float
    source: _End
    target: _End
    vni: int
    protocol: int
    said: bytes


def flows(end: int) -> list[Flow]:
    """All flows of the demo, which ends at `end` (µs since the epoch)."""
    points: dict[str, Counter] = {}
    for packet in sorted(_packets(), key=lambda each: each.at):
        time = end * 1000 + int(packet.at * _SECOND)
        for node, frame in _way(packet):
            points.setdefault(node, Counter()).frame(frame, len(frame), time)
            time += _HOP
    found: list[Flow] = []
    for node, counter in points.items():
        found += reading(counter, Point(node, CAPTURE, node.partition("/")[0]), "").flows
    return found


def _way(packet: _Packet) -> Iterator[tuple[str, bytes]]:
    """The points that it comes by, and as what."""
    source, target = packet.source, packet.target
    ip = _network(packet.protocol, source.ip, target.ip, packet.said)
    frame = _mac(target.mac) + _mac(source.mac) + b"\x08\x00" + ip
    yield source.tap, frame
    cut = packet.at >= FAULT and {source.host, target.host} == {"cmp1", "cmp2"}
    if cut and source.host == "cmp2":
        return  # its own switch has no port left that leads there
    port = 49_152 + sum(frame[:34]) % 16_384
    vxlan = struct.pack("!II", 0x08000000, packet.vni << 8) + frame
    udp = struct.pack("!HHHH", port, 4789, 8 + len(vxlan), 0) + vxlan
    outer = _mac(target.vtep_mac) + _mac(source.vtep_mac) + b"\x08\x00" + _network(17, source.vtep, target.vtep, udp)
    yield f"{source.host}/dev:eth1", outer
    yield f"{target.host}/dev:eth1", outer
    if not cut:
        yield target.tap, frame


def _packets() -> Iterator[_Packet]:
    yield from _asked(RED_1, RED_2, _RED, 43_906, -40 * 60, FAULT - 4)
    for attempt, at in enumerate((FAULT + 9, -15 * 60, -7 * 60, -68)):
        for wait in (0, 1, 3, 7, 15, 31):
            yield _tcp(at + wait, RED_1, RED_2, _RED, (44_120 + 2 * attempt, 5432), _SYN)
    yield from _echoed(RED_2, RED_1, _RED, 1207, -10 * 60, 0, answered=False)
    yield from _echoed(RED_1, _DHCP_RED, _RED, 2311, -12 * 60, 0, answered=True)
    resolvers = ((RED_1, _DHCP_RED, _RED), (RED_2, _DHCP_RED, _RED), (BLUE_1, _DHCP_BLUE, _BLUE))
    for nth, (guest, server, vni) in enumerate(resolvers):
        for minute in (2, 11, 20):
            yield from _resolved(-minute * 60 + 7 * nth, guest, server, vni, 35_000 + 100 * nth + minute)


def _asked(client: _End, server: _End, vni: int, port: int, begin: float, until: float) -> Iterator[_Packet]:
    """A connection to a database: a question every four seconds, and its answer."""
    there, back = (port, 5432), (5432, port)
    yield _tcp(begin, client, server, vni, there, _SYN)
    yield _tcp(begin + 0.0008, server, client, vni, back, _SYN | _ACK)
    yield _tcp(begin + 0.0015, client, server, vni, there, _ACK, acknowledged=1)
    asked = answered = 1
    for nth in range(int((until - begin) / 4)):
        at = begin + 1 + 4 * nth
        question, answer = bytes(90 + nth % 7), bytes(420 + 31 * (nth % 9))
        yield _tcp(at, client, server, vni, there, _PUSH, question, asked, answered)
        asked += len(question)
        yield _tcp(at + 0.0019, server, client, vni, back, _PUSH, answer, answered, asked)
        answered += len(answer)
        yield _tcp(at + 0.0026, client, server, vni, there, _ACK, b"", asked, answered)


def _echoed(
    client: _End, server: _End, vni: int, id: int, begin: int, until: int, *, answered: bool,
) -> Iterator[_Packet]:  # fmt: skip
    """Echo requests, one in two seconds."""
    for nth, at in enumerate(range(begin, until, 2)):
        said = struct.pack("!HH", id, nth) + bytes(56)
        yield _Packet(at, client, server, vni, 1, _summed(struct.pack("!BBH", 8, 0, 0) + said))
        if answered:
            yield _Packet(at + 0.0011, server, client, vni, 1, _summed(struct.pack("!BBH", 0, 0, 0) + said))


def _resolved(at: float, client: _End, server: _End, vni: int, port: int) -> Iterator[_Packet]:
    """A question for a name and its answer (RFC 1035 §4)."""
    name = b"\x02db\x04shop\x07example\0" + struct.pack("!HH", 1, 1)
    answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(RED_2.ip)
    question = struct.pack("!HHHHHH", port, 0x0100, 1, 0, 0, 0) + name
    told = struct.pack("!HHHHHH", port, 0x8580, 1, 1, 0, 0) + name + answer
    yield _Packet(at, client, server, vni, 17, struct.pack("!HHHH", port, 53, 8 + len(question), 0) + question)
    yield _Packet(at + 0.0006, server, client, vni, 17, struct.pack("!HHHH", 53, port, 8 + len(told), 0) + told)


def _tcp(
    at: float, source: _End, target: _End, vni: int, ports: tuple[int, int], flags: int, payload: bytes = b"",
    sequence: int = 0, acknowledged: int = 0,
) -> _Packet:  # fmt: skip
    """Without checksum, as a tap sees what is left to the hardware."""
    said = struct.pack("!HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, flags, 64_240, 0, 0) + payload
    return _Packet(at, source, target, vni, 6, said)


def _summed(icmp: bytes) -> bytes:
    return icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]


def _network(protocol: int, source: str, target: str, said: bytes) -> bytes:
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(said), 0, 0x4000, 64, protocol, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + said


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
