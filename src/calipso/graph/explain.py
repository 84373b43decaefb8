"""Why a link is there: what it goes through and which rule made it. Read off the rules again, on any graph."""

from __future__ import annotations

import msgspec

from calipso.graph.adjacency import Ends
from calipso.graph.keys import key_name, path_values
from calipso.graph.observed import observed
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.walk import Reached, selects, walk
from calipso.model.links import CODES, LINK_TYPES
from calipso.model.record import Attributes
from calipso.model.rules import Join, LinkType, Rule, Via, Walk


class Why(msgspec.Struct, frozen=True):
    """`through`: ids passed from the link's source to its target; `rule`: which alternative held, counted from 1.

    `routed`: joined by the default route, not by a cable. Both empty when the link is a plain equality. `observed`:
    whether what the link promises is there, where that can be told.
    """

    rule: int = 0
    through: tuple[str, ...] = ()
    routed: bool = False
    observed: bool | None = None


class _Reader:
    """A graph as walks and joins read it."""

    def __init__(self, graph: GraphReader) -> None:
        self.graph = graph
        self.get = graph.get

    def attributes(self, obj: Obj) -> Attributes:
        return self.graph.attributes(obj)

    def ends(self, ord: int) -> Ends:
        flat: list[int] = []
        for link in self.graph.links(ord):
            flat += (2 * CODES[link.type] + (not link.outgoing), link.other)
        return tuple(flat)


def why(graph: GraphReader, link_type: str, source: Obj, target: Obj) -> Why:
    """How a link of this type between these objects came about; an empty `Why` where no rule gives it any more."""
    link = LINK_TYPES[CODES[link_type]]
    start, end = (source, target) if link.by == "source" else (target, source)
    for attempt in ((start, end), (end, start)) if link.pair else ((start, end),):
        for number, rule in enumerate(link.rules, 1):
            passed = _through(_Reader(graph), rule, *attempt)
            if passed is not None:
                backwards = attempt[0] is not source
                ids = tuple(head.id for ord in passed if (head := graph.get(ord)) is not None)
                there = observed(graph, link_type, source, target)
                return Why(number, ids[::-1] if backwards else ids, _routed(link, rule), there)
    return Why()


def _routed(link: LinkType, rule: Rule) -> bool:
    return isinstance(rule, Via) and isinstance(rule.first, Join) and rule.first.target_key == "default_route_netns"


def _through(reader: _Reader, rule: Rule | str, start: Obj, end: Obj) -> list[int] | None:
    """Ordinals passed from start to end by a rule, None when the rule does not lead there."""
    if isinstance(rule, str):
        name = rule.lstrip("-")
        linked = any(link.other == end.ord for link in reader.graph.links(start.ord, (name,)))
        return [] if linked else None
    if isinstance(rule, Join):
        return [] if _joined(reader, rule, start, end) else None
    if isinstance(rule, Walk):
        return _walked(reader, rule, start, end, from_start=False)
    return _via(reader, rule, start, end)


def _walked(reader: _Reader, rule: Walk, start: Obj, end: Obj, *, from_start: bool) -> list[int] | None:
    if not selects(rule.source, start):
        return None
    for reached in walk(reader, start.ord, rule, from_start=from_start, ordered=True):
        if not rule.lift:
            if reached.stop == end.ord:
                return list(reached.through)
        elif _lifts(reader, rule, reached, end):
            return [*reached.through, *(() if reached.stop == end.ord else (reached.stop,))]
    return None


def _lifts(reader: _Reader, rule: Walk, reached: Reached, end: Obj) -> bool:
    stop = reader.get(reached.stop)
    if stop is None:
        return False
    values = path_values(rule.lift, stop, reader.attributes(stop))
    return any((found := reader.graph.resolve(value)) is not None and found.ord == end.ord for value in values)


def _joined(reader: _Reader, rule: Join, start: Obj, end: Obj) -> bool:
    if not (selects(rule.source, start) and selects(rule.target, end)):
        return False
    mine = _values(reader, rule.key, start)
    return bool(mine & _values(reader, rule.target_key, end))


def _values(reader: _Reader, path: str | tuple[str, ...], head: Obj) -> set[object]:
    if path != "id":
        return set(path_values(path, head, reader.attributes(head)))
    return {reader.graph.id_of(member) for member in (*head.members, head.ord)}


def _via(reader: _Reader, rule: Via, start: Obj, end: Obj) -> list[int] | None:
    for middle in _middles(reader, rule.first, start):
        second = rule.second
        if isinstance(second, Walk):
            rest = _walked(reader, second, middle, end, from_start=True)
        else:
            rest = _through(reader, second, middle, end)
        if rest is not None:
            first = _through(reader, rule.first, start, middle) or []
            between = [] if middle.ord == end.ord else [middle.ord]
            return [*first, *between, *rest]
    return None


def _middles(reader: _Reader, rule: Rule | str, start: Obj) -> list[Obj]:
    """Where the first step of a composition leads, by id."""
    found: set[int] = set()
    if isinstance(rule, str):
        found.update(link.other for link in reader.graph.links(start.ord, (rule.lstrip("-"),)))
    elif isinstance(rule, Join):
        for value in _values(reader, rule.key, start):
            if rule.target_key == "id":
                there = reader.graph.resolve(str(value))
                found.update(() if there is None else (there.ord,))
            else:
                found.update(reader.graph.find(key_name(rule.target_key), value))
    elif isinstance(rule, Walk):
        found.update(reached.stop for reached in walk(reader, start.ord, rule))
    else:
        for middle in _middles(reader, rule.first, start):
            found.update(head.ord for head in _middles(reader, rule.second, middle))
    heads = [head for ord in found if (head := reader.get(ord)) is not None]
    return sorted(heads, key=lambda head: head.id)
