"""What observations add up to, for tests: the records that hold, and a way to wait for some."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from calipso.model.record import Gone, Measured, Observation, Record, RunBegan, RunEnded, ScopeGone, Seen


class Picture:
    """Applies observations in the simplest way that is right: completed runs remove what they did not see."""

    def __init__(self) -> None:
        self.scopes: dict[str, dict[tuple[str, str], Record]] = {}
        self.status: dict[str, str] = {}
        self.metrics: dict[str, dict[str, float]] = {}
        self.times: dict[tuple[str, str], float] = {}
        self.taken = 0
        self._runs: dict[str, set[tuple[str, str]]] = {}

    def take(self, observation: Observation) -> None:
        self.taken += 1
        part = observation.scope.part
        held = self.scopes.setdefault(part, {})
        match observation:
            case RunBegan():
                self._runs[part] = set()
            case Seen():
                for record in observation.records:
                    held[record.id, record.facet] = record
                    self.times[record.id, record.facet] = time.monotonic()
                    self._runs.get(part, set()).add((record.id, record.facet))
            case Gone():
                for place in observation.facets:
                    held.pop(place, None)
            case RunEnded():
                seen = self._runs.pop(part, set())
                self.status[part] = observation.status
                if observation.status == "completed":
                    for place in held.keys() - seen:
                        del held[place]
            case ScopeGone():
                self.scopes.pop(part, None)
                self.status.pop(part, None)
            case Measured():
                self.metrics |= observation.metrics

    @classmethod
    def of(cls, observations: Iterable[Observation]) -> Picture:
        picture = cls()
        for observation in observations:
            picture.take(observation)
        return picture

    @property
    def records(self) -> dict[tuple[str, str], Record]:
        return {place: record for held in self.scopes.values() for place, record in held.items()}

    def get(self, id: str, facet: str = "netlink") -> dict[str, Any] | None:
        """Attributes of a record that holds."""
        record = self.records.get((id, facet))
        return record.attributes if record is not None else None

    def below(self, *prefixes: str) -> dict[tuple[str, str], Record]:
        return {place: record for place, record in self.records.items() if place[0].startswith(prefixes)}


class Watched:
    """A stream of observations, taken in the background."""

    def __init__(self, stream: AsyncIterator[Observation]) -> None:
        self.picture = Picture()
        self._task = asyncio.ensure_future(self._take(stream))

    async def _take(self, stream: AsyncIterator[Observation]) -> None:
        async for observation in stream:
            self.picture.take(observation)

    async def until(self, condition: Callable[[Picture], Any], seconds: float = 10.0) -> float:
        """Wait until something holds; how long it took. Raises `AssertionError` when it does not in time."""
        began = time.monotonic()
        while not condition(self.picture):
            if self._task.done():
                self._task.result()
            assert time.monotonic() - began < seconds, "it did not come to hold in time"
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
