"""The eBPF engine on a real cable between two namespaces: as many packets and octets as were sent, both hooks."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from calipso.captures.ebpf import Ebpf
from calipso.errors import ConfigError, TransportError, Unreachable
from calipso.flows import record as r
from calipso.flows.table import FlowTable, Point
from calipso.native.build import build_program
from calipso.seams import Capture, CaptureOptions, CapturePoint
from tests.live.captures.test_afpacket import A, B, cable, flows_of, inside, ip, listening, send
from tests.support import packets as p

pytestmark = pytest.mark.live
__all__ = ["cable"]
WAYS = [pytest.param(True, id="tcx"), pytest.param(False, id="clsact")]


@pytest.fixture(autouse=True)
def built() -> None:
    if build_program() is None:
        pytest.skip("needs clang: `make test` as root installs it")
    if Ebpf().reason():
        pytest.skip(Ebpf().reason())


def opened(name: str, *, tcx: bool = True, flows: int = 1000, l2_key: bool = False) -> Capture:
    return Ebpf(tcx=tcx).open(
        CapturePoint(device="v0", netns=f"/run/netns/{name}"), CaptureOptions(flows=flows, l2_key=l2_key)
    )


def hooks(name: str) -> str:
    """What is hooked to the device, as tc and the kernel say."""
    return subprocess.run(
        ["ip", "netns", "exec", name, "tc", "filter", "show", "dev", "v0", "ingress"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize("tcx", WAYS)
def test_every_packet_and_octet_that_was_sent(cable: None, tcx: bool) -> None:
    capture = opened(B, tcx=tcx)
    try:
        assert ("bpf" in hooks(B)) is (not tcx)
        with listening():
            send(5000, 100)
            flow, counts = flows_of(capture, 4000, 5000)
        assert (flow.metric.ab_packets, flow.metric.ab_bytes) == (5000, 5000 * 142)
        assert flow.network is not None and (flow.network.a, flow.network.b) == ("10.9.0.1", "10.9.0.2")
        assert (counts.dropped, counts.lost) == (0, 0) and counts.received >= 5000
        assert abs(flow.last / 1e6 - time.time()) < 60
    finally:
        capture.close()
    assert "bpf" not in hooks(B)


@pytest.mark.parametrize("tcx", WAYS)
def test_a_ping_has_its_round_trip_and_arp_beside_it(cable: None, tcx: bool) -> None:
    capture = opened(A, tcx=tcx)
    try:
        subprocess.run(["ip", "netns", "exec", A, "ping", "-q", "-c", "3", "-i", "0.1", "10.9.0.2"], check=True)
        flows = FlowTable(Point("n")).update(r.unpack(capture.read()[0]), time.time_ns())
        (ping,) = (flow for flow in flows if flow.icmp is not None and flow.icmp.type == 8)
        assert (ping.metric.ab_packets, ping.metric.ba_packets, ping.metric.ab_bytes) == (3, 3, 3 * 98)
        assert 0 < ping.metric.rtt < 1_000_000_000
        assert {flow.application for flow in flows} >= {"ICMPv4", "ARP"}
    finally:
        capture.close()


def test_two_captures_of_one_device_count_each(cable: None) -> None:
    captures = [opened(B), opened(B), opened(B, tcx=False), opened(B, tcx=False)]
    try:
        with listening():
            send(50, 10)
            for capture in captures:
                assert flows_of(capture, 4000, 50)[0].metric.ab_packets == 50
        captures.pop(2).close()
        with listening():
            send(50, 10)
            for capture in captures:
                assert flows_of(capture, 4000, 100)[0].metric.ab_packets == 100
    finally:
        for capture in captures:
            capture.close()


def test_a_tag_that_the_kernel_took_off(cable: None) -> None:
    capture = opened(B)
    try:
        with inside(A):
            sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with sender:
            with inside(A):
                sender.bind(("v0", 0))
            sender.send(p.ethernet(p.ipv4(p.udp(b"x" * 60, 1, 2), 17), 0x0800, vlans=[7, 9]))
        time.sleep(0.2)
        (record,) = (each for each in r.unpack(capture.read()[0]) if each.key.vlan)
        assert (record.key.vlan, record.key.inner_vlan, sum(record.octets)) in ((7, 9, 110), (7, 9, 106))
    finally:
        capture.close()


def test_a_full_table_loses_nothing_of_what_goes_on_and_tells_what_it_lost(cable: None) -> None:
    capture = opened(B, flows=16)
    try:
        seen: set[bytes] = set()
        with listening():
            for port in range(4100, 4200):
                send(1, 10, port)
            packed, counts = capture.read()
            seen |= {each.key.pack() for each in r.unpack(packed)}
            assert counts.lost >= 84 and len(seen) <= 16
            lost = counts.lost
            send(7, 10, 4000)  # the read made room
            flow, counts = flows_of(capture, 4000, 7)
        assert flow.metric.ab_packets == 7 and counts.lost == lost
    finally:
        capture.close()


def test_a_device_of_frames_without_link_header(cable: None) -> None:
    """A tun whose far end is this test."""
    with inside(A):
        tun = os.open("/dev/net/tun", os.O_RDWR)
        try:
            fcntl.ioctl(tun, 0x400454CA, struct.pack("=16sH22x", b"cal-tun", 0x1001))  # TUNSETIFF, IFF_TUN|IFF_NO_PI
        except OSError:
            os.close(tun)
            raise
    try:
        ip("-n", A, "link", "set", "cal-tun", "up")
        capture = Ebpf().open(CapturePoint(device="cal-tun", netns=f"/run/netns/{A}"), CaptureOptions(flows=100))
        try:
            os.write(tun, p.ipv4(p.udp(b"x" * 30, 5, 6), 17, "192.0.2.1", "192.0.2.2"))
            time.sleep(0.2)
            found = [each for each in r.unpack(capture.read()[0]) if each.key.protocol == 17]
            assert [(each.key.raw, sum(each.octets)) for each in found] == [(1, 58)]
        finally:
            capture.close()
    finally:
        os.close(tun)


def test_what_it_cannot_do_is_told(cable: None) -> None:
    point = CapturePoint(device="v0", netns=f"/run/netns/{A}")
    for options in (CaptureOptions(bpf="udp"), CaptureOptions(raw_packets=1)):
        with pytest.raises(ConfigError, match="eBPF takes no filter"):
            Ebpf().open(point, options)
    for nowhere in (CapturePoint(device="cal-none"), CapturePoint(device="lo", netns="/run/netns/cal-none")):
        with pytest.raises(Unreachable):
            Ebpf().open(nowhere, CaptureOptions(flows=10))


REFUSED = """
static void *(*lookup)(void *map, const void *key) = (void *)1;
struct { int (*type)[1]; int (*max_entries)[1]; int *key; long *value; } flows
    __attribute__((section(".maps"), used)), plains __attribute__((section(".maps"), used)),
    others __attribute__((section(".maps"), used));
