"""Who looks with a source at a host now: the watch, or a scan that has the watch step aside.

Both at once would contradict each other: each would end what the other began to see, and a look that is older than an
event would undo it. So a scan ends the watch's stream, looks, and lets the watch begin again with a full pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from calipso.following import ended

T = TypeVar("T")
INSISTED = 3.0
"""Seconds after which a task that may have much to put away is cancelled again."""


async def insisted(work: Coroutine[Any, Any, T]) -> T:
    """Work for an `asyncio.TaskGroup`, which cancels but once and then waits: this goes on until the work has ended."""
    task: asyncio.Task[T] = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        await ended(task, INSISTED)
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error from None
        raise
    return task.result()


class Turn:
    """Of one source on one host."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()
        self._watching: asyncio.Task[Any] | None = None
        self._one = asyncio.Lock()

    async def watch(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Work until it ends or has to step aside, and then None."""
        task: asyncio.Task[T] = asyncio.create_task(work)
        self._watching = task
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            await ended(task, INSISTED)
            raise
        finally:
            self._watching = None
        return None if task.cancelled() else task.result()

    async def free(self) -> None:
        """Wait until no scan looks."""
        await self._free.wait()

    @asynccontextmanager
    async def scan(self) -> AsyncIterator[None]:
        """Look alone: a watch has stepped aside when this begins, and goes on when it ends."""
        async with self._one:
            self._free.clear()
            try:
                if self._watching is not None:
                    await ended(self._watching)
                yield
            finally:
                self._free.set()
