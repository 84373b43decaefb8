"""Steps that keep elements by what they are: Has and its kin, where, not, and, or, is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from calipso.query.conditions import Condition, Either, Test, tester
from calipso.query.elements import ANYTHING, ELEMENTS, FLOWS, METRICS, NODES, PATHS, VALUES, Kind, seen_twice
from calipso.query.names import name_of
from calipso.query.plan import Asked, Spec, Step, Sub
from calipso.query.predicates import Predicate, absent, present, within
from calipso.query.run import Run
from calipso.query.syntax import Chain, Literal


class Has(NamedTuple):
    """Keeps what meets all conditions."""

    tests: tuple[Test, ...]
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        tests = ready(run, self.tests, self.kind)
        if not run.tracked:
            if len(tests) == 1:
                return filter(tests[0], stream)
            return (each for each in stream if all(test(each) for test in tests))
        return (each for each in stream if all(test(each.item) for test in tests))

    def absorb(self, step: Step) -> Step | None:
        return Has(self.tests + step.tests, self.kind) if isinstance(step, Has) else None


def ready(run: Run, tests: tuple[Test, ...], kind: Kind) -> list[Callable[[Any], bool]]:
    """Tests for the graph read now; kept for the run, as steps inside others are opened again and again."""
    key = (id(tests), id(run.reader))
    if key not in run.compiled:
        run.compiled[key] = (tests, [tester(run, test, kind) for test in tests])
    found: list[Callable[[Any], bool]] = run.compiled[key][1]
    return found


class Where(NamedTuple):
    """Keeps what a traversal from it leads somewhere, or nowhere."""

    subs: tuple[Sub, ...]
    wanted: bool = True
    every: bool = True

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        combine = all if self.every else any
        for each in stream:
            run.tick()
            if combine(self._leads(sub, each, run) for sub in self.subs) is self.wanted:
                yield each

    @staticmethod
    def _leads(sub: Sub, each: Any, run: Run) -> bool:
        return next(sub.open(iter((each,)), run), run) is not run


class Is(NamedTuple):
    """Keeps values that meet a predicate."""

    predicate: Predicate

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return (each for each in stream if self.predicate.test(run.item(each)))


class Simple(NamedTuple):
    """Keeps what has passed nothing twice, or with `wanted` False what has."""

    wanted: bool

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return (each for each in stream if seen_twice(each) is not self.wanted)


def _has(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    args = asked.args
    if len(args) == 1:
        return Has((Condition(name_of(asked.text(args[0])), present()),), asked.kind), asked.kind
    if len(args) == 3:  # the standard's has(label, name, value)
        label = _label((asked.text(args[0]),))
        return Has((label, asked.condition(args[1], args[2])), asked.kind), asked.kind
    return Has(asked.conditions(args), asked.kind), asked.kind


def _has_key(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    tests = tuple(Condition(name_of(text), present()) for text in asked.texts())
    return Has(tests, asked.kind), asked.kind


def _has_not(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    tests = tuple(Condition(name_of(text), absent()) for text in asked.texts())
    return Has(tests, asked.kind), asked.kind


def _has_either(asked: Asked) -> tuple[Step, Kind]:
    asked.count(2)
    tests = asked.conditions(asked.args)
    return Has((Either(tests),), asked.kind), asked.kind


def _label(texts: tuple[str, ...]) -> Test:
    wanted = within(*texts)
    names = ("type", "kind") if texts else ()
    return Either(tuple(Condition(name_of(name), wanted) for name in names))


def _has_label(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    texts = asked.texts()
    if asked.kind == NODES:
        return Has((_label(texts),), NODES), NODES
    names = ("type", "relation")
    return Has((Either(tuple(Condition(name_of(name), within(*texts)) for name in names)),), asked.kind), asked.kind


def _has_id(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    return Has((Condition(name_of("id"), within(*asked.texts())),), asked.kind), asked.kind


def _where(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1, 1)
    sub = asked.sub(asked.args[0])
    if len(sub.steps) == 1 and isinstance(sub.steps[0], Has):
        return sub.steps[0], asked.kind
    return Where((sub,)), asked.kind


def _not(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1, 1)
    return Where((asked.sub(asked.args[0]),), wanted=False), asked.kind


def _and(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    return Where(tuple(asked.sub(each) for each in asked.args)), asked.kind


def _or(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    return Where(tuple(asked.sub(each) for each in asked.args), every=False), asked.kind


def _is(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1, 1)
    argument = asked.args[0]
    if not isinstance(argument, Chain | Literal):
        raise asked.wrong("a value or predicate is needed")
    return Is(asked.predicate(argument)), asked.kind


def _simple(wanted: bool) -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        asked.count(0, 0)
        asked.planner.tracked = True
        return Simple(wanted), asked.kind

    return build


KEPT = ELEMENTS | {VALUES, FLOWS}
SPECS: tuple[Spec, ...] = (
    Spec(("Has",), KEPT, "", _has, "Keeps what has these values; with one name, what has it at all.",
         "G.V().Has('Type', 'veth', 'State', 'UP')",
         differs="with three arguments it is the standard's has(label, name, value)"),
    Spec(("HasKey",), KEPT, "", _has_key, "Keeps what has a name.", "G.V().HasKey('MTU')"),
    Spec(("HasNot",), KEPT, "", _has_not, "Keeps what has not a name.", "G.V().HasNot('MTU')"),
    Spec(("HasEither",), KEPT, "", _has_either, "Keeps what has at least one of these values.",
         "G.V().HasEither('Type', 'veth', 'Type', 'tun')"),
    Spec(("hasLabel",), ELEMENTS, "", _has_label, "Keeps objects of a type or kind, links of a type or relation.",
         "g.V().hasLabel('veth')", original=False),
    Spec(("hasId",), ELEMENTS, "", _has_id, "Keeps what has one of these ids.", "g.V().hasId('h1')", original=False),
    Spec(("where", "filter"), ANYTHING, "", _where, "Keeps what a traversal from it leads somewhere.",
         "g.V().where(out('layer2').has('type', 'patch'))", original=False),
    Spec(("not",), ANYTHING, "", _not, "Keeps what a traversal from it leads nowhere.", "g.V().not(out())",
         original=False),
    Spec(("and",), ANYTHING, "", _and, "Keeps what all traversals from it lead somewhere.",
         "g.V().and(out(), in())", original=False),
    Spec(("or",), ANYTHING, "", _or, "Keeps what at least one traversal from it leads somewhere.",
         "g.V().or(has('type', 'patch'), has('mtu', lt(1400)))", original=False),
    Spec(("is",), frozenset({VALUES, METRICS}), "", _is, "Keeps values that are this.",
         "g.V().values('mtu').is(gt(1450))", original=False),
    Spec(("simplePath",), ELEMENTS | {PATHS, VALUES}, "", _simple(True), "Keeps what passed nothing twice.",
         "g.V().has('name', 'vm-a').both().both().simplePath()", original=False),
    Spec(("cyclicPath",), ELEMENTS | {PATHS, VALUES}, "", _simple(False), "Keeps what passed something twice.",
         "g.V().has('name', 'vm-a').both().both().cyclicPath()", original=False),
)  # fmt: skip
