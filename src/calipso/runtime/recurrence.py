"""When a scheduled scan runs next. Time is an argument, in µs since the epoch."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim, CronSimError

from calipso.errors import QueryError
from calipso.model.moments import zone_of
from calipso.operations.scan_documents import ScheduleDocument

HOUR = 3_600_000_000
MONTHS = {"monthly": 1, "yearly": 12}
DAYS = {"daily": 1, "weekly": 7}
FIELDS = 5
"""Minutes and larger: the library would also take a sixth, of seconds."""
LONGEST_CRON = 200
"""Characters of a cron expression."""


def checked(schedule: ScheduleDocument) -> None:
    """Raises `QueryError` for a zone or an expression that is none, or one that is missing or too much."""
    zone_of(schedule.zone)
    if (schedule.recurrence == "cron") != bool(schedule.cron):
        raise QueryError("a cron expression goes with the recurrence `cron`, and that needs one")
    if schedule.cron:
        _cron(schedule.cron, datetime(2026, 1, 1, tzinfo=UTC))


def next_run(schedule: ScheduleDocument, after: int) -> int:
    """The first run later than `after`, 0 when there is none. Runs keep the time of day in their zone.

    Monthly on the 31st is on the last day of shorter months, yearly on 29 February on the 28th.
    """
    if schedule.recurrence == "cron":
        zone = zone_of(schedule.zone)
        try:
            return _us(next(_cron(schedule.cron, _moment(max(after, schedule.at - 1), zone))))
        except (StopIteration, OverflowError, ValueError):  # never again, or after the year 9999
            return 0
    if schedule.at > after:
        return schedule.at
    if schedule.recurrence == "once":
        return 0
    if schedule.recurrence == "hourly":
        return schedule.at + ((after - schedule.at) // HOUR + 1) * HOUR
    return _by_calendar(schedule, after)


def _by_calendar(schedule: ScheduleDocument, after: int) -> int:
    zone = zone_of(schedule.zone)
    first, passed = _moment(schedule.at, zone), _moment(after, zone)
    if schedule.recurrence in DAYS:
        step = DAYS[schedule.recurrence]
        turns = max((passed.date() - first.date()).days // step - 1, 0)
    else:
        step = MONTHS[schedule.recurrence]
        turns = max(((passed.year - first.year) * 12 + passed.month - first.month) // step - 1, 0)
    while True:
        try:
            at = _us(_days_on(first, turns * step) if schedule.recurrence in DAYS else _months_on(first, turns * step))
        except (OverflowError, ValueError):  # the year 9999 has passed
            return 0
        if at > after:
            return at
        turns += 1


def _days_on(first: datetime, days: int) -> datetime:
    return first + timedelta(days=days)  # keeps the time of day: the zone is put to it when it becomes a moment


def _months_on(first: datetime, months: int) -> datetime:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    day = min(first.day, calendar.monthrange(year, month + 1)[1])
    return first.replace(year=year, month=month + 1, day=day)


def _cron(text: str, after: datetime) -> CronSim:
    if len(text) > LONGEST_CRON:
        raise QueryError(f"a cron expression has {LONGEST_CRON} characters at most")
    try:
        if len(text.split()) != FIELDS:
            raise CronSimError(f"it has {len(text.split())} fields")
        return CronSim(text, after)
    except CronSimError as error:
        raise QueryError(
            f"{text!r} is no cron expression: {error}", hint="minute hour day month weekday, as `30 2 * * 1-5`"
        ) from error


def _moment(ts: int, zone: tzinfo) -> datetime:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ts)).astimezone(zone)
    except OverflowError as error:
        raise QueryError("that moment is out of range") from error


def _us(at: datetime) -> int:
    return (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
