"""What users declare (nodes, edges, rules, fabric text) and the records that follow from it on a graph.

`composed` is pure: the same declarations, graph and answers of rules give the same records, so that a full look of one
scope keeps what is derived up to date, and what no longer follows is gone with its history kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from calipso.graph.merge import base
from calipso.graph.protocol import GraphReader, Obj
from calipso.model import user
from calipso.model.record import Record

Metadata = dict[str, Any]
PROTECTED = frozenset({"Name", "Type"})
"""What a rule does not change."""
MOST_EDGES = 50_000
"""Edges of one rule: more is a mistake in its queries."""


class UserNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node of a user's own. id: its name for users. metadata: of any names. created: when it was added."""

    id: str
    metadata: Metadata
    host: str = ""
    created: str = ""


class UserEdge(msgspec.Struct, frozen=True, kw_only=True):
    """An edge between two objects, by their ids; a user's node may be named as users name it."""

    id: str
    parent: str
    child: str
    metadata: Metadata
    created: str = ""


class NodeRule(msgspec.Struct, frozen=True, kw_only=True):
    """action: create a node of the metadata, or update: give the metadata to what the query finds."""

    id: str
    action: Literal["create", "update"]
    metadata: Metadata
    query: str = ""
    name: str = ""
    description: str = ""


class EdgeRule(msgspec.Struct, frozen=True, kw_only=True):
    """Edges with the metadata from all that `source` finds to all that `target` finds."""

    id: str
    source: str
    target: str
    metadata: Metadata
    name: str = ""
    description: str = ""


class FabricText(msgspec.Struct, frozen=True, kw_only=True):
    """A line of static fabric text: see `operations/fabric.py`."""

    id: str
    text: str


class Declarations(msgspec.Struct, frozen=True):
    """All that users have declared in an environment."""

    nodes: tuple[UserNode, ...] = ()
    edges: tuple[UserEdge, ...] = ()
    node_rules: tuple[NodeRule, ...] = ()
    edge_rules: tuple[EdgeRule, ...] = ()
    fabric: tuple[FabricText, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes or self.edges or self.node_rules or self.edge_rules or self.fabric)


Found = Mapping[str, tuple[str, ...]]
"""Query → ids of the objects it finds."""


class _Made:
    """What is being put together."""

    def __init__(self, reader: GraphReader, nodes: Iterable[UserNode]) -> None:
        self.reader = reader
        self.nodes = {user.node_id(each.id): each for each in nodes}
        self.metadata: dict[str, Metadata] = {id: dict(each.metadata) for id, each in self.nodes.items()}
        self.edges: dict[str, list[user.Edge]] = {}
        self.owners: dict[str, str] = {}

    def there(self, id: str) -> str:
        """The id of an object that is there, as something found or as a user's node; "" where there is none."""
        own = user.node_id(id)
        head = self.reader.resolve(id)
        if head is not None and not user.is_node(head.id) and is_found(self.reader, head):
            return head.id
        return own if own in self.nodes else ""

    def type_of(self, id: str) -> str:
        if id in self.nodes:
            return str(self.metadata[id].get("Type", "device"))
        head = self.reader.resolve(id)
        return head.type if head is not None else "device"

    def edge(self, id: str, parent: str, child: str, metadata: Metadata) -> None:
        source, target = self.there(parent), self.there(child)
        if not source or not target or source == target:
            return
        link = user.link_of(user.relation_of(metadata), target)
        if link == user.OWNERSHIP:
            if target in self.owners or self._owned_by(source, target):
                link = user.OTHER
            else:
                self.owners[target] = source
        edge = {"id": id, "target": target, "link": link, "metadata": metadata}
        self.edges.setdefault(source, []).append(edge)

    def _owned_by(self, id: str, owner: str) -> bool:
        """Whether an owner stands somewhere above: then owning it would close a circle."""
        while id:
            if id == owner:
                return True
            id = self.owners.get(id, "")
        return False


def is_found(reader: GraphReader, head: Obj) -> bool:
    """Whether something besides a user says that an object is there."""
    return any(base(facet.name) != user.FACET for facet in reader.facets(head))


def composed(declared: Declarations, reader: GraphReader, found: Found) -> list[Record]:
    """The records that follow, in order of id and facet."""
    created = [UserNode(id=rule.id, metadata=rule.metadata) for rule in declared.node_rules if rule.action == "create"]
    made = _Made(reader, [*declared.nodes, *created])
    for rule in declared.node_rules:
        if rule.action == "update":
            extra = {name: value for name, value in rule.metadata.items() if name not in PROTECTED}
            for said in found.get(rule.query, ()):
                id = made.there(said)
                if id:
                    made.metadata.setdefault(id, {}).update(extra)
    for edge in declared.edges:
        made.edge(edge.id, edge.parent, edge.child, edge.metadata)
    for each in declared.edge_rules:
        for parent, child in _pairs(found.get(each.source, ()), found.get(each.target, ())):
            made.edge(f"{each.id}|{parent}|{child}", parent, child, each.metadata)
    return sorted(_records(made), key=lambda record: (record.id, record.facet))


def _pairs(sources: tuple[str, ...], targets: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    if len(sources) * len(targets) <= MOST_EDGES:
        for source in sources:
            for target in targets:
                yield source, target


def _records(made: _Made) -> Iterable[Record]:
    for id, metadata in made.metadata.items():
        attributes: dict[str, Any] = {user.METADATA: metadata}
        node = made.nodes.get(id)
        if node is not None:
            attributes |= {"name": str(metadata.get("Name", node.id)), **user.said_of(metadata)}
            if node.host:
                attributes["host"] = node.host
            if id in made.owners:
                attributes["owner"] = made.owners[id]
        yield Record(id, user.FACET, made.type_of(id), attributes)
    for id, edges in made.edges.items():
        ordered = sorted(edges, key=lambda edge: (edge["target"], edge["id"]))
        attributes = {user.EDGES: ordered}
        for name, link in ((user.FABRIC_TO, user.LAYER2), (user.LINKED_TO, user.OTHER)):
            targets = sorted({edge["target"] for edge in ordered if edge["link"] == link})
            if targets:
                attributes[name] = targets
        yield Record(id, user.EDGE_FACET, made.type_of(id), attributes)
