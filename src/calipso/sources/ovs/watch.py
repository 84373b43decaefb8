"""Open vSwitch as it changes: the database by its monitor, OpenFlow and forwarding tables by asking again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from calipso.errors import ParseError, TransportError
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, ScopeGone, Seen
from calipso.seams import SourceConfig, Transport
from calipso.sources.ovs.collect import Switch, gone, statistics, switches, tables_of
from calipso.sources.ovs.parse import Tables
from calipso.sources.ovs.records import Instance

COALESCE = 0.1
"""Seconds in which updates are gathered before they are told."""
AGAIN = 2.0
"""Seconds until an instance that went away is looked for."""
TABLES_EVERY = 10.0
LOOK_EVERY = 5.0


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Every instance there is and every one that comes, for ever."""
    told: asyncio.Queue[Observation] = asyncio.Queue(1000)
    tasks: dict[Switch, asyncio.Task[None]] = {}
    looking = asyncio.create_task(_look(transport, config, told, tasks))
    try:
        while True:
            yield await told.get()
    finally:
        for task in (looking, *tasks.values()):
            task.cancel()
        for task in (looking, *tasks.values()):
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _look(
    transport: Transport,
    config: SourceConfig,
    told: asyncio.Queue[Observation],
    tasks: dict[Switch, asyncio.Task[None]],
) -> None:
    while True:
        for switch in await switches(transport, config.options):
            if switch not in tasks or tasks[switch].done():
                tasks[switch] = asyncio.create_task(_follow(transport, config, switch, told))
        await asyncio.sleep(LOOK_EVERY)


async def _follow(transport: Transport, config: SourceConfig, switch: Switch, told: asyncio.Queue[Observation]) -> None:
    """One instance until it is removed."""
    scope = switch.scope(config.host)
    while True:
        try:
            await _monitor(transport, config, switch, told)
        except (TransportError, ParseError) as error:
            if await gone(transport, switch, config.options):
                for part in ("", "flows", "fdb"):
                    await told.put(ScopeGone(switch.scope(config.host, part)))
                return
            await told.put(RunBegan(scope))
            await told.put(RunEnded(scope, "failed", (RunError(switch.endpoint, error.message),)))
        await asyncio.sleep(AGAIN)


async def _monitor(
    transport: Transport, config: SourceConfig, switch: Switch, told: asyncio.Queue[Observation]
) -> None:
    """Follow one connection. Raises when it ends."""
    tables = Tables()
    instance = Instance(tables, config.host, switch.name, switch.netns)
    changed = asyncio.Event()
    telling = asyncio.create_task(_tell(switch, config, instance, changed, told))
    asking = asyncio.create_task(_ask_tables(transport, config, switch, instance, told))
    stream = transport.listen(switch.request)
    try:
        async for reply in stream:
            tables.update(reply.body)
            changed.set()
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
        for task in (telling, asking):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _tell(
    switch: Switch, config: SourceConfig, instance: Instance, changed: asyncio.Event, told: asyncio.Queue[Observation]
) -> None:
    """A completed run after each burst of updates: what went is told as surely as what came."""
    scope = switch.scope(config.host)
    while True:
        await changed.wait()
        await asyncio.sleep(COALESCE)
        changed.clear()
        await told.put(RunBegan(scope))
        await told.put(Seen(scope, tuple(instance.records())))
        await told.put(RunEnded(scope, "completed"))
        await told.put(statistics(instance, scope))


async def _ask_tables(
    transport: Transport, config: SourceConfig, switch: Switch, instance: Instance, told: asyncio.Queue[Observation]
) -> None:
    every = float(config.options.get("interval") or TABLES_EVERY)
    await asyncio.sleep(2 * COALESCE)
    while True:
        async for observation in tables_of(transport, config, switch, instance):
            await told.put(observation)
        await asyncio.sleep(every)
