"""Runs sources: one supervisor for each environment, host and source. What goes wrong is data, never a crash."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from calipso.errors import CalipsoError, ConfigError
from calipso.model.environment import Environment, Host
from calipso.model.record import Observation, RunEnded, RunError, Scope
from calipso.runtime.writer import Writer
from calipso.seams import Source, SourceConfig, Transport

FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0

log = structlog.get_logger()

Transports = Callable[[Host], Transport]


class Post(msgspec.Struct, frozen=True):
    """Where one source looks: an environment's host."""

    environment: str
    host: str
    source: Source
    config: SourceConfig
    transport: Transport


class Sink(Protocol):
    """Takes what sources say; waits while it is behind."""

    async def put(self, observations: Sequence[Observation]) -> None: ...


class Collection:
    """The sources at work for one environment."""

    def __init__(
        self, environment: Environment, sources: dict[str, Source], transports: Transports, *, this_host: str,
        declared: Sequence[int] = (),
        known: Sequence[Scope] = (),
    ) -> None:  # fmt: skip
        self.environment = environment
        self.posts: list[Post] = []
        declared_hosts = {name: host for name, host in environment.hosts.items() if not host.agent}
        hosts = declared_hosts if environment.hosts else {this_host: Host()}
        for name, host in hosts.items():
            host = with_pid(host, f"{environment.name}.hosts.{name}")
            transport = transports(host)
            for source in _chosen(environment, sources):
                options = {
                    **environment.sources.get(source.manifest.name, {}),
                    **host.sources.get(source.manifest.name, {}),
                }
                if not host.pid:
                    options.setdefault("declared", list(declared))
                options["known"] = sorted(
                    scope.part for scope in known if (scope.source, scope.reporter) == (source.manifest.name, name)
                )
                config = SourceConfig(host=name, environment=environment.name, options=options)
                self.posts.append(Post(environment.name, name, source, config, transport))

    async def watch(self, writer: Sink) -> None:
        """Watch everywhere until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for post in self.posts:
                tasks.create_task(self._supervise(post, writer), name=f"{post.source.manifest.name}@{post.host}")

    async def collect(self, writer: Writer) -> list[RunError]:
        """One pass everywhere; what went wrong, in words."""
        results = await asyncio.gather(*(self._pass(post, writer) for post in self.posts))
        await writer.settled()
        return [error for errors in results for error in errors]

    async def close(self) -> None:
        for transport in {id(post.transport): post.transport for post in self.posts}.values():
            await transport.close()

    async def _supervise(self, post: Post, writer: Sink) -> None:
        delay = FIRST_DELAY
        while True:
            began = asyncio.get_running_loop().time()
            stream = post.source.watch(post.transport, post.config) if post.source.manifest.watches else _poll(post)
            await self._drain(stream, post, writer)
            if asyncio.get_running_loop().time() - began > LONGEST_DELAY:
                delay = FIRST_DELAY
            await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311  (jitter)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _pass(self, post: Post, writer: Sink) -> list[RunError]:
        return await self._drain(post.source.collect(post.transport, post.config), post, writer)

    async def _drain(self, stream: AsyncIterator[Observation], post: Post, writer: Sink) -> list[RunError]:
        """Hand on what a source says. The run boundary: what it raises becomes a failed run that anybody can see."""
        errors: list[RunError] = []
        try:
            async for observation in stream:
                if isinstance(observation, RunEnded):
                    errors += observation.errors
                await writer.put((observation,))
        except Exception as error:
            where = f"{post.source.manifest.name}@{post.host}"
            expected = isinstance(error, CalipsoError)
            reason = error.message if isinstance(error, CalipsoError) else f"{type(error).__name__}: {error}"
            log.warning("run failed", where=where, reason=reason, exc_info=None if expected else error)
            failed = RunError(where, reason)
            await writer.put((RunEnded(Scope(post.source.manifest.name, post.host), "failed", (failed,)),))
            errors.append(failed)
        return errors


async def _poll(post: Post) -> AsyncIterator[Observation]:
    while True:
        async for observation in post.source.collect(post.transport, post.config):
            yield observation
        await asyncio.sleep(post.source.manifest.interval)


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
