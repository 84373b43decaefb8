"""Moments as people say them: RFC 3339, `now`, or how long ago (`-5m`)."""

from __future__ import annotations

import re
import time
from datetime import datetime

from calipso.errors import QueryError

UNITS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_RELATIVE = re.compile(r"-?([0-9]{1,15}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")


def now() -> int:
    """µs since the epoch."""
    return time.time_ns() // 1000


def moment(text: str, present: int | None = None) -> int:
    """µs since the epoch. Raises `QueryError` that shows the forms."""
    at = now() if present is None else present
    said = text.strip()
    if said in ("", "now"):
        return at
    relative = _RELATIVE.fullmatch(said)
    if relative:
        return max(0, at - int(float(relative[1]) * UNITS[relative[2]]))
    try:
        parsed = datetime.fromisoformat(said)
    except ValueError as error:
        raise QueryError(
            f"{text!r} is no moment",
            position=0,
            hint="say 2026-01-31T14:05:00Z, 2026-01-31 14:05, -5m, -2h, -1d or now",
        ) from error
    try:
        return max(0, int((parsed if parsed.tzinfo else parsed.astimezone()).timestamp() * 1_000_000))
    except (OverflowError, ValueError) as error:  # the years 1 and 9999, when moved to another zone
        raise QueryError(f"{text!r} is out of range", position=0, hint="say a moment since 1970") from error
