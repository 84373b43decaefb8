"""Steps that go from the graph to objects and links, and along links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from calipso.errors import QueryError
from calipso.graph.protocol import GraphReader
from calipso.model import user
from calipso.model.links import LINK_TYPES
from calipso.query.conditions import Condition, Test, chosen, tester
from calipso.query.elements import FLOWS, GRAPH, LINKS, NODES, VALUES, Kind, Link
from calipso.query.names import link_id
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import Run
from calipso.query.steps.filtering import Has, ready
from calipso.query.steps.flows import Ends
from calipso.query.syntax import Argument, Chain, Literal

OUT, IN, BOTH = 0, 1, 2
"""Directions; the first two are also the last bit of a link's code."""
BY_TYPE = frozenset({"RelationType", "relation", "type", "label", "link", "Type", "Name"})
"""Names of a link that follow from its type alone, except for `SAID`."""
SAID = {
    user.OTHER: frozenset({"RelationType", "relation", "Type", "Name"}),
    user.LAYER2: frozenset({"Type", "Name"}),
}  # fmt: skip
"""What users say of each link of a type that they make."""
OF_LINKS = frozenset({"RelationType", "relation", "link"})
"""Names that in Out('RelationType', …) speak of the link, not of the object reached."""


def device_level(link_type: str) -> bool:
    """Whether a link is one of frames, packets or ownership, not of roles."""
    return "." in link_type or link_type == "ownership"


class Along(NamedTuple):
    """Which links are followed: those of named types, else those that meet any of the tests, else of device level."""

    labels: frozenset[str] = frozenset()
    tests: tuple[Condition, ...] = ()
    every: bool = True

    def split(self, run: Run, way: int) -> tuple[frozenset[int], frozenset[int]]:
        """Codes (2 · type + direction) of links that are followed, and of those that each have to be asked."""
        key = ("codes", self, way, id(run.reader))
        if key not in run.compiled:
            ways = (OUT, IN) if way == BOTH else (way,)
            verdicts = {code: self._fits(run, name) for code, name in run.reader.link_names().items()}
            run.compiled[key] = run.reader, tuple(
                frozenset(2 * code + each for code, found in verdicts.items() if found is verdict for each in ways)
                for verdict in (True, None)
            )  # fmt: skip
        found: tuple[frozenset[int], frozenset[int]] = run.compiled[key][1]
        return found

    def _fits(self, run: Run, link_type: str) -> bool | None:
        """Whether links of a type are followed; None where it is not the type alone that decides."""
        if self.labels:
            relation = link_type.partition(".")[0]
            return link_type in self.labels or relation in self.labels or (
                "role" in self.labels and not device_level(link_type)
            )  # fmt: skip
        if not any(test.name.text in BY_TYPE for test in self.tests) and not device_level(link_type):
            return False
        link = Link(link_type, -1, -1)
        said = SAID.get(link_type, frozenset())
        verdicts = {
            test.predicate.test(run.value(link, LINKS, test.name))
            if test.name.text in BY_TYPE and test.name.text not in said else None
            for test in self.tests
        }  # fmt: skip
        decides = not self.every  # one that holds is enough, or one that does not
        return decides if decides in verdicts else None if None in verdicts else self.every or not verdicts

    def holds(self, run: Run) -> Callable[[Link], bool]:
        """Asks a link."""
        tests, combine = [tester(run, test, LINKS) for test in self.tests], all if self.every else any
        return lambda link: combine(test(link) for test in tests)


def others(run: Run, ord: int, along: Along, way: int) -> list[int]:
    """The other ends of an object's links along which one goes."""
    certain, asked = along.split(run, way)
    ends, left = run.reader.parted((ord,), certain, asked)
    if left:
        return [link.target if link.source == ord else link.source for link in links_along(run, ord, along, way)]
    return ends


def links_along(run: Run, ord: int, along: Along, way: int) -> Iterator[Link]:
    """The links themselves."""
    reader, (certain, asked) = run.reader, along.split(run, way)
    flat, names = reader.flat_ends(ord), reader.link_names()
    holds = along.holds(run) if asked else None
    for i in range(0, len(flat), 2):
        if flat[i] in certain or flat[i] in asked:
            type, other = names[flat[i] >> 1], flat[i + 1]
            link = Link(type, other, ord) if flat[i] & 1 else Link(type, ord, other)
            if holds is None or flat[i] in certain or holds(link):
                yield link


