"""Tree to plan: steps are looked up in the table, checked against what flows into them, and folded where possible."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import msgspec

from calipso.errors import QueryError
from calipso.query import predicate_table
from calipso.query.conditions import Condition
from calipso.query.elements import FLOWS, GRAPH, TITLES, Kind
from calipso.query.flow_names import flow_name
from calipso.query.names import name_of
from calipso.query.predicates import Predicate
from calipso.query.run import Run
from calipso.query.syntax import Argument, Call, Chain, Literal, Scalar

MODULATORS = frozenset({"by", "times", "until", "emit"})
MOST_STEPS = 150
LARGEST = 2**31
"""Of numbers that count something."""


class Step(Protocol):
    """One step: a stream of traversers in, one out. What it reads of the run it reads when it is opened."""

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]: ...


class Sub(NamedTuple):
    """Steps one after the other, and what comes out of the last."""

    steps: tuple[Step, ...]
    gives: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for step in self.steps:
            stream = step.open(stream, run)
        return stream


class Ordered(NamedTuple):
    """A workflow that a query wants the result of, with values for its parameters in their order."""

    workflow: str
    values: tuple[Scalar, ...]


class Plan(NamedTuple):
    """A query ready to run. tracked: traversers have to remember their way. flows: it asks for flows.

    workflows: those whose results it needs.
    """

    sub: Sub
    tracked: bool
    flows: bool = False
    workflows: tuple[Ordered, ...] = ()


class Spec(msgspec.Struct, frozen=True):
    """A step of the table. names: the first is shown. on: what it takes; gives: what comes out, "" for what went in.

    original: whether Skydive has it. differs: where the answer is not Skydive's. needs: keyword of what it waits for.
    """

    names: tuple[str, ...]
    on: frozenset[Kind]
    gives: Kind
    build: Callable[[Asked], tuple[Step, Kind]]
    doc: str
    example: str
    original: bool = True
    differs: str = ""
    modulators: frozenset[str] = frozenset()
    switches: bool = False
    """It changes which graph is read, so it cannot stand inside another step."""


class Planner:
    """Plans one query."""

    def __init__(self, table: dict[str, Spec]) -> None:
        self.table = table
        self.stored: dict[str, Kind] = {}
        self.tracked = self.flows = False
        self.workflows: list[Ordered] = []
        self._steps = 0

    def plan(self, chain: Chain) -> Plan:
        first = chain.calls[0]
        if first.word != "g" or first.args:
            near = "did you mean G." + first.name + "…?" if first.word in self.table else "as in G.V()"
            raise QueryError("a query begins with G", position=first.position, hint=near)
        sub = self.sequence(chain.calls[1:], GRAPH, inside=False)
        return Plan(sub, self.tracked, self.flows, tuple(dict.fromkeys(self.workflows)))

    def sequence(self, calls: tuple[Call, ...], kind: Kind, *, inside: bool) -> Sub:
        """The steps of a chain that is given elements of a kind."""
        steps: list[Step] = []
        before: list[Call] = []
        place = 0
        while place < len(calls):
            call = calls[place]
            place += 1
            if call.word in MODULATORS:
                before.append(call)
                continue
            after = []
            spec = self.table.get(call.word)
            while place < len(calls) and calls[place].word in (spec.modulators if spec is not None else MODULATORS):
                after.append(calls[place])
                place += 1
            step, kind = self._step(call, kind, tuple(before), tuple(after), inside)
            before = []
            folded = fold(steps[-1], step) if steps else None
            if folded is not None:
                steps[-1] = folded
            else:
                steps.append(step)
        if before:
            raise stray_modulator(before[0])
        return Sub(tuple(steps), kind)

    def _step(
        self, call: Call, kind: Kind, before: tuple[Call, ...], after: tuple[Call, ...], inside: bool
    ) -> tuple[Step, Kind]:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise QueryError(f"the query has more than {MOST_STEPS} steps", position=call.position)
        spec = self.table.get(call.word)
        if spec is None:
            raise unknown_step(call, self.table)
        if kind not in spec.on:
            raise misplaced(call, spec, kind, self.table)
        if inside and spec.switches:
            raise QueryError(f"{spec.names[0]} cannot stand inside another step", position=call.position)
        for each in (*before, *after):
            if each.word not in spec.modulators:
                raise stray_modulator(each)
        return spec.build(Asked(self, spec, call, kind, before, after))


def fold(one: Step, other: Step) -> Step | None:
    """Two steps as one, when one of them knows how: `absorb` of the first, `after` of the second."""
    absorb, after = getattr(one, "absorb", None), getattr(other, "after", None)
    found: Step | None = absorb(other) if absorb is not None else None
    return after(one) if found is None and after is not None else found


def unknown_step(call: Call, table: dict[str, Spec]) -> QueryError:
    near = difflib.get_close_matches(call.word, table, 1, 0.5)
    if near:
        spec = table[near[0]]
        shown = next(name for name in spec.names if name.lower() == near[0])
        return QueryError(
            f"unknown step {call.name!r}, did you mean {shown!r}?", position=call.position, hint=f"as in {spec.example}"
        )
    return QueryError(
        f"unknown step {call.name!r}", position=call.position, hint="docs/reference/gremlin.md lists the steps"
    )


def misplaced(call: Call, spec: Spec, kind: Kind, table: dict[str, Spec]) -> QueryError:
    wanted = " or ".join(sorted(TITLES[each] for each in spec.on))
    fitting = sorted({each.names[0] for each in table.values() if kind in each.on})
    hint = f"of {TITLES[kind]} can be asked: " + ", ".join(fitting)
    return QueryError(
        f"{spec.names[0]}() is asked of {wanted}, here are {TITLES[kind]}", position=call.position, hint=hint
    )


def stray_modulator(call: Call) -> QueryError:
    owners = {"by": "order(), project(), group(), path()"}
    hint = f"{call.name}() belongs to {owners.get(call.word, 'repeat()')}"
    return QueryError(f"{call.name}() does not belong here", position=call.position, hint=hint)


class Asked:
    """A step as it was asked for: its arguments, its modulators, and the planner for what is inside it."""

    def __init__(
        self, planner: Planner, spec: Spec, call: Call, kind: Kind, before: tuple[Call, ...], after: tuple[Call, ...]
    ) -> None:
        self.planner = planner
        self.spec = spec
        self.call = call
        self.kind = kind
        self.before = before
        self.after = after
        self.args: tuple[Argument, ...] = call.args or ()

    def wrong(self, message: str, argument: Argument | None = None) -> QueryError:
        position = self.call.position if argument is None else argument.position
        return QueryError(f"{self.spec.names[0]}(): {message}", position=position, hint=f"as in {self.spec.example}")

    def count(self, least: int, most: int | None = None) -> None:
        """Check the number of arguments."""
        given = len(self.args)
        if given < least or (most is not None and given > most):
            bounds = str(least) if most == least else f"{least} or more" if most is None else f"{least} to {most}"
            raise self.wrong(f"takes {bounds if bounds != '0' else 'no'} arguments, not {given}")

    def scalar(self, argument: Argument) -> Scalar:
        """A literal, or a word that stands for one."""
        if isinstance(argument, Literal):
            return argument.value
        return predicate_table.word(argument, self.wrong)

    def text(self, argument: Argument) -> str:
        """A text; the standard words `id` and `label` count as ones."""
        if isinstance(argument, Literal):
            if isinstance(argument.value, str):
                return argument.value
            raise self.wrong(f"{argument.value!r} has to be a text", argument)
        word = argument.only_word
        if word in ("id", "label"):
            return {"id": "id", "label": "type"}[word]
        raise self.wrong("a text is needed here", argument)

    def texts(self, args: Iterable[Argument] | None = None) -> tuple[str, ...]:
        return tuple(self.text(each) for each in (self.args if args is None else args))

    def whole(self, argument: Argument, least: int = 0) -> int:
        """A whole number."""
        value = self.scalar(argument)
        if type(value) is not int or not least <= value <= LARGEST:
            raise self.wrong(f"{value!r} has to be a whole number of at least {least}", argument)
        return value

    def predicate(self, argument: Argument) -> Predicate:
        """A literal or predicate as a test."""
        return predicate_table.predicate(argument, self.wrong)

    def conditions(self, args: tuple[Argument, ...], kind: Kind | None = None) -> tuple[Condition, ...]:
        """Pairs of names and values, of elements of the kind that is asked unless another is said."""
        if len(args) % 2:
            raise self.wrong("names and values come in pairs", args[-1])
        return tuple(self.condition(args[i], args[i + 1], kind) for i in range(0, len(args), 2))

    def condition(self, key: Argument, value: Argument, kind: Kind | None = None) -> Condition:
        name = name_of(self.text(key))
        flow = (self.kind if kind is None else kind) == FLOWS
        normal = flow_name(name.text).literal if flow else name.literal
        return Condition(name, predicate_table.predicate(value, self.wrong, normal))

    def sub(self, argument: Argument, kind: Kind | None = None) -> Sub:
        """A traversal inside this one."""
        if not isinstance(argument, Chain):
            raise self.wrong("a traversal is needed here, as in out()", argument)
        calls = argument.calls
        if calls[0].word == "__" and calls[0].args is None:
            calls = calls[1:]
        if calls and calls[0].word == "g":
            raise self.wrong("a traversal inside a step does not begin with G", argument)
        return self.planner.sequence(calls, self.kind if kind is None else kind, inside=True)

    def modulator(self, word: str) -> Call | None:
        return next((call for call in (*self.before, *self.after) if call.word == word), None)
