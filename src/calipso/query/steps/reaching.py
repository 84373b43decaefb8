"""Steps over several links at once: Descendants, Ascendants, Neighbors, ShortestPathTo; and path()."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pyroaring import BitMap

from calipso.query.conditions import Condition, Test, chosen
from calipso.query.elements import ELEMENTS, FLOWS, NODES, PATHS, VALUES, Kind, trail
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import Run
from calipso.query.steps.moving import BOTH, IN, OUT, Along, labels, others
from calipso.query.steps.projecting import Projection, by
from calipso.query.syntax import Argument, Chain, Literal


class Way(NamedTuple):
    """A path: what it passes, with the kind of each."""

    items: tuple[tuple[Kind, Any], ...]


class Within(NamedTuple):
    """All that is reached in so many links, each once, the start included. depth 0: however many."""

    along: Along
    way: int
    depth: int

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        seen: set[int] = set()
        front = []
        for start in stream:
            if run.item(start) not in seen:
                seen.add(run.item(start))
                front.append(start)
                yield start
        depth = 0
        while front and (self.depth == 0 or depth < self.depth):
            depth += 1
            after = []
            for each in front:
                for other in self._reached(run, run.item(each)):
                    if other not in seen:
                        seen.add(other)
                        run.hold(1)
                        after.append(run.moved(each, other, NODES))
                        yield after[-1]
            front = after

    def _reached(self, run: Run, ord: int) -> list[int]:
        found = others(run, ord, self.along, self.way)
        run.tick(len(found) + 1)
        return found


class ShortestPathTo(NamedTuple):
    """From each object the shortest path to the nearest that meets the conditions; nothing where there is none."""

    tests: tuple[Test, ...]
    along: Along

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        targets: BitMap | None = None
        for each in stream:
            if targets is None:
                found = chosen(run, self.tests)
                targets = found if isinstance(found, BitMap) else BitMap(found)
            ords = shortest(run, run.item(each), targets, self.along)
            if ords:
                yield run.moved(each, Way(tuple((NODES, ord) for ord in ords)), PATHS)


def shortest(run: Run, start: int, targets: BitMap, along: Along) -> list[int]:
    """Ordinals from `start` to the nearest target, empty when none is reached: breadth first from both ends."""
    if start in targets or not targets:
        return [start] if start in targets else []
    sides = ([BitMap((start,))], [targets])
    seen = [BitMap((start,)), targets.copy()]
    while True:
        turn = 0 if len(sides[0][-1]) <= len(sides[1][-1]) else 1
        front = expanded(run, sides[turn][-1], along) - seen[turn]
        if not front:
            return []
        sides[turn].append(front)
        meeting = front & seen[1 - turn]
        if meeting:
            middle = meeting.min()
            first = _back(run, middle, sides[0], along)
            return [*first[::-1], *_back(run, middle, sides[1], along)[1:]]
        seen[turn] |= front


def expanded(run: Run, front: BitMap, along: Along) -> BitMap:
    """All that one link leads to from any of these."""
    run.tick(len(front))
    certain, asked = along.split(run, BOTH)
    ends, left = run.reader.parted(front, certain, asked)
    out = BitMap(ends)
    for ord in left:
        out.update(others(run, ord, along, BOTH))
    return out


def _back(run: Run, middle: int, levels: list[BitMap], along: Along) -> list[int]:
    """From a meeting place back to the level a side began with."""
    place = next(n for n, level in enumerate(levels) if middle in level)
    out = [middle]
    for level in reversed(levels[:place]):
        out.append(min(other for other in others(run, out[-1], along, BOTH) if other in level))
    return out


class Path(NamedTuple):
    """path(): what each passed on its way, or what by() gives of it."""

    projections: tuple[Projection, ...]

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            run.tick()
            hops = [hop for hop in trail(each) if hop.kind in (*ELEMENTS, FLOWS, VALUES)]
            if not self.projections:
                yield run.moved(each, Way(tuple((hop.kind, hop.item) for hop in hops)), PATHS)
                continue
            many = len(self.projections)
            made = [(VALUES, self.projections[n % many].of(run, hop.item, hop.kind)) for n, hop in enumerate(hops)]
            yield run.moved(each, Way(tuple(made)), PATHS)


class NodesOfWays(NamedTuple):
    """The objects of paths."""

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        for each in stream:
            for kind, item in run.item(each).items:
                if kind == NODES:
                    yield run.moved(each, item, NODES)


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _within(way: int, along: Along) -> Callable[[Asked], tuple[Step, Kind]]:
    def build(asked: Asked) -> tuple[Step, Kind]:
        args: tuple[Argument, ...] = asked.args
        depth = 1
        if len(args) % 2 or (args and labels(asked, args[:-1])):
            last = args[-1]
            if isinstance(last, Literal) and type(last.value) is int:
                depth, args = asked.whole(last), args[:-1]
        named = labels(asked, args)
        if named:
            return Within(Along(named), way, depth), NODES
        tests = asked.conditions(args)
        return Within(Along(tests=tests, every=False) if tests else along, way, depth), NODES

    return build


def _metadata(asked: Asked, argument: Argument) -> tuple[Condition, ...]:
    call = argument.calls[0] if isinstance(argument, Chain) and len(argument.calls) == 1 else None
    if call is None or call.word != "metadata" or not call.args:
        raise asked.wrong("Metadata('name', value) is needed here", argument)
    return asked.conditions(call.args)


def _shortest(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1)
    args = asked.args
    if isinstance(args[0], Literal):
        return ShortestPathTo(asked.conditions(args), Along()), PATHS
    asked.count(1, 2)
    along = Along()
    if len(args) > 1:
        named = labels(asked, args[1:])
        along = Along(named) if named else Along(tests=_metadata(asked, args[1]))
    return ShortestPathTo(_metadata(asked, args[0]), along), PATHS


def _path(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    asked.planner.tracked = True
    return Path(tuple(by(asked, call, asked.kind) for call in asked.after)), PATHS


def _nodes_of_ways(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return NodesOfWays(), NODES


OWNED = Along(frozenset({"ownership"}))
FROM_NODES = frozenset({NODES})
SPECS: tuple[Spec, ...] = (
    Spec(("Descendants",), FROM_NODES, NODES, _within(OUT, OWNED),
         "What an object contains, itself included, to a depth (1 when not said, 0 for all); or along other links.",
         "G.V('h1').Descendants(2)"),
    Spec(("Ascendants",), FROM_NODES, NODES, _within(IN, OWNED), "What contains an object, itself included.",
         "G.V().Has('Name', 'vha').Ascendants(0)"),
    Spec(("Neighbors",), FROM_NODES, NODES, _within(BOTH, Along()),
         "What is so many links away at most, the object itself included.",
         "G.V().Has('Name', 'vha').Neighbors('RelationType', 'layer2', 3)"),
    Spec(("ShortestPathTo",), FROM_NODES, PATHS, _shortest,
         "The shortest path to the nearest object with these values, along the links with those.",
         "G.V('h1/netns:vm-a').ShortestPathTo(Metadata('Name', 'vm-b'))",
         differs="follows links of device level unless others are named"),
    Spec(("path",), ELEMENTS | {VALUES}, PATHS, _path, "What each passed on its way.",
         "g.V().has('name', 'vm-a').out('ownership').path().by('name')", original=False,
         modulators=frozenset({"by"})),
    Spec(("PathNodes",), frozenset({PATHS}), NODES, _nodes_of_ways, "The objects of paths.",
         "G.V('h1/netns:vm-a').ShortestPathTo(Metadata('Name', 'vm-b')).PathNodes()", original=False),
)  # fmt: skip
