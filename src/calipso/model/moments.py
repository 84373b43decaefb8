"""Moments as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calipso.errors import QueryError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AHEAD = re.compile(r"\+([0-9]{1,9})([smhd])")
_TIME = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?")
_CLOCK = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?")


def rfc3339(ts: int) -> str:
    """µs since the epoch as text (RFC 3339), in UTC, to the millisecond."""
    return datetime.fromtimestamp(ts / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises `QueryError`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise QueryError(f"no time zone {name!r}", hint="say UTC, or one as Europe/Berlin") from error


def to_come(text: str, zone: tzinfo, present: int) -> int | None:
    """A moment as one says it of what is to come, in µs since the epoch: in a while (`+2h`), when the clocks of a zone
    show a time next (`02:30`), or a time of theirs on a day (`2026-01-31 02:30`). None for another form.

    Raises `QueryError` for a time or day that there is not.
    """
    said = text.strip()
    try:
        if ahead := _AHEAD.fullmatch(said):
            return present + timedelta(**{UNITS[ahead[2]]: int(ahead[1])}) // timedelta(microseconds=1)
        if _CLOCK.fullmatch(said):
            return _us(datetime.fromisoformat(said).replace(tzinfo=zone))
        if _TIME.fullmatch(said):
            today = (EPOCH + timedelta(microseconds=present)).astimezone(zone).date()
            at = time.fromisoformat(said.zfill(5) if said.count(":") == 1 else said.zfill(8))
            days = (datetime.combine(today + timedelta(days=days), at, zone) for days in (0, 1, 2))
            return next(ts for day in days if (ts := _us(day)) > present)
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{text!r} is no moment: {error}", hint="say 02:30, 2026-01-31 02:30 or +2h") from error
    return None


def _us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
