"""Queries that are asked for good: what decides whether a change concerns them (CORE §7).

One step over objects is decided object by object. Anything else is asked again, but only when a change touches what it
reads: names of attributes, types of links, keys of its start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from calipso.errors import QueryError
from calipso.model import user
from calipso.query.conditions import Condition, Either, Test
from calipso.query.elements import GRAPH, LINKS, METRICS, NODES, PATHS, Kind, Link
from calipso.query.evaluate import prepared
from calipso.query.names import LIFE, Name, link_id
from calipso.query.plan import Plan, Sub
from calipso.query.predicates import Predicate
from calipso.query.run import Run, value_of
from calipso.query.steps import cutting, filtering, projecting, reducing
from calipso.query.steps.flows import Flows
from calipso.query.steps.moving import Along, Edges, EndsOf, LinksOf, Neighbours, Vertices, all_links, device_level
from calipso.query.steps.timing import At

Key = tuple[str, Any]
KNOWN = (
    Vertices, Edges, Neighbours, LinksOf, EndsOf, Along, filtering.Has, filtering.Where, filtering.Is, cutting.Dedup,
    cutting.Slice, cutting.Tail, cutting.Sort, cutting.Ordering, projecting.Projection, projecting.Values,
    reducing.Count, reducing.CountVertices, Condition, Either, Sub,
)  # fmt: skip
"""What reads nothing but the names, links and keys that stand in it."""


class Item(NamedTuple):
    """One answer: an ordinal, a `Link`, or a value; of paths the ids passed."""

    kind: Kind
    value: Any


class Footprint(NamedTuple):
    """What a query reads. names: attributes and fields of objects. start: keys of which its first objects have one."""

    every: bool
    names: frozenset[str]
    along: tuple[Along, ...]
    all_links: bool
    start: frozenset[Key]

    def touched(self, names: Collection[str], links: Collection[str]) -> bool:
        """Whether fields of objects that stayed, or links of some types, could change the answer."""
        return (
            self.every
            or not self.names.isdisjoint(names)
            or (self.all_links and bool(links))
            or any(_followed(along, type) for along in self.along for type in links)
        )

    def enters(self, keys: Collection[Key]) -> bool:
        """Whether an object that came or went could be among the first; later ones come by their links."""
        return self.every or not self.start or not self.start.isdisjoint(keys)


def _followed(along: Along, type: str) -> bool:
    if along.tests:
        return True
    if not along.labels:
        return device_level(type)
    return type in along.labels or type.partition(".")[0] in along.labels or "role" in along.labels


class Standing(NamedTuple):
    """A query that is kept. tests: of one step over objects, what they must be; else None."""

    text: str
    plan: Plan
    tests: tuple[Test, ...] | None
    footprint: Footprint

    @property
    def gives(self) -> Kind:
        return self.plan.sub.gives

    def items(self, run: Run) -> list[Item]:
        """All answers as of the graph that the run reads. Raises `QueryError`."""
        run.missing = {}  # what is asked for by id may come later
        out: list[Item] = []
        for each in self.plan.sub.open(iter((run.begun(None, GRAPH),)), run):
            run.tick()
            if self.gives == GRAPH:
                out += [Item(NODES, head.ord) for head in run.reader.objects()]
                out += [Item(LINKS, link) for link in all_links(run.reader)]
            else:
                out.append(Item(self.gives, _shown(run, self.gives, run.item(each))))
            if len(out) > run.limits.results:
                raise QueryError(
                    f"the query has more than {run.limits.results} answers", hint="narrow it, or add Count()"
                )
        return out

    def test(self, run: Run) -> Callable[[int], bool]:
        """Whether an object of the run's graph is an answer, of a query that is one step."""
        return decides(run, self.tests or ())


def standing(text: str) -> Standing:
    """A query to be kept. Raises `QueryError`, also for what has no answer of now that could change."""
    plan = prepared(text)
    for step in plan.sub.steps:
        if isinstance(step, At):
            raise QueryError("a subscription is about now", position=step.position, hint="leave At() out")
        if isinstance(step, Flows):
            raise QueryError("flows cannot be subscribed to", hint="ask for them")
    if plan.sub.gives == METRICS:
        raise QueryError("counters change all the time and are not told", hint="ask for them")
    return Standing(text, plan, single(plan), _footprint(plan))


