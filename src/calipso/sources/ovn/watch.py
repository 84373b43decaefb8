"""OVN as it changes: both databases by their monitors."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping

from calipso.errors import ParseError, TransportError
from calipso.model.record import Gone, Observation, Record, RunBegan, RunEnded, RunError, ScopeGone, Seen
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

Said = Mapping[tuple[str, str], Record]
"""(id, facet) → record."""


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Every database there is and every one that comes, for ever; by passes where none can be listened to."""
    if not await _reached(transport, config):
        while True:
            async for observation in collect(transport, config):
                yield observation
            await asyncio.sleep(PASS_EVERY)
    told: asyncio.Queue[Observation] = asyncio.Queue(1000)
    tasks: dict[Database, asyncio.Task[None]] = {}
    looking = asyncio.create_task(_look(transport, config, told, tasks))
    try:
        async for observation in _until(looking, told):
            yield observation
    finally:
        for task in (looking, *tasks.values()):
            task.cancel()
        for task in (looking, *tasks.values()):
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _reached(transport: Transport, config: SourceConfig) -> bool:
    """Whether databases can be listened to. A distant host may refuse to forward, and tells so when it is tried."""
    if Netlink not in transport.answers and Ovsdb in transport.answers:
        with contextlib.suppress(TransportError, ParseError):
            for database in await databases(transport, config.options):
                await snapshot(transport, database.requests())
    return Ovsdb in transport.answers


async def _until(looking: asyncio.Task[None], told: asyncio.Queue[Observation]) -> AsyncIterator[Observation]:
    """What is told, until looking fails: then with its error."""
    while True:
        taking = asyncio.create_task(told.get())
        try:
            await asyncio.wait((taking, looking), return_when=asyncio.FIRST_COMPLETED)
            if not taking.done():
                looking.result()
            yield await taking
        finally:
            taking.cancel()


async def _look(
    transport: Transport,
    config: SourceConfig,
    told: asyncio.Queue[Observation],
    tasks: dict[Database, asyncio.Task[None]],
) -> None:
    while True:
        for database in await databases(transport, config.options):
            if database not in tasks or tasks[database].done():
                tasks[database] = asyncio.create_task(_follow(transport, config, database, told))
        await asyncio.sleep(LOOK_EVERY)


async def _follow(
    transport: Transport, config: SourceConfig, database: Database, told: asyncio.Queue[Observation]
) -> None:
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


async def _monitor(
    transport: Transport, config: SourceConfig, database: Database, request: Ovsdb, told: asyncio.Queue[Observation]
) -> None:
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
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _tell(
    config: SourceConfig,
    database: Database,
    tables: Tables,
    changed: asyncio.Event,
    told: asyncio.Queue[Observation],
) -> None:
    """A completed run at first, then what each burst of updates changed."""
    scope = database.scope(config.host)
    before: Said | None = None
    reader = database.reader(tables)
    while True:
        await changed.wait()
        await asyncio.sleep(COALESCE)
        changed.clear()
        now = {(each.id, each.facet): each for each in reader.records()}
        if before is None:
            await told.put(RunBegan(scope))
        for observation in _difference(database, config, before, now):
            await told.put(observation)
        await told.put(RunEnded(scope, "completed"))
        before = now


def _difference(database: Database, config: SourceConfig, before: Said | None, now: Said) -> Iterator[Observation]:
    """What to say when the records of a scope were these (None: not known) and are those now."""
    scope, known = database.scope(config.host), before or {}
    new = tuple(each for place, each in now.items() if (was := known.get(place)) is not each and was != each)
    if new or before is None:
        yield Seen(scope, new)
    ended = tuple(place for place in known if place not in now)
    if ended:
        yield Gone(scope, ended)
