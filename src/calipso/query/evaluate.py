"""A query in text to its answer: parse, plan, run, collect; every way it can go wrong is a `QueryError`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from calipso.errors import NotFound, QueryError
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.record import Attributes
from calipso.query import names
from calipso.query.elements import GRAPH, LINKS, NODES, PATHS, Kind, identity
from calipso.query.grammar import parse
from calipso.query.plan import Plan, Planner
from calipso.query.run import Limits, Run, World, weight
from calipso.query.steps.moving import all_links
from calipso.query.table import STEPS

Clock = Callable[[], float]
Span = tuple[int, int | None]
"""µs since the epoch: from when to before when; None: to the end of the slice and beyond."""


class Found(msgspec.Struct, frozen=True):
    """An object as it was when it was found."""

    head: Obj
    attributes: Attributes
    aliases: tuple[str, ...] = ()


class Tie(msgspec.Struct, frozen=True):
    """A link, by the ids of its ends."""

    id: str
    type: str
    source: str
    target: str


class Row(msgspec.Struct, frozen=True):
    """One answer: a `Found`, a `Tie`, a list of those (a path) or a value; of a slice, when it was one."""

    kind: Kind
    value: Any
    when: tuple[Span, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """kind: what the rows are. truncated: there were more than may be handed out. at: the moment asked about."""

    kind: Kind
    rows: list[Row]
    reader: GraphReader
    truncated: bool = False
    at: int | None = None
    sliced: Span | None = None


@lru_cache(maxsize=256)
def prepared(text: str) -> Plan:
    """The plan of a query. Raises `QueryError`."""
    try:
        return Planner(STEPS).plan(parse(text))
    except RecursionError:
        raise QueryError("the query is nested too deeply", position=0) from None


def evaluate(text: str, world: World, clock: Clock, limits: Limits | None = None, *, again: bool = False) -> Answer:
    """The answer of a query. `clock` gives seconds that only ever grow. Raises `QueryError`, and nothing else.

    again: it is asked again and again: an object that is asked for by id and is not there may come, and is no mistake.
    """
    from calipso.query.slicing import in_window, over_slice, slice_of

    plan = prepared(text)
    bounds = limits or Limits()
    try:
        span = slice_of(plan)
        if span is not None and plan.flows:
            return in_window(plan, span, world, clock, bounds)
        if span is not None:
            return over_slice(plan, span, world, clock, bounds)
        return at_once(plan, world, clock, bounds, again=again)
    except NotFound as error:
        raise QueryError(error.message, hint=error.hint) from None
    except RecursionError:
        raise QueryError("the query is nested too deeply", position=0) from None


def at_once(plan: Plan, world: World, clock: Clock, limits: Limits, *, again: bool = False) -> Answer:
    """The answer as of one moment."""
    run = Run(world, limits, clock, tracked=plan.tracked)
    run.missing = {} if again else None
    return answer_of(plan, run)


def answer_of(plan: Plan, run: Run) -> Answer:
    """The answer of one run."""
    limits = run.limits
    rows = rows_of(plan, run)
    taken = list(itertools.islice(rows, limits.results + 1))
    truncated = len(taken) > limits.results
    return Answer(plan.sub.gives, taken[: limits.results], run.reader, truncated, run.at)


def rows_of(plan: Plan, run: Run) -> Iterator[Row]:
    """The rows, one after the other as they are found."""
    kind = plan.sub.gives
    stream = plan.sub.open(iter((run.begun(None, GRAPH),)), run)
    reader = run.reader
    out = _Out(run, reader)
    for each in stream:
        run.tick()
        if kind == GRAPH:
            yield from (Row(NODES, out.found(head.ord)) for head in run.metered(reader.objects()))
            yield from (Row(LINKS, tie(reader, link)) for link in run.metered(all_links(reader)))
        else:
            value = out.told(kind, run.item(each))
            if value is not None:
                yield Row(kind, value)


class _Out:
    """What is handed out of one run: an object is decoded and held once, and weighed as often as it is told."""

    def __init__(self, run: Run, reader: GraphReader) -> None:
        self.run = run
        self.reader = reader
        self._known: dict[int, tuple[Found | None, int]] = {}

    def told(self, kind: Kind, item: Any) -> Any:
        """An item as it is handed out; None for an object that is not there."""
        if kind == NODES:
            return self.found(item)
        if kind == LINKS:
            return tie(self.reader, item)
        if kind == PATHS:
            return [self.told(each, inner) for each, inner in item.items]
        if type(item) not in (int, float, bool):
            self.run.hand(weight(item))
        return item

    def found(self, ord: int) -> Found | None:
        known = self._known.get(ord)
        if known is None:
            made = found(self.reader, ord)
            known = self._known[ord] = made, 0 if made is None else size_of(made)
        self.run.hand(known[1])
        return known[0]


def size_of(value: Any) -> int:
    """Bytes that a row's value takes, roughly."""
    if isinstance(value, Found):
        return 200 + len(msgspec.msgpack.encode(value.attributes))
    if isinstance(value, list):
        return sum(map(size_of, value))
    return 200 if isinstance(value, Tie) else weight(value)


def found(reader: GraphReader, ord: int) -> Found | None:
    head = reader.get(ord)
    if head is None:
        return None
    aliases = tuple(reader.id_of(member) for member in head.members if member != head.ord)
    return Found(head, reader.attributes(head), aliases)


def tie(reader: GraphReader, link: Any) -> Tie:
    return Tie(names.link_id(reader, link), link.type, reader.id_of(link.source), reader.id_of(link.target))


def row_key(row: Row) -> Any:
    """What tells a row from others of its answer."""
    return (row.kind, _key(row.value))


def _key(value: Any) -> Any:
    if isinstance(value, Found):
        return value.head.id
    if isinstance(value, Tie):
        return value.id
    return tuple(map(_key, value)) if isinstance(value, list) else identity(value)
