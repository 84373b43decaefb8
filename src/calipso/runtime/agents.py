"""The agents of a server: who is there, how far each was taken, what each costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec
import structlog

from calipso.errors import Conflict, NotFound, StoreError, Unreachable
from calipso.model.environment import Environment, Host
from calipso.model.flow import Flow
from calipso.model.record import RunEnded, RunError, ScopeState
from calipso.operations.context import AgentState
from calipso.runtime import feed
from calipso.runtime.agent import only
from calipso.runtime.agent_sending import AgentSender
from calipso.runtime.at import now
from calipso.runtime.delivery import WINDOW
from calipso.runtime.orders import Ability, Order, PointReport
from calipso.runtime.outbox import Outbox
from calipso.runtime.writer import Writer
from calipso.seams import CapturePoint

PATIENCE = 10.0
"""Seconds an agent may be away until what it said is called stale."""

log = structlog.get_logger()


class Site(Protocol):
    """What agents need of an environment."""

    @property
    def config(self) -> Environment: ...
    @property
    def writer(self) -> Writer: ...
    def scopes(self) -> list[ScopeState]: ...


OLD = "it is of a version that knows nothing of packets: install the server's"
OLD_ANSWERS = "it is of a version that cannot be asked: install the server's"
RETRY = 2.0
"""Seconds until flows that the store could not take are tried again: they are on the agent's disk."""


class Keeping(Protocol):
    """Where the flows of an environment are kept."""

    def deliver(self, flows: Sequence[Flow]) -> None:
        """Keep them, or none; for a thread. Raises `StoreError`."""
        ...


class Connection:
    """One agent's conversation. Closing it twice does nothing."""

    def __init__(self, agents: Agents, site: Site, hello: feed.Hello) -> None:
        self._agents = agents
        self._site = site
        self.hello = hello
        self.replaced = asyncio.Event()
        """Set when the same agent came again: this connection is a dead one."""
        self.outbox = Outbox[feed.Batch, feed.Sent](hello.host, self._hand)
        self.asks = Outbox[feed.Ask, feed.Answer](hello.host, self._ask)
        self._durable: int | None = None
        self._flows_durable: int | None = None
        self._orders: tuple[Order, ...] | None = None
        self._batches: list[feed.Batch] = []
        self._asked: list[feed.Ask] = []
        self._news = asyncio.Event()
        """There is something to be told that was not yet."""
        self._flows: asyncio.Queue[tuple[int, tuple[Flow, ...]]] = asyncio.Queue(WINDOW)
        """All that an agent sends before it waits: flows that cannot be kept do not hold up what is seen."""
        self._keeping = asyncio.create_task(self._keep(), name=f"flows of the agent of {hello.host}")

    @property
    def spool(self) -> str:
        """The name of its marks."""
        return f"agent {self.hello.spool}"

    def welcome(self) -> feed.Welcome:
        mine = [state.scope for state in self._site.scopes() if state.scope.reporter == self.hello.host]
        known = tuple((scope.source, scope.part) for scope in mine)
        acked = self._site.writer.store.marks().get(self.spool, 0)
        return feed.Welcome(acked, only(self._site.config, self.hello.host), known)

    async def take(self, data: bytes) -> None:
        """Hand a part over; waits while the writer is behind. Raises `ParseError`."""
        seq, body = feed.unframe(data)
        if seq & feed.FLOWS:
            await self._flows.put((seq ^ feed.FLOWS, feed.unpack_flows(body)))
            return
        observations = feed.unpack(body)
        if not seq:
            await self._site.writer.put(observations)
            return
        done = await self._site.writer.hand(self.spool, seq, observations)
        done.add_done_callback(lambda _: self._advance(seq))

    def _advance(self, seq: int) -> None:
        self._durable = max(self._durable or 0, seq)
        self._news.set()

    async def _keep(self) -> None:
        """Flows, part by part, as the store can take them."""
        while True:
            seq, flows = await self._flows.get()
            await self._agents.keep(self.hello, flows)
            self._flows_durable = seq
            self._news.set()

    async def says(self) -> feed.Told:
        """What there is to tell the agent, once there is anything."""
        await self._news.wait()
        self._news.clear()
        orders, batches, asked = self._orders, tuple(self._batches), tuple(self._asked)
        told = feed.Told(self._durable, self._flows_durable, feed.Wanted(orders, now()) if orders is not None else None,
                         batches, asked)  # fmt: skip
        self._durable = self._flows_durable = self._orders = None
        self._batches, self._asked = self._batches[len(batches) :], self._asked[len(asked) :]
        return told

    def want(self, orders: tuple[Order, ...]) -> None:
        """Have it capture this and nothing else."""
        self._orders = orders
        self._news.set()

    def _hand(self, batch: feed.Batch) -> None:
        self._batches.append(batch)
        self._news.set()

    def _ask(self, ask: feed.Ask) -> None:
        self._asked.append(ask)
        self._news.set()

    def hears(self, text: str) -> None:
        """Take in what the agent says besides parts."""
        said = feed.heard(text)
        if isinstance(said, feed.Cost):
            self._agents.costs(self.hello, said)
        elif isinstance(said, feed.Report):
            self._agents.reported(self, said)
        elif isinstance(said, feed.Sent):
            self.outbox.answer(said.sent, said)
        elif isinstance(said, feed.Answer):
            self.asks.answer(said.answers, said)

    def close(self) -> None:
        self._keeping.cancel()
        self.outbox.close()
        self.asks.close()
        self._agents.left(self, self._site)


