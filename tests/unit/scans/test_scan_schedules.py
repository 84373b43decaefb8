"""Scheduled scans on a clock that tests set: what is due is started once, also what was due while nobody was there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import NotFound, QueryError
from calipso.runtime.scan_schedules import ScanSchedules
from calipso.runtime.system import System
from tests.support.system import ask
from tests.unit.scans.acting import NAME, Actor, acting
from tests.unit.scans.test_scan_life import run

MINUTE = 60_000_000
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
BEGIN = 1_800_000_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> int:
        return self.now


def clocked(system: System, clock: Clock) -> ScanSchedules:
    """The system's schedules on another clock."""
    made = ScanSchedules(system, system.scans, clock, system.notices.not_started)
    made.open(NAME)
    system.scan_schedules = made
    system.moment = lambda text: clock.now if text == "now" else int(text)  # type: ignore[method-assign]
    return made


async def done(system: System) -> list[Any]:
    """The scans that were started, ended."""
    return [await system.scans.finished(NAME, each.id) for each in system.scans.all(NAME)]


def test_a_daily_scan_is_started_when_it_is_due(tmp_path: Path) -> None:
    async def work() -> None:
        clock = Clock()
        async with acting(tmp_path, Actor()) as system:
            schedules = clocked(system, clock)
            view = await ask(system, "put_scan_schedule", environment=NAME, recurrence="daily", at=str(BEGIN + HOUR))
            assert (view.id, view.runs, view.enabled) == ("1", 0, True)
            assert await schedules.turn() == BEGIN + HOUR and await done(system) == []
            clock.now = BEGIN + HOUR
            assert await schedules.turn() == BEGIN + HOUR + DAY
            (scan,) = await done(system)
            assert (scan.schedule, scan.status) == ("1", "completed")
            assert await schedules.turn() == BEGIN + HOUR + DAY and len(await done(system)) == 1
            (kept,) = (await ask(system, "get_scan_schedules", environment=NAME)).items
            assert (kept.runs, kept.last_scan) == (1, scan.id)

    run(work())


def test_what_was_missed_while_nobody_was_there_runs_once(tmp_path: Path) -> None:
    clock = Clock()

    async def before() -> None:
        async with acting(tmp_path, Actor()) as system:
            clocked(system, clock)
            for recurrence in ("hourly", "once"):
                await ask(system, "put_scan_schedule", environment=NAME, recurrence=recurrence, at=str(BEGIN + HOUR))

    async def after() -> None:
        clock.now = BEGIN + 5 * HOUR + MINUTE
        async with acting(tmp_path, Actor()) as system:
            schedules = clocked(system, clock)
            assert await schedules.turn() == BEGIN + 6 * HOUR
            assert sorted(scan.schedule for scan in await done(system)) == ["1", "2"]
            hourly, once = schedules.all(NAME)
            assert hourly.enabled and not once.enabled and once.next == 0
            clock.now += 100 * DAY
            await schedules.turn()
            assert sorted(scan.schedule for scan in await done(system)) == ["1", "1", "2"]

    run(before())
    run(after())


def test_one_that_has_not_ended_is_not_joined_by_another(tmp_path: Path) -> None:
    async def work() -> None:
        clock, actor = Clock(), Actor()
        actor.held["h1"] = asyncio.Event()
        async with acting(tmp_path, actor) as system:
            schedules = clocked(system, clock)
            await ask(system, "put_scan_schedule", environment=NAME, recurrence="hourly", at=str(BEGIN))
            for _ in range(3):
                await schedules.turn()
                clock.now += HOUR
            (kept,) = schedules.all(NAME)
            assert (kept.runs, kept.skipped) == (1, 2) and len(system.scans.all(NAME)) == 1
            (message,) = (await ask(system, "get_messages", environment=NAME)).items
            assert (message.level, message.count, message.origin_type) == ("warn", 2, "scheduled")
            actor.held["h1"].set()
            await done(system)
            await schedules.turn()
            await done(system)
            assert (await ask(system, "get_messages", environment=NAME, open="yes")).items == []

    run(work())


def test_one_that_rests_does_not_run_and_does_not_make_up(tmp_path: Path) -> None:
    async def work() -> None:
        clock = Clock()
        async with acting(tmp_path, Actor()) as system:
            schedules = clocked(system, clock)
            await ask(system, "put_scan_schedule", environment=NAME, recurrence="hourly", at=str(BEGIN + MINUTE))
            rests = await ask(system, "enable_scan_schedule", environment=NAME, id="1", enabled=False)
            assert not rests.enabled and rests.scheduled_timestamp == ""
            clock.now += 10 * HOUR
            assert await schedules.turn() == 0 and system.scans.all(NAME) == []
            await ask(system, "enable_scan_schedule", environment=NAME, id="1")
            assert await schedules.turn() == BEGIN + 10 * HOUR + MINUTE and system.scans.all(NAME) == []
            await ask(system, "remove_scan_schedule", environment=NAME, id="1")
            assert await schedules.turn() == 0
            with pytest.raises(NotFound, match="no scheduled scan '1'"):
                await ask(system, "remove_scan_schedule", environment=NAME, id="1")

    run(work())


def test_one_that_cannot_be_started_says_so_and_goes_on(tmp_path: Path) -> None:
    async def work() -> None:
        clock = Clock()
        async with acting(tmp_path, Actor()) as system:
            schedules = clocked(system, clock)
            await ask(system, "put_scan_schedule", environment=NAME, recurrence="daily", at=str(BEGIN), object_id="h9")
            assert await schedules.turn() == BEGIN + DAY
            (message,) = (await ask(system, "get_messages", environment=NAME)).items
            assert "h9 is not there" in message.message and message.related_object_type == "scheduled_scan"

    run(work())


def test_a_schedule_is_changed_by_its_id(tmp_path: Path) -> None:
    async def work() -> None:
        clock = Clock()
        async with acting(tmp_path, Actor()) as system:
            schedules = clocked(system, clock)
            await ask(system, "put_scan_schedule", environment=NAME, recurrence="hourly")
            await schedules.turn()
            changed = await ask(system, "put_scan_schedule", environment=NAME, recurrence="weekly", id="1")
            assert (changed.id, changed.recurrence, changed.runs) == ("1", "weekly", 1)
            with pytest.raises(NotFound):
                await ask(system, "put_scan_schedule", environment=NAME, recurrence="weekly", id="8")
            with pytest.raises(QueryError):
                await ask(system, "put_scan_schedule", environment=NAME, recurrence="cron", cron="no")
            assert len(schedules.all(NAME)) == 1

    run(work())
