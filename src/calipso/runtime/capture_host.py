"""The half of captures that runs where the packets are: in a server for its own machine, in an agent for its host.

It is told the whole of what is wanted, each time anew: what is new is opened, what is not wanted any more is closed
after what it counted was told. Who wants it may be away: what an order says of its end holds by itself.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from calipso.errors import CalipsoError, ConfigError, TransportError
from calipso.flows import record as r
from calipso.flows.table import FlowTable, Point
from calipso.model.flow import Flow
from calipso.operations.capture_documents import PointState
from calipso.runtime.capture_budgets import Budgets
from calipso.runtime.orders import Key, Order, PointReport
from calipso.runtime.packet_shelf import PacketShelf
from calipso.seams import Capture, CaptureCounts, CaptureEngine, CaptureOptions

AGAIN = 10.0
"""Seconds until a point that could not be opened is tried again."""
MEASURED = 5.0
"""Seconds over which packets a second are reckoned: one burst is not a rate."""
OVER = "its time is over"
_UNFIT = re.compile(r"[^A-Za-z0-9._:]+")

log = structlog.get_logger()


class _Open:
    """A point that is captured."""

    def __init__(self, engine: CaptureEngine, capture: Capture, order: Order, shelf: PacketShelf | None) -> None:
        self.engine, self.capture, self.order, self.shelf = engine, capture, order, shelf
        self.table = FlowTable(Point(order.point.node, order.capture, order.point.host), order.policy)
        self.counts = CaptureCounts()
        self._measured = time.monotonic(), 0

    def take(self, at: int) -> list[Flow]:
        """The flows that changed or ended. Raises `TransportError` when the point is gone."""
        records, self.counts = self.capture.read()
        changed = self.table.update(r.unpack(records), at)
        if self.shelf is not None and (kept := self.shelf.take(self.capture.packets(), self.table)):
            changed = [
                msgspec.structs.replace(flow, raw_packets=kept[flow.uuid]) if flow.uuid in kept else flow
                for flow in changed
            ]
        return [*changed, *self.table.expire(at)]

    def end(self, at: int) -> list[Flow]:
        """All its flows as they are at last, those that ended just now among them."""
        try:
            changed = self.take(at)
        except TransportError as error:
            log.info("capture ended", capture=self.order.capture, node=self.order.point.node, reason=error.message)
            changed = []
        return list({flow.uuid: flow for flow in (*changed, *self.table.end())}.values())

    def overspent(self) -> str:
        """Why the budget ends it, "" while it is kept to."""
        most, clock = self.order.options.packets_per_second, time.monotonic()
        since, before = self._measured
        if not most or clock - since < MEASURED:
            return ""
        seen = self.counts.received + self.counts.dropped + self.counts.lost
        self._measured = clock, seen
        rate = (seen - before) / (clock - since)
        return f"its budget is {most} packets a second, and there were {rate:.0f}" if rate > most else ""

    def state(self, name: str, reason: str = "") -> PointState:
        cpu = self.capture.cpu()
        return PointState(self.order.point.node, name, self.engine.name, self.counts, len(self.table), reason, cpu)


class _Failure(NamedTuple):
    """of: the point as it was when it failed, None when it could not be opened."""

    again: float
    reason: str
    of: PointState | None = None


class CaptureHost:
    """See the module. `turn` and `close` may take long: they are for a thread; the others may be called from any.

    shelf: keeps packets of flows, where they are kept. budgets: end captures by what all their points use up here;
    without them somebody else sees to that. folder: where captures write files of packets.
    """

    def __init__(
        self, engines: Sequence[CaptureEngine], shelf: PacketShelf | None = None, budgets: Budgets | None = None,
        folder: Path | None = None,
    ) -> None:  # fmt: skip
        self.engines, self._shelf, self._budgets = tuple(engines), shelf, budgets
        self._folder = folder
        self._orders: dict[Key, Order] = {}
        self._open: dict[Key, _Open] = {}
        self._failed: dict[Key, _Failure] = {}
        self._ended: dict[Key, tuple[int, PointState]] = {}
        """Those that ended by what their orders say, until they are not wanted any more; when it was made."""
        self._lock = threading.Lock()

    def want(self, orders: Iterable[Order]) -> None:
        """From the next turn on: these, and nothing else."""
        self._orders = {order.key: order for order in orders}

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._orders or self._open)

    def turn(self) -> list[Flow]:
        """Open and close what is to be; the flows that changed or ended."""
        with self._lock:
            wanted, at = self._orders, time.time_ns()
            self._forget(wanted)
            told = self._close([key for key, there in self._open.items() if not _same(there.order, wanted.get(key))])
            for key, order in wanted.items():
                there = self._open.get(key)
                if order.until and order.until <= at // 1000:
                    told += self._end(key, order, OVER)
                elif reason := self._spent(order):
                    told += self._end(key, order, reason)
                elif there is not None:
                    there.order = order
                elif key not in self._ended and self._due(key):
                    self._begin(key, order)
            told += self._read(at)
            self._spend(wanted)
            return told

    def _due(self, key: Key) -> bool:
        failed = self._failed.get(key)
        return failed is None or failed.again <= time.monotonic()

    def _forget(self, wanted: Mapping[Key, Order]) -> None:
        """What is known of orders that are not wanted any more."""
        for key in [key for key in self._failed if key not in wanted]:
            del self._failed[key]
        for key, (made, _) in list(self._ended.items()):
            if key not in wanted or wanted[key].made != made:
                del self._ended[key]
        if self._budgets is not None:
            self._budgets.want(wanted.values())

    def _spent(self, order: Order) -> str:
        """Why the budget of its capture ends it, "" while there is some left."""
        return self._budgets.over(order) if self._budgets is not None else ""

    def _spend(self, wanted: Mapping[Key, Order]) -> None:
        """Take in what captures used: the next turn ends those that have used up what they may."""
        points: dict[str, list[tuple[str, int, float]]] = {}
        for (capture, node), there in self._open.items():
            points.setdefault(capture, []).append((node, there.counts.received, there.capture.cpu()))
        for order in {order.capture: order for order in wanted.values()}.values():
            if self._budgets is not None and order.capture in points:
                self._budgets.look(order, points[order.capture], time.monotonic())

    def close(self) -> list[Flow]:
        """End everything that is open; what it counted."""
        with self._lock:
            self._orders = {}
            return self._close(list(self._open))

    def reports(self) -> list[PointReport]:
        """How each order goes."""
        return [PointReport(key[0], self._state(key, order)) for key, order in list(self._orders.items())]

    def _state(self, key: Key, order: Order) -> PointState:
        there = self._open.get(key)
        if there is not None:
            return there.state("active")
        if (ended := self._ended.get(key)) is not None:
            return ended[1]
        if (failed := self._failed.get(key)) is None:
            return PointState(order.point.node, "waiting")
        if failed.of is None:
            return PointState(order.point.node, "failed", reason=failed.reason)
        return failed.of

    def named(self, name: str) -> CaptureEngine:
        """The engine of a name. Raises `ConfigError` when there is none, or it cannot be used here."""
        engine = next((each for each in self.engines if each.name == name), None)
        if engine is None:
            known = ", ".join(engine.name for engine in self.engines)
            raise ConfigError(f"no engine {name!r}", where="engine", hint=f"there are: {known}")
        if reason := engine.reason():
            raise ConfigError(f"{name} cannot be used here: {reason}", where="engine")
        return engine

    def _engine_for(self, order: Order) -> CaptureEngine:
        """The engine that was named, else the first that can do it. Raises `ConfigError`."""
        if order.engine:
            engine = self.named(order.engine)
            if order.type not in engine.types:
                raise ConfigError(f"{engine.name} captures on {_listed(engine.types)}, not on a {order.type}")
            return engine
        why = []
        for engine in self.engines:
            if order.type not in engine.types or (order.options.bpf and not engine.filters):
                continue
            if order.options.frames and not engine.keeps_packets:
                continue
            if reason := engine.reason():
                why.append(f"{engine.name}: {reason}")
                continue
            return engine
        raise ConfigError("; ".join(why) or f"no engine captures on a {order.type} with these options", where="engine")

    def _begin(self, key: Key, order: Order) -> None:
        try:
            engine = self._engine_for(order)
            self._open[key] = _Open(engine, engine.open(order.point, self._options(order)), order, self._shelf)
            self._failed.pop(key, None)
        except CalipsoError as error:
            before = self._failed.get(key)
            of = msgspec.structs.replace(before.of, reason=error.message) if before and before.of else None
            self._failed[key] = _Failure(time.monotonic() + AGAIN, error.message, of)

    def _options(self, order: Order) -> CaptureOptions:
        """Which file packets are written to is decided here. Raises `ConfigError`."""
        if order.options.target_type != "local":
            return order.options
        if self._folder is None:
            raise ConfigError("no files are written here", where="target")
        name = "-".join(_UNFIT.sub("_", each) for each in order.key)
        return msgspec.structs.replace(order.options, target=str(self._folder / f"{name[:200]}.pcap"))

    def _read(self, at: int) -> list[Flow]:
        told: list[Flow] = []
        for key, there in list(self._open.items()):
            try:
                told += there.take(at)
            except TransportError as error:
                told += there.table.end()
                self._failed[key] = _Failure(
                    time.monotonic() + AGAIN, error.message, there.state("failed", error.message)
                )
                del self._open[key]
                there.capture.close()
                continue
            if reason := there.overspent():
                told += self._end(key, there.order, reason)
        return told

    def _end(self, key: Key, order: Order, reason: str) -> list[Flow]:
        """By what the order says."""
        there = self._open.get(key)
        told = self._close([key])
        if key not in self._ended:
            self._failed.pop(key, None)
            log.info("capture ended", capture=key[0], node=key[1], reason=reason)
            node = order.point.node
            state = there.state("ended", reason) if there else PointState(node, "ended", reason=reason)
            self._ended[key] = order.made, state
        return told

    def _close(self, keys: Iterable[Key]) -> list[Flow]:
        told: list[Flow] = []
        for key in keys:
            there = self._open.pop(key, None)
            if there is None:
                continue
            told += there.end(time.time_ns())
            there.capture.close()
        return told


def _listed(types: Iterable[str]) -> str:
    known = sorted(types)
    return "devices" if "device" in known else ", ".join(known)


def _same(there: Order, wanted: Order | None) -> bool:
    """Whether what is open is what is wanted; when it ends may change meanwhile."""
    return wanted is not None and (there.point, there.engine, there.options, there.policy, there.made) == (
        wanted.point, wanted.engine, wanted.options, wanted.policy, wanted.made,
    )  # fmt: skip
