"""`calipso up`: server, local collection and store in one process, until stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence

from calipso.runtime.arenas import share_memory
from calipso.runtime.home import Home
from calipso.runtime.lock import WriterLock
from calipso.runtime.system import System
from calipso.runtime.tokens import admin_token
from calipso.web.server import Server, Tls

Started = Callable[[Server], None]


async def serve(
    home: Home, host: str, port: int, started: Started, *, public_names: Sequence[str] = (), tls: Tls | None = None
) -> None:
    """Run until SIGINT or SIGTERM. Calls `started` once everything listens.

    Raises `Conflict` when another one has the folder, `ConfigError`, `StoreError`.
    """
    share_memory()
    home.prepare()
    lock = WriterLock(home.lock, home.server)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        token = admin_token(home.token)
        system = System(home)
        try:
            await system.open()
            await _run(
                system, Server(system, token, host, port, public_names=public_names, tls=tls), lock, stop, started
            )
        finally:
            await system.close()
    finally:
        lock.release()


async def _run(system: System, server: Server, lock: WriterLock, stop: asyncio.Event, started: Started) -> None:
    async with server:
        lock.announce(server.url)
        for name in system.sites:
            system.watch(name)
        started(server)
        ends = [asyncio.create_task(stop.wait()), asyncio.create_task(server.stopped())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
