"""Runs sources: one supervisor for each environment, host and source. What goes wrong is data, never a crash."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from calipso.errors import CalipsoError, ConfigError
from calipso.following import ended
from calipso.model.environment import Environment, Host
from calipso.model.record import Barrier, Observation, RunEnded, RunError, Scope, ScopeGone
from calipso.runtime.at import now
from calipso.runtime.schedule import LONGEST_DELAY, Schedule
from calipso.runtime.turn import Turn, insisted
from calipso.seams import Source, SourceConfig, Transport

log = structlog.get_logger()

Transports = Callable[[Host], Transport]


ATTEMPT = "attempt"
"""Part of a scope that stands for the look itself, whatever it looks at; it holds nothing."""
HOST = "host"
"""Stands for the source where the host cannot be reached by any."""
MENDED = 5.0
"""Seconds after which a watch that failed before counts as working."""
MEND = 2.0
"""Seconds until a host that cannot be looked at is tried again, at first."""
FOLLOW = 5.0
"""Seconds between two glances at which hosts a cloud has."""


APART = frozenset({"snmp", "openstack", "neutron_db", "nova_db"})
"""Sources that look at what is no host."""


class Post(msgspec.Struct, frozen=True):
    """Where one source looks: an environment's host."""

    environment: str
    host: str
    source: Source
    config: SourceConfig
    transport: Transport
    schedule: Schedule
    turn: Turn

    @property
    def name(self) -> str:
        return f"{self.source.manifest.name}@{self.host}"


class Sink(Protocol):
    """Takes what sources say; waits while it is behind."""

    async def put(self, observations: Sequence[Observation]) -> None: ...

    async def settled(self) -> None:
        """Wait until all that was put is durable."""
        ...


