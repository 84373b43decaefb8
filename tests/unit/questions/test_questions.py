"""Questions take turns: what is quick is answered while others take long, and nobody can ask too much."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from calipso.errors import Busy
from calipso.operations.context import asking
from calipso.operations.questions import OLD, YOUNG, Questions, Turn
from tests.support.waiting import until

LONG = 60.0


class Endless:
    """A question that looks at its clock until it is told to end."""

    def __init__(self) -> None:
        self.ends = threading.Event()
        self.asked = 0

    def __call__(self, turn: Turn) -> int:
        while not self.ends.is_set():
            turn.clock()
            self.asked += 1
            self.ends.wait(0.001)
        return self.asked


def run(work: Any) -> Any:
    return asyncio.run(work)


def test_what_is_quick_is_answered_while_many_take_long() -> None:
    async def work() -> None:
        questions, job = Questions(), Endless()
        slow = [asyncio.create_task(questions.work(job, seconds=LONG)) for _ in range(3 * YOUNG)]
        await until(lambda: job.asked > 0)
        for _ in range(3):
            assert await questions.work(lambda turn: "quick", seconds=LONG) == "quick"
        job.ends.set()
        assert len(await asyncio.gather(*slow)) == 3 * YOUNG

    run(work())


def test_those_that_take_long_share() -> None:
    async def work() -> None:
        questions, jobs = Questions(), [Endless() for _ in range(2 * OLD + 1)]
        slow = [asyncio.create_task(questions.work(job, seconds=LONG)) for job in jobs]
        await until(lambda: questions.others_wait)
        asked = [job.asked for job in jobs]
        await until(lambda: all(job.asked > before + 10 for job, before in zip(jobs, asked, strict=True)))
        for job in jobs:
            job.ends.set()
        await asyncio.gather(*slow)

    run(work())


def test_nobody_can_ask_so_much_that_others_cannot_ask() -> None:
    async def work() -> None:
        questions, job = Questions(most=6, each=4), Endless()
        slow = [asyncio.create_task(questions.work(job, seconds=LONG)) for _ in range(4)]
        await until(lambda: job.asked > 0)
        with pytest.raises(Busy, match="4 questions of yours"):
            await questions.work(lambda turn: 1, seconds=LONG)
        asking.set("somebody else")
        assert await questions.work(lambda turn: 1, seconds=LONG) == 1
        job.ends.set()
        await asyncio.gather(*slow)
        asking.set("")
        assert await questions.work(lambda turn: 2, seconds=LONG) == 2

    run(work())


def test_what_all_hold_together_is_limited_and_given_back() -> None:
    async def work() -> None:
        questions = Questions(size=10 << 20)
        for _ in range(3):
            await questions.work(lambda turn: turn.take(9 << 20), seconds=LONG)
        with pytest.raises(Busy, match="larger than 10 MB together"):
            await questions.work(lambda turn: turn.take(11 << 20), seconds=LONG)
        job = Endless()

        def holding(turn: Turn) -> int:
            turn.take(6 << 20)
            return job(turn)

        other = asyncio.create_task(questions.work(holding, seconds=LONG))
        await until(lambda: job.asked > 0)
        with pytest.raises(Busy):
            await questions.work(lambda turn: turn.take(6 << 20), seconds=LONG)
        job.ends.set()
        await other

    run(work())


def test_a_question_that_nobody_waits_for_ends() -> None:
    async def work() -> None:
        questions, job = Questions(most=1, each=1), Endless()
        task = asyncio.create_task(questions.work(job, seconds=LONG))
        await until(lambda: job.asked > 0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async def free() -> int:
            while True:
                try:
                    return await questions.work(lambda turn: 1, seconds=LONG)
                except Busy:
                    await asyncio.sleep(0.01)

        assert await asyncio.wait_for(free(), LONG) == 1

    run(work())


def test_those_that_wait_for_a_turn_end_when_nobody_waits_for_them() -> None:
    async def work() -> None:
        questions, job = Questions(), Endless()
        tasks = [asyncio.create_task(questions.work(job, seconds=LONG)) for _ in range(2 * YOUNG)]
        await until(lambda: questions.others_wait)
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*tasks, return_exceptions=True)
        )
        await until(lambda: not questions.under_way)

    run(work())


def test_what_subscribers_ask_waits_for_room_and_its_clock_stands_still() -> None:
    async def work() -> None:
        questions, jobs = Questions(most=OLD + 2), [Endless() for _ in range(OLD + 2)]
        clocks: list[float] = []

        def standing(turn: Turn) -> int:
            clocks.extend((turn.clock(), turn.clock()))
            return 1

        slow = [asyncio.create_task(questions.standing(job)) for job in jobs]
        await until(lambda: all(job.asked for job in jobs))
        asked = asyncio.create_task(questions.standing(standing))
        await asyncio.sleep(0.05)
        assert not asked.done()
        for job in jobs:
            job.ends.set()
        assert await asyncio.wait_for(asked, LONG) == 1
        assert clocks[0] <= clocks[1]
        await asyncio.gather(*slow)

    run(work())
