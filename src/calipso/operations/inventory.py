"""What is there: objects by kind, type, name or id."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import msgspec

from calipso.errors import NotFound, QueryError
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.kinds import BY_NAME
from calipso.model.types import INTERFACE_TYPES, OBJECT_TYPES
from calipso.operations.answers import Chosen, Freshness, ObjectView, freshness
from calipso.operations.context import Context
from calipso.operations.paging import Cursor, Limit, page
from calipso.query.steps.timing import AHEAD

INTERFACE = "interface"
"""The word for every kernel device and Open vSwitch interface, whatever its kind."""
END_OF_TIME = 2**62
"""µs since the epoch: later than anything."""
KINDS = frozenset(BY_NAME)
TYPES = frozenset(kind.name for kind in OBJECT_TYPES)


class GetObjects(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """kind: a kind, a type, or `interface`; empty for all. id: an id, an alias or a name. limit 0: no limit.

    where: attributes that objects have, as `mtu=1500`. fields: what to tell beside id, kind, type, name, host and
    environment, as `state` or `attributes.mtu`; empty for all. cursor: `next` of the page before.
    """

    kind: str = ""
    id: str = ""
    host: str = ""
    state: str = ""
    where: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    environment: str = "local"
    at: str = ""
    facets: bool = False
    limit: Limit = 0
    cursor: str = ""


class Objects(msgspec.Struct, frozen=True):
    """Objects in order of id. All pages show the graph as it was for the first.

    next: the `cursor` of the next page, empty on the last.
    """

    items: list[ObjectView]
    freshness: Freshness
    total: int
    next: str = ""


class CountObjects(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    """The moment asked about, None for now. Raises `QueryError`, also of the future."""
    if not at or at == "now":
        return None
    said = context.moment(at)
    if said > context.moment("now") + AHEAD:
        raise QueryError(f"{at} is in the future, of which nothing is known", hint="leave it out for the present")
    return said


def between(context: Context, since: str, until: str) -> tuple[int, int]:
    """A stretch of time that is asked about, in µs; without bounds where none are said. Raises `QueryError`."""
    start = context.moment(since) if since else 0
    end = context.moment(until) if until else END_OF_TIME
    if start > end:
        raise QueryError("it is asked for from a moment to an earlier one", hint="since comes before until")
    return start, end


async def get_objects(context: Context, request: GetObjects) -> Objects:
    """Objects by kind, type, id or name. Raises `NotFound` for an unknown kind, or an id that is not there."""
    site = context.site(request.environment)
    cursor = Cursor.read(request.cursor, request)
    at = when(context, request.at)
    graph = site.graph(at if cursor is None else cursor.at)
    chosen = Chosen.read(request.fields, request.facets)
    wanted = _conditions(request.where)
    known_kind(graph, request.kind)
    if request.id:
        heads = find(graph, request.id, request.kind)
    else:
        heads = sorted(_candidates(graph, request), key=lambda head: head.id)
    kept = [head for head in heads if _wanted(graph, head, request, wanted)]
    left = kept if cursor is None else [head for head in kept if head.id > cursor.after]
    shown, more = page(left, request.limit)
    items = [chosen.view(site, graph, head, at) for head in shown]
    if more:
        site.hold(graph)
    following = Cursor.after_last(shown[-1].id, graph.ts, request) if more else ""
    return Objects(items, freshness(site, graph, {head.host for head in shown}), len(kept), following)


def _candidates(graph: GraphReader, request: GetObjects) -> Iterator[Obj]:
    """What the index narrows the question to."""
    if not request.host:
        return of_kind(graph, request.kind)
    here = (head for ord in graph.find("host", request.host) if (head := graph.get(ord)) is not None)
    return (head for head in here if _is(head, request.kind))


def _is(head: Obj, kind: str) -> bool:
    return not kind or kind in (head.kind, head.type) or (kind == INTERFACE and head.type in INTERFACE_TYPES)


def _conditions(where: tuple[str, ...]) -> list[tuple[str, str]]:
    conditions = []
    for each in where:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise QueryError(f"{each!r} is no condition", hint="say NAME=VALUE, as in mtu=1500")
        conditions.append((name, value))
    return conditions


def _wanted(graph: GraphReader, head: Obj, request: GetObjects, conditions: list[tuple[str, str]]) -> bool:
    if request.host and head.host != request.host:
        return False
    if not request.state and not conditions:
        return True
    attributes = graph.attributes(head)
    if request.state and attributes.get("state") != request.state:
        return False
    return all(name in attributes and _said(attributes[name]) == value for name, value in conditions)


def _said(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


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