def single(plan: Plan) -> tuple[Test, ...] | None:
    """What objects have to be, where the plan is that one step; None where it is more."""
    first = plan.sub.steps[0] if plan.sub.steps else None
    if len(plan.sub.steps) != 1 or not isinstance(first, Vertices) or first.ids or plan.tracked:
        return None
    lived = any(each.name.text in LIFE for test in first.tests for each in _conditions(test))
    return None if lived else first.tests


def decides(run: Run, tests: tuple[Test, ...]) -> Callable[[int], bool]:
    """Whether an object of the run's graph meets all conditions."""
    reader = run.reader

    def holds(test: Test, ord: int) -> bool:
        if isinstance(test, Either):
            return any(holds(each, ord) for each in test.conditions)
        return test.predicate.test(value_of(run, reader, ord, NODES, test.name))

    return lambda ord: reader.get(ord) is not None and all(holds(test, ord) for test in tests)


def _conditions(test: Test) -> tuple[Condition, ...]:
    return test.conditions if isinstance(test, Either) else (test,)


def _shown(run: Run, kind: Kind, item: Any) -> Any:
    if kind == PATHS:
        return [_named(run, inner, each) for inner, each in item.items]
    return item


def _named(run: Run, kind: Kind, item: Any) -> Any:
    if kind == NODES:
        return run.reader.id_of(item)
    return link_id(run.reader, item) if kind == LINKS else item


class _Reading:
    """Collects what a plan reads."""

    def __init__(self) -> None:
        self.every = False
        self.names: set[str] = set()
        self.along: list[Along] = []
        self.all_links = False

    def see(self, part: Any) -> None:
        if isinstance(part, Name):
            self._name(part)
        elif isinstance(part, Predicate | Link | str | int | float | bool) or part is None:
            return
        elif isinstance(part, KNOWN) or type(part) in (tuple, list, frozenset):
            if isinstance(part, Along):
                self.along.append(part)
            if isinstance(part, Edges) or (isinstance(part, Along) and part.tests):
                self.names.add(user.EDGES)  # what users say of links
            self.all_links = self.all_links or isinstance(part, Edges)
            for each in part:
                self.see(each)
        else:
            self.every = True

    def _name(self, name: Name) -> None:
        if name.text in LIFE:
            self.every = True
        elif name.of_head:
            self.names.add(name.of_head)
        elif name.needs is None:
            self.every = True
        else:
            self.names.update(name.needs)


def _footprint(plan: Plan) -> Footprint:
    reading = _Reading()
    reading.see(plan.sub.steps)
    first = plan.sub.steps[0] if plan.sub.steps else None
    vertices = first.vertices if isinstance(first, reducing.CountVertices) else first
    start = _start(vertices) if isinstance(vertices, Vertices) else frozenset()
    return Footprint(reading.every, frozenset(reading.names), tuple(reading.along), reading.all_links, start)


def _start(vertices: Vertices) -> frozenset[Key]:
    if vertices.ids:
        return frozenset()  # they may be aliases
    found = [keys for test in vertices.tests if (keys := _keys(test))]
    return min(found, key=lambda keys: any(name in ("kind", "type", "host") for name, _ in keys), default=frozenset())


def _keys(test: Test) -> frozenset[Key]:
    """The keys of which one is had by all that meets a condition."""
    if isinstance(test, Either):
        each = [_keys(condition) for condition in test.conditions]
        return frozenset().union(*each) if all(each) else frozenset()
    name, predicate = test
    if not name.key or predicate.equal is None or predicate.missing or predicate.negative or not predicate.plain:
        return frozenset()
    if name.form not in ("", "lower") or any(value == "" or type(value) is bool for value in predicate.equal):
        return frozenset()
    return frozenset((name.key, value) for value in predicate.equal)
