"""What is there: objects by kind, type, name or id."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import msgspec

from calipso.errors import NotFound
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.kinds import BY_NAME
from calipso.model.types import INTERFACE_TYPES, OBJECT_TYPES
from calipso.operations.answers import Freshness, ObjectView, freshness, view
from calipso.operations.context import Context

INTERFACE = "interface"
"""The word for every kernel device and Open vSwitch interface, whatever its kind."""
KINDS = frozenset(BY_NAME)
TYPES = frozenset(kind.name for kind in OBJECT_TYPES)


class GetObjects(msgspec.Struct, frozen=True, kw_only=True):
    """kind: a kind, a type, or `interface`; empty for all. id: an id, an alias or a name. limit 0: no limit."""

    kind: str = ""
    id: str = ""
    host: str = ""
    state: str = ""
    environment: str = "local"
    at: str = ""
    facets: bool = False
    limit: int = 0
    after: str = ""


class Objects(msgspec.Struct, frozen=True):
    """Objects in order of id. `next`: the `after` of the next page, empty on the last."""

    items: list[ObjectView]
    freshness: Freshness
    total: int
    next: str = ""


class CountObjects(msgspec.Struct, frozen=True, kw_only=True):
    environment: str = "local"
    at: str = ""


class Counts(msgspec.Struct, frozen=True):
    """Objects of each kind and type, and interfaces in all."""

    kinds: dict[str, int]
    types: dict[str, int]
    interfaces: int
    total: int
    freshness: Freshness


def when(context: Context, at: str) -> int | None:
    """The moment asked about, None for now."""
    return context.moment(at) if at and at != "now" else None


async def get_objects(context: Context, request: GetObjects) -> Objects:
    """Objects by kind, type, id or name. Raises `NotFound` for an unknown kind, or an id that is not there."""
    site = context.site(request.environment)
    at = when(context, request.at)
    graph = site.graph(at)
    known_kind(graph, request.kind)
    if request.id:
        heads = find(graph, request.id, request.kind)
    else:
        heads = sorted(of_kind(graph, request.kind), key=lambda head: head.id)
    kept = [head for head in heads if _wanted(graph, head, request)]
    page = [head for head in kept if head.id > request.after] if request.after else kept
    more = request.limit > 0 and len(page) > request.limit
    page = page[: request.limit] if more else page
    items = [view(site, graph, head, facets=request.facets, since=True, at=at) for head in page]
    hosts = {head.host for head in page}
    return Objects(items, freshness(site, graph, hosts), len(kept), page[-1].id if more else "")


def _wanted(graph: GraphReader, head: Obj, request: GetObjects) -> bool:
    if request.host and head.host != request.host:
        return False
    return not request.state or graph.attributes(head).get("state") == request.state


def known_kind(graph: GraphReader, kind: str) -> None:
    """Raises `NotFound` with the nearest word when a kind or type is not known."""
    if not kind or kind == INTERFACE or kind in KINDS or kind in TYPES:
        return
    if kind in graph.values("kind") or kind in graph.values("type"):
        return
    near = difflib.get_close_matches(kind, [*KINDS, *TYPES, INTERFACE], 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else "`calipso get --help` lists them"
    raise NotFound(f"no kind or type {kind!r}", hint=hint)


def of_kind(graph: GraphReader, kind: str) -> Iterator[Obj]:
    """Objects of a kind or type, of all when it is empty."""
    if not kind:
        yield from graph.objects()
        return
    if kind == INTERFACE:
        ords = {ord for name in INTERFACE_TYPES for ord in graph.find("type", name)}
    else:
        ords = {*graph.find("kind", kind), *graph.find("type", kind)}
    for ord in ords:
        head = graph.get(ord)
        if head is not None:
            yield head


def find(graph: GraphReader, word: str, kind: str = "") -> list[Obj]:
    """The object of an id or alias, else those of that name. Raises `NotFound`."""
    exact = graph.resolve(word)
    heads = [exact] if exact is not None else _named(graph, word)
    if kind:
        allowed = {head.ord for head in of_kind(graph, kind)}
        heads = [head for head in heads if head.ord in allowed]
    if not heads:
        what = kind or "object"
        raise NotFound(f"no {what} has the id or name {word!r}", hint=_near(graph, word, kind))
    return sorted(heads, key=lambda head: head.id)


def one(graph: GraphReader, word: str, kind: str = "") -> Obj:
    """The one object of an id or name. Raises `NotFound`, also when several have the name."""
    heads = find(graph, word, kind)
    if len(heads) > 1:
        ids = ", ".join(head.id for head in heads[:5])
        raise NotFound(f"{len(heads)} objects have the name {word!r}", hint=f"say which: {ids}")
    return heads[0]


def _named(graph: GraphReader, name: str) -> list[Obj]:
    return [head for ord in graph.find("name", name) if (head := graph.get(ord)) is not None]


def _near(graph: GraphReader, word: str, kind: str) -> str:
    names = [name for head in of_kind(graph, kind) for name in (head.name, head.id)]
    near = difflib.get_close_matches(word, names[:20_000], 1, 0.7)
    return f"did you mean {near[0]!r}?" if near else "`calipso get KIND` lists what is there"


async def count_objects(context: Context, request: CountObjects) -> Counts:
    """How many objects of each kind and type there are."""
    site = context.site(request.environment)
    graph = site.graph(when(context, request.at))
    types = {str(name): len(list(ords)) for name, ords in graph.values("type").items()}
    kinds = {str(name): len(list(ords)) for name, ords in graph.values("kind").items()}
    interfaces = sum(count for name, count in types.items() if name in INTERFACE_TYPES)
    return Counts(
        dict(sorted(kinds.items())), dict(sorted(types.items())), interfaces, len(graph), freshness(site, graph)
    )