class Collection:
    """The sources at work for one environment. `told`: names of hosts that its clouds tell of, now."""

    def __init__(
        self, environment: Environment, sources: dict[str, Source], transports: Transports, *, this_host: str,
        declared: Sequence[int] = (),
        known: Sequence[Scope] = (),
        told: Callable[[], Iterable[str]] = tuple,
    ) -> None:  # fmt: skip
        self.environment = environment
        self.posts: list[Post] = []
        self.broken: dict[str, ConfigError] = {}
        """Hosts that cannot be looked at as they are declared."""
        self._sources = _chosen(environment, sources)
        self._transports = transports
        self._declared = list(declared)
        self._known = list(known)
        self._failed = {scope for scope in known if scope.part == ATTEMPT}
        """Attempts of which it was said, perhaps before this process, that they failed as a whole."""
        here = {name: host for name, host in environment.hosts.items() if not host.agent}
        self.hosts = here if environment.hosts or environment.recorded else {this_host: Host()}
        for name in self.hosts:
            try:
                self.posts += self._post(name)
            except ConfigError as error:
                self.broken[name] = error
        self._told = told
        self._watches: dict[str, list[asyncio.Task[None]]] = {}
        self.grow()

    def grow(self) -> list[Post]:
        """Look at the hosts too that the environment's clouds have told of meanwhile; where that is."""
        return self.add(self._told())

    def add(self, names: Iterable[str]) -> list[Post]:
        """Look at hosts of a cloud too, by its names for them; those that are looked at already stay."""
        found: list[Post] = []
        for name in names:
            host = None if name in self.hosts else self.environment.cloud_host(name)
            if host is not None:
                self.hosts[name] = host
                try:
                    found += self._post(name)
                except ConfigError as error:
                    self.broken[name] = error
        self.posts += found
        return found

    def _post(self, name: str) -> list[Post]:
        """The posts of a host. Raises `ConfigError`."""
        environment = self.environment
        host = with_pid(self.hosts[name], f"{environment.name}.hosts.{name}")
        transport = self._transports(
            msgspec.structs.replace(host, wrap=environment.wrap_of(host), amqp=environment.bus_of(host))
        )
        only = _only(host)
        posts = []
        for source in self._sources:
            manifest = source.manifest
            if manifest.name not in only and (only or manifest.name in APART):
                continue
            options = {**environment.sources.get(manifest.name, {}), **host.sources.get(manifest.name, {})}
            if not host.pid:
                options.setdefault("declared", self._declared)
            options["known"] = sorted(
                scope.part for scope in self._known if (scope.source, scope.reporter) == (manifest.name, name)
            )
            config = SourceConfig(host=name, environment=environment.name, options=options)
            interval = float(options.get("interval") or manifest.interval)
            schedule = Schedule(environment.name, name, manifest.name, interval, manifest.watches, now)
            posts.append(Post(environment.name, name, source, config, transport, schedule, Turn()))
        return posts

    async def watch(self, sink: Sink) -> None:
        """Watch everywhere until cancelled. A host that cannot be looked at is tried again, the others go on."""
        async with asyncio.TaskGroup() as tasks:
            self._begin(sink, tasks)
            while self.environment.cloud_hosts is not None:
                await asyncio.sleep(FOLLOW)
                told = set(self._told())
                self.add(sorted(told))
                await self._leave(told, sink)
                self._begin(sink, tasks)

    def _begin(self, sink: Sink, tasks: asyncio.TaskGroup) -> None:
        """Watch the hosts that are not watched yet."""
        new = self.hosts.keys() - self._watches.keys()
        for name in sorted(new):
            self._watches[name] = [
                tasks.create_task(insisted(self._supervise(post, sink)), name=post.name)
                for post in self.posts
                if post.host == name
            ]
            if name in self.broken:
                self._watches[name].append(tasks.create_task(self._mend(name, sink, tasks), name=f"mending {name}"))

    async def _leave(self, told: set[str], sink: Sink) -> None:
        """Watch no longer what the clouds do not tell of any more. What was seen there stays until it is cleared."""
        for name in sorted(self.hosts.keys() - told - self.environment.hosts.keys()):
            del self.hosts[name]
            self.broken.pop(name, None)
            left = [post for post in self.posts if post.host == name]
            self.posts = [post for post in self.posts if post.host != name]
            await asyncio.gather(*map(ended, self._watches.pop(name, ())), return_exceptions=True)
            for transport in {id(post.transport): post.transport for post in left}.values():
                await transport.close()
            await self.fail(Scope(HOST, name, ATTEMPT), RunError(name, "the cloud tells of it no more"), sink)

    async def look(self, post: Post, sink: Sink, parts: frozenset[str] | None = None) -> list[RunError]:
        """One pass of one source over one host, or over these parts of it; what went wrong."""
        config = msgspec.structs.replace(post.config, parts=parts)
        return await self._drain(post.source.collect(post.transport, config), post, sink)

    async def _mend(self, name: str, sink: Sink, tasks: asyncio.TaskGroup) -> None:
        """Try a host again until it can be looked at."""
        delay = MEND
        while name in self.broken:
            await self.tell_broken(name, sink)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
            try:
                posts = self._post(name)
            except ConfigError as error:
                self.broken[name] = error
                continue
            del self.broken[name]
            await self._mended(Scope(HOST, name, ATTEMPT), sink)
            self.posts += posts
            self._watches[name] += [
                tasks.create_task(insisted(self._supervise(post, sink)), name=post.name) for post in posts
            ]

    async def tell_broken(self, name: str, sink: Sink) -> None:
        """Say of a host that it cannot be looked at as it is declared, and why."""
        await self.fail(Scope(HOST, name, ATTEMPT), RunError(name, self.broken[name].message), sink)

    async def close(self) -> None:
        for transport in {id(post.transport): post.transport for post in self.posts}.values():
            await transport.close()

    async def _supervise(self, post: Post, sink: Sink) -> None:
        while True:
            await post.turn.free()
            post.schedule.began()
            source = post.source
            look = source.watch if source.manifest.watches else source.collect
            errors = await post.turn.watch(self._drain(look(post.transport, post.config), post, sink))
            if errors is None:
                continue  # a scan looks meanwhile
            await asyncio.sleep(post.schedule.ended(errors[-1].message if errors else ""))

    async def _drain(self, stream: AsyncIterator[Observation], post: Post, sink: Sink) -> list[RunError]:
        """Hand on what a source says; what is wrong at the end.

        The run boundary: what a source raises becomes a failed run that anybody can see.
        """
        wrong: dict[Scope, tuple[RunError, ...]] = {}
        attempt = Scope(post.source.manifest.name, post.host, ATTEMPT)
        mending = asyncio.create_task(self._mended_after(attempt, sink)) if attempt in self._failed else None
        try:
            async for observation in stream:
                if isinstance(observation, Barrier):
                    await sink.settled()
                    continue
                await sink.put((observation,))
                if isinstance(observation, RunEnded):
                    wrong[observation.scope] = observation.errors
        except Exception as error:
            where = post.name
            expected = isinstance(error, CalipsoError)
            reason = error.message if isinstance(error, CalipsoError) else f"{type(error).__name__}: {error}"
            log.warning("run failed", where=where, reason=reason, exc_info=None if expected else error)
            wrong[attempt] = (RunError(where, reason),)
            await self.fail(attempt, wrong[attempt][0], sink)
        finally:
            if mending is not None:
                mending.cancel()
        if attempt in self._failed and attempt not in wrong:
            await self._mended(attempt, sink)
        return [error for errors in wrong.values() for error in errors]

    async def fail(self, attempt: Scope, error: RunError, sink: Sink) -> None:
        """Say that a look failed as a whole; the next good one says that it does not any more."""
        self._failed.add(attempt)
        await sink.put((RunEnded(attempt, "failed", (error,)),))

    async def _mended_after(self, attempt: Scope, sink: Sink) -> None:
        await asyncio.sleep(MENDED)
        await self._mended(attempt, sink)

    async def _mended(self, attempt: Scope, sink: Sink) -> None:
        """What was said to have failed as a whole does not fail any more."""
        self._failed.discard(attempt)
        await sink.put((ScopeGone(attempt),))


def _only(host: Host) -> tuple[str, ...]:
    """The sources that alone look there: a switch is asked by SNMP, a cloud by its APIs or databases. None: a host."""
    if host.snmp is not None:
        return ("snmp",)
    if host.openstack is not None:
        return ("openstack",)
    return ("neutron_db", "nova_db") if host.mysql is not None else ()


def _chosen(environment: Environment, sources: dict[str, Source]) -> list[Source]:
    if not environment.sources:
        return list(sources.values())
    for name in environment.sources:
        if name not in sources:
            raise ConfigError(
                f"no such source; installed: {', '.join(sources)}", where=f"{environment.name}.sources.{name}"
            )
    return [sources[name] for name in environment.sources]


def with_pid(host: Host, where: str) -> Host:
    """A host with the pid its pid file holds. Raises `ConfigError` when it does not hold one."""
    if not host.pid_file:
        return host
    try:
        return msgspec.structs.replace(host, pid=int(Path(host.pid_file).read_text()))
    except (OSError, ValueError) as error:
        raise ConfigError(f"holds no pid: {error}", where=f"{where}.pid_file") from error


def declared_pids(environments: Iterable[Environment]) -> list[int]:
    """Pids of the hosts that environments declare; those that cannot be known now are left to their own runs."""
    pids = []
    for environment in environments:
        for host, options in environment.hosts.items():
            with contextlib.suppress(ConfigError):  # that environment's own run says so
                pids.append(with_pid(options, f"{environment.name}.hosts.{host}").pid)
    return [pid for pid in pids if pid]
