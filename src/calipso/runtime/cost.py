"""What this process uses, and keeping it below a limit by waiting."""

from __future__ import annotations

import asyncio
import resource
import time

WINDOW = 5.0
"""Seconds over which a share of a core is measured."""
_PAGE = resource.getpagesize()


def cpu_seconds() -> float:
    """CPU time of this process and of the commands it ran."""
    used = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        found = resource.getrusage(who)
        used += found.ru_utime + found.ru_stime
    return used


def resident() -> int:
    """Bytes of memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * _PAGE


class Meter:
    """Share of a core over the last seconds, and the wait that keeps it at a limit (0: none)."""

    def __init__(self, limit: float = 0.0) -> None:
        self.limit = limit
        self.share = 0.0
        self._at, self._used = time.monotonic(), cpu_seconds()

    def read(self) -> float:
        """The share since the last window began; windows follow each other."""
        now, used = time.monotonic(), cpu_seconds()
        elapsed = now - self._at
        if elapsed > 0:
            self.share = (used - self._used) / elapsed
        if elapsed >= WINDOW:
            self._at, self._used = now, used
        return self.share

    async def pace(self) -> None:
        """Wait as long as it takes for the share to be back at the limit."""
        if self.limit <= 0:
            return
        now, used = time.monotonic(), cpu_seconds()
        due = (used - self._used) / self.limit - (now - self._at)
        self.read()
        if due > 0:
            await asyncio.sleep(min(due, WINDOW))
