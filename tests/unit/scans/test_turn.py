"""Who looks now ends when it is told to, also when what it worked at did not listen."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from calipso.runtime import turn as turn_module
from calipso.runtime.turn import Turn


def test_a_cancellation_that_the_work_swallows_still_ends_the_watch() -> None:
    async def scenario() -> None:
        turn, began = Turn(), asyncio.Event()

        async def deaf() -> str:
            began.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return "as if nothing had been said"

        async def supervise() -> None:
            while True:
                await turn.watch(deaf())
                began.clear()

        async with asyncio.timeout(30):
            task = asyncio.create_task(supervise())
            await began.wait()
            task.cancel()
            await asyncio.wait({task})
        assert task.cancelled()

    asyncio.run(scenario())


def test_work_that_goes_on_after_it_was_cancelled_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "INSISTED", 0.01)

    async def scenario() -> None:
        turn, told = Turn(), asyncio.Queue[str]()

        async def stubborn() -> None:
            for word in ("first", "second", "third"):
                with suppress(asyncio.CancelledError):
                    told.put_nowait(word)
                    await asyncio.Event().wait()

        task = asyncio.create_task(turn.watch(stubborn()))
        assert await told.get() == "first"
        task.cancel()
        async with asyncio.timeout(30):
            await asyncio.wait({task})
        assert task.cancelled() and [told.get_nowait(), told.get_nowait()] == ["second", "third"]

    asyncio.run(scenario())


def test_a_scan_has_the_watch_step_aside() -> None:
    async def scenario() -> None:
        turn, began = Turn(), asyncio.Event()

        async def look() -> str:
            began.set()
            await asyncio.Event().wait()
            return ""

        task = asyncio.create_task(turn.watch(look()))
        await began.wait()
        async with turn.scan():
            assert await task is None

    asyncio.run(scenario())
