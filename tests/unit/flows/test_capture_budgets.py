"""What a capture may use up."""

from __future__ import annotations

from calipso.operations.capture_documents import CaptureSpec
from calipso.runtime.capture_budgets import OVER, Budget
from calipso.seams import CaptureOptions

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
