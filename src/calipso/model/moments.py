"""Moments as text."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(ts: int) -> str:
    """µs since the epoch as text (RFC 3339), in UTC, to the millisecond."""
    return datetime.fromtimestamp(ts / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
