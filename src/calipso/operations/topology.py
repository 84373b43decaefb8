"""How things hang together: links, containment, cliques."""

from __future__ import annotations

import msgspec

from calipso.graph.explain import why
from calipso.graph.implicit import implicit_links
from calipso.graph.protocol import GraphReader, LinkEnd, Obj
from calipso.operations.answers import Freshness, LinkView, freshness
from calipso.operations.context import Context
from calipso.operations.inventory import one, when
from calipso.operations.paging import Cursor, Limit, page


class GetLinks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: whose links, empty for all. type: one link type, or a relation such as `layer2`.

    implicit: also what role links of the object lead to over others that share a network.
    """

    id: str = ""
    type: str = ""
    implicit: bool = False
    environment: str = "local"
    at: str = ""
    limit: Limit = 0
    cursor: str = ""


class Links(msgspec.Struct, frozen=True):
    """All pages show the graph as it was for the first. `next`: the `cursor` of the next page, empty on the last."""

    items: list[LinkView]
    freshness: Freshness
    next: str = ""


class GetTree(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """root: whose subtree, empty for the environment. depth: levels below it, 0 for all."""

    root: str = ""
    depth: Limit = 0
    environment: str = "local"
    at: str = ""


class Branch(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object and what it contains. `hidden`: how many objects lie below the depth asked for."""

    id: str
    kind: str
    type: str
    name: str
    state: str = ""
    children: list[Branch] = []
    hidden: int = 0


class Tree(msgspec.Struct, frozen=True):
    root: Branch
    freshness: Freshness


async def get_links(context: Context, request: GetLinks) -> Links:
    """Links of an object, or of the environment, with what they go through."""
    site = context.site(request.environment)
    cursor = Cursor.read(request.cursor, request)
    graph = site.graph(when(context, request.at) if cursor is None else cursor.at)
    if request.id:
        focus = one(graph, request.id)
        ends = [(focus, link) for link in graph.links(focus.ord)]
        hosts = {focus.host}
    else:
        ends = [(head, link) for head in graph.objects() for link in graph.links(head.ord) if link.outgoing]
        hosts = set()
    found = [link_view(graph, head, link) for head, link in ends if _of_type(link, request.type)]
    if request.id and request.implicit:
        found += [
            LinkView(each.type, each.source, each.target, list(each.through), network=list(each.networks))
            for each in implicit_links(graph, focus)
            if not request.type or each.type == request.type
        ]
    items = sorted((link for link in found if link is not None), key=_place)
    left = items if cursor is None else [link for link in items if _place(link) > cursor.after]
    shown, more = page(left, request.limit)
    if more:
        site.hold(graph)
    following = Cursor.after_last(_place(shown[-1]), graph.ts, request) if more else ""
    return Links(list(shown), freshness(site, graph, hosts), following)


def _place(link: LinkView) -> str:
    """Where a link stands in the order of links."""
    return "\x00".join((link.type, link.source, link.target))


def _of_type(link: LinkEnd, wanted: str) -> bool:
    return not wanted or link.type == wanted or link.type.startswith(wanted + ".")


def link_view(graph: GraphReader, head: Obj, link: LinkEnd) -> LinkView | None:
    """A link as users see it, None when its other end is gone."""
    other = graph.get(link.other)
    if other is None:
        return None
    source, target = (head, other) if link.outgoing else (other, head)
    if "." in link.type or link.type == "ownership":
        return LinkView(link.type, source.id, target.id)
    reason = why(graph, link.type, source, target)
    return LinkView(
        link.type, source.id, target.id, list(reason.through), reason.routed, observed=reason.observed
    )  # fmt: skip


async def get_tree(context: Context, request: GetTree) -> Tree:
    """Containment: the environment, its hosts, their namespaces and switches, their devices and ports."""
    site = context.site(request.environment)
    graph = site.graph(when(context, request.at))
    children: dict[str, list[Obj]] = {}
    for head in graph.objects():
        parent = graph.resolve(head.parent) if head.parent else None
        children.setdefault(parent.id if parent is not None and parent.id != head.id else "", []).append(head)
    depth = request.depth or 2**31
    if request.root:
        focus = one(graph, request.root)
        return Tree(_branch(graph, focus, children, depth), freshness(site, graph, {focus.host}))
    tops = [_branch(graph, head, children, depth - 1) for head in _sorted(children.get("", []))]
    root = Branch(f"environment:{site.config.name}", "environment", "environment", site.config.name, children=tops)
    return Tree(root, freshness(site, graph))


def _sorted(heads: list[Obj]) -> list[Obj]:
    return sorted(heads, key=lambda head: (head.kind, head.name, head.id))


def _branch(graph: GraphReader, head: Obj, children: dict[str, list[Obj]], depth: int) -> Branch:
    below = _sorted(children.get(head.id, []))
    shown = [_branch(graph, child, children, depth - 1) for child in below] if depth > 0 else []
    state = graph.attributes(head).get("state")
    return Branch(
        head.id, head.kind, head.type, head.name, state if isinstance(state, str) else "", shown,
        0 if depth > 0 else _size(below, children),
    )  # fmt: skip


def _size(heads: list[Obj], children: dict[str, list[Obj]]) -> int:
    return sum(1 + _size(children.get(head.id, []), children) for head in heads)
