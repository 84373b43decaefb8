"""Cliques of objects, by clique type."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from calipso.errors import NotFound
from calipso.graph.clique import CliqueLink, Unknown, find_clique
from calipso.graph.explain import why
from calipso.graph.protocol import GraphReader
from calipso.model.cliques import CliqueType
from calipso.model.scoring import choose
from calipso.operations.answers import Freshness, freshness
from calipso.operations.clique_choice import constrained, types_of
from calipso.operations.context import Context
from calipso.operations.conversations import Conversation, conversation
from calipso.operations.inventory import one, when
from calipso.operations.states import is_down


class GetClique(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: the focal object's id or name. type: a clique type's name, empty for the environment's own.

    network: ids or names of networks to keep to, empty for all of the focal object's. peer: the other end of a
    conversation, id or name; the answer tells what joins both.
    """

    id: str
    type: str = ""
    network: tuple[str, ...] = ()
    peer: str = ""
    environment: str = "local"
    at: str = ""


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object of a clique."""

    id: str
    kind: str
    type: str
    name: str
    host: str
    state: str = ""


class Edge(msgspec.Struct, frozen=True, omit_defaults=True):
    """A link of a clique: what it goes through, which networks it carries."""

    type: str
    source: str
    target: str
    through: list[str] = []
    network: list[str] | None = None
    state: str = "up"


class CliqueView(msgspec.Struct, frozen=True):
    """constraint: networks it is kept to, None for none (`note` says why). unknown: what could not be followed.

    conversation: what joins the focal object with the `peer` that was asked about.
    """

    focal: str
    type: str
    constraint: list[str] | None
    note: str
    objects: list[Node]
    links: list[Edge]
    unknown: list[Unknown]
    freshness: Freshness
    conversation: Conversation | None = None


async def get_clique(context: Context, request: GetClique) -> CliqueView:
    """What an object depends on, or reaches. Raises `NotFound`."""
    site = context.site(request.environment)
    graph = site.graph(when(context, request.at))
    focal = one(graph, request.id)
    types = types_of(context, site.config)
    chosen = choose(types, focal.kind, site.config, request.type)
    if chosen is None:
        raise NotFound(f"no clique type {request.type!r} for a {focal.kind}", hint=_types_for(focal.kind, types))
    networks = [one(graph, name, "network").id for name in request.network] or None
    clique = find_clique(graph, focal, chosen, networks, keep=constrained(context, focal.kind))
    nodes = [_node(graph, id) for id in clique.objects]
    stale = {state.scope.reporter for state in site.scopes() if state.stale}
    links = [_edge(graph, link, stale) for link in clique.links]
    both = await asyncio.to_thread(conversation, site, graph, focal, one(graph, request.peer)) if request.peer else None
    return CliqueView(
        clique.focal, clique.type, clique.constraint, clique.note, nodes, links, clique.unknown,
        freshness(site, graph, {node.host for node in nodes}), both,
    )  # fmt: skip


def _types_for(kind: str, types: Iterable[CliqueType]) -> str:
    names = sorted({each.name for each in types if each.focal_kind == kind})
    return f"there are: {', '.join(names)}" if names else "cliques begin at instances, services, containers or networks"


def _node(graph: GraphReader, id: str) -> Node:
    head = graph.resolve(id)
    if head is None:
        raise NotFound(f"{id} is not in the graph")
    state = graph.attributes(head).get("state")
    return Node(head.id, head.kind, head.type, head.name, head.host, state if isinstance(state, str) else "")


def _edge(graph: GraphReader, link: CliqueLink, stale: set[str]) -> Edge:
    source, target = graph.resolve(link.source), graph.resolve(link.target)
    if source is None or target is None:
        return Edge(link.type, link.source, link.target, state="unknown")
    through = list(why(graph, link.type, source, target).through)
    down = is_down(graph, (link.source, *through, link.target))
    state = "down" if down else "unknown" if {source.host, target.host} & stale else "up"
    return Edge(link.type, link.source, link.target, through, link.network, state)
