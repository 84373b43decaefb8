"""Flows in memory: the reference of the conformance suite, and the store where no other is installed.

Bounded: beyond `most` flows the ones that ended longest ago go first, and that is counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import msgspec

from calipso.model.flow import Flow, FlowMetric
from calipso.seams import FlowFilter
from calipso.stores.flow_sql.parquet import written

EITHER_END = frozenset({"network", "link", "transport"})
"""Fields that match by their `a` or their `b`."""
ALWAYS = frozenset({"start", "last", "metric.ab_bytes", "metric.ba_bytes", "metric.ab_packets", "metric.ba_packets"})
"""Numbers that every flow has."""
MICRO = 1_000_000


class MemoryFlowStore:
    """See `seams.FlowStore`. Safe for threads."""

    def __init__(self, most: int = 200_000) -> None:
        self._most = most
        self._flows: dict[str, Flow] = {}
        self._updates: list[tuple[str, FlowMetric]] = []
        self._lock = threading.Lock()
        self.forgotten = 0
        """Flows that went for want of room."""

    def add(self, flows: Sequence[Flow]) -> None:
        with self._lock:
            for flow in flows:
                before = self._flows.get(flow.uuid)
                if flow.last_update.last and (before is None or before.last_update != flow.last_update):
                    self._updates.append((flow.uuid, flow.last_update))
                self._flows[flow.uuid] = flow
            self._bound()

    def _bound(self) -> None:
        over = len(self._flows) - self._most
        if over <= 0:
            return
        oldest = sorted(self._flows.values(), key=lambda flow: flow.last)[: over + self._most // 20]
        for flow in oldest:
            del self._flows[flow.uuid]
        self.forgotten += len(oldest)
        self._updates = [each for each in self._updates if each[0] in self._flows]

    def find(self, wanted: FlowFilter) -> list[Flow]:
        with self._lock:
            flows = list(self._flows.values())
        found = chosen(flows, wanted)
        return ordered(found, wanted.order)[: wanted.limit]

    def series(self, wanted: FlowFilter, slice_seconds: float) -> list[FlowMetric]:
        """Updates stand in the slice that they end in."""
        size = max(1, round(slice_seconds * MICRO))
        slices: dict[int, FlowMetric] = {}
        for _, said in self._within(wanted):
            begins = said.last // size * size
            slices[begins] = total(slices.get(begins, FlowMetric()), said, begins, begins + size)
        return [slices[begins] for begins in sorted(slices)]

    def updates(self, wanted: FlowFilter) -> list[tuple[str, FlowMetric]]:
        return sorted(self._within(wanted), key=lambda each: (each[1].last, each[0]))[: wanted.limit]

    def _within(self, wanted: FlowFilter) -> list[tuple[str, FlowMetric]]:
        ever = msgspec.structs.replace(wanted, since=0, until=1 << 62)
        with self._lock:
            known = {uuid for uuid, flow in self._flows.items() if matches(flow, ever)}
            return [
                (uuid, said) for uuid, said in self._updates
                if uuid in known and wanted.since <= said.last <= wanted.until
            ]  # fmt: skip

    def parquet(self, wanted: FlowFilter, file: Path) -> int:
        return written(self.find(wanted), file)

    def prune(self, before: int) -> int:
        with self._lock:
            gone = [uuid for uuid, flow in self._flows.items() if flow.last < before]
            for uuid in gone:
                del self._flows[uuid]
            self._updates = [each for each in self._updates if each[0] in self._flows]
        return len(gone)

    def close(self) -> None:
        """Nothing is kept."""


def total(one: FlowMetric, other: FlowMetric, start: int, last: int) -> FlowMetric:
    return FlowMetric(
        one.ab_packets + other.ab_packets, one.ab_bytes + other.ab_bytes, one.ba_packets + other.ba_packets,
        one.ba_bytes + other.ba_bytes, start, last, max(one.rtt, other.rtt),
    )  # fmt: skip


def matches(flow: Flow, wanted: FlowFilter) -> bool:
    """Whether a flow is wanted: the meaning of a filter, for every store."""
    return wanted.since <= flow.last and flow.start <= wanted.until and _fits(flow, wanted)


def chosen(flows: Iterable[Flow], wanted: FlowFilter) -> list[Flow]:
    """The flows that are wanted: as `matches`, of many."""
    since, until = wanted.since, wanted.until
    within = [flow for flow in flows if flow.last >= since and flow.start <= until]
    if not (wanted.nodes or wanted.captures or wanted.tracking_ids or wanted.match):
        return within
    return [flow for flow in within if _fits(flow, wanted)]


def _fits(flow: Flow, wanted: FlowFilter) -> bool:
    for value, values in ((flow.node, wanted.nodes), (flow.capture, wanted.captures)):
        if values and value not in values:
            return False
    if wanted.tracking_ids and flow.tracking_id not in wanted.tracking_ids:
        return False
    return all(any(value in values for value in read(flow, path)) for path, values in wanted.match.items())


def read(flow: Any, path: str) -> list[Any]:
    """The values of a dotted path: none, one, or those of both ends."""
    value: Any = flow
    for part in path.split("."):
        value = getattr(value, part, None)
    if value is None:
        return []
    if path in EITHER_END:
        return [value.a, value.b]
    return [msgspec.to_builtins(value)]


def ordered(flows: Iterable[Flow], order: str) -> list[Flow]:
    """By a dotted path, `-` before it for the greatest first; flows without it come last, equal ones by their uuid."""
    path = order.lstrip("-")
    known_path = attrgetter(path) if path in ALWAYS else None
    key: Callable[[Flow], Any] = known_path or (lambda flow: (read(flow, path) or [None])[0])
    keyed = [(key(flow), flow) for flow in flows]
    keyed.sort(key=lambda each: each[1].uuid)
    known = [each for each in keyed if each[0] is not None]
    known.sort(key=itemgetter(0), reverse=order.startswith("-"))
    return [flow for _, flow in known] + [flow for value, flow in keyed if value is None]