__attribute__((section("tc"), used)) int flow(void *skb) {
    int key = 0;
    long *value = lookup(&flows, &key);
    return *value;
}
"""
"""A program that follows what may be NULL."""


def test_why_it_cannot_be_used(tmp_path: Path) -> None:
    assert "was not built" in Ebpf(path=tmp_path / "none.o").reason()
    (tmp_path / "wrong.o").write_bytes(b"not an object")
    assert "cannot be read" in Ebpf(path=tmp_path / "wrong.o").reason()
    source = tmp_path / "refused.c"
    source.write_text(REFUSED)
    built = tmp_path / "refused.o"
    subprocess.run(["clang", "-O2", "-g", "-target", "bpf", "-c", str(source), "-o", str(built)], check=True)
    assert "the kernel refuses the program" in Ebpf(path=built).reason()
    source.write_text(REFUSED.replace(" plains ", " tables "))
    other = tmp_path / "other.o"
    subprocess.run(["clang", "-O2", "-g", "-target", "bpf", "-c", str(source), "-o", str(other)], check=True)
    assert "of another version: it has no map plains" in Ebpf(path=other).reason()
    assert "map_value_or_null" in Ebpf(path=built).reason()


@pytest.mark.parametrize("tcx", WAYS)
@pytest.mark.parametrize("whole", [True, False], ids=["namespace", "device"])
def test_a_device_that_goes_is_told_after_what_was_counted(cable: None, tcx: bool, whole: bool) -> None:
    capture = opened(A, tcx=tcx)
    try:
        if whole:
            ip("netns", "del", A)
        else:
            ip("-n", A, "link", "del", "v0")
        with pytest.raises(TransportError, match="the capture ended"):
            for _ in range(50):
                capture.read()
                time.sleep(0.1)
    finally:
        capture.close()
        if whole:
            ip("netns", "add", A)
