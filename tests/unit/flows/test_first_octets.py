"""What conversations say first, from frames: TLS, HTTP, DNS, DHCP, VRRP; segments in any order; what TCP skipped."""

from __future__ import annotations

import itertools
import struct

from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.payload import LAYERS, host, server_name
from calipso.flows.stream import HEAD
from calipso.flows.table import FlowTable, Point, Policy
from calipso.model.flow import Flow
from tests.support import packets as p

A, B = "192.0.2.9", "192.0.2.1"


def flows(frames: list[bytes], layers: tuple[str, ...] = LAYERS) -> list[Flow]:
    counter = Counter(streams=True, heads=10)
    for n, frame in enumerate(frames):
        counter.frame(frame, len(frame), 1000 * n)
    return FlowTable(Point(), Policy(layers=layers)).update(r.unpack(counter.records()), 1 << 40)


def tcp(payload: bytes, sequence: int, *, flags: int = 24, back: bool = False, port: int = 443) -> bytes:
    ends, ports = ((B, A), (port, 50000)) if back else ((A, B), (50000, port))
    return p.ethernet(p.ipv4(p.tcp(payload, *ports, flags, sequence % 2**32), 6, *ends), 0x0800)


def udp(payload: bytes, a: int, b: int, *, back: bool = False) -> bytes:
    ends, ports = ((B, A), (b, a)) if back else ((A, B), (a, b))
    return p.ethernet(p.ipv4(p.udp(payload, *ports), 17, *ends), 0x0800)


def hello(name: str, *, padding: int = 0, records: int = 1) -> bytes:
    """A ClientHello of TLS 1.2's form, its name after so many octets of another extension, over several records."""
    said = name.encode()
    names = struct.pack("!HBH", len(said) + 3, 0, len(said)) + said
    more = struct.pack("!HH", 21, padding) + b"\0" * padding
    extensions = more + struct.pack("!HH", 0, len(names)) + names
    body = b"\x03\x03" + b"r" * 32 + b"\x20" + b"s" * 32 + b"\0\2\x13\x01" + b"\1\0"
    body += struct.pack("!H", len(extensions)) + extensions
    shake = b"\1" + len(body).to_bytes(3, "big") + body
    size = -(-len(shake) // records)
    parts = [shake[at : at + size] for at in range(0, len(shake), size)]
    return b"".join(struct.pack("!BHH", 22, 0x301, len(each)) + each for each in parts)


def name(text: str) -> bytes:
    return b"".join(bytes([len(each)]) + each.encode() for each in text.split(".")) + b"\0"


def question(text: str, kind: int = 1) -> bytes:
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + name(text) + struct.pack("!HH", kind, 1)


def answer(text: str) -> bytes:
    head = struct.pack("!6H", 7, 0x8580, 1, 2, 0, 0) + name(text) + struct.pack("!HH", 1, 1)
    alias = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 4) + b"\1a\xc0\x0c"
    return head + alias + b"\1a\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + bytes([192, 0, 2, 7])


def test_a_servers_name_whose_segments_come_in_any_order() -> None:
    said = hello("Shop.Example.org", padding=600)
    for base in (0, 2**32 - 100):
        parts = [tcp(said[at : at + 200], base + 1 + at, port=4443) for at in range(0, len(said), 200)]
        for order in itertools.permutations(parts, len(parts)):
            (flow,) = flows([tcp(b"", base, flags=2, port=4443), *order])
            assert (flow.application, flow.asked_name) == ("TLS", "shop.example.org")


def test_a_hello_over_several_records_or_without_a_name() -> None:
    assert server_name(hello("a.example", records=3)) == "a.example"
    assert server_name(hello("a.example")[:60]) == "" and server_name(b"\x16\x03\x01") is None
    (flow,) = flows([tcp(hello("a.example"), 1)])
    assert (flow.application, flow.asked_name) == ("HTTPS", "a.example")


def test_a_segment_that_was_not_seen_hides_what_follows() -> None:
    said = hello("a.example", padding=600)
    (flow,) = flows([tcp(b"", 0, flags=2), tcp(said[:100], 1), tcp(said[300:], 301)])
    assert (flow.application, flow.asked_name) == ("HTTPS", "")


def test_http_on_any_port() -> None:
    request = b"GET / HTTP/1.1\r\nAccept: */*\r\nHost: www.Example.org:8000\r\n\r\nHost: wrong\r\n"
    (flow,) = flows([tcp(b"HTTP/1.1 200 OK\r\n\r\n", 1, back=True, port=8000), tcp(request, 1, port=8000)])
    assert (flow.application, flow.asked_name) == ("HTTP", "www.example.org")
    assert host(b"GET http://b.example/x HTTP/1.0\r\n\r\n") == "b.example"
    assert host(b"CONNECT x HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n") == "[2001:db8::1]"


