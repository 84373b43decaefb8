"""A query over a slice of time: asked again after every change in it, so each answer has its validity intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from calipso.errors import QueryError
from calipso.query.evaluate import Answer, Clock, Row, Span, row_key, rows_of
from calipso.query.plan import Plan, Sub
from calipso.query.replay import Replay
from calipso.query.run import History, Limits, Run, World
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
    budget.missing = {}
    open_: dict[Any, int] = {}
    values: dict[Any, Row] = {}
    spans: dict[Any, list[Span]] = {}
    replay = Replay(world.graph(start), history, world.patterns)
    for ts in _moments(replay, history, start, end):
        seen = _rows(rest, world, replay, ts, clock, limits, budget)
        for key in [key for key in open_ if key not in seen]:
            spans.setdefault(key, []).append((open_.pop(key), ts))
        for key, row in seen.items():
            open_.setdefault(key, ts)
            values[key] = row
        if len(values) > limits.held:
            raise QueryError(f"the slice has more than {limits.held} answers", hint="ask about a shorter time")
    for id, position in budget.missing.items():
        if id not in budget.known:
            raise unknown_id(id, position)
    for key, since in open_.items():
        spans.setdefault(key, []).append((since, None))
    rows = [Row(row.kind, row.value, tuple(spans[key])) for key, row in values.items()]
    rows.sort(key=lambda row: row.when[0][0])
    return Answer(plan.sub.gives, rows[: limits.results], replay, len(rows) > limits.results, end, (start, end))


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
    return {row_key(row): row for row in rows_of(plan, run)}
