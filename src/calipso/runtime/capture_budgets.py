"""What a capture may use up: packets, a share of a CPU. One that has used it up is ended, and why is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

import msgspec

from calipso.runtime.orders import Order

OVER = 5.0
"""Seconds over which the share of a CPU is looked at: a moment's work ends nothing."""


class Budget:
    """Of one capture, as far as one process knows of it. Points come and go, and begin to count anew when they are
    opened again. packets: in all, cpu: share of one CPU; 0 for any. before: packets that were seen earlier.
    """

    def __init__(self, packets: int, cpu: float, before: int = 0) -> None:
        self._packets, self._share = packets, cpu
        self._received: dict[str, int] = {}
        self._cpu: dict[str, float] = {}
        self._before = before
        self._spent = 0.0
        self._looks: deque[tuple[float, float]] = deque()

    @property
    def seen(self) -> int:
        """Packets so far."""
        return self._before + sum(self._received.values())

    def look(self, points: Iterable[tuple[str, int, float]], clock: float) -> str:
        """Why it is to end, "" to go on. points: node, packets received, seconds of CPU since it was opened.

        clock: seconds that only go on.
        """
        for node, received, cpu in points:
            if received < self._received.get(node, 0):
                self._before += self._received[node]
            if cpu < self._cpu.get(node, 0.0):
                self._spent += self._cpu[node]
            self._received[node], self._cpu[node] = received, cpu
        if self._packets and self.seen >= self._packets:
            return f"{self.seen} packets were seen, {self._packets} are its budget"
        if self._share:
            share = self._used(clock)
            if share > self._share:
                return f"it used {share:.0%} of a CPU for {OVER:g} s, {self._share:.0%} are its budget"
        return ""

    def _used(self, clock: float) -> float:
        """Of one CPU, over the last seconds; 0 until so many have passed."""
        used = self._spent + sum(self._cpu.values())
        self._looks.append((clock, used))
        while len(self._looks) > 1 and clock - self._looks[1][0] >= OVER:
            self._looks.popleft()
        begun, before = self._looks[0]
        return (used - before) / (clock - begun) if clock - begun >= OVER else 0.0


class Spent(msgspec.Struct, frozen=True):
    """What a capture used up in a process. reason: why it ended, "" while it goes on."""

    packets: int = 0
    reason: str = ""


class Budgets:
    """Of what a process is ordered to capture, while nobody else looks after it. `spent`: what outlives the process."""

    def __init__(self, spent: Mapping[str, Spent] = {}) -> None:
        self.spent = dict(spent)
        self._of: dict[str, Budget] = {}

    def want(self, orders: Iterable[Order]) -> None:
        """Forget what is not ordered any more."""
        names = {_name(order) for order in orders if order.packets or order.options.cpu}
        for known in (self.spent, self._of):
            for name in set(known) - names:
                del known[name]

    def over(self, order: Order) -> str:
        """Why it ended, "" when it did not."""
        return self.spent.get(_name(order), Spent()).reason

    def look(self, order: Order, points: Iterable[tuple[str, int, float]], clock: float) -> None:
        """Take in what the points of a capture say, as `Budget.look` has it."""
        name, cpu = _name(order), order.options.cpu
        if not (order.packets or cpu) or self.over(order):
            return
        budget = self._of.get(name)
        if budget is None:
            before = self.spent.get(name, Spent()).packets
            budget = self._of[name] = Budget(order.packets, cpu, before)
        reason = budget.look(points, clock)
        self.spent[name] = Spent(budget.seen if order.packets else 0, reason)


def _name(order: Order) -> str:
    """A capture, not another one that was given the same id later."""
    return f"{order.capture} {order.made}"
