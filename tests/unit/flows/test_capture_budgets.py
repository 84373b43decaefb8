"""What a capture may use up."""

from __future__ import annotations

import msgspec

from calipso.runtime.capture_budgets import OVER, Budget, Budgets
from calipso.runtime.orders import Order
from calipso.seams import CapturePoint


def test_packets_are_counted_over_all_points_and_over_reopenings() -> None:
    budget = Budget(packets=100, cpu=0.0)
    assert budget.look([("a", 40, 0.0), ("b", 40, 0.0)], 0.0) == ""
    assert budget.look([("a", 5, 0.0), ("b", 40, 0.0)], 1.0) == ""
    assert budget.look([("a", 25, 0.0), ("b", 40, 0.0)], 2.0) == "105 packets were seen, 100 are its budget"


def test_a_share_of_a_cpu_counts_once_it_lasted() -> None:
    budget = Budget(0, 0.2)
    spent = [budget.look([("a", 0, 0.5 * second)], float(second)) for second in range(int(OVER) + 1)]
    assert spent[:-1] == [""] * int(OVER)
    assert spent[-1].startswith("it used 50% of a CPU")
    idle = Budget(0, 0.2)
    assert [idle.look([("a", 0, 0.1 * second)], float(second)) for second in range(20)] == [""] * 20
    assert Budget(0, 0.0).look([("a", 1 << 40, 1e9)], 1e9) == ""


def test_what_is_used_up_stays_so_over_a_restart_and_is_of_one_capture() -> None:
    order = Order(capture="c", point=CapturePoint(device="eth0"), type="veth", packets=10, made=1)
    first = Budgets()
    first.look(order, [("a", 6, 0.0)], 0.0)
    again = Budgets(first.spent)
    again.look(order, [("a", 3, 0.0)], 0.0)
    assert again.over(order) == ""
    again.look(order, [("a", 3, 0.0), ("b", 2, 0.0)], 1.0)
    assert again.over(order) == Budgets(again.spent).over(order) == "11 packets were seen, 10 are its budget"
    again.look(order, [("a", 1000, 0.0)], 2.0)
    assert "11 packets" in again.over(order), "why it ended is not told anew"
    later = msgspec.structs.replace(order, made=2)
    assert again.over(later) == ""
    again.want([later])
    assert again.spent == {}


def test_without_a_budget_nothing_is_remembered() -> None:
    budgets = Budgets()
    budgets.look(Order(capture="c", point=CapturePoint(device="eth0"), type="veth"), [("a", 1 << 40, 1e9)], 1e9)
    assert budgets.spent == {}
