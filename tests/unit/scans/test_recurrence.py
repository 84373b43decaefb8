"""When scheduled scans run: by the calendar of their zone, with a given clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calipso.errors import QueryError
from calipso.model.moments import to_come
from calipso.operations.scan_documents import ScheduleDocument
from calipso.runtime.recurrence import checked, next_run

FIRST = "2026-01-31T02:30"


def us(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def schedule(recurrence: Any, **about: Any) -> ScheduleDocument:
    zone = about.get("zone", "UTC")
    return ScheduleDocument(
        id="1", environment="e", recurrence=recurrence, at=us(about.pop("first", FIRST), zone), **about
    )


def runs(one: ScheduleDocument, count: int) -> list[str]:
    """The first runs, as wall time in the schedule's zone."""
    found, after = [], one.at - 1
    for _ in range(count):
        after = next_run(one, after)
        if not after:
            break
        found.append(datetime.fromtimestamp(after / 1e6, UTC).astimezone(ZoneInfo(one.zone)).strftime("%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("recurrence", "expected"),
    [
        ("once", ["01-31 02:30"]),
        ("hourly", ["01-31 02:30", "01-31 03:30", "01-31 04:30"]),
        ("daily", ["01-31 02:30", "02-01 02:30", "02-02 02:30"]),
        ("weekly", ["01-31 02:30", "02-07 02:30", "02-14 02:30"]),
        ("monthly", ["01-31 02:30", "02-28 02:30", "03-31 02:30", "04-30 02:30"]),
        ("yearly", ["01-31 02:30", "01-31 02:30"]),
    ],
)
def test_each_recurrence_counts_from_its_first_run(recurrence: str, expected: list[str]) -> None:
    assert runs(schedule(recurrence), len(expected)) == expected


@pytest.mark.parametrize(
    ("said", "zone", "expected"),
    [
        ("02:30", "UTC", "2026-02-01T02:30"),
        ("14:05", "UTC", "2026-01-31T14:05"),
        ("9:00", "Asia/Tokyo", "2026-02-01T00:00"),
        ("12:00", "UTC", "2026-02-01T12:00"),
        ("2026-07-01 02:30", "Europe/Berlin", "2026-07-01T00:30"),
        ("2026-02-01", "Europe/Berlin", "2026-01-31T23:00"),
        ("+90m", "UTC", "2026-01-31T13:30"),
    ],
)
def test_a_moment_to_come_is_of_the_zones_clocks(said: str, zone: str, expected: str) -> None:
    """Now it is noon in UTC."""
    assert to_come(said, ZoneInfo(zone), us("2026-01-31T12:00")) == us(expected)


@pytest.mark.parametrize("said", ["now", "-5m", "2026-01-31T14:05:00Z", "1800000003600000", "", "soon"])
def test_other_forms_are_left_to_who_knows_them(said: str) -> None:
    assert to_come(said, ZoneInfo("UTC"), us("2026-01-31T12:00")) is None


def test_yearly_on_a_leap_day() -> None:
    one = schedule("yearly", first="2024-02-29T00:00")
    years, after = [], one.at - 1
    for _ in range(5):
        after = next_run(one, after)
        years.append(datetime.fromtimestamp(after / 1e6, UTC).strftime("%Y-%m-%d"))
    assert years == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_the_time_of_day_stays_when_clocks_change() -> None:
    berlin = schedule("daily", first="2026-03-28T03:30", zone="Europe/Berlin")
    assert runs(berlin, 3) == ["03-28 03:30", "03-29 03:30", "03-30 03:30"]
    assert next_run(berlin, berlin.at) - berlin.at == 23 * 3_600_000_000


def test_a_cron_expression() -> None:
    one = schedule("cron", cron="30 2 * * 1-5", first="2026-01-30T00:00")
    assert runs(one, 3) == ["01-30 02:30", "02-02 02:30", "02-03 02:30"]


@pytest.mark.parametrize(
    ("recurrence", "about", "hint"),
    [
        ("cron", {}, "needs one"), ("daily", {"cron": "* * * * *"}, "goes with"), ("cron", {"cron": "a b"}, "no cron"),
        ("cron", {"cron": "61 * * * *"}, "no cron"), ("cron", {"cron": "0 0 30 2 *"}, "day-of-month"),
        ("cron", {"cron": "* * * * * *"}, "6 fields"), ("cron", {"cron": "*," * 200 + "* * * * *"}, "characters"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(recurrence: str, about: dict[str, str], hint: str) -> None:
    with pytest.raises(QueryError, match=hint):
        checked(schedule(recurrence, **about))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "a\0b", "Europe"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    one = ScheduleDocument(id="1", environment="e", recurrence="daily", at=0, zone=zone)
    with pytest.raises(QueryError, match="no time zone"):
        checked(one)


@given(
    recurrence=st.sampled_from(["hourly", "daily", "weekly", "monthly", "yearly"]),
    at=st.integers(0, 4_000_000_000), after=st.integers(0, 4_000_000_000),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"]),
)  # fmt: skip
def test_the_next_run_is_later_and_none_is_left_out(recurrence: Any, at: int, after: int, zone: str) -> None:
    one = ScheduleDocument(id="1", environment="e", recurrence=recurrence, at=at * 1_000_000, zone=zone)
    following = next_run(one, after * 1_000_000)
    assert following > after * 1_000_000 and following >= one.at
    if following > one.at:  # there is none between: from just before it, it is the same
        assert next_run(one, following - 1) == following
        longest = {"hourly": 1, "daily": 25, "weekly": 24 * 7 + 1, "monthly": 24 * 31 + 1, "yearly": 24 * 366 + 1}
        assert following - max(after * 1_000_000, one.at) <= (longest[recurrence] + 24) * 3_600_000_000
