"""Our IPFIX as nfcapd (nfdump) reads it, and what nfreplay then tells us by NetFlow v5 and v9."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

import msgspec
import pytest

from calipso.captures.netflow import NetFlow
from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow
from calipso.runtime.exporting import Collector, IpfixExport
from calipso.seams import CaptureOptions, CapturePoint
from tests.support import packets as p

pytestmark = [pytest.mark.live, pytest.mark.skipif(shutil.which("nfcapd") is None, reason="nfdump is not installed")]


def flows() -> list[Flow]:
    counter, began = Counter(), time.time_ns()
    there = p.ethernet(p.ipv4(p.udp(b"x" * 30, 4000, 53), 17), 0x0800)
    back = p.ethernet(p.ipv4(p.udp(b"x" * 90, 53, 4000), 17, "10.0.0.2", "10.0.0.1"), 0x0800)
    six = p.ethernet(p.ipv6(p.tcp(b"", 5000, 443), 6), 0x86DD)
    for n, frame in enumerate([there, there, there, back, back, six]):
        counter.frame(frame, len(frame), began + n * 1_000_000)
    return FlowTable(Point("h/dev:eth0", "c")).update(r.unpack(counter.records()), began)


def port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_collector_reads_both_directions(tmp_path: Path) -> None:
    at = port()
    collector = subprocess.Popen(
        ["nfcapd", "-b", "127.0.0.1", "-p", str(at), "-w", str(tmp_path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(1)
        export = IpfixExport(Collector(host="127.0.0.1", port=at))
        told = flows()
        export(told)
        export(told)  # nothing is new
        more = [
            msgspec.structs.replace(each, finish="timeout", metric=msgspec.structs.replace(each.metric, ab_packets=13))
            for each in told if each.application == "DNS"
        ]  # fmt: skip
        export(more)
        assert (export.sent, export.failed) == (2, 0)
        export.close()
        time.sleep(1)
    finally:
        collector.terminate()
        collector.wait(20)
    read = subprocess.run(
        ["nfdump", "-R", str(tmp_path), "-q", "-o", "fmt:%sa,%da,%sp,%dp,%pr,%ipkt,%ibyt,%opkt,%obyt"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [[each.strip() for each in line.split(",")] for line in read.stdout.splitlines() if "," in line]
    assert sorted(rows) == [
        ["10.0.0.1", "10.0.0.2", "4000", "53", "UDP", "10", "0", "0", "0"],
        ["10.0.0.1", "10.0.0.2", "4000", "53", "UDP", "3", "216", "2", "264"],
        ["2001:db8::1", "2001:db8::2", "5000", "443", "TCP", "1", "74", "0", "0"],
    ], read.stdout
    # Version 5 has one direction; in version 9 nfreplay says the other by counters that IANA has for the same one.
    assert [replayed(tmp_path, version) for version in ("5", "9")] == [13, 13]


def replayed(folder: Path, version: str) -> int:
    """Packets of the DNS flow, as nfreplay sends them to our receiver."""
    capture = NetFlow().open(CapturePoint(device="h"), CaptureOptions(port=port()))
    table, found = FlowTable(Point("n")), 0
    try:
        for file in sorted(folder.glob("nfcapd.2*")):
            words = ["nfreplay", "-H", "127.0.0.1", "-p", str(capture.port), "-v", version, "-r", str(file)]
            subprocess.run(words, check=True, capture_output=True, timeout=20)
        for _ in range(20):
            records, _ = capture.read()
            table.update(r.unpack(records), time.time_ns())
            found = sum(f.metric.ab_packets + f.metric.ba_packets for f in table.flows() if f.application == "DNS")
            if found:
                break
            time.sleep(0.1)
    finally:
        capture.close()
    return found