class Agents:
    """All agents that were ever welcomed since the start, by environment and host."""

    def __init__(self, keeping: Callable[[str], Keeping]) -> None:
        self._keeping = keeping
        self._wanted: dict[tuple[str, str], tuple[Order, ...]] = {}
        self._reports: dict[tuple[str, str], feed.Report] = {}
        self._abilities: dict[tuple[str, str], Ability | None] = {}
        self._here: dict[tuple[str, str], Connection] = {}
        self._states: dict[tuple[str, str], AgentState] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def states(self) -> list[AgentState]:
        return [self._states[place] for place in sorted(self._states)]

    def welcome(self, sites: Mapping[str, Site], hello: feed.Hello) -> Connection:
        """Take an agent in. Raises `NotFound` for an environment or host that is not declared, `Conflict`."""
        site = self._declared(sites, hello)
        place = (hello.environment, hello.host)
        there = self._here.get(place)
        if there is not None:
            if there.hello.spool != hello.spool:
                raise Conflict(
                    f"another agent speaks for {hello.host} in {hello.environment}", hint="end that one first"
                )
            there.replaced.set()
        connection = self._here[place] = Connection(self, site, hello)
        self._reports.pop(place, None)  # of the agent before: whether this one captures already it has yet to say
        able = self._abilities[place] = hello.ability
        captures, sends = (able.captures or able.unprivileged, able.sends) if able is not None else (OLD, OLD)
        self._states[place] = AgentState(
            hello.environment, hello.host, connected=True, since=now(), version=hello.version,
            captures=captures or "yes", sends=sends or "yes",
            engines=tuple((each.name, each.reason) for each in able.engines) if able else (),
        )  # fmt: skip
        if able is not None and place in self._wanted:
            connection.want(self._wanted[place])
        return connection

    # ── packets ──────────────────────────────────────────────────────────────────────────────────────────────────

    def want(self, environment: str, host: str, orders: tuple[Order, ...]) -> None:
        """What an agent is to capture, and nothing else; when it is away it is told when it comes."""
        place = (environment, host)
        if self._wanted.get(place) == orders:
            return
        self._wanted[place] = orders
        connection = self._here.get(place)
        if connection is not None and connection.hello.ability is not None:
            connection.want(orders)

    def reports(self, environment: str, host: str) -> tuple[PointReport, ...]:
        """How captures went when the agent last said so."""
        report = self._reports.get((environment, host))
        return report.points if report is not None else ()

    def refusal(self, environment: str, host: str, what: Literal["captures", "sends"]) -> tuple[str, bool]:
        """Why an agent does not do it, "" when it does; whether that is because it is away."""
        place = (environment, host)
        if place not in self._here:
            return f"the agent of {host} is away" + (": what it captures comes when it is back" * (
                what == "captures" and place in self._abilities)), True  # fmt: skip
        able = self._abilities[place]
        reason = OLD if able is None else getattr(able, what)
        return (f"the agent of {host}: {reason}" if reason else ""), False

    def sender(self, environment: str, point: CapturePoint) -> AgentSender:
        """A device of a host that frames are handed to; for a thread. Raises `Unreachable`, `AuthFailed`."""
        reason, _ = self.refusal(environment, point.host, "sends")
        connection = self._here.get((environment, point.host))
        if reason or connection is None:
            raise Unreachable(reason, hint="`calipso agents` tells who is there and what each can do")
        return AgentSender(connection.outbox, point)

    def asks(self, environment: str, host: str) -> Outbox[feed.Ask, feed.Answer]:
        """Questions to an agent. Raises `Unreachable` for one that is away, or of an older version."""
        connection = self._here.get((environment, host))
        if connection is None:
            raise Unreachable(f"the agent of {host} is away")
        if connection.hello.ability is None or not connection.hello.ability.answers:
            raise Unreachable(f"the agent of {host}: {OLD_ANSWERS}")
        return connection.asks

    def sends_at_most(self, environment: str, host: str) -> int:
        """Packets a second that an agent lets itself be made to send."""
        able = self._abilities.get((environment, host))
        return able.sends_at_most if able is not None else 0

    def reported(self, connection: Connection, report: feed.Report) -> None:
        place = (connection.hello.environment, connection.hello.host)
        if self._here.get(place) is connection:
            self._reports[place] = report
            self._states[place] = msgspec.structs.replace(self._states[place], flows_lost=report.flows_lost)

    async def keep(self, hello: feed.Hello, flows: Sequence[Flow]) -> None:
        """Keep flows of an agent, as soon as that can be done."""
        mine = [each if each.host == hello.host else msgspec.structs.replace(each, host=hello.host) for each in flows]
        while True:
            try:
                await asyncio.to_thread(self._keeping(hello.environment).deliver, mine)
                return
            except (StoreError, NotFound) as error:
                log.error("flows of an agent are not kept, they wait", host=hello.host, reason=error.message)
            await asyncio.sleep(RETRY)

    def renew(self, environment: str) -> None:
        """Have the agents of an environment come again: what they are to look at changed."""
        for (name, _), connection in self._here.items():
            if name == environment:
                connection.replaced.set()

    def costs(self, hello: feed.Hello, cost: feed.Cost) -> None:
        place = (hello.environment, hello.host)
        said = msgspec.structs.asdict(cost)
        self._states[place] = msgspec.structs.replace(self._states[place], **said)

    def left(self, connection: Connection, site: Site) -> None:
        hello = connection.hello
        place = (hello.environment, hello.host)
        if self._here.get(place) is not connection:
            return
        del self._here[place]
        self._states[place] = msgspec.structs.replace(self._states[place], connected=False, since=now())
        task = asyncio.create_task(self._stale(place, site), name=f"agent of {hello.host} is away")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        for task in list(self._leaving):
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _stale(self, place: tuple[str, str], site: Site) -> None:
        """Say of every scope of an agent that stays away that it may be out of date."""
        await asyncio.sleep(PATIENCE)
        if place in self._here:
            return
        error = (RunError(f"agent@{place[1]}", "the agent is away"),)
        scopes = [state.scope for state in site.scopes() if state.scope.reporter == place[1] and not state.gone]
        log.warning("agent is away", environment=place[0], host=place[1], scopes=len(scopes))
        await site.writer.put([RunEnded(scope, "failed", error) for scope in scopes])

    def _declared(self, sites: Mapping[str, Site], hello: feed.Hello) -> Site:
        if hello.protocol != feed.PROTOCOL:
            raise Conflict(
                f"agent {hello.version} speaks version {hello.protocol} of the feed, this server {feed.PROTOCOL}",
                hint="install the server's version on the host",
            )
        site = sites.get(hello.environment)
        if site is None:
            raise NotFound(f"no environment {hello.environment!r}", hint=f"there are: {', '.join(sites)}")
        if not site.config.hosts.get(hello.host, Host()).agent:
            raise NotFound(
                f"{hello.environment} has no host {hello.host!r} with an agent",
                hint=f"declare it below hosts: {{{hello.host}: {{agent: true}}}}",
            )
        return site
