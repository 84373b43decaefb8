"""Recent values of the graph, held as they were: one a second for a minute, one a minute for an hour (CORE §3)."""

from __future__ import annotations

from bisect import bisect_right

from calipso.graph.value import Graph

SECOND, MINUTE = 1_000_000, 60_000_000


class Ring:
    """Values by time. A value answers for every moment from its own time until the next tick's."""

    def __init__(self) -> None:
        self._values: list[Graph] = []
        self._until: list[int] = []
        """When the tick after each value was; the value does not answer from then on."""

    def __len__(self) -> int:
        return len(self._values)

    def add(self, old: Graph, new_ts: int) -> None:
        """Note that `old` was the graph until `new_ts`."""
        if self._values and old.ts - self._values[-1].ts < SECOND:
            return
        self._values.append(old)
        self._until.append(new_ts)
        self._thin(new_ts)

    def get(self, at: int) -> Graph | None:
        """The value that was the graph at a moment, None when it is not held."""
        place = bisect_right([value.ts for value in self._values], at) - 1
        if place < 0 or at >= self._until[place]:
            return None
        return self._values[place]

    def _thin(self, now: int) -> None:
        keep = []
        last_minute = -1
        for place, value in enumerate(self._values):
            age = now - value.ts
            minute = value.ts // MINUTE
            if age <= MINUTE or (age <= 60 * MINUTE and minute != last_minute):
                keep.append(place)
                last_minute = minute
        self._values = [self._values[place] for place in keep]
        self._until = [self._until[place] for place in keep]
