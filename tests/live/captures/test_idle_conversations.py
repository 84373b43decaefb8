"""Engines let go of what is idle once it was read: what goes on is still one flow with all its packets."""

from __future__ import annotations

import time

import pytest

from calipso.captures import afpacket, kernel_flows
from calipso.captures.afpacket import AfPacket
from calipso.captures.ebpf import Ebpf
from calipso.flows import record as r
from calipso.flows.table import FlowTable, Point
from calipso.native.build import build_program
from calipso.seams import CaptureEngine, CaptureOptions, CapturePoint
from tests.live.captures.test_afpacket import B, cable, listening, send

pytestmark = pytest.mark.live
__all__ = ["cable"]


@pytest.mark.parametrize(
    "engine", [Ebpf(), AfPacket(), AfPacket(core=False)], ids=["ebpf", "ring", "python"]
)  # fmt: skip
def test_what_was_let_go_goes_on(cable: None, engine: CaptureEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine.name == "ebpf" and build_program() is None:
        pytest.skip("needs clang: `make test` as root installs it")
    for module in (afpacket, kernel_flows):
        monkeypatch.setattr(module, "IDLE", 0)
        monkeypatch.setattr(module, "SWEEP", 0)
    capture = engine.open(CapturePoint(device="v0", netns=f"/run/netns/{B}"), CaptureOptions(flows=1000))
    table = FlowTable(Point("n"))
    try:
        with listening():
            for count, total in ((3, 3), (5, 8), (4, 12)):
                send(count, 10)
                assert seen(table, capture.read, total) == total
        left = [record for record in r.unpack(capture.read()[0]) if 4000 in (record.key.port_a, record.key.port_b)]
        assert not left or engine.name == "ebpf"
    finally:
        capture.close()


def seen(table: FlowTable, read, total: int) -> int:  # type: ignore[no-untyped-def]
    """Packets of the flow, once they are so many or 5 s have passed."""
    found = 0
    for _ in range(50):
        table.update(r.unpack(read()[0]), time.time_ns())
        found = sum(flow.metric.ab_packets for flow in table.flows() if flow.transport and flow.transport.b == 4000)
        if found >= total:
            break
        time.sleep(0.1)
    return found
