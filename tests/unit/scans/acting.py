"""A source that does on each host what a test wants, and a system that has only it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from calipso.model.record import Observation, Record, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from calipso.seams import Manifest, SourceConfig, Transport

NAME = "site"


class Actor:
    """A source. `failing`: host → what it raises; `partial`: hosts of which a part cannot be read; `held`: hosts whose
    look waits until the event is set; `devices`: host → names of devices it tells. `wanted`: the parts each look was
    wanted of; it looks at both all the same."""

    def __init__(self, name: str = "actor", watches: bool = False) -> None:
        self.manifest = Manifest(name=name, title=name, facets=("netlink",), types=("tun",), watches=watches)
        self.failing: dict[str, Exception] = {}
        self.partial: set[str] = set()
        self.held: dict[str, asyncio.Event] = {}
        self.devices: dict[str, list[str]] = {}
        self.looks: list[str] = []
        self.wanted: list[frozenset[str] | None] = []
        self.watched: list[str] = []
        self.together = self.most = 0

    async def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        host, name = config.host, self.manifest.name
        self.looks.append(host)
        self.wanted.append(config.parts)
        self.together += 1
        self.most = max(self.most, self.together)
        try:
            if host in self.failing:
                raise self.failing[host]
            scope = Scope(name, host)
            yield RunBegan(scope)
            yield Seen(scope, (Record(host, "linux", "host", {"name": host, "host": host}),))
            if host in self.held:
                await self.held[host].wait()
            await asyncio.sleep(0)
            yield Seen(scope, tuple(self.device(host, each) for each in self.devices.get(host, ["tap0"])))
            yield RunEnded(scope, "completed")
            part = Scope(name, host, "netns:blue")
            yield RunBegan(part)
            if host in self.partial:
                yield RunEnded(part, "failed", (RunError("netns:blue", "open: permission denied"),))
            else:
                yield RunEnded(part, "completed")
        finally:
            self.together -= 1

    def device(self, host: str, name: str) -> Record:
        prefix = "" if self.manifest.name == "actor" else f"{self.manifest.name}-"
        return Record(f"{host}/dev:{prefix}{name}", "netlink", "tun", {"name": name, "host": host})

    async def watch(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        async for each in self.collect(transport, config):
            yield each
        self.watched.append(config.host)
        await asyncio.Event().wait()


@asynccontextmanager
async def acting(
    folder: Path, *actors: Actor, hosts: str = "{h1: {}, h2: {}}", settings: str = ""
) -> AsyncIterator[System]:
    """A system whose only environment of note has some hosts, and whose sources are the actors."""
    home = Home(folder)
    home.prepare()
    (home.environments / f"{NAME}.yaml").write_text(f"name: {NAME}\nhosts: {hosts}\n")
    if settings:
        home.config.write_text(settings)
    async with opened(home, NAME) as system:
        system.sources = {actor.manifest.name: actor for actor in actors}
        yield system
