"""What a capture may use up: packets, time, a share of a CPU. One that has used it up is ended, and why is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from calipso.operations.capture_documents import CaptureSpec

OVER = 5.0
"""Seconds over which the share of a CPU is looked at: a moment's work ends nothing."""


class Budget:
    """Of one capture. Points come and go, and begin to count anew when they are opened again."""

    def __init__(self, spec: CaptureSpec) -> None:
        self._spec = spec
        self._received: dict[str, int] = {}
        self._cpu: dict[str, float] = {}
        self._before = 0
        self._spent = 0.0
        self._looks: deque[tuple[float, float]] = deque()

    def look(self, points: Iterable[tuple[str, int, float]], clock: float, at: int) -> str:
        """Why it is to end, "" to go on. points: node, packets received, seconds of CPU since it was opened.

        clock: seconds that only go on; at: µs since the epoch.
        """
        for node, received, cpu in points:
            if received < self._received.get(node, 0):
                self._before += self._received[node]
            if cpu < self._cpu.get(node, 0.0):
                self._spent += self._cpu[node]
            self._received[node], self._cpu[node] = received, cpu
        return self._why(clock, at)

    def _why(self, clock: float, at: int) -> str:
        spec, packets = self._spec, self._before + sum(self._received.values())
        if spec.ttl and spec.created + spec.ttl * 1e6 < at:
            return f"its {spec.ttl:g} s are over"
        if spec.packets and packets >= spec.packets:
            return f"{packets} packets were seen, {spec.packets} are its budget"
        if spec.options.cpu:
            share = self._share(clock)
            if share > spec.options.cpu:
                return f"it used {share:.0%} of a CPU for {OVER:g} s, {spec.options.cpu:.0%} are its budget"
        return ""

    def _share(self, clock: float) -> float:
        """Of one CPU, over the last seconds; 0 until so many have passed."""
        used = self._spent + sum(self._cpu.values())
        self._looks.append((clock, used))
        while len(self._looks) > 1 and clock - self._looks[1][0] >= OVER:
            self._looks.popleft()
        begun, before = self._looks[0]
        return (used - before) / (clock - begun) if clock - begun >= OVER else 0.0
