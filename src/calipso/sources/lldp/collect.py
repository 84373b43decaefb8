"""One look at what a host's lldpd hears, and then again whenever it says that something changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from calipso.errors import CommandFailed, ParseError, TransportError
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.seams import Exec, SourceConfig, Transport
from calipso.sources.lldp.parse import parse_chassis, parse_neighbors
from calipso.sources.lldp.records import records

CLIENT = ("lldpcli", "-f", "json")
NEIGHBORS = Exec((*CLIENT, "show", "neighbors", "details"), timeout=15.0)
CHASSIS = Exec((*CLIENT, "show", "chassis"), timeout=15.0)
WATCH = Exec((*CLIENT, "watch"))
NOT_FOUND = 127
COALESCE = 0.2
"""Seconds in which events are gathered: lldpcli writes one over many lines."""
AGAIN = 5.0
"""Seconds until a stream of events that ended is begun again."""
EVERY = 30.0
"""Seconds between looks without an event."""


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Neighbours and the host's own chassis. A host without lldpd has none, which is no failure."""
    scope = Scope("lldp", config.host)
    yield RunBegan(scope)
    try:
        answer = await _ask(transport, NEIGHBORS)
        if answer is None:
            yield RunEnded(scope, "completed")
            return
        own = await _ask(transport, CHASSIS)
        found = records(config.host, parse_neighbors(answer), parse_chassis(own) if own is not None else None)
    except (TransportError, ParseError) as error:
        yield RunEnded(scope, "failed", (RunError("lldpcli", error.message),))
        return
    yield Seen(scope, tuple(found))
    yield RunEnded(scope, "completed")


async def _ask(transport: Transport, request: Exec) -> bytes | None:
    """The answer, None where there is no lldpcli. Raises `CommandFailed` and what transports raise."""
    reply = await transport.ask(request)
    if reply.exit_code == NOT_FOUND:
        return None
    if reply.exit_code:
        reason = reply.stderr.decode(errors="replace").strip().split("\n")[0]
        raise CommandFailed(f"lldpcli: {reason or reply.exit_code}", exit_code=reply.exit_code)
    return reply.body


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A look, and another after each event or, without any, now and then; for ever."""
    every = float(config.options.get("interval", EVERY))
    came = asyncio.Event()
    listening = asyncio.create_task(_listen(transport, came))
    try:
        while True:
            came.clear()
            async for observation in collect(transport, config):
                yield observation
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(came.wait(), every)
                await asyncio.sleep(COALESCE)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(transport: Transport, came: asyncio.Event) -> None:
    """Say that something came for each line of `lldpcli watch`: what a line says is of no matter.

    Where it cannot be had, or ends with lldpd, it is tried again; looks go on at their interval meanwhile.
    """
    while True:
        with contextlib.suppress(TransportError):
            async with contextlib.aclosing(transport.listen(WATCH)) as lines:  # type: ignore[type-var]
                async for _ in lines:
                    came.set()
        await asyncio.sleep(AGAIN)
