"""Filters of pcap-filter(7) on a real cable: what they let through is counted whole, and nothing else is."""

from __future__ import annotations

import socket
import time

import pytest

from calipso.captures import bpf
from calipso.captures.afpacket import AfPacket
from calipso.errors import ConfigError
from calipso.flows import record as r
from calipso.seams import CaptureOptions, CapturePoint
from tests.live.captures.test_afpacket import WAYS, A, B, cable, flows_of, inside, listening, send
from tests.support import packets as p

pytestmark = pytest.mark.live
__all__ = ["cable"]


@pytest.mark.parametrize("core", WAYS)
def test_only_what_the_filter_lets_through(cable: None, core: bool) -> None:
    options = CaptureOptions(bpf="udp dst port 4000 and src host 10.9.0.1", header=64)
    capture = AfPacket(core=core).open(CapturePoint(device="v0", netns=f"/run/netns/{B}"), options)
    try:
        with listening():
            send(5, 500, port=4001)
            send(7, 500)
            flow, counts = flows_of(capture, 4000, 7)
        assert (flow.metric.ab_packets, flow.metric.ab_bytes) == (7, 7 * 542)
        assert (counts.received, counts.dropped) == (7, 0)
    finally:
        capture.close()


@pytest.mark.parametrize("core", WAYS)
def test_a_vlan_that_the_kernel_took_off_its_frame(cable: None, core: bool) -> None:
    capture = AfPacket(core=core).open(
        CapturePoint(device="v0", netns=f"/run/netns/{B}"), CaptureOptions(bpf="vlan 7 and udp")
    )
    try:
        with inside(A):
            sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            with sender:
                sender.bind(("v0", 0))
                for tag in (7, 8, 7):
                    sender.send(p.ethernet(p.ipv4(p.udp(b"x" * 60, 1, 2), 17), 0x0800, vlans=[tag]))
        for _ in range(50):
            packed, counts = capture.read()
            if counts.received >= 2:
                break
            time.sleep(0.1)
        (record,) = r.unpack(packed)
        assert (record.key.vlan, sum(record.packets)) == (7, 2)
    finally:
        capture.close()


@pytest.mark.parametrize(("text", "said"), [("udp prt 4000", "syntax error"), ("port 70000", "port"), ("a\0b", "NUL")])
def test_a_wrong_filter_is_told_in_the_words_of_libpcap(cable: None, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as told:
        AfPacket().open(CapturePoint(device="v0", netns=f"/run/netns/{A}"), CaptureOptions(bpf=text))
    assert told.value.where == "bpf"


def test_where_libpcap_is_not_there_filters_are_told_to_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpf, "_libpcap", lambda: None)
    with pytest.raises(ConfigError, match=r"libpcap\.so\.0\.8"):
        bpf.compiled("udp", 64)
    assert bpf.compiled("", 64) == b"\x06\0\0\0\x40\0\0\0"
