"""Scheduled scans: kept, started when they are due, also after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

from calipso.errors import CalipsoError, NotFound, QueryError, StoreError
from calipso.operations.scan_documents import Plan, ScanDocument, ScheduleDocument
from calipso.runtime.recurrence import checked, next_run
from calipso.runtime.shelf import Shelf
from calipso.runtime.site import Site

COLLECTION = "scheduled_scans"
GRACE = 60_000_000
"""µs: what was to run so shortly before it was added or enabled still runs."""
LONGEST_WAIT = 60.0
"""Seconds until the clock is looked at again, which may be set."""

log = structlog.get_logger()


class Surroundings(Protocol):
    """What schedules need of the system."""

    def site(self, environment: str) -> Site: ...


class Starter(Protocol):
    """Who runs scans."""

    def all(self, environment: str) -> list[ScanDocument]: ...

    async def start(
        self, environment: str, plan: Plan, *, queue: bool = False, draft: bool = False, schedule: str = ""
    ) -> ScanDocument: ...


class ScanSchedules:
    """Implements `operations.scan_documents.Schedules`. `failed` is told why a scan could not be started."""

    def __init__(
        self, surroundings: Surroundings, scans: Starter, clock: Callable[[], int],
        failed: Callable[[ScheduleDocument, str], None],
    ) -> None:  # fmt: skip
        self._surroundings = surroundings
        self._scans = scans
        self._clock = clock
        self._failed = failed
        self._shelves: dict[str, Shelf[ScheduleDocument]] = {}
        self._changed = asyncio.Event()

    def open(self, environment: str) -> None:
        site = self._surroundings.site(environment)
        self._shelves[environment] = Shelf(site.writer, COLLECTION, ScheduleDocument, site.store.documents(COLLECTION))
        self._changed.set()

    def forget(self, environment: str) -> None:
        self._shelves.pop(environment, None)

    def all(self, environment: str) -> list[ScheduleDocument]:
        return self._shelf(environment).all()

    def one(self, environment: str, id: str) -> ScheduleDocument:
        return self._shelf(environment).one(id, "scheduled scan")

    async def put(self, schedule: ScheduleDocument) -> ScheduleDocument:
        shelf = self._shelf(schedule.environment)
        checked(schedule)
        if schedule.id:
            shelf.one(schedule.id, "scheduled scan")
        following = next_run(schedule, self._clock() - GRACE) if schedule.enabled else 0
        if schedule.enabled and not following:
            raise QueryError("it would never run: that moment has passed", hint="say a later one")
        kept = shelf.put(msgspec.structs.replace(schedule, id=schedule.id or shelf.new_id(), next=following))
        await shelf.flush()
        self._changed.set()
        return kept

    async def remove(self, environment: str, id: str) -> ScheduleDocument:
        shelf = self._shelf(environment)
        found = shelf.one(id, "scheduled scan")
        shelf.drop(id)
        await shelf.flush()
        return found

    async def run(self) -> None:
        """Start what is due until cancelled."""
        while True:
            self._changed.clear()
            soonest = await self.turn()
            wait = LONGEST_WAIT if not soonest else min(max((soonest - self._clock()) / 1e6, 0.0), LONGEST_WAIT)
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def turn(self) -> int:
        """Start what is due now; when the next one is, 0 for never. One that was missed while away runs once."""
        now = self._clock()
        for shelf in list(self._shelves.values()):
            for schedule in shelf.all():
                if schedule.enabled and 0 < schedule.next <= now:
                    done = await self._start(schedule, now)
                    if shelf.get(schedule.id) is schedule:  # neither changed nor removed meanwhile
                        shelf.put(done)
            try:
                await shelf.flush()
            except StoreError as error:
                log.error("scheduled scans not kept yet", reason=error.message)
        return min((each.next for shelf in self._shelves.values() for each in shelf.all() if each.next), default=0)

    async def _start(self, schedule: ScheduleDocument, now: int) -> ScheduleDocument:
        """The schedule as it is after its turn. A scan of it that has not ended yet is not joined by another."""
        following = next_run(schedule, now)
        done = msgspec.structs.replace(schedule, next=following, enabled=bool(following), last=now)
        mine = [each for each in self._scans.all(schedule.environment) if each.schedule == schedule.id]
        if any(each.status in ("pending", "running") for each in mine):
            self._failed(schedule, f"scan {mine[0].id} of scheduled scan {schedule.id} has not ended yet")
            return msgspec.structs.replace(done, skipped=schedule.skipped + 1)
        try:
            scan = await self._scans.start(schedule.environment, schedule.plan, queue=True, schedule=schedule.id)
        except CalipsoError as error:
            self._failed(schedule, f"scheduled scan {schedule.id} could not be started: {error.message}")
            return msgspec.structs.replace(done, skipped=schedule.skipped + 1)
        return msgspec.structs.replace(done, last_scan=scan.id, runs=schedule.runs + 1)

    def _shelf(self, environment: str) -> Shelf[ScheduleDocument]:
        self._surroundings.site(environment)
        shelf = self._shelves.get(environment)
        if shelf is None:
            raise NotFound(f"{environment} is being ended")
        return shelf
