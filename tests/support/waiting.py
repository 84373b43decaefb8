"""Waiting for what has no event of its own; how long it takes is measured in bench/, not here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LONG = 60.0


async def until(holds: Callable[[], object], within: float = LONG) -> None:
    """Raises `TimeoutError`."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110  (anything may be waited for, also what threads do)
            await asyncio.sleep(0.01)
