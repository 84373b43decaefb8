"""Several things followed at once: one stream, what fails ends it, and nothing is left running."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from calipso.following import Told, closed, follow
from calipso.model.record import RunBegan, Scope


def scope(place: str) -> Scope:
    return Scope("test", "h1", place)


async def taken(places: list[set[str]], fails: str = "", many: int = 3) -> tuple[list[str], int]:
    """Parts that were told, and how many tasks were left when all was over."""

    async def find() -> Collection[str]:
        return places.pop(0) if len(places) > 1 else places[0]

    async def one(place: str, told: Told) -> None:
        await told.put(RunBegan(scope(place)))
        if place == fails:
            raise ZeroDivisionError("a bug")
        if place != "short":
            await asyncio.sleep(3600)

    stream = follow(find, one, 0.01)
    said = []
    try:
        async for observation in stream:
            assert isinstance(observation, RunBegan)
            said.append(observation.scope.part)
            if len(said) == many:
                break
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
    return said, len(asyncio.all_tasks()) - 1


def test_what_is_found_is_followed_and_what_comes_later_too() -> None:
    said, left = asyncio.run(taken([{"a"}, {"a", "b"}, {"a", "b", "c"}]))
    assert said == ["a", "b", "c"]
    assert left == 0


def test_what_ended_is_followed_again_when_it_is_found_again() -> None:
    said, left = asyncio.run(taken([{"short"}]))
    assert said == ["short"] * 3 and left == 0


def test_a_fault_is_told_and_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(taken([{"a", "broken"}], fails="broken"))


def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
    async def work() -> int:
        swallowed = 0

        async def stubborn() -> None:
            nonlocal swallowed
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                swallowed += 1
            await asyncio.sleep(3600)

        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await closed(task)
        assert task.cancelled()
        return swallowed

    assert asyncio.run(asyncio.wait_for(work(), 60)) == 1
