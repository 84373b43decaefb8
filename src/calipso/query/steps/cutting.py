"""Steps that leave out or put in order: Dedup, Limit, Range, Sort, order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from calipso.query.elements import ANYTHING, FLOWS, PACKETS, PATHS, Kind, identity
from calipso.query.names import Name, name_of
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import Run
from calipso.query.steps.projecting import Projection, by
from calipso.query.syntax import Argument

MISSING = object()


class Dedup(NamedTuple):
    """Keeps the first of each. With names, by their values; what has none of the names stays."""

    names: tuple[Name, ...]
    projection: Projection | None
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        seen: set[Any] = set()
        for each in stream:
            key = self._key(run, run.item(each))
            if key is MISSING:
                yield each
            elif key not in seen:
                seen.add(key)
                run.hold(1)
                yield each

    def _key(self, run: Run, item: Any) -> Any:
        if self.projection is not None:
            return identity(self.projection.of(run, item, self.kind))
        if not self.names:
            return identity(item)
        values = [run.value(item, self.kind, name) for name in self.names]
        return MISSING if all(value is None for value in values) else identity(values)


class Slice(NamedTuple):
    """Keeps the elements from place `start` until before `end`; None is no end."""

    start: int
    end: int | None

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return itertools.islice(stream, self.start, self.end)


class Tail(NamedTuple):
    """Keeps the last."""

    most: int

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        kept: list[Any] = []
        for each in stream:
            kept.append(each)
            run.hold(len(kept) > self.most // 2)
            if len(kept) > 2 * self.most + 64:
                kept = kept[-self.most :] if self.most else []
        yield from kept[-self.most :] if self.most else []


class Ordering(NamedTuple):
    """What is sorted by, and which way."""

    projection: Projection | None
    descending: bool


class Sort(NamedTuple):
    """Puts in order; what has no value for it comes last. Numbers come before texts."""

    orderings: tuple[Ordering, ...]
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        rows = run.collected(stream)
        for ordering in reversed(self.orderings):
            keyed = [(self._key(run, run.item(each), ordering), each) for each in rows]
            there = [row for row in keyed if row[0] is not None]
            there.sort(key=lambda row: row[0], reverse=ordering.descending)
            rows = [each for _, each in there] + [each for key, each in keyed if key is None]
        return iter(rows)

    def _key(self, run: Run, item: Any, ordering: Ordering) -> Any:
        run.tick()
        if ordering.projection is None:
            return rank(item)
        return rank(ordering.projection.of(run, item, self.kind))


def rank(value: Any) -> tuple[Any, ...] | None:
    """A value as it is compared with any other; None when there is none."""
    if value is None:
        return None
    if type(value) in (bool, int, float):
        return (0, value)
    if isinstance(value, str):
        return (1, value)
    if isinstance(value, list | tuple):
        return (2, tuple(rank(each) or () for each in value))
    return (3, repr(value))


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _dedup(asked: Asked) -> tuple[Step, Kind]:
    names = tuple(name_of(text) for text in asked.texts())
    given = asked.modulator("by")
    return Dedup(names, by(asked, given, asked.kind) if given is not None else None, asked.kind), asked.kind


def _sliced(read: Callable[[Asked], tuple[int, int | None]]) -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        start, end = read(asked)
        return Slice(start, end), asked.kind

    return build


def _limit(asked: Asked) -> tuple[int, int | None]:
    asked.count(1, 1)
    return 0, asked.whole(asked.args[0])


def _range(asked: Asked) -> tuple[int, int | None]:
    asked.count(2, 2)
    end = asked.whole(asked.args[1], -1)
    return asked.whole(asked.args[0]), None if end == -1 else end


def _skip(asked: Asked) -> tuple[int, int | None]:
    asked.count(1, 1)
    return asked.whole(asked.args[0]), None


def _tail(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 1)
    return Tail(asked.whole(asked.args[0]) if asked.args else 1), asked.kind


def direction(argument: Argument) -> bool | None:
    """Whether a word says to sort down; None when it is no such word."""
    word = getattr(argument, "only_word", "")
    return {"asc": False, "incr": False, "desc": True, "decr": True, "shuffle": None}.get(word)


def _sort(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 2)
    descending = False
    projection = Projection(name_of("Last"), None) if asked.kind == FLOWS else None
    for each in asked.args:
        way = direction(each)
        if way is not None:
            descending = way
        else:
            projection = Projection(name_of(asked.text(each)), None)
    return Sort((Ordering(projection, descending),), asked.kind), asked.kind


def _order(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    orderings = []
    for call in asked.after:
        args = call.args or ()
        way = direction(args[-1]) if args else None
        rest = args[:-1] if way is not None else args
        projection = by(asked, call, asked.kind, rest) if rest else None
        orderings.append(Ordering(projection, bool(way)))
    return Sort(tuple(orderings) or (Ordering(None, False),), asked.kind), asked.kind


CUT = ANYTHING | {FLOWS, PACKETS}
SPECS: tuple[Spec, ...] = (
    Spec(("Dedup",), CUT, "", _dedup, "Keeps the first of each, or the first with each value of some names.",
         "G.V().Has('Type', 'veth').Out().Dedup()", modulators=frozenset({"by"})),
    Spec(("Limit",), CUT, "", _sliced(_limit), "Keeps the first so many.", "G.V().Limit(10)"),
    Spec(("Range",), CUT, "", _sliced(_range), "Keeps from one place until before another; -1 is no end.",
         "G.V().Range(10, 20)"),
    Spec(("Skip",), CUT, "", _sliced(_skip), "Leaves out the first so many.", "g.V().skip(5)", original=False),
    Spec(("Tail",), ANYTHING, "", _tail, "Keeps the last so many.", "g.V().tail(3)", original=False),
    Spec(("Sort",), ANYTHING | {FLOWS}, "", _sort, "Puts in order by a name, or flows by when they were last seen.",
         "G.V().Sort(DESC, 'MTU')", differs="what has no value comes last"),
    Spec(("order",), ANYTHING - {PATHS} | {PATHS}, "", _order, "Puts in order by what by() gives.",
         "g.V().order().by('mtu', desc).by('name')", original=False, modulators=frozenset({"by"})),
)  # fmt: skip
