"""What a capture may use up, and the packets that are kept of its flows."""

from __future__ import annotations

import io

import pytest

from calipso.flows.pcap import Packet, read, written
from calipso.operations.context import CaptureSpec
from calipso.runtime.capture_budgets import OVER, Budget
from calipso.runtime.kept_packets import KeptPackets
from calipso.seams import CaptureOptions, RawPacket

DAY = 86_400_000_000


def test_packets_are_counted_over_all_points_and_over_reopenings() -> None:
    budget = Budget(CaptureSpec(query="G.V()", packets=100))
    assert budget.look([("a", 40, 0.0), ("b", 40, 0.0)], 0.0, 0) == ""
    assert budget.look([("a", 5, 0.0), ("b", 40, 0.0)], 1.0, 0) == ""
    assert budget.look([("a", 25, 0.0), ("b", 40, 0.0)], 2.0, 0) == "105 packets were seen, 100 are its budget"


def test_a_share_of_a_cpu_counts_once_it_lasted() -> None:
    budget = Budget(CaptureSpec(query="G.V()", options=CaptureOptions(cpu=0.2)))
    spent = [budget.look([("a", 0, 0.5 * second)], float(second), 0) for second in range(int(OVER) + 1)]
    assert spent[:-1] == [""] * int(OVER)
    assert spent[-1].startswith("it used 50% of a CPU")
    idle = Budget(CaptureSpec(query="G.V()", options=CaptureOptions(cpu=0.2)))
    assert [idle.look([("a", 0, 0.1 * second)], float(second), 0) for second in range(20)] == [""] * 20


def test_time_is_a_budget_and_without_any_nothing_ends() -> None:
    timed = Budget(CaptureSpec(query="G.V()", ttl=60.0, created=DAY))
    assert timed.look([], 0.0, DAY + 59_000_000) == ""
    assert timed.look([], 0.0, DAY + 61_000_000) == "its 60 s are over"
    assert Budget(CaptureSpec(query="G.V()")).look([("a", 1 << 40, 1e9)], 1e9, 1 << 60) == ""


@pytest.mark.parametrize("most, left", [(1000, ["a", "b"]), (250, ["b"]), (50, [])])
def test_of_packets_the_oldest_flows_give_way(most: int, left: list[str]) -> None:
    kept = KeptPackets(most)
    packet = RawPacket(1, b"\0" * 100, 100, 1)
    assert kept.add("a", [packet]) == (1 if most >= 100 else 0)
    kept.add("b", [packet, packet])
    assert [uuid for uuid in ("a", "b") if kept.of(uuid)] == left
    assert kept.count("b") == len(kept.of("b"))


def test_what_is_written_is_read_again() -> None:
    packets = [Packet(1_700_000_000_123_456_789, b"abc", 60, 1), Packet(2, b"", 0, 1), Packet(3, b"other", 5, 113)]
    found = list(read(io.BytesIO(written(packets, 1))))
    assert [(each.time, each.frame, each.wire, each.link) for each in found] == [packet[:4] for packet in packets[:2]]