class Vertices(NamedTuple):
    """G.V(): all objects, those of some ids, those that meet conditions; found by the smallest index."""

    ids: tuple[tuple[str, int], ...] = ()
    tests: tuple[Test, ...] = ()

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        found = [self.found(run) for _ in stream]  # now: a later step may change which graph is read
        if run.tracked:
            return (run.begun(ord, NODES) for ords in found for ord in run.metered(ords))
        return (ord for ords in found for ord in run.metered(ords)) if len(found) != 1 else run.metered(found[0])

    def found(self, run: Run) -> Iterable[int]:
        if not self.ids:
            return chosen(run, self.tests)
        ords = []
        for id, position in self.ids:
            head = run.reader.resolve(id)
            if head is not None:
                ords.append(head.ord)
                run.known.add(id)
            elif run.missing is not None:  # of a slice of time: it may be there at another moment
                run.missing[id] = position
            else:
                raise unknown_id(id, position)
        tests = ready(run, self.tests, NODES)
        return [ord for ord in dict.fromkeys(ords) if all(test(ord) for test in tests)]

    def absorb(self, step: Step) -> Step | None:
        return Vertices(self.ids, self.tests + step.tests) if isinstance(step, Has) else None


def unknown_id(id: str, position: int) -> QueryError:
    return QueryError(f"no object has the id {id!r}", position=position, hint="has('name', …) finds objects by name")


class Edges(NamedTuple):
    """G.E(): all links, or those of some ids."""

    ids: tuple[tuple[str, int], ...] = ()
    tests: tuple[Test, ...] = ()

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        reader = run.reader
        tests = ready(run, self.tests, LINKS)
        for _ in stream:
            found = self._named(reader) if self.ids else all_links(reader)
            for link in run.metered(found):
                if all(test(link) for test in tests):
                    yield run.begun(link, LINKS)

    def _named(self, reader: GraphReader) -> list[Link]:
        out = []
        for id, position in self.ids:
            type, _, ends = id.partition("|")
            source = reader.resolve(ends.partition("|")[0])
            found = [] if source is None else [
                link for end in reader.links(source.ord, (type,))
                if end.outgoing and link_id(reader, link := Link(type, source.ord, end.other)) == id
            ]  # fmt: skip
            if not found:
                raise QueryError(f"no link has the id {id!r}", position=position, hint="ids are type|source|target")
            out += found
        return out

    def absorb(self, step: Step) -> Step | None:
        return Edges(self.ids, self.tests + step.tests) if isinstance(step, Has) else None


def all_links(reader: GraphReader) -> Iterator[Link]:
    """Every link once."""
    names = reader.link_names()
    for head in reader.objects():
        flat = reader.flat_ends(head.ord)
        for i in range(0, len(flat), 2):
            if not flat[i] & 1:
                yield Link(names[flat[i] >> 1], head.ord, flat[i + 1])


class Neighbours(NamedTuple):
    """Out, In, Both: the objects at the other end."""

    along: Along
    way: int
    tests: tuple[Test, ...] = ()

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        tests = ready(run, self.tests, NODES)
        for each in stream:
            found = others(run, run.item(each), self.along, self.way)
            run.tick(len(found) + 1)
            for other in found:
                if all(test(other) for test in tests):
                    yield run.moved(each, other, NODES)

    def absorb(self, step: Step) -> Step | None:
        return Neighbours(self.along, self.way, self.tests + step.tests) if isinstance(step, Has) else None


class LinksOf(NamedTuple):
    """OutE, InE, BothE."""

    along: Along
    way: int

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            for link in links_along(run, run.item(each), self.along, self.way):
                run.tick()
                yield run.moved(each, link, LINKS)


class EndsOf(NamedTuple):
    """OutV, InV, BothV: in this dialect OutV is where a link leads to, InV where it comes from."""

    way: int
    tests: tuple[Test, ...] = ()

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        tests = ready(run, self.tests, NODES)
        for each in stream:
            link = run.item(each)
            ends = (
                (link.source, link.target) if self.way == BOTH else (link.target if self.way == OUT else link.source,)
            )
            for ord in ends:
                if all(test(ord) for test in tests):
                    yield run.moved(each, ord, NODES)


class Again(NamedTuple):
    """G in the middle of a query: the whole graph once more, as it is now."""

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for _ in stream:
            pass  # what came before is done, for what it has stored
        run.reader, run.at = run.world.graph(None), None
        return iter((run.begun(None, GRAPH),))


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def labels(asked: Asked, args: tuple[Argument, ...]) -> frozenset[str]:
    """The arguments as names of link types or relations, when all of them are."""
    words = [each.value for each in args if isinstance(each, Literal) and isinstance(each.value, str)]
    if words and len(words) == len(args) and all(word in KNOWN for word in words):
        return frozenset(words)
    return frozenset()


