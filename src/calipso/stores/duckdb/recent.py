"""The newest states of flows that were told and not yet gathered, in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from calipso.model.flow import Flow, FlowMetric
from calipso.seams import FlowFilter
from calipso.stores.flows import chosen

KNOWN = 200_000
"""Flows whose last delta and place are remembered after they were gathered."""
TOLD = 50
"""Times that a flow may be told, on average, until states are gathered for the sake of the journal."""


class View(NamedTuple):
    """As of one moment. gathered: how often what came before was gathered."""

    gathered: int
    uuids: list[str]
    states: list[Flow]
    deltas: list[tuple[str, FlowMetric]]

    def matching(self, wanted: FlowFilter) -> list[Flow]:
        return chosen(self.states, wanted)

    def met(self, wanted: FlowFilter) -> list[str]:
        """Uuids of the flows that are wanted, whatever their time."""
        ever = msgspec.structs.replace(wanted, since=0, until=1 << 62)
        return [flow.uuid for flow in chosen(self.states, ever)]

    def updates(self, wanted: FlowFilter) -> list[tuple[str, FlowMetric]]:
        within = [each for each in self.deltas if wanted.since <= each[1].last <= wanted.until]
        met = set(self.met(wanted)) if within else set()
        return [each for each in within if each[0] in met]


class Recent:
    """See the module. One writes, many look."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._states: dict[str, Flow] = {}
        self._deltas: list[tuple[str, FlowMetric]] = []
        self._told: dict[str, FlowMetric] = {}
        self._placed: dict[str, int] = {}
        self._count = 0
        self.gathered = 0

    @property
    def full(self) -> bool:
        return len(self._states) >= self._most or self._count >= self._most * TOLD

    def take(self, flows: Sequence[Flow]) -> None:
        """A delta that is told again is not another one."""
        with self._lock:
            for flow in flows:
                uuid, delta = flow.uuid, flow.last_update
                self._states[uuid] = flow
                if delta.last and self._told.get(uuid) != delta:
                    self._told.pop(uuid, None)  # so that the dictionary's order is that of the last time
                    self._told[uuid] = delta
                    self._deltas.append((uuid, delta))
            self._count += len(flows)

    def view(self) -> View:
        with self._lock:
            return View(self.gathered, list(self._states), list(self._states.values()), list(self._deltas))

    def begun(self) -> int:
        """No row of these flows that is in the file ended before."""
        return min(self._placed.get(uuid, flow.start) for uuid, flow in self._states.items())

    def clear(self) -> None:
        """They are in the file now."""
        with self._lock:
            for uuid, flow in self._states.items():
                self._placed.pop(uuid, None)
                self._placed[uuid] = flow.last
            self._states, self._deltas, self._count = {}, [], 0
            self.gathered += 1
            for known in (self._told, self._placed):
                for uuid in list(known)[: max(0, len(known) - KNOWN)]:
                    del known[uuid]

    def forget(self, before: int) -> None:
        """What was pruned begins anew when it is told again."""
        with self._lock:
            self._told = {uuid: delta for uuid, delta in self._told.items() if delta.last >= before}
