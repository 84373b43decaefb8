"""AF_PACKET on a real cable between two namespaces: as many packets and octets as were sent, both ways of counting."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from calipso.captures.afpacket import AfPacket
from calipso.captures.core import library
from calipso.errors import TransportError, Unreachable
from calipso.flows import record as r
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow
from calipso.native.entered import entered
from calipso.seams import Capture, CaptureCounts, CaptureOptions, CapturePoint

pytestmark = pytest.mark.live
A, B = "cal-cap-a", "cal-cap-b"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def cable() -> Iterator[None]:
    for name in (A, B):
        ip("netns", "add", name)
    try:
        ip("-n", A, "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", B)
        for name, address in ((A, "10.9.0.1/24"), (B, "10.9.0.2/24")):
            ip("-n", name, "addr", "add", address, "dev", "v0")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", "v0", "up")
        yield
    finally:
        for name in (A, B):
            ip("netns", "del", name)


@contextlib.contextmanager
def inside(name: str) -> Iterator[None]:
    with open(f"/run/netns/{name}") as namespace, entered(namespace.fileno()):
        yield


def send(count: int, size: int, port: int = 4000) -> None:
    with inside(A):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        sender.bind(("10.9.0.1", 5000))
        for _ in range(count):
            sender.sendto(b"x" * size, ("10.9.0.2", port))


def listening() -> socket.socket:
    """So that nobody answers by ICMP."""
    with inside(B):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("10.9.0.2", 4000))
    return made


def flows_of(capture: Capture, port: int, packets: int) -> tuple[Flow, CaptureCounts]:
    """The flow to a port, once it has so many packets, at most 10 s later."""
    for _ in range(100):
        records, counts = capture.read()
        flows = FlowTable(Point("n")).update(r.unpack(records), time.time_ns())
        found = [flow for flow in flows if flow.transport is not None and flow.transport.b == port]
        if found and found[0].metric.ab_packets >= packets:
            return found[0], counts
        time.sleep(0.1)
    raise AssertionError(f"not seen: {flows}")


WAYS = [pytest.param(True, id="ring"), pytest.param(False, id="python")]


@pytest.mark.parametrize("core", WAYS)
def test_every_packet_and_octet_that_was_sent(cable: None, core: bool) -> None:
    if core and library() is None:
        pytest.skip("needs a C compiler")
    capture = AfPacket(core=core).open(CapturePoint(device="v0", netns=f"/run/netns/{B}"), CaptureOptions(header=128))
    try:
        with listening():
            send(5000, 100)
            flow, counts = flows_of(capture, 4000, 5000)
        assert (flow.metric.ab_packets, flow.metric.ab_bytes) == (5000, 5000 * 142)
        assert flow.network is not None and (flow.network.a, flow.network.b) == ("10.9.0.1", "10.9.0.2")
        assert (counts.dropped, counts.lost) == (0, 0) and counts.received >= 5000
        assert abs(flow.last / 1e6 - time.time()) < 60
    finally:
        capture.close()


@pytest.mark.parametrize("core", WAYS)
def test_a_ping_has_its_round_trip_and_arp_beside_it(cable: None, core: bool) -> None:
    capture = AfPacket(core=core).open(CapturePoint(device="v0", netns=f"/run/netns/{A}"), CaptureOptions())
    try:
        subprocess.run(["ip", "netns", "exec", A, "ping", "-q", "-c", "3", "-i", "0.1", "10.9.0.2"], check=True)
        for _ in range(50):
            records, _ = capture.read()
            flows = FlowTable(Point("n")).update(r.unpack(records), time.time_ns())
            pings = [flow for flow in flows if flow.icmp is not None and flow.icmp.type == 8]
            if pings and pings[0].metric.ba_packets == 3:
                break
            time.sleep(0.1)
        (ping,) = pings
        assert (ping.metric.ab_packets, ping.metric.ba_packets, ping.metric.ab_bytes) == (3, 3, 3 * 98)
        assert 0 < ping.metric.rtt < 1_000_000_000
        assert {flow.application for flow in flows} >= {"ICMPv4", "ARP"}
    finally:
        capture.close()


def test_packets_are_kept_as_many_as_were_asked_for(cable: None) -> None:
    capture = AfPacket().open(CapturePoint(device="v0", netns=f"/run/netns/{B}"), CaptureOptions(raw_packets=3))
    try:
        with listening():
            send(5, 1000)
            flow, _ = flows_of(capture, 4000, 5)
        kept = [packet for packet in capture.packets() if packet.frame[23:24] == b"\x11"]
        assert [packet.wire for packet in kept] == [1042] * 3 and len(kept[0].frame) == 1042
        again = [packet for packet in capture.packets() if packet.frame[23:24] == b"\x11"]  # neighbours ask meanwhile
        assert again == [] and flow.metric.ab_packets == 5
    finally:
        capture.close()


def test_no_such_device_or_namespace() -> None:
    for point in (CapturePoint(device="cal-none"), CapturePoint(device="lo", netns="/run/netns/cal-none")):
        with pytest.raises(Unreachable):
            AfPacket().open(point, CaptureOptions())


@pytest.mark.parametrize("core", WAYS)
def test_a_device_that_goes_is_told_after_what_was_counted(cable: None, core: bool) -> None:
    capture = AfPacket(core=core).open(CapturePoint(device="v0", netns=f"/run/netns/{A}"), CaptureOptions())
    try:
        ip("-n", A, "link", "del", "v0")
        with pytest.raises(TransportError, match="the capture ended"):
            for _ in range(50):
                capture.read()
                time.sleep(0.1)
    finally:
        capture.close()


@pytest.mark.parametrize("core", WAYS)
def test_fragments_are_of_one_flow(cable: None, core: bool) -> None:
    point = CapturePoint(device="v0", netns=f"/run/netns/{B}")
    capture = AfPacket(core=core).open(point, CaptureOptions(defragment=True))
    try:
        with listening():
            send(5, 4000)
            flow, _ = flows_of(capture, 4000, 15)
        assert (flow.metric.ab_packets, flow.fragments, flow.fragment_errors) == (15, 15, 0)
        assert flow.metric.ab_bytes == 5 * (4000 + 8 + 3 * 34)
    finally:
        capture.close()


@pytest.mark.parametrize("core", WAYS)
def test_a_request_over_tcp_is_followed_and_read(cable: None, core: bool) -> None:
    point = CapturePoint(device="v0", netns=f"/run/netns/{A}")
    capture = AfPacket(core=core).open(point, CaptureOptions(tcp_metric=True, payload=True))
    table = FlowTable(Point("n"))
    try:
        with inside(B):
            server = socket.create_server(("10.9.0.2", 8123))
        with inside(A):
            client = socket.create_connection(("10.9.0.2", 8123))
        with server, client:
            there, _ = server.accept()
            with there:
                client.sendall(b"GET /" + b"a" * 1900)
                assert there.recv(4096)
                client.sendall(b" HTTP/1.1\r\nHost: web.example\r\n\r\n")
                for _ in range(300):
                    records, _ = capture.read()
                    table.update(r.unpack(records), time.time_ns())
                    found = [flow for flow in table.flows() if flow.asked_name]
                    if found:
                        break
                    time.sleep(0.1)
        (seen,) = found
        assert (seen.application, seen.asked_name) == ("HTTP", "web.example")
        assert seen.tcp is not None and (seen.tcp.ab_saw_start, seen.tcp.ba_saw_start, seen.tcp.ab_skipped) == (1, 1, 0)
        assert seen.tcp.ab_bytes == 1905 + 32
    finally:
        capture.close()
