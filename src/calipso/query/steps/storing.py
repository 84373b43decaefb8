"""Steps that keep what is there for later, or make a graph of it: As, Select, SubGraph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from calipso.query.conditions import Condition, tester
from calipso.query.elements import ANYTHING, ELEMENTS, GRAPH, LINKS, NODES, PATHS, VALUES, Kind, Link, identity
from calipso.query.names import name_of
from calipso.query.part import Part
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import Run
from calipso.query.steps.moving import all_links
from calipso.query.steps.projecting import Values


class As(NamedTuple):
    """Keeps what is there under a name, and hands it on."""

    name: str

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        kept = run.stored[self.name] = run.collected(stream)
        return iter(kept)


class Recall(NamedTuple):
    """What was kept under these names, each once."""

    names: tuple[str, ...]

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for _ in stream:
            pass
        seen: dict[Any, Any] = {}
        for name in self.names:
            for each in run.stored[name]:
                seen.setdefault(identity(run.item(each)), each)
        return iter(seen.values())


class Pick(NamedTuple):
    """select() of maps: the values under some keys."""

    keys: tuple[str, ...]

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            item = run.item(each)
            if isinstance(item, dict) and all(key in item for key in self.keys):
                picked = item[self.keys[0]] if len(self.keys) == 1 else {key: item[key] for key in self.keys}
                yield run.moved(each, picked, VALUES)


class SubGraph(NamedTuple):
    """The graph of these objects and the links among them, or of these links and their ends."""

    tests: tuple[Condition, ...]
    kind: Kind

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        reader = run.reader
        items = [run.item(each) for each in run.collected(stream)]
        if self.kind == LINKS:
            run.reader = Part(reader, {ord for link in items for ord in link[1:]}, frozenset(items))
        elif self.kind == PATHS:
            ords = {item for way in items for kind, item in way.items if kind == NODES}
            run.reader = Part(reader, ords, self._links(run))
        else:
            run.reader = Part(reader, set(items), self._links(run))
        return iter((run.begun(None, GRAPH),))

    def _links(self, run: Run) -> frozenset[Link] | None:
        if not self.tests:
            return None
        tests = [tester(run, test, LINKS) for test in self.tests]
        return frozenset(link for link in run.metered(all_links(run.reader)) if all(test(link) for test in tests))


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _as(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1, 1)
    name = asked.text(asked.args[0])
    asked.planner.stored[name] = asked.kind
    return As(name), asked.kind


def _select(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    names = asked.texts()
    stored = asked.planner.stored
    missing = [name for name in names if name not in stored]
    if not missing:
        kinds = {stored[name] for name in names}
        if len(kinds) > 1:
            raise asked.wrong("what is recalled together has to be of one kind")
        return Recall(names), kinds.pop()
    if asked.kind == VALUES:
        if len(names) == 1 and "." in names[0]:
            return Values((name_of(names[0]),), VALUES), VALUES
        return Pick(names), VALUES
    known = ", ".join(sorted(stored)) or "nothing"
    raise asked.wrong(f"nothing was stored as {missing[0]!r}; stored: {known}", asked.args[names.index(missing[0])])


def _subgraph(asked: Asked) -> tuple[Step, Kind]:
    if asked.kind == LINKS:
        asked.count(0, 0)
        return SubGraph((), LINKS), GRAPH
    return SubGraph(asked.conditions(asked.args), asked.kind), GRAPH


SPECS: tuple[Spec, ...] = (
    Spec(("As",), ANYTHING, "", _as, "Keeps what is there under a name.",
         "G.V().Has('Name', 'vm-a').As('a').G.V().Has('Name', 'vm-b').As('b').Select('a', 'b')", switches=True),
    Spec(("Select",), ANYTHING | {GRAPH}, "", _select, "What was kept, each once; of maps the values of keys.",
         "G.V().Has('Name', 'vm-a').As('a').Out().Select('a')",
         differs="sets are recalled, as in Skydive, not what each traverser passed as in the standard"),
    Spec(("SubGraph",), ELEMENTS | {PATHS}, GRAPH, _subgraph,
         "The graph of these objects and the links among them; V() and E() go on from it.",
         "G.V().Has('Host', 'h1').SubGraph().E()", switches=True),
)  # fmt: skip
