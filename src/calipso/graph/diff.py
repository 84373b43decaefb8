"""What is different between two graphs: objects, their attributes field by field, links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from calipso.graph.pages import BITS, SIZE
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.value import Graph


class Field(msgspec.Struct, frozen=True):
    """An attribute, or a part of the head, with its value before and after; None where there was none."""

    name: str
    old: Any = None
    new: Any = None


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object that came, went or changed."""

    op: str
    id: str
    kind: str
    host: str
    name: str
    fields: list[Field] = []


class LinkDifference(msgspec.Struct, frozen=True):
    """One link that came (`added`) or went (`removed`)."""

    op: str
    type: str
    source: str
    target: str


class Diff(msgspec.Struct, frozen=True):
    """Objects in order of host, kind and id; links in order of type."""

    objects: list[Difference]
    links: list[LinkDifference]

    def __bool__(self) -> bool:
        return bool(self.objects or self.links)


HEAD_FIELDS = ("kind", "type", "name", "host", "parent", "networks", "media")


def compare(old: GraphReader, new: GraphReader, ords: Iterable[int] | None = None) -> Diff:
    """All differences, or those of some objects.

    Two values of one lineage are compared by the pages they do not share; anything else object by object, so give the
    ordinals that the log names where the past is a view.
    """
    candidates = set(_changed(old, new) if ords is None else ords)
    objects, links = [], set()
    for ord in candidates:
        before, after = old.get(ord), new.get(ord)
        found = difference(old, new, before, after)
        if found is not None:
            objects.append(found)
        links |= _links(old, new, ord)
    objects.sort(key=lambda each: (each.host, each.kind, each.id))
    return Diff(objects, sorted(links, key=lambda each: (each.type, each.source, each.target, each.op)))


def _changed(old: GraphReader, new: GraphReader) -> set[int]:
    if isinstance(old, Graph) and isinstance(new, Graph):
        pages = {
            *new.heads.changed_pages(old.heads), *new.facts.changed_pages(old.facts), *new.ends.changed_pages(old.ends),
        }  # fmt: skip
        places = {ord for page in pages for ord in range(page << BITS, (page << BITS) + SIZE)}
        return places | {graph.bound[ord] for graph in (old, new) for ord in places if ord in graph.bound}
    return {head.ord for graph in (old, new) for head in graph.objects()}


def difference(old: GraphReader, new: GraphReader, before: Obj | None, after: Obj | None) -> Difference | None:
    """How one object differs, None when it does not."""
    if after is None:
        return None if before is None else Difference("removed", before.id, before.kind, before.host, before.name)
    if before is None:
        return Difference("added", after.id, after.kind, after.host, after.name)
    fields = [
        Field(name, getattr(before, name), getattr(after, name))
        for name in HEAD_FIELDS
        if getattr(before, name) != getattr(after, name)
    ]
    fields += attribute_fields(old.attributes(before), new.attributes(after))
    if not fields:
        return None
    return Difference("changed", after.id, after.kind, after.host, after.name, fields)


def attribute_fields(before: dict[str, Any], after: dict[str, Any]) -> list[Field]:
    """Attributes that differ, in order of name; those the head also shows are left to it."""
    names = sorted({*before, *after} - {"name", "host"})
    return [Field(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]


def _links(old: GraphReader, new: GraphReader, ord: int) -> set[LinkDifference]:
    mine = set(old.links(ord)), set(new.links(ord))
    out = set()
    for op, graph, ends in (("removed", old, mine[0] - mine[1]), ("added", new, mine[1] - mine[0])):
        for end in ends:
            here, there = graph.id_of(ord), graph.id_of(end.other)
            source, target = (here, there) if end.outgoing else (there, here)
            out.add(LinkDifference(op, end.type, source, target))
    return out
