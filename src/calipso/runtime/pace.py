"""So many packets a second."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST = 64
"""Frames that are handed to a device at once."""


class Pace:
    """So many packets a second for all who share it, and at most a second's at once."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._left, self._at = float(min(rate, BURST)), clock()

    def take(self, wanted: int) -> int:
        """How many of those may be sent now."""
        at = self._clock()
        self._left = min(float(max(self._rate // 10, 1)), self._left + (at - self._at) * self._rate)
        self._at = at
        given = min(wanted, int(self._left))
        self._left -= given
        return given
