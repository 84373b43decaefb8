"""Steps that find flows and go from them to objects: Flows, Hops, CaptureNode, Nodes; Out, In and Both of flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from calipso.errors import QueryError
from calipso.graph.protocol import GraphReader
from calipso.model.flow import Flow
from calipso.query.conditions import Condition, Test
from calipso.query.elements import FLOWS, GRAPH, NODES, PACKETS, PATHS, Hop, Kind
from calipso.query.flow_names import flow_name
from calipso.query.plan import Asked, Spec, Step
from calipso.query.run import FlowsWanted, Run
from calipso.query.steps.cutting import Ordering, Slice, Sort
from calipso.query.steps.filtering import Has, ready

MOST = 200_000
"""Flows that one step hands on."""
MOST_OBJECTS = 500
"""Objects that a store is asked for by id; of more, the flows are chosen here."""
EXPIRES = 600_000_000
"""µs after its last packet that a flow still counts as going on: what flow tables expire by."""


class Flows(NamedTuple):
    """Flows of a time: all, or those captured on objects. What a store can test, order and limit, it is told."""

    kind: Kind
    tests: tuple[Test, ...] = ()
    order: str = ""
    limit: int | None = None

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return self._found(stream, run)

    def _found(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        if run.world.flows is None:
            raise QueryError("Flows(): there is no flow store: flows need captures")
        places = self._places(stream, run)
        if places is not None and not places:
            return
        tests, told = ready(run, self.tests, FLOWS), stored(self.tests)
        all_told = told.exact
        match = dict(told.match)
        if places is not None:
            chosen = {*places} & {*match["node"]} if "node" in match else {*places}
            all_told = all_told and len(chosen) <= MOST_OBJECTS
            if len(chosen) <= MOST_OBJECTS:
                match["node"] = tuple(sorted(map(str, chosen)))
        since, until = span(run)
        bounded = self.limit is not None and all_told and self.limit <= MOST
        most = self.limit if bounded and self.limit is not None else MOST
        found = run.world.flows.find(FlowsWanted(since, until, match, most + 1, self.order or "-last"))
        left = self.limit
        for number, flow in enumerate(found):
            if number >= most and not bounded:
                raise QueryError(
                    f"there are more than {MOST} flows", hint="ask about a shorter time, or begin with Has()"
                )
            run.tick()
            if (places is not None and flow.node not in places) or not all(test(flow) for test in tests):
                continue
            if left is not None and (left := left - 1) < 0:
                return
            before = places.get(flow.node) if places is not None else None
            yield Hop(before, flow, FLOWS) if run.tracked else flow

    def _places(self, stream: Iterator[Any], run: Run) -> dict[str, Any] | None:
        """Ids of the objects to look at → the traverser that came there; None for everywhere."""
        if self.kind == GRAPH:
            for _ in stream:
                pass
            return None
        out: dict[str, Any] = {}
        for each in run.collected(stream):
            item = run.item(each)
            ords = [place for kind, place in item.items if kind == NODES] if self.kind == PATHS else [item]
            for ord in ords:
                head = run.reader.get(ord)
                for id in () if head is None else (head.id, *(run.reader.id_of(member) for member in head.members)):
                    out.setdefault(id, each if run.tracked else None)
        return out

    def absorb(self, step: Step) -> Step | None:
        if self.limit is not None:
            return None
        if isinstance(step, Has):
            return self._replace(tests=self.tests + step.tests)
        if isinstance(step, Sort) and not self.order and len(step.orderings) == 1:
            order = _told_order(step.orderings[0])
            return self._replace(order=order) if order else None
        if isinstance(step, Slice) and step.start == 0 and step.end is not None:
            return self._replace(limit=step.end)
        return None


class Told(NamedTuple):
    """What a store is asked. exact: it answers just what the tests keep."""

    match: Mapping[str, tuple[str | int, ...]]
    exact: bool


def stored(tests: tuple[Test, ...]) -> Told:
    """The part of the tests that a store can make."""
    match: dict[str, tuple[str | int, ...]] = {}
    exact = True
    for test in tests:
        said = _stored(test) if isinstance(test, Condition) else None
        if said is None or said[0] in match:
            exact = False
        else:
            match[said[0]] = said[1]
    return Told(match, exact)


def _stored(test: Condition) -> tuple[str, tuple[str | int, ...]] | None:
    name, predicate = flow_name(test.name.text), test.predicate
    if not name.path or predicate.missing or predicate.negative or predicate.equal is None:
        return None
    values = [name.stored(value) for value in predicate.equal]
    if any(type(value) not in (str, int) or (value == "" and name.form != "finish") for value in values):
        return None
    return name.path, tuple(value for value in values if isinstance(value, str | int))


def _told_order(ordering: Ordering) -> str:
    """As a store's order; "" when it has none such: there texts are never missing but empty."""
    if ordering.projection is None or ordering.projection.name is None:
        return ""
    text = ordering.projection.name.text
    path = {"Start": "start", "Last": "last"}.get(text, flow_name(text).path)
    whole = path in ("start", "last") or path.startswith(("metric.", "last_update."))
    return ("-" if ordering.descending else "") + path if whole else ""


