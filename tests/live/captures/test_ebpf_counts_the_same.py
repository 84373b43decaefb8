"""The eBPF program against its definition: the same frames make the same records, but for what it declares."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calipso.captures.ebpf import _SETTINGS, _STATS, OBJECT
from calipso.captures.kernel_flows import TABLES, KernelFlows, sizes
from calipso.flows import record as r
from calipso.flows.count import Counter
from calipso.native import bpf
from calipso.native.build import build_program
from tests.property.flows.test_core_counts_the_same import conversation
from tests.support import packets as p
from tests.support.bpf_runs import run

pytestmark = pytest.mark.live
_ZERO = b"\0\0\0\0"
LOOPBACK = 1


class Program:
    """The program without a device, emptied before each example."""

    def __init__(self) -> None:
        self.loaded = bpf.Loaded(OBJECT, "flow", sizes(4096))
        self.flows = KernelFlows(self.loaded, 1 << 20, LOOPBACK)
        self.counts, self.settings = self.loaded.map("counts"), self.loaded.map("settings")

    def begin(self, *, l2_key: bool, cut: int = 256) -> None:
        self.loaded.put(self.settings, _ZERO, _SETTINGS.pack(0, cut, l2_key, 0, 0))
        self.flows.clear()
        self.before = self.seen()

    def seen(self) -> list[int]:
        """received, octets, lost, unknown."""
        found = (_STATS.unpack(each) for each in self.loaded.of_each_cpu(self.counts, _ZERO, _STATS.size))
        return [sum(each) for each in zip(*found, strict=True)]

    def told(self) -> list[int]:
        return [now - then for now, then in zip(self.seen(), self.before, strict=True)]

    def records(self) -> bytes:
        return self.flows.records()


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    if build_program() is None:
        pytest.skip("needs clang: `make test` as root installs it")
    made = Program()
    yield made
    made.loaded.close()


def comparable(packed: bytes) -> list[r.Record]:
    """Times as whether there was one, as the kernel's clock is its own; late segments left out; the order of keys."""
    out = [
        each._replace(
            first=0, last=0, rtt=int(each.rtt > 0), out_of_order=(0, 0),
            syn=flags(each.syn), fin=flags(each.fin), rst=flags(each.rst),
        )
        for each in r.unpack(packed)
    ]  # fmt: skip
    return sorted(out, key=lambda each: each.key.pack())


def flags(times: tuple[int, int]) -> tuple[int, int]:
    return int(times[0] > 0), int(times[1] > 0)


def compare(program: Program, frames: list[bytes], *, l2_key: bool = False, cut: int = 256) -> list[r.Record]:
    counter = Counter(4096, l2_key=l2_key)
    program.begin(l2_key=l2_key, cut=cut)
    for n, frame in enumerate(frames):
        run(program.loaded.program, frame)
        counter.frame(frame[:cut], len(frame), n + 1, ifindex=LOOPBACK)
    assert program.told() == [counter.received, counter.octets, 0, counter.unknown]
    found = comparable(program.records())
    assert found == comparable(counter.records())
    return found


def with_headers(frame: bytes) -> bytes:
    """The kernel takes nothing less than a link header, and a network header where that announces one: `cut` cuts."""
    whole = frame.ljust(14, b"\0")
    return whole.ljust({b"\x08\0": 34, b"\x86\xdd": 54}.get(whole[12:14], 14), b"\0")


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(conversation().map(with_headers), max_size=30), st.booleans(), st.integers(14, 256))
def test_the_same_frames_make_the_same_records(
    program: Program, frames: list[bytes], l2_key: bool, cut: int
) -> None:  # fmt: skip
    compare(program, frames, l2_key=l2_key, cut=cut)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(min_size=14, max_size=400), max_size=10))
def test_any_octets(program: Program, frames: list[bytes]) -> None:
    compare(program, frames)


