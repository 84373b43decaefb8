"""Packets that are sent to a TCP port as pcap: each is counted, and what is none is told of."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from calipso.captures.pcap_socket import PcapSocket, PcapSocketCapture
from calipso.errors import ConfigError, Unreachable
from calipso.flows import record as r
from calipso.flows.pcap import written
from calipso.flows.table import FlowTable, Point
from calipso.seams import CaptureCounts, CaptureOptions, CapturePoint
from tests.support import packets as p

pytestmark = pytest.mark.live
POINT = CapturePoint(device="h", node="h", host="h")
NOW = time.time_ns()


def frame(port: int, octets: int = 10) -> bytes:
    return p.ethernet(p.ipv4(p.udp(b"x" * octets, 4000, port), 17), 0x0800)


def file(*ports: int) -> bytes:
    return written([(NOW + n, frame(port), 52) for n, port in enumerate(ports)], 1)


@contextlib.contextmanager
def opened(**options: object) -> Iterator[PcapSocketCapture]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    capture = PcapSocket().open(POINT, CaptureOptions(port=port, **options))  # type: ignore[arg-type]
    try:
        yield capture
    finally:
        capture.close()


def send(capture: PcapSocketCapture, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", capture.port)) as to:
        to.sendall(said)


def counted(capture: PcapSocketCapture, wanted: CaptureCounts) -> bytes:
    for _ in range(300):
        records, counts = capture.read()
        if counts == wanted:
            return records
        time.sleep(0.1)
    raise AssertionError(counts)


def test_every_packet_of_two_streams_and_what_is_none() -> None:
    with opened(raw_packets=1) as capture:
        send(capture, file(53, 53, 80))
        send(capture, file(53))
        counted(capture, CaptureCounts(4))
        send(capture, b"this is no pcap")
        records = counted(capture, CaptureCounts(4, lost=1))
        send(capture, file(53)[:-3])
        counted(capture, CaptureCounts(4, lost=2))
        flows = FlowTable(Point("h")).update(r.unpack(records), NOW)
        assert {flow.transport.b: flow.metric.ab_packets for flow in flows if flow.transport} == {53: 3, 80: 1}
        assert [each.frame for each in capture.packets()] == [frame(53), frame(80)]


def test_more_than_may_wait_comes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calipso.captures.pcap_socket.WAITING", 10)
    with opened() as capture:
        send(capture, file(*[53] * 200))
        counted(capture, CaptureCounts(200))


def test_only_what_passes_the_filter() -> None:
    with opened(bpf="udp port 80") as capture:
        send(capture, file(53, 80, 53))
        counted(capture, CaptureCounts(1))


def test_what_cannot_be() -> None:
    with opened() as capture, pytest.raises(Unreachable, match=f"TCP port {capture.port}"):
        PcapSocket().open(POINT, CaptureOptions(port=capture.port))
    with pytest.raises(ConfigError, match="not sent on"):
        PcapSocket().open(POINT, CaptureOptions(target="192.0.2.1:2055"))
    with pytest.raises(ConfigError, match="syntax"):
        PcapSocket().open(POINT, CaptureOptions(bpf="udp prot"))


def test_a_stream_that_goes_on_does_not_hold_its_end_up() -> None:
    with opened() as capture, socket.create_connection(("127.0.0.1", capture.port)) as to:
        to.sendall(file(53))
        counted(capture, CaptureCounts(1))
        capture.close()
        assert to.recv(1) == b""
