"""Steps on flows as numbers: Metrics of flows, Aggregates in slices of time, groups and MoreThan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from calipso.errors import QueryError
from calipso.model.flow import Flow, FlowMetric
from calipso.query.elements import METRICS, VALUES, Kind
from calipso.query.plan import LARGEST, Asked, Spec, Step
from calipso.query.run import FlowsWanted, Run, fits

MICRO = 1_000_000
SECONDS = 30
MOST_SLICES = 10_000
AT_ONCE = 1000
"""Flows whose deltas are asked for at once."""
MOST_DELTAS = 1_000_000
COUNTERS = ("ab_packets", "ab_bytes", "ba_packets", "ba_bytes")


class FlowMetrics(NamedTuple):
    """What was counted of flows: in a slice of time every delta in it, else the last delta or, before one, the sums."""

    field: str

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        if run.window is None:
            return self._latest(stream, run)
        return self._deltas(stream, run)

    def _latest(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            run.tick()
            flow: Flow = run.item(each)
            yield from self._shown(each, flow.last_update if flow.last_update.last else flow.metric, run)

    def _deltas(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        world = run.world.flows
        since, until = run.window or (0, 0)
        flows = {run.item(each).uuid: each for each in run.collected(stream)}
        uuids = list(flows)
        for place in range(0, len(uuids), AT_ONCE):
            match = {"uuid": tuple(uuids[place : place + AT_ONCE])}
            found = [] if world is None else world.updates(FlowsWanted(since, until, match, MOST_DELTAS, ""))
            for uuid, said in found:
                run.tick()
                yield from self._shown(flows[uuid], said, run)

    def _shown(self, each: Any, said: FlowMetric, run: Run) -> Iterator[Any]:
        whole = msgspec.to_builtins(said)
        kept = {
            name: value for name, value in whole.items()
            if not self.field or fits(name, self.field) or name in ("start", "last")
        }  # fmt: skip
        yield run.moved(each, kept, METRICS)


class Aggregates(NamedTuple):
    """Sums of counters in slices of time, oldest first. A count is spread evenly over its time, to the last one."""

    seconds: int

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return self._slices(stream, run)

    def _slices(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        size = self.seconds * MICRO
        slices: dict[int, dict[str, Any]] = {}
        for each in run.metered(stream):
            item = run.item(each)
            if "last" not in item:
                raise QueryError(
                    "Aggregates(): there is no series store: of objects only the latest counters are kept",
                    hint="of flows there are series, as in G.At(NOW, '1h').Flows().Metrics().Aggregates(60)",
                )
            self._add(slices, item, size)
            if len(slices) > MOST_SLICES:
                raise QueryError(f"Aggregates(): more than {MOST_SLICES} slices", hint="take longer ones")
        for begins in sorted(slices):
            yield run.begun({**slices[begins], "start": begins, "last": begins + size}, METRICS)

    @staticmethod
    def _add(slices: dict[int, dict[str, Any]], item: dict[str, Any], size: int) -> None:
        start, last = min(item.get("start", item["last"]), item["last"]), item["last"]
        first, final = start // size * size, last // size * size
        if (final - first) // size >= MOST_SLICES:
            raise QueryError(f"Aggregates(): more than {MOST_SLICES} slices", hint="take longer ones")
        for begins in range(first, final + 1, size):
            low, high = max(start, begins) - start, min(last, begins + size) - start
            into = slices.setdefault(begins, {})
            for name, value in item.items():
                if name in COUNTERS:
                    whole = max(1, last - start)
                    share = value if first == final else value * high // whole - value * low // whole
                    into[name] = into.get(name, 0) + share
                elif name == "rtt":
                    into[name] = max(into.get(name, 0), value)


class MoreThan(NamedTuple):
    """Keeps groups of more members than this."""

    most: int

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            item = run.item(each)
            if isinstance(item, dict):
                kept = {key: value for key, value in item.items() if isinstance(value, list) and len(value) > self.most}
                yield run.moved(each, kept, VALUES)


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _aggregates(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 1)
    seconds = asked.whole(asked.args[0], 1) if asked.args else SECONDS
    if seconds > LARGEST // 1000:
        raise asked.wrong("slices that long are none", asked.args[0])
    return Aggregates(seconds), METRICS


def _more_than(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 1)
    return MoreThan(asked.whole(asked.args[0]) if asked.args else 1), VALUES


SPECS: tuple[Spec, ...] = (
    Spec(("Aggregates",), frozenset({METRICS}), METRICS, _aggregates,
         "Counters of flows summed in slices of so many seconds, 30 if not said.",
         "G.At(NOW, '10m').Flows().Metrics().Aggregates(60)"),
    Spec(("MoreThan",), frozenset({VALUES}), VALUES, _more_than, "Keeps groups of more members than this.",
         "G.Flows().Group().MoreThan(1)", differs="its parameter counts"),
)  # fmt: skip
