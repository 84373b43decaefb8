"""What waits for the writer and what it takes at once is bounded by records, and nothing of it is lost or late."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.record import Record, RunBegan, RunEnded, Scope, Seen
from calipso.runtime import writer as writing
from tests.support.system import ESTATE, estate

SOURCES, LOOKS, RECORDS = 8, 12, 10


def test_sources_wait_for_room_and_all_is_kept_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "RECORDS", 3 * RECORDS)
    monkeypatch.setattr(writing, "WAITING", 2 * RECORDS)

    async def check() -> None:
        async with estate(tmp_path) as system:
            site = system.site(ESTATE)
            most = 0

            async def source(number: int) -> None:
                nonlocal most
                scope = Scope("busy", f"b{number}")
                await site.writer.put((RunBegan(scope),))
                for look in range(LOOKS):
                    ids = [f"b{number}-{look}-{each}" for each in range(RECORDS)]
                    records = tuple(Record(id, "test", "host", {"name": id}) for id in ids)
                    await site.writer.put((Seen(scope, records),))
                    most = max(most, site.writer._held)
                await site.writer.put((RunEnded(scope, "completed"),))

            ticks = site.writer.ticks
            await asyncio.wait_for(asyncio.gather(*map(source, range(SOURCES))), 60)
            await asyncio.wait_for(site.writer.settled(), 60)
            graph = site.graph()
            kept = [head for head in graph.objects() if head.name.startswith("b") and head.name.count("-") == 2]
            assert len(kept) == SOURCES * LOOKS * RECORDS
            assert site.writer._held == 0 and most < 3 * RECORDS
            assert site.writer.ticks - ticks >= SOURCES * LOOKS // 4  # ticks of some 30 records, never of all

    asyncio.run(check())


def test_one_who_waits_for_room_and_gives_up_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "WAITING", 1)

    async def check() -> None:
        async with estate(tmp_path) as system:
            writer = system.site(ESTATE).writer
            scope = Scope("busy", "b")
            one = (Seen(scope, (Record("b1", "test", "host", {"name": "b1"}),)),)
            async with writer._writing:  # nothing is written meanwhile
                waiting = [asyncio.create_task(writer.put(one)) for _ in range(20)]
                await asyncio.sleep(0)
                for task in waiting[1:]:
                    task.cancel()
                await asyncio.gather(*waiting, return_exceptions=True)
            await asyncio.wait_for(writer.settled(), 60)
            assert writer._held == 0
            await asyncio.wait_for(writer.put(one), 60)

    asyncio.run(check())
