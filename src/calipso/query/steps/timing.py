"""At, or Context: the graph as of a moment. A slice of time is for `slicing`; here it is only understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from calipso.errors import QueryError
from calipso.query.elements import GRAPH, Kind
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import Run
from calipso.query.syntax import Argument, Chain, Literal

UNITS = {
    "ns": 1e-3, "us": 1, "µs": 1, "ms": 1e3, "s": 1e6, "m": 60e6, "h": 3600e6, "d": 86400e6, "w": 604800e6,
}  # fmt: skip
"""µs of a unit."""
_DURATION = re.compile(r"([-+]?)((?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w))+)")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)")
MILLISECONDS = 10**11
"""Numbers from here on are ms since the epoch, below it s: it is the year 1973 in ms, 5138 in s."""
LATEST = 2**61
AHEAD = 60_000_000
"""µs by which an asker's clock may be ahead of ours."""


class Moment(NamedTuple):
    """A time: µs since the epoch, or with `relative` from now. Before 1970 is 1970: nothing was known."""

    us: int
    relative: bool

    def at(self, now: int) -> int:
        return max(0, now + self.us if self.relative else self.us)


class At(NamedTuple):
    """The graph as of a moment. length: µs before it that belong to it too, None for a point, -1 for ever."""

    moment: Moment
    length: int | None
    position: int

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        if self.length is not None:
            raise QueryError(
                "a slice of time stands right after G", position=self.position, hint="as in G.At('-1m', 60).V()"
            )
        at = self.moment.at(run.world.now)
        if at > run.world.now + AHEAD:
            raise QueryError("that is in the future, of which nothing is known", position=self.position)
        run.reader, run.at = run.world.graph(at), at
        return stream


def duration(text: str) -> int | None:
    """µs of Go's form of a duration, as `-1h30m`; None when it is none."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or len(text) > 60:
        return None
    total = int(sum(float(number) * UNITS[unit] for number, unit in _PART.findall(found[2])))
    return -total if found[1] == "-" else total


def moment(value: Any) -> Moment | None:
    """A moment as people say it: `-1m`, RFC 1123, RFC 3339, s or ms since the epoch; None when it is none."""
    if type(value) is int or type(value) is float:
        scaled = int(value * (1_000 if abs(value) >= MILLISECONDS else 1_000_000))
        return Moment(scaled, False) if 0 <= scaled < LATEST else None
    if not isinstance(value, str):
        return None
    said = value.strip()
    if said.lower() in ("", "now"):
        return Moment(0, True)
    ago = duration(said)
    if ago is not None:
        return Moment(ago if said.startswith(("-", "+")) else -ago, True) if abs(ago) < LATEST else None
    if re.fullmatch(r"\d{9,17}", said):
        return moment(int(said))
    return _dated(said)


def _dated(said: str) -> Moment | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(said)
            return Moment(int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1e6), False)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _at(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1, 2)
    first = asked.args[0]
    said = "now" if isinstance(first, Chain) and first.only_word == "now" else asked.scalar(first)
    when = moment(said)
    if when is None:
        raise asked.wrong(f"{said!r} is no moment; say '-5m', '2026-01-31T14:05:00Z' or NOW", first)
    length = _length(asked, asked.args[1]) if len(asked.args) > 1 else None
    return At(when, length, asked.call.position), GRAPH


def _length(asked: Asked, argument: Argument) -> int:
    if isinstance(argument, Chain) and argument.only_word == "forever":
        return -1
    value = asked.scalar(argument)
    if type(value) in (int, float) and isinstance(argument, Literal):
        found: int | None = int(float(value or 0) * 1e6) if abs(float(value or 0)) < 1e12 else None
    else:
        found = duration(value) if isinstance(value, str) else None
    if found is None or found < 0:
        raise asked.wrong(f"{value!r} is no duration; say 60, '5m' or FOREVER", argument)
    return found


SPECS: tuple[Spec, ...] = (
    Spec(("At", "Context"), frozenset({GRAPH}), GRAPH, _at,
         "The graph as of a moment; with a duration, all that was in that time before it.",
         "G.At('-1m').V()", differs="a slice tells when each answer held", switches=True),
)  # fmt: skip
