"""The only place where sources, transports, stores and the web are joined."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import platform
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import structlog

from calipso.captures.inject import AfPacketInjector
from calipso.errors import Forbidden, NotFound
from calipso.flows.translation import Translation
from calipso.following import ended
from calipso.model.environment import Environment, Host
from calipso.model.record import RunError, Scope
from calipso.operations.alerts import Firing
from calipso.operations.context import AgentState, PostState, Probed, Ran, Tried
from calipso.operations.scan_documents import Plan
from calipso.runtime import sandbox
from calipso.runtime.access import Journal, Tokens
from calipso.runtime.agents import Agents, Connection
from calipso.runtime.alerting import Alarms
from calipso.runtime.at import moment, now
from calipso.runtime.capturing import Captures
from calipso.runtime.cloud_hosts import told_in
from calipso.runtime.collect import Collection, declared_pids
from calipso.runtime.declared import Declared
from calipso.runtime.demo import Demo
from calipso.runtime.engines import ENGINES
from calipso.runtime.exporting import FlowFigures, IpfixExport, collector_of
from calipso.runtime.feed import Hello
from calipso.runtime.home import LOCAL, Home
from calipso.runtime.home_documents import HomeDocuments
from calipso.runtime.injecting import Injections, Paces
from calipso.runtime.loading import loaded
from calipso.runtime.lock import WriterLock
from calipso.runtime.messages import Messages
from calipso.runtime.notices import Notices
from calipso.runtime.probing import probed, targets
from calipso.runtime.scan_schedules import ScanSchedules
from calipso.runtime.scans import Scans
from calipso.runtime.settings import settings
from calipso.runtime.site import Site
from calipso.runtime.sources import installed_sources
from calipso.runtime.translations import translations
from calipso.runtime.transports import transport_to as transport_to
from calipso.runtime.trying import tried
from calipso.runtime.users import Users
from calipso.runtime.writer import DAY, Writer
from calipso.seams import Injector, Transport
from calipso.stores.duckdb import DuckFlowStore
from calipso.stores.sqlite.store import SqliteStore

log = structlog.get_logger()


class System:
    """Everything of one folder, while this process is its writer. Implements `operations.context.Context`."""

    def __init__(self, home: Home, *, this_host: str = "") -> None:
        self.home = home
        self.this_host = this_host or platform.node()
        self.sources = installed_sources()
        self.sites: dict[str, Site] = {}
        self.connected = Agents(self.captures)
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._captures: dict[str, Captures] = {}
        self._capturing: dict[str, asyncio.Task[None]] = {}
        self._injections: dict[str, Injections] = {}
        self._collections: dict[str, Collection] = {}
        self._watching = False
        self._ipfix: IpfixExport | None = collector_of(settings(home).ipfix)
        self.flow_figures: dict[str, FlowFigures] = {}
        """Of the captures of each environment."""
        self._declared_in: dict[str, Declared] = {}
        self._alarms: dict[str, Alarms] = {}
        self.told_of_firings: list[Callable[[Firing], None]] = []
        """Called in the event loop for each alert that goes off."""
        self._reacting = False
        self.tokens = Tokens(home.tokens)
        self.users = Users(home.users)
        self.journal = Journal(home.journal)
        chosen = settings(home)
        self.injector: Injector = AfPacketInjector()
        self._paces = Paces(chosen.injections)
        self.notices = Notices()
        self.messages = self.notices.messages = Messages(self, chosen.messages, now, self.notices.message)
        self.scans = Scans(self, chosen.scans, now, self.notices.scan)
        self.scan_schedules = ScanSchedules(self, self.scans, now, self.notices.not_started)
        self._starting: asyncio.Task[None] | None = None
        self.shelf = HomeDocuments(home.documents)
        self._demo = Demo(self)

    def agents(self) -> list[AgentState]:
        return self.connected.states()

    def welcome(self, hello: Hello) -> Connection:
        """Take an agent in. Raises `NotFound`, `Conflict`."""
        return self.connected.welcome(self.sites, hello)

    def environments(self) -> list[Environment]:
        return [site.config for site in self.sites.values()]

    def site(self, environment: str) -> Site:
        """Raises `NotFound`, naming the environments there are."""
        found = self.sites.get(environment)
        if found is None:
            raise NotFound(f"no environment {environment!r}", hint=f"there are: {', '.join(self.sites)}")
        return found

    def moment(self, text: str) -> int:
        """µs since the epoch. Raises `QueryError`."""
        return moment(text)

    async def open(self, only: str | None = None) -> None:
        """Open the stores and load the graphs, of all environments or of one. Raises `StoreError`, `ConfigError`."""
        configured = self.home.configured()
        for name, environment in configured.items():
            if only is None or name == only:
                await self._open_site(environment)
        if only is not None and only not in self.sites:
            raise NotFound(f"no environment {only!r}", hint=f"there are: {', '.join(configured)}")
        gc.collect()
        gc.freeze()
        gc.set_threshold(200_000, 20, 1000)

    async def put_environment(self, text: str) -> Environment:
        """Take an environment over from YAML text, and begin or go on with it. Raises `ConfigError`, `StoreError`."""
        environment = self.home.put(text)
        site = self.sites.get(environment.name)
        if site is None:
            await self._open_site(environment)
        else:
            await self.scans.end(environment.name, "the environment was changed")
            await site.reconfigure(environment)
        self.connected.renew(environment.name)
        if self._watching:
            await self._unwatch(environment.name)
            self.watch(environment.name)
        return environment

    async def open_demo(self) -> Environment:
        """The recorded environment `demo`, told anew unless it is there. Raises `Conflict`, `StoreError`."""
        return await self._demo.open()

    async def remove_environment(self, name: str, *, purge: bool) -> None:
        """End an environment; `purge` its history too. Raises `NotFound`, `Forbidden`."""
        site = self.site(name)
        if name == LOCAL:
            raise Forbidden("this machine is always an environment", hint="give it no sources to have it left alone")
        await self.scans.forget(name, "the environment was ended")
        self.scan_schedules.forget(name)
        await self._unwatch(name)
        await self._declared_in.pop(name).end()
        await self._alarms.pop(name).end()
        await self.messages.forget(name)
        del self.sites[name]
        writing = self._writing.pop(name)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await site.writer.close()
        self.home.forget(name, purge=purge)

    async def try_environment(self, name: str, text: str) -> list[Tried]:
        """Let every source look once and keep nothing. Raises `NotFound`, `ConfigError`."""
        environment = self.home.environment(text, "text")[0] if text else self.site(name).config
        collection = self._collection(environment, [])
        try:
            return await tried(collection)
        finally:
            await collection.close()

    async def probe(
        self, environment: str, text: str, sections: Sequence[dict[str, Any]], wanted: Sequence[str], limit: float
    ) -> list[Probed]:
        """Try connections at once, each for at most `limit` seconds. Raises `NotFound`, `ConfigError`."""
        if sections:
            config = self.home.sections(environment, sections)
        else:
            config = self.home.environment(text, "text")[0] if text else self.site(environment).config
        found = targets(config, self._transport_to, self.home.secrets.opened)
        return await probed([each for each in found if not wanted or each.name in wanted], limit)

    def posts(self, environment: str) -> list[PostState]:
        """What each source does now on each host. Raises `NotFound`."""
        self.site(environment)
        there = self._collections.get(environment)
        return [post.schedule.state for post in there.posts] if there is not None else []

    async def _open_site(self, environment: Environment) -> None:
        loop = asyncio.get_running_loop()
        store = await loop.run_in_executor(None, SqliteStore, self.home.store(environment.name), environment)
        graph = await loop.run_in_executor(None, loaded, store, environment)
        writer = Writer(store, graph, int(environment.history_days * DAY))
        site = self.sites[environment.name] = Site(environment, writer)
        self._declared_in[environment.name] = Declared(site)
        self._alarms[environment.name] = Alarms(site, self.home.scripts, self._fired, self.messages, self.captures)
        self._writing[environment.name] = asyncio.create_task(writer.run(), name=f"writer of {environment.name}")
        self.messages.open(environment.name)
        self.scan_schedules.open(environment.name)
        await self.scans.open(environment.name)
        if self._reacting:
            self._react_in(environment.name)

    def collection(self, environment: str) -> Collection:
        """The sources of an environment, ready to run."""
        site = self.site(environment)
        return self._collection(
            site.config, [state.scope for state in site.scopes() if state.stale or state.scope.part]
        )

    def _collection(self, environment: Environment, known: list[Scope]) -> Collection:
        return Collection(
            environment, self.sources, self._transport_to, this_host=self.this_host,
            declared=self._declared(environment.name), known=known, told=lambda: told_in(self.sites, environment),
        )  # fmt: skip

    def _transport_to(self, host: Host) -> Transport:
        """The only place where sealed secrets are opened. Raises `ConfigError`."""
        return transport_to(self.home.secrets.opened(host))

    async def rotate_secrets(self) -> tuple[list[str], str]:
        """Environments whose secrets were sealed anew, and the new key's id. Raises `ConfigError`."""
        names, key = self.home.rotate()
        configured = self.home.configured()
        for name in names:
            if name in self.sites:
                self.sites[name].config = configured[name]
                if self._watching:
                    await self._unwatch(name)
                    self.watch(name)
        return names, key

    def _declared(self, environment: str) -> list[int]:
        """Pids of the hosts that other environments declare: their namespaces are theirs."""
        return declared_pids(site.config for name, site in self.sites.items() if name != environment)

    async def declare(self, environment: str) -> None:
        """Bring the graph up to what users have declared. Raises `NotFound`."""
        self.site(environment)
        await self._declared_in[environment].apply()

    def declared_problems(self, environment: str) -> list[str]:
        """Why rules of users cannot be answered now. Raises `NotFound`."""
        self.site(environment)
        return list(self._declared_in[environment].problems)

    async def sandboxed(
        self, source: str, parameters: dict[str, Any], seconds: float, answer: sandbox.Answer
    ) -> Ran:  # fmt: skip
        """Run a workflow's source where it can do nothing but ask `answer` for operations."""
        return await sandbox.run(source, parameters, seconds, answer)

    def alerts_changed(self, environment: str) -> None:
        """Alerts were set up, changed or ended. Nobody asks them while nothing reacts: a command may set them up."""
        if self._reacting:
            self._alarms[environment].changed()

    def react(self) -> None:
        """Follow the graphs with what users have set up, until the system is closed."""
        self._reacting = True
        for name in self.sites:
            self._react_in(name)

    def _react_in(self, environment: str) -> None:
        self._declared_in[environment].begin()
        self._alarms[environment].begin()

    def _fired(self, firing: Firing) -> None:
        for told in list(self.told_of_firings):
            told(firing)

    @contextlib.asynccontextmanager
    async def looking(self, environment: str) -> AsyncIterator[Collection]:
        """The sources of an environment for a scan: those that watch it, else ones for this once."""
        watching = self._collections.get(environment)
        if watching is not None:
            yield watching
            return
        collection = self.collection(environment)
        try:
            yield collection
        finally:
            await collection.close()

    async def scan(self, environment: str) -> list[RunError]:
        """One scan of everything; what went wrong."""
        begun = await self.scans.start(environment, Plan())
        done = await self.scans.finished(environment, begun.id)
        return [RunError(each.where, each.message) for each in done.errors]

    def watch(self, environment: str) -> None:
        """Watch an environment until the system is closed. Raises `ConfigError` for sources that are not installed."""
        self._watching = True
        collection = self._collections[environment] = self.collection(environment)
        task = asyncio.create_task(self._watch(environment, collection), name=f"watch {environment}")
        self._watches[environment] = task
        capturing = self._capturing[environment] = asyncio.create_task(
            self.captures(environment).run(), name=f"captures of {environment}"
        )
        capturing.add_done_callback(_said_why)
        self.scans.resume(environment)
        if self._starting is None:
            self._starting = asyncio.create_task(self.scan_schedules.run(), name="scheduled scans")

    def captures(self, environment: str) -> Captures:
        """Raises `NotFound`, and `StoreError` when the store of flows cannot be opened."""
        found = self._captures.get(environment)
        if found is None:
            site = self.site(environment)
            flows = DuckFlowStore(self.home.flows(environment))
            found = self._captures[environment] = Captures(
                site, ENGINES, flows, self.connected, self.home.captures(environment), self.home.packets(environment)
            )
            found.told.append(self.flow_figures.setdefault(environment, FlowFigures()))
            if self._ipfix is not None:
                found.told.append(self._ipfix)
        return found

    async def translations(
        self, environment: str, namespaces: Sequence[str], address: str
    ) -> tuple[list[Translation], list[str]]:
        """Translated connections with an address in namespaces, and what could not be read. Raises `NotFound`."""
        site, transport_to, agents = self.site(environment), self._transport_to, self.connected
        return await translations(site, transport_to, agents, namespaces, address, self.this_host)

    def injections(self, environment: str) -> Injections:
        """Raises `NotFound`."""
        found = self._injections.get(environment)
        if found is None:
            parts = self.site(environment), self.captures(environment), self.injector, self._paces, self.tokens.all
            found = self._injections[environment] = Injections(*parts, self.connected)
        return found

    async def _watch(self, environment: str, collection: Collection) -> None:
        try:
            await collection.watch(self.site(environment).writer)
        finally:
            await collection.close()

    async def _unwatch(self, environment: str) -> None:
        self._collections.pop(environment, None)
        tasks = [self._watches.pop(environment, None), self._capturing.pop(environment, None)]
        ending = [task for task in tasks if task is not None]
        await asyncio.gather(*map(ended, ending), return_exceptions=True)  # one that swallows it is told again
        if (injections := self._injections.pop(environment, None)) is not None:
            await injections.close()
        captures = self._captures.pop(environment, None)
        if captures is not None:
            await captures.close()

    async def close(self) -> None:
        """Stop looking, write what is at hand, close the stores."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self.scans.close()
        await self.connected.close()
        for name in list(self.sites):
            await self._unwatch(name)
        if self._ipfix is not None:
            self._ipfix.close()
        for name in self.sites:
            await self._declared_in[name].end()
            await self._alarms[name].end()
        await self.messages.close()
        for task in self._writing.values():
            task.cancel()
        await asyncio.gather(*self._writing.values(), return_exceptions=True)
        for site in self.sites.values():
            await site.writer.close()
        gc.unfreeze()  # else what DuckDB made is told as leaked when the process ends


def _said_why(task: asyncio.Task[None]) -> None:
    """A loop that ended by a bug does not end in silence."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("captures ended", task=task.get_name(), error=repr(error))


@contextlib.asynccontextmanager
async def opened(home: Home, environment: str | None = None) -> AsyncIterator[System]:
    """A system with the writer's lock, closed at the end. Raises `Conflict` when a server has the folder."""
    home.prepare()
    lock = WriterLock(home.lock, home.server)
    system = System(home)
    try:
        await system.open(environment)
        yield system
    finally:
        await system.close()
        lock.release()
