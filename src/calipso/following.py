"""Sources that follow several things of a host at once: databases, engines. What each says goes into one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Hashable, Iterator, Mapping
from typing import Any, TypeVar

from calipso.model.record import Gone, Observation, Record, RunBegan, RunEnded, Scope, Seen

WAITING = 1000
"""Observations that wait to be taken; then those who tell wait."""
AGAIN = 0.5
"""Seconds after which a task that goes on is cancelled again."""

Place = TypeVar("Place", bound=Hashable)
Told = asyncio.Queue[Observation]
Said = Mapping[tuple[str, str], Record]
"""(id, facet) → record."""


async def ended(task: asyncio.Task[Any], again: float = AGAIN) -> None:
    """Cancel a task until it has ended: what it awaits, also of others, may swallow a cancellation.

    `asyncio.wait_for` of Python 3.11 is known for it.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=again)


async def closed(*tasks: asyncio.Task[Any]) -> None:
    """End tasks. Raises what one of them raised before."""
    for task in tasks:
        await ended(task)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def follow(
    find: Callable[[], Awaitable[Collection[Place]]], one: Callable[[Place, Told], Awaitable[None]], every: float
) -> AsyncGenerator[Observation, None]:
    """What `one` tells of each place that `find` finds, for ever; `every`: seconds between two searches.

    A place whose `one` has ended is followed again when it is found again. What `find` or `one` raises ends it all. It
    is to be closed (`aclosing`): then nothing is left at work.
    """
    told: Told = asyncio.Queue(WAITING)
    tasks: dict[Place, asyncio.Task[None]] = {}
    looking = asyncio.create_task(_look(find, one, every, told, tasks))
    try:
        while True:
            taking = asyncio.create_task(told.get())
            try:
                await asyncio.wait((taking, looking), return_when=asyncio.FIRST_COMPLETED)
                if not taking.done():
                    looking.result()
                yield await taking
            finally:
                taking.cancel()
    finally:
        for task in (looking, *tasks.values()):
            task.cancel()
        await closed(looking, *tasks.values())


async def _look(
    find: Callable[[], Awaitable[Collection[Place]]],
    one: Callable[[Place, Told], Awaitable[None]],
    every: float,
    told: Told,
    tasks: dict[Place, asyncio.Task[None]],
) -> None:
    while True:
        for place in await find():
            if place not in tasks or tasks[place].done():
                if place in tasks:
                    tasks[place].result()
                tasks[place] = asyncio.ensure_future(one(place, told))
        await asyncio.sleep(every)


def keyed(records: Collection[Record]) -> Said:
    return {(each.id, each.facet): each for each in records}


def run(scope: Scope, before: Said | None, now: Said) -> Iterator[Observation]:
    """What to say when the records of a scope were these (None: a run begins) and are those now."""
    if before is None:
        yield RunBegan(scope)
        yield Seen(scope, tuple(now.values()))
    else:
        # Mostly the same objects: to compare what they hold is the dear part.
        new = tuple(each for at, each in now.items() if (was := before.get(at)) is not each and was != each)
        if new:
            yield Seen(scope, new)
        gone = tuple(at for at in before if at not in now)
        if gone:
            yield Gone(scope, gone)
    yield RunEnded(scope, "completed")
