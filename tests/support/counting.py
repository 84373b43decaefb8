"""A capture engine without packets: each read tells of one packet more of one conversation."""

from __future__ import annotations

import time

from calipso.errors import CalipsoError, TransportError
from calipso.flows.count import Counter
from calipso.seams import CaptureCounts, CaptureOptions, CapturePoint, RawPacket
from tests.support.packets import echo, ethernet, ipv4

FRAME = ethernet(ipv4(echo(8, 77, 1), 1, "192.0.2.1", "192.0.2.2"), 0x0800)


class Counting:
    """A `CaptureEngine`. refuses: raised when a point is to be opened. made: what was opened."""

    name = "counting"
    title = "test"
    types = frozenset({"veth"})
    filters = True
    keeps_packets = True

    def __init__(self, refuses: CalipsoError | None = None, reason: str = "") -> None:
        self.refuses, self._reason = refuses, reason
        self.made: list[Counted] = []
        self.options: list[CaptureOptions] = []

    def reason(self) -> str:
        return self._reason

    def open(self, point: CapturePoint, options: CaptureOptions) -> Counted:
        if self.refuses is not None:
            raise self.refuses
        self.options.append(options)
        self.made.append(Counted(point))
        return self.made[-1]


class Counted:
    """What it opens. packets_seen: what it says it received; fails: raised by the next read."""

    def __init__(self, point: CapturePoint) -> None:
        self.point, self.open = point, True
        self.packets_seen = 0
        self.fails: TransportError | None = None
        self._counter = Counter(10)

    def read(self) -> tuple[bytes, CaptureCounts]:
        if self.fails is not None:
            raise self.fails
        self.packets_seen += 1
        self._counter.frame(FRAME, len(FRAME), time.time_ns())
        return self._counter.records(), CaptureCounts(received=self.packets_seen)

    def cpu(self) -> float:
        return 0.0

    def packets(self) -> list[RawPacket]:
        return []

    def close(self) -> None:
        self.open = False
