"""What a server hands to an agent: it is answered, or whoever waits learns why not."""

from __future__ import annotations

import asyncio

import pytest

from calipso.errors import AuthFailed, Unreachable
from calipso.runtime.feed import Answer, Ask
from calipso.runtime.outbox import Outbox
from tests.support.waiting import until


def test_messages_are_answered_by_their_number_and_what_is_wrong_is_raised() -> None:
    async def work() -> None:
        said: list[Ask] = []
        outbox = Outbox[Ask, Answer]("h1", said.append)
        waiting = [asyncio.create_task(outbox.ask(Ask(flows=(name,)))) for name in "abc"]
        await until(lambda: len(said) == 3)
        assert [each.number for each in said] == [1, 2, 3]
        outbox.answer(3, Answer(3, b"third"))
        outbox.answer(2, Answer(2, error="it may not", denied=True))
        outbox.answer(1, Answer(1, error="it is gone"))
        outbox.answer(7, Answer(7, b"nobody asked"))
        assert (await waiting[2]).said == b"third"
        with pytest.raises(AuthFailed, match="the agent of h1: it may not"):
            await waiting[1]
        with pytest.raises(Unreachable, match="it is gone"):
            await waiting[0]

    asyncio.run(work())


def test_an_agent_that_is_silent_or_goes_away_is_not_waited_for() -> None:
    async def work() -> None:
        outbox = Outbox[Ask, Answer]("h1", lambda ask: None)
        with pytest.raises(Unreachable, match="does not answer"):
            await outbox.ask(Ask(), patience=0.05)
        waiting = asyncio.create_task(asyncio.to_thread(outbox.hand, Ask()))
        while not outbox._open:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        outbox.close()
        with pytest.raises(Unreachable, match="away"):
            await waiting
        with pytest.raises(Unreachable, match="h1 is away"):
            await outbox.ask(Ask())

    asyncio.run(work())
