"""A query over a slice of time: asked again after every change in it, so each answer has its validity intervals.

One step over objects is not asked again: the objects that the log speaks of are decided one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from calipso.errors import QueryError
from calipso.query.conditions import Test
from calipso.query.elements import NODES
from calipso.query.evaluate import Answer, Clock, Row, Span, answer_of, found, row_key, rows_of, size_of
from calipso.query.plan import Plan, Sub
from calipso.query.replay import Replay
from calipso.query.run import History, Limits, Run, World
from calipso.query.standing import decides, single
from calipso.query.steps.moving import unknown_id
from calipso.query.steps.timing import At


def slice_of(plan: Plan) -> At | None:
    """The slice a query asks about, None when it asks about a moment."""
    first = plan.sub.steps[0] if plan.sub.steps else None
    return first if isinstance(first, At) and first.length is not None else None


def over_slice(plan: Plan, span: At, world: World, clock: Clock, limits: Limits) -> Answer:
    """All answers there were in the slice, with when each held, in order of when they came."""
    history = world.history
    if history is None:
        raise QueryError("there is no history to ask", position=span.position)
    end = span.moment.at(world.now)
    start = history.begins if span.length == -1 else max(history.begins, end - (span.length or 0))
    if start > end:
        raise QueryError("the slice ends before the history begins", position=span.position)
    rest = Plan(Sub(plan.sub.steps[1:], plan.sub.gives), plan.tracked)
    budget = Run(world, limits, clock)
    limits = msgspec.structs.replace(limits, take=None)  # what one moment needs is let go of before the next
    budget.missing = {}
    lives = _Lives(budget)
    replay = Replay(world.graph(start), history, world.patterns)
    tests = single(rest)
    for ts in _moments(replay, history, start, end):
        if tests is None or ts == start:
            lives.are(_rows(rest, world, replay, ts, clock, limits, budget), ts)
        else:
            _follow(lives, tests, replay, Run(world, limits, clock, reader=replay), budget)
        replay.recent.clear()
    for id, position in budget.missing.items():
        if id not in budget.known:
            raise unknown_id(id, position)
    rows = lives.rows()
    rows.sort(key=lambda row: row.when[0][0])
    return Answer(plan.sub.gives, rows[: limits.results], replay, len(rows) > limits.results, end, (start, end))


class _Lives:
    """When each answer came and went. What is kept of the whole slice counts against what one answer may be."""

    def __init__(self, whole: Run) -> None:
        self._whole = whole
        self.values: dict[Any, Row] = {}
        self._open: dict[Any, int] = {}
        self._spans: dict[Any, list[Span]] = {}

    def are(self, seen: dict[Any, Row], ts: int) -> None:
        """These are all answers from a moment on."""
        for key in [key for key in self._open if key not in seen]:
            self.ends(key, ts)
        for key, row in seen.items():
            self.holds(key, row, ts)

    def holds(self, key: Any, row: Row, ts: int) -> None:
        if key not in self._open:
            self._open[key] = ts
            self._whole.hold(1)
        if key not in self.values:
            self._whole.hand(size_of(row.value))
        self.values[key] = row

    def ends(self, key: Any, ts: int) -> None:
        if key in self._open:
            self._spans.setdefault(key, []).append((self._open.pop(key), ts))

    def rows(self) -> list[Row]:
        """Each answer as it last was, with its intervals."""
        for key, since in self._open.items():
            self._spans.setdefault(key, []).append((since, None))
        return [Row(row.kind, row.value, tuple(self._spans[key])) for key, row in self.values.items()]


def _follow(lives: _Lives, tests: tuple[Test, ...], replay: Replay, run: Run, whole: Run) -> None:
    """Bring the answers of a query of one step forward: only what rows spoke of can be otherwise."""
    holds = decides(run, tests)
    whole.tick(len(replay.recent) + 1)
    for ord in replay.recent:
        value = found(replay, ord) if holds(ord) else None
        if value is None:
            lives.ends((NODES, replay.id_of(ord)), replay.ts)
        else:
            lives.holds((NODES, value.head.id), Row(NODES, value), replay.ts)


def in_window(plan: Plan, span: At, world: World, clock: Clock, limits: Limits) -> Answer:
    """Flows of a slice of time, on the graph as it was at its end: flows carry their times themselves."""
    end = span.moment.at(world.now)
    start = 0 if span.length == -1 else end - (span.length or 0)
    run = Run(world, limits, clock, tracked=plan.tracked, reader=world.graph(end))
    run.at, run.window = end, (start, end)
    return answer_of(Plan(Sub(plan.sub.steps[1:], plan.sub.gives), plan.tracked), run)


def _moments(replay: Replay, history: History, start: int, end: int) -> Iterator[int]:
    """The start and every moment of a change; the replay stands at it when it is given."""
    yield start
    last: int | None = None
    for row in history.changes(start, end):
        if last is not None and row.ts != last:
            yield last
        replay.apply(row)
        last = row.ts
    if last is not None:
        yield last


def _rows(
    plan: Plan, world: World, replay: Replay, ts: int, clock: Clock, limits: Limits, whole: Run
) -> dict[Any, Row]:
    run = Run(world, limits, clock, tracked=plan.tracked, reader=replay)
    run.at, run.until, run.known, run.missing = ts, whole.until, whole.known, whole.missing
    if clock() > run.until:
        raise QueryError(
            f"the slice took longer than {limits.seconds:g} s", hint="ask about a shorter time, or allow it more time"
        )
    found = {row_key(row): row for row in rows_of(plan, run)}
    whole.tick(run.done)
    return found