def _move(way: int) -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        if asked.kind == FLOWS:
            return Ends(way != OUT, way != IN, tests=asked.conditions(asked.args, NODES)), NODES
        named = labels(asked, asked.args)
        if named:
            return Neighbours(Along(named), way), NODES
        _check_label(asked)
        tests = asked.conditions(asked.args)
        along = tuple(test for test in tests if test.name.text in OF_LINKS)
        return Neighbours(Along(tests=along), way, tuple(test for test in tests if test not in along)), NODES

    return build


def _move_to_links(way: int) -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        named = labels(asked, asked.args)
        if not named:
            _check_label(asked)
        along = Along(named) if named else Along(tests=asked.conditions(asked.args))
        return LinksOf(along, way), LINKS

    return build


def _check_label(asked: Asked) -> None:
    if len(asked.args) == 1 and isinstance(asked.args[0], Literal):
        word = asked.args[0].value
        raise asked.wrong(
            f"no link type or relation {word!r}; one of your own is ('RelationType', {word!r})", asked.args[0]
        )


def _ids(asked: Asked) -> tuple[tuple[str, int], ...]:
    out = []
    for each in asked.args:
        if isinstance(each, Chain):
            raise asked.wrong("ids are texts", each)
        out.append((str(each.value), each.position))
    return tuple(out)


def _vertices(asked: Asked) -> tuple[Step, Kind]:
    return Vertices(_ids(asked)), NODES


def _edges(asked: Asked) -> tuple[Step, Kind]:
    return Edges(_ids(asked)), LINKS


def _ends(way: int) -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        return EndsOf(way, asked.conditions(asked.args)), NODES

    return build


def _again(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return Again(), GRAPH


KNOWN = frozenset({link.name for link in LINK_TYPES} | {link.relation for link in LINK_TYPES} | {"mapping"})
"""Link types and relations, as they can stand in out('layer2')."""
GIVEN_ALL = frozenset({GRAPH})
FROM_NODES, FROM_LINKS = frozenset({NODES}), frozenset({LINKS})
LEVEL = "follows links of device level; links of roles when they are named"
SPECS: tuple[Spec, ...] = (
    Spec(("G",), frozenset({NODES, LINKS, VALUES, GRAPH}), GRAPH, _again, "The whole graph once more.",
         "G.V().Has('Name', 'vm-a').As('a').G.V().Select('a')", switches=True),
    Spec(("V",), GIVEN_ALL, NODES, _vertices, "All objects, or those of some ids.", "G.V('h1')"),
    Spec(("E",), GIVEN_ALL, LINKS, _edges, "All links, or those of some ids.", "G.E().Has('RelationType', 'layer2')"),
    Spec(("Out",), frozenset({NODES, FLOWS}), NODES, _move(OUT),
         "The objects that links lead to: children; of flows, where they go.",
         "G.V('h1').Out('Type', 'veth')", differs=LEVEL),
    Spec(("In",), frozenset({NODES, FLOWS}), NODES, _move(IN),
         "The objects that links come from: parents; of flows, where they come from.",
         "G.V().Has('Name', 'vha').In()", differs=LEVEL),
    Spec(("Both",), frozenset({NODES, FLOWS}), NODES, _move(BOTH),
         "The objects at the other end of links; of flows, at both ends.",
         "G.V().Has('Name', 'vha').Both('layer2')", differs=LEVEL),
    Spec(("OutE",), FROM_NODES, LINKS, _move_to_links(OUT), "The links in which an object is the parent.",
         "G.V('h1').OutE('RelationType', 'ownership')", differs=LEVEL),
    Spec(("InE",), FROM_NODES, LINKS, _move_to_links(IN), "The links in which an object is the child.",
         "G.V().Has('Name', 'vha').InE()", differs=LEVEL),
    Spec(("BothE",), FROM_NODES, LINKS, _move_to_links(BOTH), "All links of an object.",
         "G.V().Has('Name', 'vha').BothE()", differs=LEVEL),
    Spec(("OutV",), FROM_LINKS, NODES, _ends(OUT), "Where a link leads to: the child. The standard says inV.",
         "G.E().OutV()"),
    Spec(("InV",), FROM_LINKS, NODES, _ends(IN), "Where a link comes from: the parent. The standard says outV.",
         "G.E().InV()"),
    Spec(("BothV",), FROM_LINKS, NODES, _ends(BOTH), "Both ends of a link.", "G.E().BothV()"),
)  # fmt: skip
