"""Captures of an environment: on every object that a query finds, for as long as it finds it.

A query is asked again when the graph has changed; points that it finds newly are ordered, those that left are ordered
no more. What is ordered runs where the packets are: in this process (`capture_host.py`), or in the agent of a host
(`agent_packets.py`). Captures are documents of the environment: they go on after a restart.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import structlog

from calipso.captures.bpf import compiled
from calipso.errors import CalipsoError, ConfigError, Conflict, NotFound, QueryError
from calipso.model.flow import Flow, FlowPacket
from calipso.operations.capture_documents import CaptureEnd, CaptureSpec, CaptureState, KeptPackets, PointState
from calipso.operations.querying import Reach
from calipso.query.evaluate import Found, evaluate
from calipso.query.run import Limits
from calipso.runtime.agent_asking import kept
from calipso.runtime.agents import Agents
from calipso.runtime.at import now
from calipso.runtime.capture_budgets import Budget
from calipso.runtime.capture_host import CaptureHost
from calipso.runtime.flow_keeping import FlowKeeping
from calipso.runtime.orders import Key, Order
from calipso.runtime.packet_shelf import LARGEST, PacketShelf, matching
from calipso.runtime.points import Located, Points
from calipso.runtime.site import Site
from calipso.seams import CaptureEngine, FlowFilter, FlowStore

DOCUMENTS = "captures"
EVERY = 1.0
"""Seconds between looks at what was counted."""
MOST_POINTS = 1000
MOST_ENDED = 20
"""Captures that ended by themselves which are told of."""
_LIMITS = Limits(seconds=5.0, results=MOST_POINTS)

log = structlog.get_logger()


class Captures:
    """All captures of a site. Implements `operations.context.Captures`."""

    def __init__(
        self, site: Site, engines: Sequence[CaptureEngine], flows: FlowStore, agents: Agents, files: Path | None = None,
        packets: Path | None = None,
    ) -> None:  # fmt: skip
        """files: the folder for files of packets. packets: where those that are kept of flows are saved."""
        self.shelf = PacketShelf(packets)
        self.keeping = FlowKeeping(site, flows)
        self.told = self.keeping.told
        self.points = Points(site)
        self._site, self._agents, self._here = site, agents, CaptureHost(engines, self.shelf, folder=files)
        self._types = frozenset(type for engine in engines for type in engine.types)
        self._specs: dict[str, CaptureSpec] = {
            key: msgspec.convert(said, CaptureSpec) for key, said in site.store.documents(DOCUMENTS).items()
        }
        self._found: dict[str, dict[str, Located | str]] = {}
        self._errors: dict[str, str] = {}
        self._asked_at: Mapping[str, int] = {}
        self._budgets: dict[str, Budget] = {}
        self._ended: deque[CaptureEnd] = deque(maxlen=MOST_ENDED)
        self.running = False

    @property
    def flows(self) -> FlowStore:
        return self.keeping.flows

    # ── what users do ────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, spec: CaptureSpec) -> CaptureSpec:
        """Begin a capture. Raises `QueryError` for a wrong query, `ConfigError` for a wrong filter or an engine that
        cannot be used, `Conflict` for an id that is taken.
        """
        compiled(spec.options.bpf, spec.options.header)
        if spec.engine:
            self._usable(spec.engine)
        if spec.id in self._specs:
            raise Conflict(f"there is a capture {spec.id!r}", hint="remove it first, or choose another id")
        self._points_of(spec)
        made = msgspec.structs.replace(spec, id=spec.id or secrets.token_hex(6), created=now())
        self._site.store.put_document(DOCUMENTS, made.id, msgspec.to_builtins(made))
        self._specs[made.id] = made
        return made

    def _usable(self, engine: str) -> None:
        """Raises `ConfigError`. What cannot be used here may be usable at an agent, which will say."""
        try:
            self._here.named(engine)
        except ConfigError:
            if not self.points.agents() or all(engine != each.name for each in self._here.engines):
                raise

    def remove(self, id: str) -> None:
        """End a capture; its flows stay. Raises `NotFound`."""
        if id not in self._specs:
            raise NotFound(f"no capture {id!r}", hint="`calipso capture list` tells those there are.")
        self._site.store.put_document(DOCUMENTS, id, None)
        del self._specs[id]

    def states(self) -> list[CaptureState]:
        """Every capture with its points."""
        known = self._known()
        return [self._state(spec, known) for spec in sorted(self._specs.values(), key=lambda each: each.created)]

    def ended(self) -> list[CaptureEnd]:
        """Those that ended by themselves since the server began, the last first."""
        return list(self._ended)

    def locate(self, id: str) -> Located | str:
        """Where an object is that packets can be sent from, or why it is out of reach."""
        return self.points.by_id(id, self._types)

    def packets(self, flows: Sequence[str]) -> KeptPackets:
        """For a thread: agents are asked for theirs, those that keep any of these flows."""
        found, missing = self.shelf.of(flows), list[str]()
        for host, uuids in self._kept_at_agents(flows).items():
            room = LARGEST - sum(len(each.frame) for each in found)
            try:
                found += kept(self._agents.asks(self._site.config.name, host), uuids, room)
            except CalipsoError as error:
                missing.append(f"packets kept at {host} are not here: {error.message}")
        return KeptPackets(sorted(found, key=lambda each: each.place), missing)

    def _kept_at_agents(self, flows: Sequence[str]) -> dict[str, list[str]]:
        """Host → flows (uuids) of which its agent keeps packets."""
        hosts: dict[str, list[str]] = {host: [] for host in self.points.agents()}
        if hosts and flows:
            for flow in self.flows.find(FlowFilter(match={"uuid": tuple(flows)}, limit=len(flows))):
                if flow.raw_packets and flow.host in hosts:
                    hosts[flow.host].append(flow.uuid)
        return {host: uuids for host, uuids in hosts.items() if uuids}

    def matching(self, bpf: str, packets: Sequence[FlowPacket]) -> list[FlowPacket]:
        return matching(bpf, packets)

    def _known(self) -> dict[Key, PointState]:
        """What those say that capture, here and at agents."""
        known: dict[Key, PointState] = {report.key: report.state for report in self._here.reports()}
        for host in self.points.agents():
            known |= {report.key: report.state for report in self._agents.reports(self._site.config.name, host)}
        return known

    def _state(self, spec: CaptureSpec, known: Mapping[Key, PointState]) -> CaptureState:
        points = [
            self._point_state(node, place, known.get((spec.id, node)))
            for node, place in sorted(self._found.get(spec.id, {}).items())
        ]
        return CaptureState(spec, points, self._errors.get(spec.id, "") or self.keeping.trouble)

    def _point_state(self, node: str, place: Located | str, known: PointState | None) -> PointState:
        if isinstance(place, str):
            return PointState(node, "not here", reason=place)
        state = known or PointState(node, "waiting")
        if not place.agent:
            return state
        refused, away = self._agents.refusal(self._site.config.name, place.point.host, "captures")
        if not refused:
            return state
        return msgspec.structs.replace(state, state="away" if away else "not here", reason=refused)

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
        """End everything that is open here, and tell what it counted. Agents go on."""
        await asyncio.to_thread(lambda: self.keeping.take(self._here.close()))
        await asyncio.to_thread(self.shelf.save)
        self.flows.close()

    async def turn(self) -> None:
        """Look what there is to capture, and at what was counted."""
        self._spend()
        if self._specs or self._found or self._here.busy or self.keeping.waiting:
            await asyncio.to_thread(self._turn)
        await asyncio.to_thread(self.keeping.prune)
        if any(id not in self._found for id in self._specs):
            return  # not asked yet: agents go on with what they were told, rather than be told too little
        orders = list(self._ordered(agents=True))
        for host in self.points.agents():
            mine = tuple(order for order in orders if order.point.host == host)
            self._agents.want(self._site.config.name, host, mine)

    def _spend(self) -> None:
        """End what has used up its budget."""
        clock, at = time.monotonic(), now()
        self._budgets = {
            id: self._budgets.get(id) or Budget(spec.packets, spec.options.cpu) for id, spec in self._specs.items()
        }
        known = self._known() if self._budgets else {}
        for id, budget in self._budgets.items():
            points = [
                (node, state.counts.received, state.cpu) for (at_work, node), state in known.items() if at_work == id
            ]
            spec = self._specs[id]
            over = spec.ttl and _until(spec) < at
            if reason := f"its {spec.ttl:g} s are over" if over else budget.look(points, clock):
                self._ended.appendleft(CaptureEnd(spec, at, reason))
                log.info("capture ended", capture=id, reason=reason)
                self.remove(id)

    def _turn(self) -> None:
        self._ask()
        self._here.want(self._ordered(agents=False))
        self.keeping.take(self._here.turn())

    def deliver(self, flows: Sequence[Flow]) -> None:
        """Keep what an agent saw, or none of it. For a thread. Raises `StoreError`."""
        self.keeping.deliver(flows)

    def _ordered(self, *, agents: bool) -> list[Order]:
        """What is to be captured, here or at agents."""
        return [
            Order(capture=id, point=place.point, type=place.type, engine=spec.engine, options=spec.options,
                  policy=spec.policy, until=_until(spec), packets=spec.packets, made=spec.created)
            for id, places in self._found.items() if (spec := self._specs.get(id)) is not None
            for place in places.values() if isinstance(place, Located) and place.agent == agents
        ]  # fmt: skip

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

    def _points_of(self, spec: CaptureSpec) -> dict[str, Located | str]:
        """Object → where it is captured, or why it cannot be. Raises `QueryError`."""
        answer = evaluate(spec.query, Reach(self._site, None, now()), time.monotonic, _LIMITS)
        if answer.kind != "nodes":
            raise QueryError(f"a capture is of objects, and this query gives {answer.kind}",
                             hint="as in G.V().Has('Name', 'eth0')")  # fmt: skip
        found = [row.value for row in answer.rows if isinstance(row.value, Found)]
        return {each.head.id: self.points.find(each, self._types) for each in found}


def _until(spec: CaptureSpec) -> int:
    """µs since the epoch, 0 for never."""
    return spec.created + int(spec.ttl * 1e6) if spec.ttl else 0
