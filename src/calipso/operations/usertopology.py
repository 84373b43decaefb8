"""User-defined topology: nodes, edges and rules that users declare, kept beside the graph and in it."""

from __future__ import annotations

import uuid
from typing import Any, Literal

import msgspec

from calipso.errors import Conflict, NotFound, QueryError
from calipso.graph.protocol import GraphReader
from calipso.model import user
from calipso.model.moments import rfc3339
from calipso.operations.context import Context, Site
from calipso.operations.declared import (
    Declarations,
    EdgeRule,
    FabricText,
    Metadata,
    NodeRule,
    UserEdge,
    UserNode,
    is_found,
)
from calipso.query.depends import checked

COLLECTIONS: dict[str, Any] = {
    "nodes": UserNode, "edges": UserEdge, "node_rules": NodeRule, "edge_rules": EdgeRule, "fabric": FabricText,
}  # fmt: skip
"""Field of the declarations → form; kept as documents of the collection `user_<field>`."""
LARGEST = 64 << 10
"""Bytes of a metadata."""


class GetUserTopology(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    environment: str = "local"


class UserTopology(msgspec.Struct, frozen=True):
    """What users have declared. problems: of rules whose query cannot be answered now."""

    nodes: list[UserNode]
    edges: list[UserEdge]
    node_rules: list[NodeRule]
    edge_rules: list[EdgeRule]
    fabric: list[FabricText]
    problems: list[str] = []


class PutUserNode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """metadata: with Name and Type. id: its name for users; made up when empty. create: refuse when it is there."""

    metadata: Metadata
    id: str = ""
    host: str = ""
    create: bool = False
    environment: str = "local"


class PutUserEdge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """parent, child: ids of objects. metadata: with RelationType (layer2, ownership, or another)."""

    parent: str
    child: str
    metadata: Metadata
    id: str = ""
    create: bool = False
    environment: str = "local"


class PutNodeRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """action: create a node of the metadata, or update: give the metadata to what the query finds, as it changes."""

    metadata: Metadata
    action: Literal["create", "update"] = "update"
    query: str = ""
    name: str = ""
    description: str = ""
    id: str = ""
    environment: str = "local"


class PutEdgeRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """source, target: queries for objects. Edges with the metadata from each to each, as they come and go."""

    source: str
    target: str
    metadata: Metadata
    name: str = ""
    description: str = ""
    id: str = ""
    environment: str = "local"


class RemoveUserTopology(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """what: which of its parts. id: of the one to remove; `*` for all of them."""

    what: Literal["nodes", "edges", "node_rules", "edge_rules", "fabric"]
    id: str
    environment: str = "local"


class Removed(msgspec.Struct, frozen=True):
    removed: int


def declarations(site: Site) -> Declarations:
    """All that is declared, in order of id."""
    return Declarations(**{
        field: tuple(msgspec.convert(each, form) for each in site.store.documents(f"user_{field}").values())
        for field, form in COLLECTIONS.items()
    })  # fmt: skip


def known(site: Site, field: str) -> dict[str, Any]:
    """Id → what is declared of one part."""
    found = site.store.documents(f"user_{field}")
    return {id: msgspec.convert(each, COLLECTIONS[field]) for id, each in found.items()}


async def get_user_topology(context: Context, request: GetUserTopology) -> UserTopology:
    """What users have declared in an environment."""
    found = declarations(context.site(request.environment))
    return UserTopology(
        list(found.nodes), list(found.edges), list(found.node_rules), list(found.edge_rules), list(found.fabric),
        context.declared_problems(request.environment),
    )  # fmt: skip


async def put_user_node(context: Context, request: PutUserNode) -> UserNode:
    """Add a node of one's own, or change it. Raises `Conflict` when it is only to be created and there already."""
    site = context.site(request.environment)
    id = user.name_of(request.id) or str(uuid.uuid4())
    there = known(site, "nodes").get(id)
    if there is not None and request.create:
        raise Conflict(f"there is a node {id!r} already")
    check_node(request.metadata)
    created = there.created if there is not None else rfc3339(context.moment("now"))
    node = UserNode(id=id, metadata=request.metadata, host=request.host, created=created)
    await _keep(context, request.environment, "nodes", node)
    return node


async def put_user_edge(context: Context, request: PutUserEdge) -> UserEdge:
    """Add an edge between two objects, or change it. Raises `NotFound` for ends that are not there."""
    site = context.site(request.environment)
    id = request.id or str(uuid.uuid4())
    there = known(site, "edges").get(id)
    if there is not None and request.create:
        raise Conflict(f"there is an edge {id!r} already")
    check_edge(request.metadata)
    reader, nodes = site.graph(), known(site, "nodes")
    ends = [end_of(reader, nodes, each) for each in (request.parent, request.child)]
    if ends[0] == ends[1]:
        raise QueryError("an edge leads from one object to another")
    created = there.created if there is not None else rfc3339(context.moment("now"))
    edge = UserEdge(id=id, parent=ends[0], child=ends[1], metadata=request.metadata, created=created)
    await _keep(context, request.environment, "edges", edge)
    return edge


async def put_node_rule(context: Context, request: PutNodeRule) -> NodeRule:
    """Add or change a rule for nodes. Raises `QueryError` for a query that does not answer objects."""
    if request.action == "create":
        check_node(request.metadata)
    else:
        check_query(request.query)
        _check_size(request.metadata)
    rule = NodeRule(
        id=request.id or str(uuid.uuid4()), action=request.action, metadata=request.metadata, query=request.query,
        name=request.name, description=request.description,
    )  # fmt: skip
    await _keep(context, request.environment, "node_rules", rule)
    return rule


async def put_edge_rule(context: Context, request: PutEdgeRule) -> EdgeRule:
    """Add or change a rule for edges. Raises `QueryError` for queries that do not answer objects."""
    check_query(request.source)
    check_query(request.target)
    check_edge(request.metadata)
    rule = EdgeRule(
        id=request.id or str(uuid.uuid4()), source=request.source, target=request.target, metadata=request.metadata,
        name=request.name, description=request.description,
    )  # fmt: skip
    await _keep(context, request.environment, "edge_rules", rule)
    return rule


async def remove_user_topology(context: Context, request: RemoveUserTopology) -> Removed:
    """Remove what was declared, and what followed from it. Raises `NotFound`."""
    site = context.site(request.environment)
    there = known(site, request.what)
    id = user.name_of(request.id) if request.what == "nodes" else request.id
    gone = list(there) if id == "*" else [id] if id in there else []
    if not gone and id != "*":
        raise NotFound(f"no {request.what.rstrip('s').replace('_', ' ')} {request.id!r} was declared")
    for each in gone:
        site.store.put_document(f"user_{request.what}", each, None)
    await context.declare(request.environment)
    return Removed(len(gone))


async def _keep(context: Context, environment: str, field: str, item: Any) -> None:
    context.site(environment).store.put_document(f"user_{field}", item.id, msgspec.to_builtins(item))
    await context.declare(environment)


# ── what is accepted ─────────────────────────────────────────────────────────────────────────────────────────────


def check_node(metadata: Metadata) -> None:
    """Raises `QueryError` for metadata that no node can have (Skydive's schema: Name and Type; a netns has a Path)."""
    for name in ("Name", "Type", *(("Path",) if metadata.get("Type") == "netns" else ())):
        if not isinstance(metadata.get(name), str) or not metadata[name]:
            raise QueryError(
                f"the metadata of a node has a {name}, a text", hint='as in {"Name": "TOR1", "Type": "switch"}'
            )
    _check_size(metadata)


def check_edge(metadata: Metadata) -> None:
    """Raises `QueryError` for metadata that no edge can have."""
    if not user.relation_of(metadata):
        raise QueryError("the metadata of an edge has a RelationType", hint='as in {"RelationType": "layer2"}')
    _check_size(metadata)


def check_query(text: str) -> None:
    """Raises `QueryError` for what does not answer objects."""
    from calipso.query.evaluate import prepared

    checked(text)
    if prepared(text).sub.gives != "nodes":
        raise QueryError("the query of a rule answers objects", hint="as in G.V().Has('Type', 'veth')")


def _check_size(metadata: Metadata) -> None:
    if len(msgspec.json.encode(metadata)) > LARGEST:
        raise QueryError(f"metadata is at most {LARGEST >> 10} KiB")


def end_of(reader: GraphReader, nodes: dict[str, UserNode], id: str) -> str:
    """The id of an edge's end. Raises `NotFound`."""
    head = reader.resolve(id)
    if head is not None and is_found(reader, head):
        return head.id
    name = user.name_of(id)
    own = reader.resolve(user.node_id(name))
    if name in nodes or own is not None:
        return user.node_id(name)
    raise NotFound(f"no object {id!r}")
