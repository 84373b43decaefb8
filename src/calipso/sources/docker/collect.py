"""One pass over the engines of a host: `/info`, every container, every network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Any
from urllib.parse import quote

import msgspec

from calipso.errors import CommandFailed, ParseError, TransportError, Unreachable
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.seams import Http, Namespaces, Read, SourceConfig, Transport
from calipso.sources.docker.parse import Container, Document, Engine, Listed, Network, parse
from calipso.sources.docker.places import Places
from calipso.sources.docker.records import GATEWAY_BRIDGE, Picture

SOCKETS = (("docker", "/run/", "docker.sock"), ("podman", "/run/podman/", "podman.sock"))
"""Engine, the folder of its socket, the socket's name."""


class Place(msgspec.Struct, frozen=True):
    """Where an engine answers."""

    kind: str
    endpoint: str

    def scope(self, host: str) -> Scope:
        return Scope("docker", host, "" if self.kind == "docker" else self.kind)


async def engines(transport: Transport, config: SourceConfig) -> list[Place]:
    """The configured engines, else those whose socket is there. Raises `TransportError`."""
    said = config.options.get("engines")
    if said:
        return [Place(str(each.get("name") or "docker"), str(each["endpoint"])) for each in said]
    if Http not in transport.answers:
        return []
    found = []
    for kind, folder, name in SOCKETS:
        try:
            listing = (await transport.ask(Read(folder))).body.decode(errors="replace").split("\n")
        except Unreachable:
            continue  # no such folder: no such engine
        if name in listing:
            found.append(Place(kind, f"unix://{folder}{name}"))
    return found


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Every engine; one that fails fails alone."""
    for place in await engines(transport, config):
        scope = place.scope(config.host)
        yield RunBegan(scope)
        asking = Asking(transport, config.host, place)
        try:
            await asking.all()
            records = asking.picture.records()
        except (TransportError, ParseError) as error:
            yield RunEnded(scope, "failed", (RunError(place.endpoint, error.message),))
            continue
        yield Seen(scope, tuple(records))
        yield RunEnded(scope, "completed")


class Asking:
    """Keeps the picture of one engine: asks for all of it, or only for containers that events name."""

    def __init__(self, transport: Transport, host: str, place: Place) -> None:
        self._transport = transport
        self._place = place
        self.picture = Picture(host, place.kind, Places(host))

    async def all(self) -> None:
        """Raises `TransportError`, `ParseError`; the picture is as it was then."""
        engine = await self._document("/info", Engine, "info")
        await self._again(engine, {})

    async def some(self, changed: Collection[str]) -> None:
        """All networks, and the containers that are new or `changed` (ids). Raises as `all`."""
        kept = {id: each for id, each in self.picture.containers.items() if id not in changed}
        engine = self.picture.engine
        if not engine.swarm.node_addr:
            engine = await self._document("/info", Engine, "info")
        await self._again(engine, kept)

    async def _again(self, engine: Engine, kept: dict[str, Container]) -> None:
        listed = await self._document("/containers/json?all=1", list[Listed], "containers")
        containers: dict[str, Container] = {}
        for each in sorted(listed, key=lambda each: each.id):
            found = kept.get(each.id)
            if found is None:
                found = await self._found(f"/containers/{quote(each.id)}/json", Container, "container")
            if found is not None:
                containers[each.id] = found
        networks = await self._networks()
        places = await self._places()
        old = self.picture
        self.picture = Picture(old.host, old.kind, places, engine, containers, networks)

    async def _networks(self) -> dict[str, Network]:
        networks = {each.id: each for each in await self._document("/networks", list[Network], "networks")}
        for id, network in list(networks.items()):
            if network.driver == "overlay" or network.name == GATEWAY_BRIDGE:  # alone it tells peers and members
                found = await self._found(f"/networks/{quote(id)}?verbose=true", Network, "network")
                networks[id] = found or network
        return dict(sorted(networks.items()))

    async def _places(self) -> Places:
        body = b""
        if Namespaces in self._transport.answers:
            body = (await self._transport.ask(Namespaces())).body
        return Places(self.picture.host, body)

    async def _found(self, path: str, form: type[Document], what: str) -> Document | None:
        """None for what went away since it was listed."""
        try:
            found: Document = await self._document(path, form, what)
        except _Gone:
            return None
        return found

    async def _document(self, path: str, form: Any, what: str) -> Any:
        reply = await self._transport.ask(Http(self._place.endpoint, path))
        if reply.exit_code == 404:
            raise _Gone(f"{path}: not there")
        if reply.exit_code != 200:
            said = reply.body[:200].decode(errors="replace").strip()
            raise CommandFailed(f"{self._place.endpoint}{path}: {reply.exit_code} {said}", exit_code=reply.exit_code)
        return parse(reply.body, form, what)


class _Gone(TransportError):
    """What was asked for is not there."""
