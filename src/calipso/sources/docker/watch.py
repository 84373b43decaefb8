"""Engines as they change: a full look, then what their events name, and a full look again from time to time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from urllib.parse import quote

from calipso.errors import ParseError, TransportError, Unreachable
from calipso.following import Said, Told, closed, follow, keyed, run
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, Scope, ScopeGone
from calipso.seams import Http, SourceConfig, Transport
from calipso.sources.docker.collect import Asking, Place, engines
from calipso.sources.docker.parse import parse_event, since

COALESCE = 0.05
"""Seconds in which events are gathered before the engine is asked."""
AGAIN = 2.0
"""Seconds until an engine that went away is asked again, and in which new ones are looked for."""
FULL_EVERY = 60.0


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Every engine there is and every one that comes, for ever."""

    async def find() -> Collection[Place]:
        try:
            return await engines(transport, config)
        except TransportError:
            return ()  # looked for again: what is followed tells its own troubles

    async def one(place: Place, told: Told) -> None:
        await _follow(transport, config, place, told)

    async with contextlib.aclosing(follow(find, one, AGAIN)) as told:
        async for observation in told:
            yield observation


async def _follow(transport: Transport, config: SourceConfig, place: Place, told: Told) -> None:
    """One engine until its socket is removed."""
    scope = place.scope(config.host)
    while True:
        following = _Following(Asking(transport, config.host, place), scope, told)
        try:
            await following.run(transport, place, float(config.options.get("interval") or FULL_EVERY))
        except (TransportError, ParseError) as error:
            if isinstance(error, Unreachable) and await _removed(transport, config, place):
                await told.put(ScopeGone(scope))
                return
            await told.put(RunBegan(scope))
            await told.put(RunEnded(scope, "failed", (RunError(place.endpoint, error.message),)))
        await asyncio.sleep(AGAIN)


async def _removed(transport: Transport, config: SourceConfig, place: Place) -> bool:
    """Whether the socket is not there any more: an engine that is stopped leaves it, or its unit holds it."""
    if config.options.get("engines"):
        return False
    try:
        return place not in await engines(transport, config)
    except TransportError:
        return False


class _Following:
    """One connection to an engine's events."""

    def __init__(self, asking: Asking, scope: Scope, told: Told) -> None:
        self._asking = asking
        self._scope = scope
        self._told = told
        self._before: Said | None = None
        self._changed: set[str] = set()
        self._woken = asyncio.Event()

    async def run(self, transport: Transport, place: Place, every: float) -> None:
        """Raises when the connection ends. Events since the engine's own time of the look: none is missed."""
        await self._asking.all()
        await self._tell()
        start = since(self._asking.picture.engine.system_time)
        path = "/events" + (f"?since={quote(start)}" if start else "")
        listening = asyncio.create_task(self._listen(transport, Http(place.endpoint, path)))
        try:
            while not listening.done():
                woken = asyncio.create_task(self._woken.wait())
                await asyncio.wait((woken, listening), timeout=every, return_when=asyncio.FIRST_COMPLETED)
                by_event = woken.done()
                woken.cancel()
                if by_event:
                    await asyncio.sleep(COALESCE)
                    self._woken.clear()
                    changed, self._changed = self._changed, set()
                    await self._asking.some(changed)
                elif not listening.done():
                    await self._asking.all()
                await self._tell()
        finally:
            await closed(listening)

    async def _listen(self, transport: Transport, request: Http) -> None:
        stream = transport.listen(request)
        try:
            async for reply in stream:
                event = parse_event(reply.body)
                if event is not None:
                    self._changed.update(_containers(event.actor.id, event.actor.attributes or {}))
                    self._woken.set()
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    async def _tell(self) -> None:
        now = keyed(self._asking.picture.records())
        for observation in run(self._scope, self._before, now):
            await self._told.put(observation)
        self._before = now


def _containers(actor: str, attributes: Mapping[str, str]) -> Iterator[str]:
    """The container an event is about: its actor, or the one it connects to a network."""
    yield actor
    if "container" in attributes:
        yield attributes["container"]
