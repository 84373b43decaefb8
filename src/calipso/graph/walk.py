"""Walks over layer-2 links inside one host to the nearest stops, VLAN-aware (MODEL §7).

Crossing a bridge: in by an access port of tag T a frame has VLAN T; out by an access port of tag U needs T = U or no
VLAN, and clears it; a trunk keeps it and must carry it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from calipso.graph import adjacency
from calipso.graph.adjacency import Ends
from calipso.graph.protocol import Obj
from calipso.model.links import CODES, LINK_TYPES
from calipso.model.record import Attributes
from calipso.model.rules import Select, Walk

BETWEEN_HOSTS = frozenset({"layer2.lldp", "layer2.nested", "layer2.fabric"})
ENDS_IN = "layer3.calico"
"""Over which a walk comes to its end where the cable does: no walk passes a switching process."""
LAYER2 = frozenset(
    2 * code + way
    for code, link in enumerate(LINK_TYPES)
    if (link.relation == "layer2" and link.name not in BETWEEN_HOSTS) or link.name == ENDS_IN
    for way in (0, 1)
)
"""Adjacency codes a walk goes over."""

MASTER_TO_PORT = 2 * CODES["layer2.master"]


class WalkReader(Protocol):
    def get(self, ord: int) -> Obj | None: ...
    def ends(self, ord: int) -> Ends | None: ...
    def attributes(self, obj: Obj) -> Attributes: ...


class Reached(NamedTuple):
    """A stop and the ordinals passed on the way to it, the start and the stop excluded."""

    stop: int
    through: tuple[int, ...]


def selects(select: Select, head: Obj) -> bool:
    """Whether an object may be an end."""
    return allows(select, head.kind, head.type)


def allows(select: Select, kind: str, type: str) -> bool:
    """Whether an object of a kind and type may be an end."""
    return (
        (not select.kinds or kind in select.kinds)
        and (not select.types or type in select.types)
        and type not in select.not_types
    )


def layer2(reader: WalkReader, ord: int) -> list[int]:
    ends = reader.ends(ord)
    if type(ends) is tuple:  # as nearly all; walks ask often
        return [ends[i + 1] for i in range(0, len(ends), 2) if ends[i] in LAYER2]
    return [other for code, other in adjacency.ends(ends) if code in LAYER2]


def walk(
    reader: WalkReader, start: int, rule: Walk, *, from_start: bool = False, ordered: bool = False
) -> list[Reached]:
    """The nearest stops of a walk from `start`; with `from_start` the start itself may be the stop.

    Which stops are found does not depend on the order of links; with `ordered` the ways to them do not either.
    """
    head = reader.get(start)
    if head is None:
        return []
    if from_start and selects(rule.stop, head):
        return [Reached(start, ())]
    front: list[tuple[int, Obj, tuple[int, ...], int | None]] = [(start, head, (), None)]
    seen: set[tuple[int, int | None]] = {(start, None)}
    found: dict[int, tuple[int, ...]] = {}
    while front and not found:
        reached: list[tuple[int, Obj, tuple[int, ...], int | None]] = []
        for ord, here, path, vlan in front:
            for other in _by_id(reader, ord) if ordered else layer2(reader, ord):
                if other == start or other in path:
                    continue
                there = reader.get(other)
                if there is None:
                    continue
                stops = selects(rule.stop, there)
                if not stops and there.kind not in rule.through:  # what it says does not matter then
                    continue
                passed, tag = _cross(reader, here, there, vlan)
                if not passed or (other, tag) in seen:
                    continue
                seen.add((other, tag))
                if stops:
                    found[other] = _smaller(reader, found.get(other), path)
                else:
                    reached.append((other, there, (*path, other), tag))
        front = reached
    return [Reached(stop, path) for stop, path in found.items()]


def _by_id(reader: WalkReader, ord: int) -> list[int]:
    heads = {other: head.id for other in layer2(reader, ord) if (head := reader.get(other)) is not None}
    return sorted(heads, key=heads.__getitem__)


def _smaller(reader: WalkReader, known: tuple[int, ...] | None, path: tuple[int, ...]) -> tuple[int, ...]:
    """Of two ways of one length, the one with the smaller ids: the answer does not depend on the order of arrival."""
    if known is None:
        return path
    return min(known, path, key=lambda way: [head.id for ord in way if (head := reader.get(ord)) is not None])


def _cross(reader: WalkReader, here: Obj, there: Obj, vlan: int | None) -> tuple[bool, int | None]:
    """(whether a frame passes from one object to the next, its VLAN afterwards)."""
    if here.type == "ovsport" and there.type == "ovsbridge":
        tag = _tag(reader.attributes(here))
        return True, tag if tag is not None else vlan
    if here.type == "ovsbridge" and there.type == "ovsport":
        a = reader.attributes(there)
        tag = _tag(a)
        if tag is not None:
            return (vlan is None or vlan == tag), None
        trunks = a.get("trunks")
        return not (trunks and vlan is not None and vlan not in trunks), vlan
    return True, vlan


def _tag(a: Attributes) -> int | None:
    tag = a.get("tag")
    return tag if type(tag) is int and a.get("vlan_mode") not in ("trunk", "native-tagged", "native-untagged") else None


def sources_through(reader: WalkReader, seeds: Iterable[int], rule: Walk) -> set[int]:
    """The starts whose walks may have visited one of the seeds: a superset, found by walking back from them.

    `reader` is the graph before the change: a walk can only change if something it saw changed.
    """
    starts: set[int] = set()
    seen: set[int] = set(seeds)
    stack = list(seen)
    while stack:
        ord = stack.pop()
        head = reader.get(ord)
        if head is None:
            continue
        if selects(rule.source, head):
            starts.add(ord)
        for other in layer2(reader, ord):
            if other in seen:
                continue
            there = reader.get(other)
            if there is None:
                continue
            if selects(rule.source, there):
                starts.add(other)
            if there.kind in rule.through:
                seen.add(other)
                stack.append(other)
    return starts


def passes_on(rule: Walk, head: Obj) -> bool:
    """Whether walks of this rule go on from an object: its links matter to them, not only what it is."""
    return head.kind in rule.through or selects(rule.source, head)
