"""OVN as it changes: both databases by their monitors."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from calipso.errors import ParseError, TransportError
from calipso.following import Said, Told, closed, follow, keyed, run
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, ScopeGone
from calipso.seams import Netlink, Ovsdb, SourceConfig, Transport
from calipso.sources.ovn.collect import Database, collect, databases, gone
from calipso.sources.ovn.commands import snapshot
from calipso.sources.ovn.parse import Tables

COALESCE = 0.1
"""Seconds in which updates are gathered before they are told."""
AGAIN = 2.0
"""Seconds until a database that went away is asked again."""
LOOK_EVERY = 5.0
PASS_EVERY = 30.0


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Every database there is and every one that comes, for ever; by passes where none can be listened to."""
    if not await _reached(transport, config):
        while True:
            async for observation in collect(transport, config):
                yield observation
            await asyncio.sleep(PASS_EVERY)

    async def one(database: Database, told: Told) -> None:
        await _follow(transport, config, database, told)

    async with contextlib.aclosing(follow(lambda: databases(transport, config.options), one, LOOK_EVERY)) as told:
        async for observation in told:
            yield observation


async def _reached(transport: Transport, config: SourceConfig) -> bool:
    """Whether databases can be listened to. A distant host may refuse to forward, and tells so when it is tried."""
    if Netlink not in transport.answers and Ovsdb in transport.answers:
        with contextlib.suppress(TransportError, ParseError):
            for database in await databases(transport, config.options):
                await snapshot(transport, database.requests())
    return Ovsdb in transport.answers


async def _follow(transport: Transport, config: SourceConfig, database: Database, told: Told) -> None:
    """One database until it is removed, on whichever of its servers answers."""
    scope = database.scope(config.host)
    while True:
        errors = []
        for request in database.requests():
            try:
                await _monitor(transport, config, database, request, told)
            except (TransportError, ParseError) as error:
                errors.append(RunError(request.endpoint, error.message))
        if await gone(transport, database):
            await told.put(ScopeGone(scope))
            return
        await told.put(RunBegan(scope))
        await told.put(RunEnded(scope, "failed", tuple(errors)))
        await asyncio.sleep(AGAIN)


async def _monitor(transport: Transport, config: SourceConfig, database: Database, request: Ovsdb, told: Told) -> None:
    """Follow one connection. Raises when it ends, or when what it says cannot be understood."""
    tables, changed = Tables(), asyncio.Event()
    telling = asyncio.create_task(_tell(config, database, tables, changed, told))
    stream = transport.listen(request)
    try:
        async for reply in stream:
            if tables.update(reply.body):
                changed.set()
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
        await closed(telling)


async def _tell(
    config: SourceConfig,
    database: Database,
    tables: Tables,
    changed: asyncio.Event,
    told: Told,
) -> None:
    """A completed run at first, then what each burst of updates changed."""
    scope = database.scope(config.host)
    before: Said | None = None
    reader = database.reader(tables)
    while True:
        await changed.wait()
        await asyncio.sleep(COALESCE)
        changed.clear()
        now = keyed(reader.records())
        for observation in run(scope, before, now):
            await told.put(observation)
        before = now
