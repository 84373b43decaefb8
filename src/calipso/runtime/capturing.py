"""Captures of an environment: on every object that a query finds, for as long as it finds it.

A query is asked again when the graph has changed; points that it finds newly are opened, those that left are closed
after what they counted was told. Captures are documents of the environment: they go on after a restart.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from calipso.captures.bpf import compiled
from calipso.errors import CalipsoError, ConfigError, Conflict, NotFound, QueryError, StoreError, TransportError
from calipso.flows import record as r
from calipso.flows.table import FlowTable, Point
from calipso.model.environment import Host
from calipso.model.flow import Flow
from calipso.operations.context import CaptureEnd, CaptureSpec, CaptureState, PointState
from calipso.operations.querying import Reach
from calipso.query.evaluate import Found, evaluate
from calipso.query.run import Limits
from calipso.runtime.at import now
from calipso.runtime.capture_budgets import Budget
from calipso.runtime.collect import with_pid
from calipso.runtime.kept_packets import KeptPackets
from calipso.runtime.site import Site
from calipso.runtime.writer import DAY
from calipso.seams import Capture, CaptureCounts, CaptureEngine, CapturePoint, FlowStore, RawPacket

DOCUMENTS = "captures"
EVERY = 1.0
"""Seconds between looks at what was counted."""
AGAIN = 10.0
"""Seconds until a point that could not be opened is tried again."""
MOST_POINTS = 1000
MOST_WAITING = 100_000
"""Flows that wait while the store cannot take them."""
PRUNE_EVERY = 3600.0
MOST_ENDED = 20
"""Captures that ended by themselves which are told of."""
_LIMITS = Limits(seconds=5.0, results=MOST_POINTS)

log = structlog.get_logger()


class _Open:
    """A point that is captured."""

    def __init__(
        self, engine: CaptureEngine, capture: Capture, point: CapturePoint, spec: CaptureSpec, kept: KeptPackets
    ) -> None:
        self.engine, self.capture = engine, capture
        self._kept = kept if spec.options.raw_packets else None
        self.table = FlowTable(Point(point.node, spec.id, point.host), spec.policy)
        self.counts = CaptureCounts()

    def take(self, at: int) -> list[Flow]:
        """The flows that changed or ended. Raises `TransportError` when the point is gone."""
        records, self.counts = self.capture.read()
        changed = self.table.update(r.unpack(records), at)
        if self._kept is not None:
            changed = self._with_packets(changed, self._kept)
        return [*changed, *self.table.expire(at)]

    def _with_packets(self, flows: list[Flow], kept: KeptPackets) -> list[Flow]:
        """The flows, each with how many of its packets are kept now."""
        of: dict[str, list[RawPacket]] = {}
        for packet in self.capture.packets():
            if uuid := self.table.named(packet.key):
                of.setdefault(uuid, []).append(packet)
        for uuid, packets in of.items():
            kept.add(uuid, packets)
        return [msgspec.structs.replace(flow, raw_packets=kept.count(flow.uuid)) for flow in flows]


class Captures:
    """All captures of a site. Implements `operations.context.Captures`."""

    def __init__(self, site: Site, engines: Sequence[CaptureEngine], flows: FlowStore, this_host: str) -> None:
        self.flows = flows
        self._site, self._engines, self._this_host = site, engines, this_host
        self._specs: dict[str, CaptureSpec] = {
            key: msgspec.convert(said, CaptureSpec) for key, said in site.store.documents(DOCUMENTS).items()
        }
        self._open: dict[tuple[str, str], _Open] = {}
        self._failed: dict[tuple[str, str], tuple[float, str]] = {}
        self._found: dict[str, dict[str, CapturePoint | str]] = {}
        self._errors: dict[str, str] = {}
        self._asked_at: Mapping[str, int] = {}
        self._waiting: dict[str, Flow] = {}
        self.kept = KeptPackets()
        self._budgets: dict[str, Budget] = {}
        self._ended: deque[CaptureEnd] = deque(maxlen=MOST_ENDED)
        self._trouble = ""
        self._pruned = 0.0
        self.not_kept = 0
        """Flows that were lost as the store could not take them for too long."""
        self.running = False
        self.told: list[Callable[[Sequence[Flow]], None]] = []
        """Called, in the thread that reads captures, with flows that changed or ended."""

    # ── what users do ────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, spec: CaptureSpec) -> CaptureSpec:
        """Begin a capture. Raises `QueryError` for a wrong query, `ConfigError` for a wrong filter or an engine that
        cannot be used, `Conflict` for an id that is taken.
        """
        compiled(spec.options.bpf, spec.options.header)
        if spec.engine:
            self._named(spec.engine)
        if spec.id in self._specs:
            raise Conflict(f"there is a capture {spec.id!r}", hint="remove it first, or choose another id")
        self._points_of(spec)
        made = msgspec.structs.replace(spec, id=spec.id or secrets.token_hex(6), created=now())
        self._site.store.put_document(DOCUMENTS, made.id, msgspec.to_builtins(made))
        self._specs[made.id] = made
        return made

    def remove(self, id: str) -> None:
        """End a capture; its flows stay. Raises `NotFound`."""
        if id not in self._specs:
            raise NotFound(f"no capture {id!r}", hint="`calipso capture list` tells those there are.")
        self._site.store.put_document(DOCUMENTS, id, None)
        del self._specs[id]

    def states(self) -> list[CaptureState]:
        """Every capture with its points."""
        return [self._state(spec) for spec in sorted(self._specs.values(), key=lambda each: each.created)]

    def ended(self) -> list[CaptureEnd]:
        """Those that ended by themselves since the server began, the last first."""
        return list(self._ended)

    def packets(self, uuid: str) -> list[RawPacket]:
        """The packets of a flow that are kept."""
        return self.kept.of(uuid)

    def point(self, id: str) -> CapturePoint | str:
        """Where an object of this machine's hosts is, or why it is out of reach from here."""
        graph = self._site.graph()
        head = graph.resolve(id)
        return f"there is no {id}" if head is None else self._point(Found(head, graph.attributes(head)))

    def _state(self, spec: CaptureSpec) -> CaptureState:
        points = []
        for node, point in sorted(self._found.get(spec.id, {}).items()):
            key = (spec.id, node)
            there = self._open.get(key)
            if there is not None:
                points.append(PointState(node, "active", there.engine.name, there.counts, len(there.table)))
            elif isinstance(point, str):
                points.append(PointState(node, "not here", reason=point))
            else:
                points.append(PointState(node, "failed" if key in self._failed else "waiting",
                                         reason=self._failed.get(key, (0.0, ""))[1]))  # fmt: skip
        return CaptureState(spec, points, self._errors.get(spec.id, "") or self._trouble)

    # ── at work ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Capture until cancelled."""
        self.running = True
        try:
            while True:
                await self.turn()
                await asyncio.sleep(EVERY)
        finally:
            self.running = False

    async def close(self) -> None:
        """End everything that is open, and tell what it counted."""
        await asyncio.to_thread(self._close, list(self._open))
        self.flows.close()

    async def turn(self) -> None:
        """Look what there is to capture, and at what was counted."""
        self._spend()
        if self._specs or self._open or self._waiting:
            await asyncio.to_thread(self._turn)
        await asyncio.to_thread(self._prune)

    def _spend(self) -> None:
        """End what has used up its budget."""
        clock, at = time.monotonic(), now()
        self._budgets = {id: self._budgets.get(id) or Budget(spec) for id, spec in self._specs.items()}
        for id, budget in self._budgets.items():
            points = [(node, there.counts.received, there.capture.cpu())
                      for (capture, node), there in self._open.items() if capture == id]  # fmt: skip
            reason = budget.look(points, clock, at)
            if reason:
                self._ended.appendleft(CaptureEnd(self._specs[id], at, reason))
                log.info("capture ended", capture=id, reason=reason)
                self.remove(id)

    def _turn(self) -> None:
        self._ask()
        wanted = {
            (id, node): (self._specs[id], point)
            for id, points in self._found.items() if id in self._specs
            for node, point in points.items() if isinstance(point, CapturePoint)
        }  # fmt: skip
        self._close([key for key in self._open if key not in wanted])
        clock = time.monotonic()
        for key, (spec, point) in wanted.items():
            if key not in self._open and self._failed.get(key, (0.0, ""))[0] <= clock:
                self._begin(key, spec, point)
        self._read()

    def _ask(self) -> None:
        """Ask the queries again if the graph is another one than at the last time."""
        rev = self._site.graph().ts
        asked = {}
        for id, spec in list(self._specs.items()):
            asked[id] = rev
            if self._asked_at.get(id) == rev:
                continue
            try:
                self._found[id] = self._points_of(spec)
                self._errors.pop(id, None)
            except QueryError as error:
                self._errors[id] = error.message
        self._asked_at = asked
        for id in [id for id in self._found if id not in self._specs]:
            del self._found[id]

    def _points_of(self, spec: CaptureSpec) -> dict[str, CapturePoint | str]:
        """Object → where it is captured, or why it cannot be. Raises `QueryError`."""
        answer = evaluate(spec.query, Reach(self._site, None, now()), time.monotonic, _LIMITS)
        if answer.kind != "nodes":
            raise QueryError(f"a capture is of objects, and this query gives {answer.kind}",
                             hint="as in G.V().Has('Name', 'eth0')")  # fmt: skip
        found = [row.value for row in answer.rows if isinstance(row.value, Found)]
        return {each.head.id: self._point(each) for each in found}

    def _point(self, found: Found) -> CapturePoint | str:
        head, a = found.head, found.attributes
        if not any(head.type in engine.types for engine in self._engines):
            return f"no engine captures on a {head.type}"
        host = self._host(head.host)
        if isinstance(host, str):
            return host
        netns = str(a.get("netns", head.host))
        path = ""
        if netns != head.host:
            there = self._site.graph().resolve(netns)
            path = str(self._site.graph().attributes(there).get("path", "")) if there is not None else ""
            if not path:
                return f"the way to {netns} is not known"
        return CapturePoint(device=str(a.get("name", head.name)), netns=path, pid=host.pid, node=head.id,
                            host=head.host)  # fmt: skip

    def _host(self, name: str) -> Host | str:
        """The declared host, this machine, or why it is out of reach."""
        declared = self._site.config.hosts
        if not declared and name:
            return Host()
        found = declared.get(name)
        if found is None:
            return f"{name} is not a host of this environment"
        if found.ssh is not None or found.agent or found.snmp is not None or found.openstack is not None:
            return f"{name} is not captured from here: it is not on this machine"
        try:
            return with_pid(found, f"hosts.{name}")
        except ConfigError as error:
            return error.message

    def _named(self, name: str) -> CaptureEngine:
        for engine in self._engines:
            if engine.name == name:
                if reason := engine.reason():
                    raise ConfigError(f"{name} cannot be used here: {reason}", where="engine")
                return engine
        known = ", ".join(engine.name for engine in self._engines)
        raise ConfigError(f"no engine {name!r}", where="engine", hint=f"there are: {known}")

    def _engine_for(self, spec: CaptureSpec, type: str) -> CaptureEngine:
        """The engine that was named, else the first that can do it. Raises `ConfigError`."""
        if spec.engine:
            return self._named(spec.engine)
        why = []
        for engine in self._engines:
            if type not in engine.types or (spec.options.bpf and not engine.filters):
                continue
            if spec.options.raw_packets and not engine.keeps_packets:
                continue
            if reason := engine.reason():
                why.append(f"{engine.name}: {reason}")
                continue
            return engine
        raise ConfigError("; ".join(why) or f"no engine captures on a {type} with these options", where="engine")

    def _begin(self, key: tuple[str, str], spec: CaptureSpec, point: CapturePoint) -> None:
        head = self._site.graph().resolve(point.node)
        try:
            engine = self._engine_for(spec, head.type if head is not None else "")
            self._open[key] = _Open(engine, engine.open(point, spec.options), point, spec, self.kept)
            self._failed.pop(key, None)
        except CalipsoError as error:
            self._failed[key] = (time.monotonic() + AGAIN, error.message)

    def _read(self) -> None:
        at = time.time_ns()
        for key, there in list(self._open.items()):
            try:
                flows = there.take(at)
            except TransportError as error:
                self._failed[key] = (time.monotonic() + AGAIN, error.message)
                del self._open[key]
                there.capture.close()
                continue
            self._take(flows)
        self._keep()

    def _close(self, keys: Sequence[tuple[str, str]]) -> None:
        for key in keys:
            there = self._open.pop(key)
            try:
                self._take(there.take(time.time_ns()))
            except TransportError as error:
                log.info("capture ended", capture=key[0], node=key[1], reason=error.message)
            there.capture.close()
        self._keep()

    def _take(self, flows: list[Flow]) -> None:
        """The newest state of each waits to be kept."""
        placed = self._placed(flows)
        self._waiting |= {flow.uuid: flow for flow in placed}
        for told in self.told if placed else ():
            told(placed)
        over = len(self._waiting) - MOST_WAITING
        if over > 0:
            for uuid in list(self._waiting)[:over]:
                del self._waiting[uuid]
            self.not_kept += over

    def _keep(self) -> None:
        """Flows that the store cannot take now, as its disk is full, wait: `states` says so."""
        if not self._waiting:
            return
        try:
            self.flows.add(list(self._waiting.values()))
        except StoreError as error:
            if not self._trouble:
                log.error("flows are not kept", reason=error.message, hint=error.hint)
            self._trouble = f"flows are not kept, {len(self._waiting)} wait, {self.not_kept} lost: {error.message}"
            return
        self._waiting.clear()
        self._trouble = ""

    def _prune(self) -> None:
        """Now and then, flows that ended longer ago than the environment keeps them."""
        if time.monotonic() < self._pruned:
            return
        self._pruned = time.monotonic() + PRUNE_EVERY
        try:
            gone = self.flows.prune(now() - int(self._site.config.flow_days * DAY))
        except StoreError as error:
            log.error("flows cannot be pruned", reason=error.message, hint=error.hint)
            return
        if gone:
            log.info("flows pruned", environment=self._site.config.name, flows=gone)

    def _placed(self, flows: list[Flow]) -> list[Flow]:
        """With the objects that both ends belong to, by address and MAC, where exactly one has it."""
        graph = self._site.graph()
        known: dict[tuple[str, Any], str] = {}

        def owner(ip: str, mac: str) -> str:
            for key in (("ip", ip), ("mac", mac)):
                if not key[1]:
                    continue
                if key not in known:
                    heads = [head for ord in graph.find(*key) if (head := graph.get(ord)) is not None]
                    known[key] = heads[0].id if len(heads) == 1 else ""
                if known[key]:
                    return known[key]
            return ""

        out = []
        for flow in flows:
            a, b = (flow.network.a, flow.network.b) if flow.network else ("", "")
            x, y = (flow.link.a, flow.link.b) if flow.link else ("", "")
            out.append(msgspec.structs.replace(flow, a_object=owner(a, x), b_object=owner(b, y)))
        return out
