"""Numbers that exporters count what they sent with: what did not come is counted as missing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

_MODULUS = 1 << 32
LATE, RESTART = 4096, 1 << 20
"""How far behind still is late, and not a new beginning; how far ahead is a new beginning."""
MOST = 10_000
"""Exporters that are remembered: beyond it the one that was heard longest ago goes."""


class Sequences:
    """Per exporter: the number that is to come next."""

    def __init__(self) -> None:
        self._next: OrderedDict[Hashable, int] = OrderedDict()
        self.missing = 0

    def take(self, exporter: Hashable, number: int, count: int = 1) -> None:
        """`number` came, and stands for `count`. Numbers wrap at 2³²; late ones are not missing any more."""
        due = self._next.get(exporter)
        following = (number + count) % _MODULUS
        if due is not None:
            ahead = (number - due) % _MODULUS
            if ahead < RESTART:
                self.missing += ahead
            elif _MODULUS - ahead <= LATE:
                self.missing = max(0, self.missing - count)
                following = due
        self._next[exporter] = following
        self._next.move_to_end(exporter)
        if len(self._next) > MOST:
            self._next.popitem(last=False)
