"""When each source looks at each host: back-off after failures, jitter so that they do not all begin at once."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from calipso.operations.context import PostState

FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
JITTER = 0.2
LASTED = 60.0
"""Seconds a look has to last to count as a good one: then back-off begins anew."""

Clock = Callable[[], int]
"""µs since the epoch."""


class Schedule:
    """One source on one host. `interval`: seconds between looks of a source that does not watch."""

    def __init__(self, environment: str, host: str, source: str, interval: float, watches: bool, clock: Clock) -> None:
        self._clock = clock
        self._interval = interval
        self._watches = watches
        self._began = 0
        self._failures = 0
        self.state = PostState(environment, host, source, "watch" if watches else "poll", interval)

    def began(self) -> None:
        self._began = self._clock()
        self._set(state="running", began=self._began, next=0)

    def ended(self, error: str = "") -> float:
        """A look ended; seconds to wait until the next."""
        now = self._clock()
        good = not error and (not self._watches or (now - self._began) / 1e6 >= LASTED)
        self._failures = 0 if good else self._failures + 1
        delay = self._interval if good and not self._watches else self._back_off()
        delay *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        self._set(
            state="waiting", failures=self._failures, ended=now, next=now + int(delay * 1e6),
            error=error or ("" if good else self.state.error),
        )  # fmt: skip
        return delay

    def _back_off(self) -> float:
        return min(FIRST_DELAY * 2.0 ** max(self._failures - 1, 0), LONGEST_DELAY)

    def _set(self, **changes: object) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)
