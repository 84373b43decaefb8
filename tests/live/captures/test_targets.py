"""What a capture sends on arrives: NetFlow v5 at a collector, ERSPAN at another host, both read by our own engines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from calipso.captures.afpacket import AfPacket
from calipso.captures.netflow import NetFlow
from calipso.errors import ConfigError
from calipso.flows import record as r
from calipso.flows.pcap import read
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow
from calipso.seams import Capture, CaptureOptions, CapturePoint
from tests.live.captures.test_afpacket import WAYS
from tests.live.captures.test_exporters import hosts as hosts
from tests.live.captures.test_exporters import inside

pytestmark = pytest.mark.live


def seen(sender: Capture, receiver: Capture, wanted: Callable[[Flow], bool]) -> Iterator[Flow]:
    """Flows at the receiver that are wanted, each time that both were read, for at most 30 s."""
    table = FlowTable(Point("n"))
    for _ in range(150):
        sender.read()
        table.update(r.unpack(receiver.read()[0]), time.time_ns())
        yield from filter(wanted, table.flows())
        time.sleep(0.2)
    raise AssertionError(table.flows())


def ping(flow: Flow) -> bool:
    return flow.network is not None and flow.network.a == "127.0.0.1" and flow.application == "ICMPv4"


def both_families(hosts: tuple[int, int]) -> tuple[int, int]:
    for host, address in zip(hosts, ("fd00:9::1/64", "fd00:9::2/64"), strict=True):
        inside(host, "ip", "-6", "addr", "replace", address, "dev", "v0", "nodad")
    return hosts


@pytest.mark.parametrize(("core", "target"), [*((way, "10.9.1.2") for way in WAYS), (WAYS[-1], "[fd00:9::2]")])
def test_flows_arrive_at_a_collector(hosts: tuple[int, int], core: bool, target: str) -> None:
    a, b = both_families(hosts)
    collector = NetFlow().open(CapturePoint(device="h", pid=b), CaptureOptions(port=7003))
    options = CaptureOptions(target=f"{target}:7003", target_type="netflow")
    capture = AfPacket(core=core).open(CapturePoint(device="lo", pid=a), options)
    try:
        inside(a, "ping", "-q", "-c", "3", "-i", "0.2", "127.0.0.1")
        # loopback shows a packet as it goes and as it comes
        found = next(flow for flow in seen(capture, collector, ping) if flow.metric.ab_packets >= 6)
        assert found.metric.ab_bytes == found.metric.ab_packets * 84
        assert capture.read()[1].unkept == 0
    finally:
        capture.close()
        collector.close()


@pytest.mark.parametrize(("core", "target"), [*((way, "10.9.1.2") for way in WAYS), (WAYS[-1], "fd00:9::2")])
def test_packets_arrive_as_erspan(hosts: tuple[int, int], core: bool, target: str) -> None:
    a, b = both_families(hosts)
    analyser = AfPacket().open(CapturePoint(device="v0", pid=b), CaptureOptions())
    options = CaptureOptions(target=target, target_type="erspan")
    capture = AfPacket(core=core).open(CapturePoint(device="lo", pid=a), options)
    try:
        inside(a, "ping", "-q", "-c", "3", "-i", "0.2", "127.0.0.1")
        found = next(flow for flow in seen(capture, analyser, ping) if flow.metric.ab_packets >= 6)
        assert (found.tunnel, found.metric.ab_bytes) == ("ERSPAN", found.metric.ab_packets * 98)
        assert found.network is not None and found.network.id == 1
    finally:
        capture.close()
        analyser.close()


@pytest.mark.parametrize("target", ["10.9.1.2", "fd00:9::2"])
def test_what_is_sent_on_is_not_sent_again(hosts: tuple[int, int], target: str) -> None:
    a, b = both_families(hosts)
    analyser = AfPacket().open(CapturePoint(device="v0", pid=b), CaptureOptions())
    options = CaptureOptions(target=target, target_type="erspan")
    capture = AfPacket().open(CapturePoint(device="v0", pid=a), options)
    try:
        inside(a, "ping", "-q", "-c", "2", "-i", "0.2", target)
        mirrored = seen(capture, analyser, lambda flow: flow.tunnel == "ERSPAN" and flow.icmp is not None)
        assert next(flow for flow in mirrored if flow.metric.ab_packets + flow.metric.ba_packets >= 4)
        for _ in range(10):
            capture.read()
        table = FlowTable(Point("n"))
        table.update(r.unpack(analyser.read()[0]), time.time_ns())
        inner = [flow for flow in table.flows() if flow.tunnel == "ERSPAN"]
        assert inner and all("ERSPAN" not in flow.layers_path for flow in inner)
        complaints = {"ICMPv4": (3,), "ICMPv6": (1, 4)}
        assert not any(f.icmp is not None and f.icmp.type in complaints[f.application] for f in inner), inner
    finally:
        capture.close()
        analyser.close()


def test_packets_are_written_to_a_file(hosts: tuple[int, int], tmp_path: Path) -> None:
    file = tmp_path / "made" / "v0.pcap"
    options = CaptureOptions(target=str(file), target_type="local")
    capture = AfPacket().open(CapturePoint(device="lo", pid=hosts[0]), options)
    try:
        inside(hosts[0], "ping", "-q", "-c", "3", "-i", "0.2", "-s", "1000", "127.0.0.1")
        for _ in range(150):
            counts = capture.read()[1]
            with file.open("rb") as written:
                echoes = [each for each in read(written) if len(each.frame) == 1042]
            if len(echoes) >= 12:
                break
            time.sleep(0.2)
        assert len(echoes) == 12 and counts.unkept == 0, "loopback shows a packet as it goes and as it comes"
        assert file.stat().st_mode & 0o777 == 0o600
    finally:
        capture.close()


def test_a_wrong_target_is_refused(hosts: tuple[int, int]) -> None:
    point = CapturePoint(device="v0", pid=hosts[0])
    for options in (
        CaptureOptions(target="nowhere.example"), CaptureOptions(target="10.9.1.2:70000"),
        CaptureOptions(target="10.9.1.2", target_type="erspan", raw_packets=1),
    ):  # fmt: skip
        with pytest.raises(ConfigError):
            AfPacket().open(point, options)
