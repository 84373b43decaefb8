"""Receivers in the namespace of a host: what came is counted, and what did not."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from calipso.captures.netflow import NetFlow, NetFlowCapture
from calipso.captures.sflow import Sflow
from calipso.errors import ConfigError, Unreachable
from calipso.seams import Capture, CaptureCounts, CaptureOptions, CapturePoint
from tests.support import exporters as x

pytestmark = pytest.mark.live


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


def send(pid: int, port: int, *datagrams: bytes) -> None:
    program = (
        "import socket,sys\ns=socket.socket(2,2)\n"
        "for e in sys.argv[2:]: s.sendto(bytes.fromhex(e),('127.0.0.1',int(sys.argv[1])))"
    )
    inside(pid, "python3", "-c", program, str(port), *(each.hex() for each in datagrams))


def until(capture: Capture, held: Callable[[], bool]) -> None:
    for _ in range(50):
        capture.read()
        if held():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come within five seconds")


def test_samples_that_did_not_come_and_rubbish_are_counted(hosts: tuple[int, int]) -> None:
    capture = Sflow().open(CapturePoint(device="h", pid=hosts[0]), CaptureOptions(port=7001, raw_packets=1))
    try:
        frame = b"\2" * 12 + b"\x08\x00" + b"\0" * 50
        sent = [x.sflow(n, x.packet_sample(n, frame, rate=64, drops=3)) for n in (1, 2, 6)]
        send(hosts[0], 7001, b"rubbish", *sent, x.sflow(7, x.counter_sample(1, 3, 70, 80)))
        # The sample of counters comes last, so all the others were counted when it is here.
        until(capture, lambda: ("10.0.0.1", 3) in capture.interfaces)
        assert capture.interfaces["10.0.0.1", 3].in_octets == 70
        _, counts = capture.read()
        assert counts == CaptureCounts(3, 3, 4, 0, 64)
        assert [packet.frame for packet in capture.packets()] == [frame]
    finally:
        capture.close()


def test_a_port_that_is_taken_and_options_that_cannot_be(hosts: tuple[int, int]) -> None:
    point = CapturePoint(device="h", pid=hosts[0])
    capture: NetFlowCapture = NetFlow().open(point, CaptureOptions(port=7002))
    try:
        with pytest.raises(Unreachable, match="7002"):
            Sflow().open(point, CaptureOptions(port=7002))
        with pytest.raises(ConfigError, match="not sent on"):
            Sflow().open(point, CaptureOptions(target="192.0.2.1:2055"))
        with pytest.raises(ConfigError, match="no packets"):
            NetFlow().open(point, CaptureOptions(raw_packets=1))
    finally:
        capture.close()
