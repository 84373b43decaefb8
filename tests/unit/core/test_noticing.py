"""Looks that follow what a command says: at once, gathered, and also where the command ends or cannot be had."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from calipso import noticing
from calipso.noticing import Notices
from calipso.seams import Exec
from tests.support.told_host import ToldHost

MONITOR = Exec(("monitor",))
LONG = 3600.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noticing, "AGAIN", 0.01)
    monkeypatch.setattr(noticing, "COALESCE", 0.01)


def noticed(host: ToldHost, use: Callable[[Notices], Awaitable[None]]) -> None:
    async def work() -> None:
        async with asyncio.timeout(30), Notices(host, MONITOR) as notices:
            await use(notices)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left at work"

    asyncio.run(work())


async def waits(notices: Notices) -> bool:
    waiting = asyncio.create_task(notices.wait(LONG))
    done, _ = await asyncio.wait({waiting}, timeout=0.2)
    waiting.cancel()
    return not done


def test_many_lines_are_one_notice_and_an_ended_command_is_begun_again() -> None:
    host = ToldHost(streams=[[b"a", b"b", b"c"]])

    async def use(notices: Notices) -> None:
        assert not notices.listening
        notices.listen()
        notices.listen()
        assert notices.listening
        await notices.wait(LONG)
        assert await waits(notices)
        host.streams.put_nowait([b"d"])
        await notices.wait(LONG)
        assert await waits(notices)

    noticed(host, use)


def test_without_a_notice_it_takes_its_time() -> None:
    async def use(notices: Notices) -> None:
        await notices.wait(0.01)
        notices.listen()
        await notices.wait(0.01)
        assert await waits(notices)

    noticed(ToldHost(), use)
