"""Sources that look again whenever a command of the host says that something changed."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

from calipso.errors import TransportError
from calipso.seams import Exec, Transport

COALESCE = 0.2
"""Seconds in which what comes is gathered: one change may be told in many lines, and many come at once."""
AGAIN = 5.0
"""Seconds until a command that could not be had, or has ended, is begun again."""


class Notices:
    """A command that prints something for each change, for ever; what it prints is of no matter.

    Used as a context, which ends it. Where the command cannot be had `wait` just takes its time.
    """

    def __init__(self, transport: Transport, command: Exec) -> None:
        self._transport, self._command = transport, command
        self._came = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Notices:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    @property
    def listening(self) -> bool:
        return self._listening is not None

    def listen(self) -> None:
        """Begin, if it has not begun."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    async def wait(self, seconds: float) -> None:
        """Until something came since the last time, or at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._came.wait()
            await asyncio.sleep(COALESCE)
        self._came.clear()

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(TransportError):
                async with contextlib.aclosing(self._transport.listen(self._command)) as lines:  # type: ignore[type-var]
                    async for _ in lines:
                        self._came.set()
            await asyncio.sleep(AGAIN)