def span(run: Run) -> tuple[int, int]:
    """The time that flows are asked about: a slice, or those that went on at a moment."""
    if run.window is not None:
        return run.window
    at = run.world.now if run.at is None else run.at
    return at - EXPIRES, at


class Captured(NamedTuple):
    """Where flows were captured, each object once; with `by_time` in order of when they were seen there first."""

    by_time: bool

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        if self.by_time:
            stream = iter(sorted(run.collected(stream), key=lambda each: (run.item(each).start, run.item(each).uuid)))
        return _once(((each, places(run.reader, run.item(each).node)) for each in stream), run)


class Ends(NamedTuple):
    """The objects at a flow's ends, each once: Out where it goes, In where it comes from; `captured` also between."""

    a: bool
    b: bool
    captured: bool = False
    tests: tuple[Test, ...] = ()

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        return _once(((each, self._of(run.reader, run.item(each))) for each in stream), run, self.tests)

    def _of(self, reader: GraphReader, flow: Flow) -> list[int]:
        found = places(reader, flow.node) if self.captured else []
        link = flow.link
        if self.a:
            found += places(reader, flow.a_object) or _with_mac(reader, link.a if link else "")
        if self.b:
            found += places(reader, flow.b_object) or _with_mac(reader, link.b if link else "")
        return found


def places(reader: GraphReader, id: str) -> list[int]:
    """The object of an id, while it is there."""
    head = reader.resolve(id) if id else None
    return [] if head is None else [head.ord]


def _with_mac(reader: GraphReader, mac: str) -> list[int]:
    """Objects that have an address of the link layer: where a flow's end was not told when it was kept."""
    return sorted(reader.find("mac", mac)) if mac and mac != "ff:ff:ff:ff:ff:ff" else []


def _once(found: Iterator[tuple[Any, list[int]]], run: Run, tests: tuple[Test, ...] = ()) -> Iterator[Any]:
    wanted = ready(run, tests, NODES)
    seen: set[int] = set()
    for each, ords in found:
        run.tick()
        for ord in ords:
            if ord not in seen and all(test(ord) for test in wanted):
                seen.add(ord)
                run.hold(1)
                yield run.moved(each, ord, NODES)


class RawPackets(NamedTuple):
    """The packets kept of flows, by time."""

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        uuids = [run.item(each).uuid for each in run.collected(stream)]
        for packet in run.world.flows.packets(uuids) if run.world.flows is not None else ():
            run.hold(1)
            run.tick()
            yield Hop(None, packet, PACKETS) if run.tracked else packet


class Filter(NamedTuple):
    """Packets that pass a filter of pcap-filter(7)."""

    text: str

    def open(self, stream: Iterator[Any], run: Run) -> Iterator[Any]:
        packets = [run.item(each) for each in run.collected(stream)]
        for packet in run.world.flows.matching(self.text, packets) if run.world.flows is not None else ():
            run.tick()
            yield Hop(None, packet, PACKETS) if run.tracked else packet


# ── arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _flows(asked: Asked) -> tuple[Step, Kind]:
    asked.planner.flows = True
    return Flows(asked.kind, asked.conditions(asked.args, FLOWS)), FLOWS


def _captured(*, by_time: bool) -> Any:
    def build(asked: Asked) -> tuple[Step, Kind]:
        asked.count(0, 0)
        return Captured(by_time), NODES

    return build


def _nodes(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return Ends(True, True, captured=True), NODES


def _packets(asked: Asked) -> tuple[Step, Kind]:
    asked.count(0, 0)
    return RawPackets(), PACKETS


def _filter(asked: Asked) -> tuple[Step, Kind]:
    asked.count(1, 1)
    return Filter(asked.text(asked.args[0])), PACKETS


FLOW = frozenset({FLOWS})
SPECS: tuple[Spec, ...] = (
    Spec(("Flows",), frozenset({GRAPH, NODES, PATHS}), FLOWS, _flows,
         "The flows that went on at the moment or in the slice of time, or those captured on objects or on a path's.",
         "G.V().Has('Name', 'eth0').Flows()", differs="at a moment: those seen in the ten minutes before it"),
    Spec(("Hops",), FLOW, NODES, _captured(by_time=True), "The objects on which flows were captured, in order of time.",
         "G.Flows().Hops()"),
    Spec(("CaptureNode", "Node"), FLOW, NODES, _captured(by_time=False), "The object on which a flow was captured.",
         "G.Flows().CaptureNode()"),
    Spec(("RawPackets",), FLOW, PACKETS, _packets, "The packets kept of flows, by time.", "G.Flows().RawPackets()"),
    Spec(("BPF",), frozenset({PACKETS}), PACKETS, _filter, "Keeps packets by a filter of pcap-filter(7).",
         "G.Flows().RawPackets().BPF('tcp port 80')"),
    Spec(("Nodes",), FLOW, NODES, _nodes, "Where flows were captured, and both their ends.",
         "G.Flows().Nodes()"),
)  # fmt: skip
