"""What a tick changed, encoded once however many clients are told (CORE §7)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import msgspec

from calipso.graph.diff import HEAD_FIELDS, Field, LinkDifference
from calipso.graph.keys import keys_of
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.value import Delta, Graph

NO_KEYS: frozenset[Any] = frozenset()
SHOWN = frozenset({*HEAD_FIELDS, "id", "aliases"})
"""Fields of an object that are no attributes; an attribute called like one of them is told as `attributes.NAME`."""


class Added(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of an object that is not counters."""

    op: str
    id: str
    kind: str
    type: str
    host: str
    name: str
    parent: str = ""
    networks: list[str] | None = None
    media: list[str] = []
    aliases: list[str] = []
    attributes: dict[str, Any] = {}


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object that changed, by its fields, or is gone."""

    op: str
    id: str
    kind: str
    host: str
    name: str
    fields: list[Field] = []


def aliases(graph: GraphReader, head: Obj) -> list[str]:
    return [graph.id_of(member) for member in head.members if member != head.ord]


def fields_between(old: GraphReader, new: GraphReader, before: Obj, after: Obj) -> list[Field]:
    """Every field and attribute that differs: exactly what turns one into the other."""
    out = [
        Field(name, getattr(before, name), getattr(after, name))
        for name in HEAD_FIELDS
        if getattr(before, name) != getattr(after, name)
    ]
    if before.members != after.members:
        out.append(Field("aliases", aliases(old, before), aliases(new, after)))
    was, now = old.attributes(before), new.attributes(after)
    if was is now:
        return out
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            out.append(Field(f"attributes.{name}" if name in SHOWN else name, was.get(name), now.get(name)))
    return out


def added(graph: GraphReader, head: Obj) -> bytes:
    """An object that came, whole."""
    whole = Added(
        "added", head.id, head.kind, head.type, head.host, head.name, head.parent,
        None if head.networks is None else list(head.networks), [each for each in head.media if each],
        aliases(graph, head), graph.attributes(head),
    )  # fmt: skip
    return b'{"object":' + msgspec.json.encode(whole) + b"}"


def removed(head: Obj) -> bytes:
    """An object that went."""
    return b'{"object":' + msgspec.json.encode(Told("removed", head.id, head.kind, head.host, head.name)) + b"}"


def link_body(op: str, type: str, source: str, target: str) -> bytes:
    return b'{"link":' + msgspec.json.encode(LinkDifference(op, type, source, target)) + b"}"


class Changed:
    """One object in one tick. Bodies are made when somebody is first told."""

    def __init__(self, old: Graph, new: Graph, ord: int) -> None:
        self.old, self.new, self.ord = old, new, ord
        self.before, self.after = old.get(ord), new.get(ord)

    @cached_property
    def fields(self) -> list[Field]:
        if self.before is None or self.after is None:
            return []
        return fields_between(self.old, self.new, self.before, self.after)

    @property
    def names(self) -> set[str]:
        return {each.name.removeprefix("attributes.") for each in self.fields}

    @cached_property
    def whole(self) -> bytes:
        return b"" if self.after is None else added(self.new, self.after)

    @cached_property
    def gone(self) -> bytes:
        head = self.before or self.after
        return b"" if head is None else removed(head)

    @cached_property
    def other(self) -> bytes:
        if self.before is None or self.after is None or not self.fields:
            return b""
        after = self.after
        told = Told("changed", after.id, after.kind, after.host, after.name, self.fields)
        return b'{"object":' + msgspec.json.encode(told) + b"}"

    def body(self, was: bool, is_: bool) -> bytes:
        """For those who knew it (`was`) and are to know it (`is_`)."""
        if was:
            return self.other if is_ else self.gone
        return self.whole if is_ else b""

    @cached_property
    def keys(self) -> tuple[frozenset[Any], frozenset[Any]]:
        """Declared keys before and now."""
        return _keys(self.old, self.before), _keys(self.new, self.after)


def _keys(graph: GraphReader, head: Obj | None) -> frozenset[Any]:
    return NO_KEYS if head is None else frozenset({*keys_of(graph, head), ("id", head.id)})


class LinkChanged:
    """One link in one tick."""

    def __init__(self, old: Graph, new: Graph, link: tuple[str, int, int, int]) -> None:
        self.old, self.new = old, new
        self.type, self.source, self.target, self.op = link

    @cached_property
    def body(self) -> bytes:
        op = "added" if self.op > 0 else "removed"
        return link_body(op, self.type, self.new.id_of(self.source), self.new.id_of(self.target))

    @cached_property
    def keys(self) -> frozenset[Any]:
        """Declared keys of its ends, before and now."""
        ends = (self.source, self.target)
        return NO_KEYS.union(*(_keys(graph, graph.get(ord)) for graph in (self.old, self.new) for ord in ends))


class Tick:
    """One tick: from one value of the graph to the next."""

    def __init__(self, old: Graph, new: Graph, delta: Delta) -> None:
        self.old, self.new, self.seq, self.ts = old, new, new.rev, new.ts
        touched = {graph.bound.get(ord, ord) for ord, _, _ in delta.facets for graph in (old, new)}
        touched |= {ord for ord, _ in delta.heads}
        self.objects = {ord: each for ord in sorted(touched) if _there(each := Changed(old, new, ord))}
        self.links = [LinkChanged(old, new, link) for link in delta.links]

    @cached_property
    def names(self) -> frozenset[str]:
        """Fields that are other in objects that stayed."""
        return frozenset(name for each in self.objects.values() for name in each.names)

    @cached_property
    def link_types(self) -> frozenset[str]:
        return frozenset(link.type for link in self.links)

    def came_or_went(self) -> Iterator[Changed]:
        return (each for each in self.objects.values() if each.before is None or each.after is None)


def _there(change: Changed) -> bool:
    return change.before is not None or change.after is not None
