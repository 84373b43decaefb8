"""softflowd's NetFlow v5, v9 and IPFIX of a ping over a cable between namespaces; and datagrams that are lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.captures.netflow import NetFlow, NetFlowCapture
from calipso.captures.sflow import Sflow
from calipso.errors import ConfigError, Unreachable
from calipso.flows import record as r
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow
from calipso.seams import Capture, CaptureCounts, CaptureOptions, CapturePoint
from tests.support import exporters as x

pytestmark = pytest.mark.live
PINGS = 5


def inside(pid: int, *words: str) -> str:
    done = subprocess.run(["nsenter", "-t", str(pid), "-n", "--", *words], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def hosts() -> Iterator[tuple[int, int]]:
    """Two processes with network namespaces of their own, cabled."""
    held = [subprocess.Popen(["unshare", "-n", "sleep", "300"]) for _ in range(2)]
    try:
        a, b = (each.pid for each in held)
        own = os.stat("/proc/self/ns/net").st_ino
        while any(os.stat(f"/proc/{pid}/ns/net").st_ino == own for pid in (a, b)):
            time.sleep(0.01)
        inside(a, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", str(b))
        for pid, address in ((a, "10.9.1.1/24"), (b, "10.9.1.2/24")):
            inside(pid, "ip", "addr", "add", address, "dev", "v0")
            inside(pid, "ip", "link", "set", "lo", "up")
            inside(pid, "ip", "link", "set", "v0", "up")
        yield a, b
    finally:
        for each in held:
            each.kill()
            each.wait()


def seen(capture: Capture, packets: int) -> tuple[Flow, CaptureCounts]:
    """The flow of the pings, at most 15 s later."""
    table, flows = FlowTable(Point("n")), []
    for _ in range(75):
        records, counts = capture.read()
        table.update(r.unpack(records), time.time_ns())
        flows = [flow for flow in table.flows() if flow.icmp is not None and flow.icmp.type == 8]
        if flows and flows[0].metric.ab_packets >= packets <= flows[0].metric.ba_packets:
            return flows[0], counts
        time.sleep(0.2)
    raise AssertionError(f"not seen: {table.flows()}, {counts}")


@pytest.mark.skipif(shutil.which("softflowd") is None, reason="softflowd is not installed")
@pytest.mark.parametrize("words", [("5",), ("9",), ("10",), ("10", "-b")])
def test_what_softflowd_tells_of_a_ping(hosts: tuple[int, int], tmp_path: Path, words: tuple[str, ...]) -> None:
    capture = NetFlow().open(CapturePoint(device="h", pid=hosts[0]), CaptureOptions())
    told = subprocess.Popen(
        ["nsenter", "-t", str(hosts[0]), "-n", "--", "softflowd", "-d", "-i", "v0", "-n", "127.0.0.1:2055",
         "-v", *words, "-t", "maxlife=2", "-t", "expint=1", "-p", str(tmp_path / "pid"), "-c", str(tmp_path / "control")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(1)
        began = time.time()
        inside(hosts[0], "ping", "-q", "-c", str(PINGS), "-i", "0.1", "10.9.1.2")
        flow, counts = seen(capture, PINGS)
        m = flow.metric
        assert (m.ab_packets, m.ab_bytes, m.ba_packets, m.ba_bytes) == (PINGS, PINGS * 84, PINGS, PINGS * 84)
        assert flow.network is not None and {flow.network.a, flow.network.b} == {"10.9.1.1", "10.9.1.2"}
        assert abs(flow.start / 1e6 - began) < 5 and (counts.dropped, counts.lost) == (0, 0)
    finally:
        told.kill()
        told.wait()
        capture.close()


def send(pid: int, port: int, *datagrams: bytes) -> None:
    program = (
        "import socket,sys\ns=socket.socket(2,2)\n"
        "for e in sys.argv[2:]: s.sendto(bytes.fromhex(e),('127.0.0.1',int(sys.argv[1])))"
    )
    inside(pid, "python3", "-c", program, str(port), *(each.hex() for each in datagrams))


def counts_of(capture: Capture, received: int) -> CaptureCounts:
    for _ in range(50):
        _, counts = capture.read()
        if counts.received >= received:
            return counts
        time.sleep(0.1)
    raise AssertionError(counts)


def test_samples_that_did_not_come_and_rubbish_are_counted(hosts: tuple[int, int]) -> None:
    capture = Sflow().open(CapturePoint(device="h", pid=hosts[0]), CaptureOptions(port=7001, raw_packets=1))
    try:
        frame = b"\2" * 12 + b"\x08\x00" + b"\0" * 50
        sent = [x.sflow(n, x.packet_sample(n, frame, rate=64, drops=3)) for n in (1, 2, 6)]
        send(hosts[0], 7001, b"rubbish", *sent, x.sflow(7, x.counter_sample(1, 3, 70, 80)))
        assert counts_of(capture, 3) == CaptureCounts(3, 3, 4, 0, 64)
        assert [packet.frame for packet in capture.packets()] == [frame]
        assert capture.interfaces["10.0.0.1", 3].in_octets == 70
    finally:
        capture.close()


def test_a_port_that_is_taken_and_options_that_cannot_be(hosts: tuple[int, int]) -> None:
    point = CapturePoint(device="h", pid=hosts[0])
    capture: NetFlowCapture = NetFlow().open(point, CaptureOptions(port=7002))
    try:
        with pytest.raises(Unreachable, match="7002"):
            Sflow().open(point, CaptureOptions(port=7002))
        with pytest.raises(ConfigError, match="no packets"):
            NetFlow().open(point, CaptureOptions(raw_packets=1))
    finally:
        capture.close()
