"""Domains as they change: `virsh event` says that one did, then they are read again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from calipso.errors import TransportError
from calipso.following import closed
from calipso.model.record import Observation
from calipso.seams import Exec, SourceConfig, Transport
from calipso.sources.libvirt.collect import Virsh, collect, domains, installed
from calipso.sources.libvirt.parse_stats import tells_a_change

COALESCE = 0.1
"""Seconds in which events are gathered before domains are read."""
EVERY = 30.0
SETTLE = 1.0
"""Seconds after which a listener that has just begun certainly hears: what changed before that is read then."""
AGAIN = 5.0
"""Seconds until a listener that ended is begun again."""
ABSENT = 60.0
"""Seconds until a host without libvirt's command is asked again whether it has it now."""


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A full pass, then domains whenever an event says so, and a full pass every `interval` seconds, for ever."""
    changed = asyncio.Event()
    listening = asyncio.create_task(_listen(transport, config, changed))
    every = float(config.options.get("interval") or EVERY)
    loop = asyncio.get_running_loop()
    try:
        while True:
            due = loop.time() + every
            changed.clear()
            async for observation in collect(transport, config):
                yield observation
            while (left := due - loop.time()) > 0:
                if await _came(changed, left):
                    await asyncio.sleep(COALESCE)
                    changed.clear()
                    async for observation in domains(transport, config):
                        yield observation
    finally:
        await closed(listening)


async def _came(changed: asyncio.Event, within: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await changed.wait()
    return changed.is_set()


async def _listen(transport: Transport, config: SourceConfig, changed: asyncio.Event) -> None:
    """Set `changed` at every event, for ever. A transport without streams leaves it to the full passes."""
    argv = Virsh(transport, config).argv("event", "--loop", "--all", "--timestamp")
    request = Exec(("stdbuf", "-oL", *argv))  # into a pipe, virsh would tell events only some thousand bytes later
    while True:
        with contextlib.suppress(TransportError):
            if await installed(transport, config):
                await _follow(transport, request, changed)
            else:
                await asyncio.sleep(ABSENT)
        await asyncio.sleep(AGAIN)


async def _follow(transport: Transport, request: Exec, changed: asyncio.Event) -> None:
    stream = transport.listen(request)
    settled = asyncio.get_running_loop().call_later(SETTLE, changed.set)
    try:
        async for reply in stream:
            if tells_a_change(reply.body.decode(errors="replace")):
                changed.set()
    finally:
        settled.cancel()
        await stream.aclose()  # type: ignore[attr-defined]
        changed.set()  # the daemon may be gone: the next reading says so
