"""Open vSwitch as it changes: the database by its monitor, OpenFlow and forwarding tables by asking again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from calipso.errors import ParseError, TransportError
from calipso.following import Said, Told, closed, follow, keyed, run
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, ScopeGone
from calipso.ovsdb_commands import snapshot
from calipso.seams import Netlink, Ovsdb, SourceConfig, Transport
from calipso.sources.ovs.collect import COMMAND, Switch, collect, gone, statistics, switches, tables_of
from calipso.sources.ovs.parse import Tables
from calipso.sources.ovs.records import Instance

COALESCE = 0.1
"""Seconds in which updates are gathered before they are told."""
AGAIN = 2.0
"""Seconds until an instance that went away is looked for."""
TABLES_EVERY = 10.0
COUNTERS_EVERY = 10.0
LOOK_EVERY = 5.0


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Every instance there is and every one that comes, for ever; by passes where no database socket is reached."""
    if not await _reached(transport, config):
        while True:
            async for observation in collect(transport, config):
                yield observation
            await asyncio.sleep(float(config.options.get("interval", TABLES_EVERY)))

    async def one(switch: Switch, told: Told) -> None:
        await _follow(transport, config, switch, told)

    async with contextlib.aclosing(follow(lambda: switches(transport, config.options), one, LOOK_EVERY)) as told:
        async for observation in told:
            yield observation


async def _reached(transport: Transport, config: SourceConfig) -> bool:
    """Whether databases can be listened to. A distant host may refuse to forward, and tells so when it is tried."""
    if Netlink not in transport.answers and Ovsdb in transport.answers:
        with contextlib.suppress(TransportError, ParseError):
            for switch in await switches(transport, config.options):
                await snapshot(transport, switch.request, COMMAND)
    return Ovsdb in transport.answers


async def _follow(transport: Transport, config: SourceConfig, switch: Switch, told: Told) -> None:
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


async def _monitor(transport: Transport, config: SourceConfig, switch: Switch, told: Told) -> None:
    """Follow one connection. Raises when it ends."""
    tables = Tables()
    instance = Instance(tables, config.host, switch.name, switch.netns)
    changed = asyncio.Event()
    telling = asyncio.create_task(_tell(switch, config, instance, changed, told))
    asking = asyncio.create_task(_ask_tables(transport, config, switch, instance, told))
    stream = transport.listen(switch.request)
    try:
        async for reply in stream:
            if tables.update(reply.body):
                changed.set()
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
        await closed(telling, asking)


async def _tell(switch: Switch, config: SourceConfig, instance: Instance, changed: asyncio.Event, told: Told) -> None:
    """A completed run at first, then what each burst of updates changed; counters in between."""
    scope = switch.scope(config.host)
    before: Said | None = None
    while True:
        if await _came(changed, COUNTERS_EVERY) or before is None:
            await asyncio.sleep(COALESCE)
            changed.clear()
            now = keyed(instance.records())
            for observation in run(scope, before, now):
                await told.put(observation)
            before = now
        await told.put(statistics(instance, scope))


async def _came(changed: asyncio.Event, within: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await changed.wait()
    return changed.is_set()


async def _ask_tables(
    transport: Transport, config: SourceConfig, switch: Switch, instance: Instance, told: Told
) -> None:
    every = float(config.options.get("interval") or TABLES_EVERY)
    await asyncio.sleep(2 * COALESCE)
    while True:
        async for observation in tables_of(transport, config, switch, instance):
            await told.put(observation)
        await asyncio.sleep(every)