def test_dns_with_all_of_its_question_and_answer() -> None:
    (flow,) = flows([udp(question("a.example"), 4000, 53), udp(answer("a.example"), 4000, 53, back=True)])
    assert (flow.application, flow.asked_name) == ("DNS", "a.example") and flow.dns is not None
    assert flow.dns.questions == "a.example. IN A"
    assert flow.dns.answers == "a.example. 60 IN CNAME a.a.example.\na.a.example. 300 IN A 192.0.2.7"
    assert (flow.dns.id, flow.dns.answer, flow.dns.code, flow.dns.authoritative) == (7, 1, 0, 1)
    (plain,) = flows([udp(question("a.example"), 4000, 5300)], layers=())
    assert (plain.application, plain.asked_name, plain.dns) == ("DNS", "a.example", None)
    over_tcp = len(question("b.example")).to_bytes(2, "big") + question("b.example", 28)
    (flow,) = flows([tcp(over_tcp[:9], 1, port=53), tcp(over_tcp[9:], 10, port=53)])
    assert (flow.application, flow.asked_name) == ("DNS", "b.example")


def test_what_is_no_dns_is_none() -> None:
    (flow,) = flows([udp(question("a.example") + b"x", 4000, 5300)])
    assert (flow.application, flow.asked_name) == ("UDP", "")
    loop = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\xc0\x0c" + struct.pack("!HH", 1, 1)
    (flow,) = flows([udp(loop, 4000, 53)])
    assert (flow.application, flow.dns) == ("DNS", None)


def test_dhcp() -> None:
    head = struct.pack("!BBBBIHH", 2, 1, 6, 0, 99, 0, 0) + bytes(4) + bytes([10, 0, 0, 9]) + bytes(8)
    head += bytes.fromhex("02000000000a") + bytes(10 + 192) + bytes.fromhex("63825363")
    options = b"\x35\1\5" + b"\x36\4" + bytes([10, 0, 0, 1]) + b"\x33\4" + bytes([0, 0, 14, 16]) + b"\x0c\2vm" + b"\xff"
    (flow,) = flows([udp(head + options, 67, 68)])
    assert flow.dhcp is not None and flow.application == "DHCPv4"
    d = flow.dhcp
    assert (d.id, d.type, d.reply, d.client_mac, d.yours) == (99, "ack", 1, "02:00:00:00:00:0a", "10.0.0.9")
    assert (d.server, d.lease, d.host_name, d.client) == ("10.0.0.1", 3600, "vm", "")


def test_vrrp() -> None:
    said = struct.pack("!8B", 0x21, 5, 200, 2, 0, 1, 0, 0) + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + bytes(8)
    (flow,) = flows([p.ethernet(p.ipv4(said, 112, "10.0.0.3", "224.0.0.18", ttl=255), 0x0800)])
    assert flow.vrrp is not None and flow.application == "VRRP"
    assert (flow.vrrp.router, flow.vrrp.priority, flow.vrrp.interval) == (5, 200, 1)
    assert flow.vrrp.addresses == "10.0.0.1 10.0.0.2"


def test_what_tcp_skipped_sent_again_and_filled() -> None:
    frames = [
        tcp(b"", 99, flags=2), tcp(b"", 499, flags=18, back=True), tcp(b"a" * 10, 100), tcp(b"c" * 10, 120),
        tcp(b"c" * 10, 120), tcp(b"b" * 5, 115), tcp(b"e" * 10, 140), tcp(b"", 150, flags=17),
    ]  # fmt: skip
    (flow,) = flows(frames)
    t = flow.tcp
    assert t is not None
    assert (t.ab_packets, t.ab_bytes, t.ab_retransmitted) == (4, 35, 1)
    assert (t.ab_skipped, t.ab_skipped_bytes, t.ab_out_of_order) == (2, 15, 2)
    assert (t.ab_saw_start, t.ab_saw_end, t.ba_saw_start, t.ba_saw_end) == (1, 1, 1, 0)


def test_a_gap_can_be_filled_from_its_middle() -> None:
    parts = [(100, 10), (200, 10), (150, 10), (110, 40), (160, 40)]
    seen = []
    for n in range(1, len(parts) + 1):
        (flow,) = flows([tcp(b"x" * size, at) for at, size in parts[:n]])
        assert flow.tcp is not None
        seen.append((flow.tcp.ab_skipped, flow.tcp.ab_skipped_bytes, flow.tcp.ab_bytes))
    assert seen == [(0, 0, 10), (1, 90, 20), (2, 80, 30), (1, 40, 70), (0, 0, 110)]


def test_first_octets_make_room_for_others() -> None:
    counter = Counter(heads=1)
    for n, port in enumerate((1, 2)):
        frame = udp(question("a.example"), 4000, port)
        counter.frame(frame, len(frame), n)
    assert sorted(len(each.tail.heads[1]) for each in r.unpack(counter.records()) if each.tail) == [0, 27]
    counter.release(1)
    frame = udp(b"x" * (HEAD + 9), 4000, 2)
    counter.frame(frame, len(frame), 3)
    counter.frame(udp(b"again", 4000, 1), 60, 4)
    assert sorted(len(each.tail.heads[1]) for each in r.unpack(counter.records()) if each.tail) == [0, HEAD]