INNER = p.ethernet(p.ipv4(p.udp(b"x" * 20, 1, 2), 17, "192.0.2.1", "192.0.2.2"), 0x0800)
INNER_IP = INNER[14:]
TUNNELS = {
    "vlan": p.ethernet(INNER_IP, 0x0800, vlans=[7]),
    "qinq": p.ethernet(INNER_IP, 0x0800, vlans=[7, 8]),
    "vxlan": p.ethernet(p.ipv4(p.vxlan(INNER, 5), 17), 0x0800),
    "vxlan over IPv6": p.ethernet(p.ipv6(p.vxlan(INNER, 5), 17), 0x86DD),
    "geneve": p.ethernet(p.ipv4(p.geneve(INNER, 6, options=b"12345678"), 17), 0x0800),
    "gre": p.ethernet(p.ipv4(p.gre(INNER_IP, 0x0800, key=9), 47), 0x0800),
    "gretap": p.ethernet(p.ipv4(p.gre(INNER, 0x6558), 47), 0x0800),
    "erspan": p.ethernet(p.ipv4(p.erspan2(INNER, 3), 47), 0x0800),
    "mpls": p.ethernet(p.labels(INNER_IP, 16, 17), 0x8847),
    "ipip": p.ethernet(p.ipv4(INNER_IP, 4), 0x0800),
    "sit": p.ethernet(p.ipv4(p.ipv6(p.udp(b"x", 1, 2), 17), 41), 0x0800),
    "vxlan in vxlan": p.ethernet(
        p.ipv4(p.vxlan(p.ethernet(p.ipv4(p.vxlan(INNER, 6), 17, "10.1.0.1", "10.1.0.2"), 0x0800), 5), 17), 0x0800
    ),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_headers_outside_and_inside(program: Program, name: str) -> None:
    found = compare(program, [TUNNELS[name]] * 3)
    assert len(found) == (1 if name in ("vlan", "qinq") else 3 if name == "vxlan in vxlan" else 2)
    assert all(sum(each.packets) == 3 for each in found)


def test_what_the_table_has_no_room_for_is_counted(program: Program) -> None:
    small = bpf.Loaded(OBJECT, "flow", sizes(4))
    try:
        small.put(small.map("settings"), _ZERO, _SETTINGS.pack(0, 256, 0, 0, 0))
        for n in range(10):
            run(small.program, p.ethernet(p.ipv4(p.udp(b"", n + 1, 999), 17), 0x0800))
        count = len(KernelFlows(small, 1 << 20, LOOPBACK).records()) // r.SIZE
        lost = sum(_STATS.unpack(each)[2] for each in small.of_each_cpu(small.map("counts"), _ZERO, _STATS.size))
        assert count + lost == 10 and lost > 0
    finally:
        small.close()


@pytest.mark.parametrize("table", ["plains", "others"])
def test_conversations_without_room_in_a_small_table_are_in_the_large_one_and_counted_once(
    program: Program, table: str
) -> None:  # fmt: skip
    small = bpf.Loaded(OBJECT, "flow", sizes(8))
    try:
        small.put(small.map("settings"), _ZERO, _SETTINGS.pack(0, 256, 0, 0, 0))
        flows = KernelFlows(small, 8, LOOPBACK)
        for _ in range(4):
            for port in range(1, 6):
                udp = p.udp(b"", port, 999)
                run(small.program, p.ethernet(p.ipv4(udp, 17) if table == "plains" else p.ipv6(udp, 17),
                                              0x0800 if table == "plains" else 0x86DD))  # fmt: skip
        told = {record.key.pack(): sum(record.packets) for record in r.unpack(flows.records())}
        assert list(told.values()) == [4] * 5 and flows.lost == 0
        assert len(bpf.entries(small.map("flows"), r.KEY.size, r.VALUE.size)[0]) == 3 * r.KEY.size
        _, values = bpf.entries(small.map(table), TABLES[table], r.VALUE.size)
        small.put(small.map("flows"), next(iter(told)), values[: r.VALUE.size])  # as if two CPUs had begun it at once
        assert {record.key.pack(): sum(record.packets) for record in r.unpack(flows.records())} == told
        assert flows.lost == 4
    finally:
        small.close()


def test_times_are_of_the_clock_that_was_said(program: Program) -> None:
    program.begin(l2_key=False)
    program.loaded.put(program.settings, _ZERO, _SETTINGS.pack(1 << 60, 256, 0, 0, 0))
    run(program.loaded.program, INNER)
    (record,) = r.unpack(program.records())
    assert (1 << 60) < record.first == record.last < (1 << 61)
    assert struct.calcsize("=Q4I") == _SETTINGS.size
