"""The agents of a server: who is there, how far each was taken, what each costs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import msgspec
import structlog

from calipso.errors import Conflict, NotFound
from calipso.model.environment import Environment, Host
from calipso.model.record import RunEnded, RunError, ScopeState
from calipso.operations.context import AgentState
from calipso.runtime import feed
from calipso.runtime.agent import only
from calipso.runtime.at import now
from calipso.runtime.writer import Writer

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


class Connection:
    """One agent's conversation. Closing it twice does nothing."""

    def __init__(self, agents: Agents, site: Site, hello: feed.Hello) -> None:
        self._agents = agents
        self._site = site
        self.hello = hello
        self.replaced = asyncio.Event()
        """Set when the same agent came again: this connection is a dead one."""
        self.durable = 0
        """The last number that is durable, and `advanced` when it has grown."""
        self.advanced = asyncio.Event()

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
        observations = feed.unpack(body)
        if not seq:
            await self._site.writer.put(observations)
            return
        done = await self._site.writer.hand(self.spool, seq, observations)
        done.add_done_callback(lambda _: self._advance(seq))

    def _advance(self, seq: int) -> None:
        self.durable = max(self.durable, seq)
        self.advanced.set()

    def costs(self, cost: feed.Cost) -> None:
        self._agents.costs(self.hello, cost)

    def close(self) -> None:
        self._agents.left(self, self._site)


class Agents:
    """All agents that were ever welcomed since the start, by environment and host."""

    def __init__(self) -> None:
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
        self._states[place] = AgentState(
            hello.environment, hello.host, connected=True, since=now(), version=hello.version
        )
        return connection

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
