"""What is different between two moments: field by field, by host and kind, with what brought it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from calipso.errors import NotFound, QueryError
from calipso.graph.clique import find_clique
from calipso.graph.diff import Diff, Difference, Field, compare
from calipso.graph.protocol import GraphReader
from calipso.model.moments import rfc3339
from calipso.model.scoring import choose, clique_types
from calipso.operations.answers import Freshness, freshness
from calipso.operations.causes import Cause, Causes
from calipso.operations.context import Context, Site
from calipso.operations.inventory import find
from calipso.operations.querying import Reach
from calipso.operations.questions import QUESTIONS, Turn
from calipso.query.evaluate import Found, Tie, evaluate
from calipso.query.run import Limits

SECONDS = 120.0
"""That a diff may wait for other questions."""
LIMITS = Limits(seconds=20.0, results=1_000_000)


class GetDiff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """start, end: moments; end defaults to now. Of everything, or of what one of these held at either moment:

    id: an object and all that belongs to it. clique: the clique of a focal object. query: the objects of a query.
    """

    start: str
    end: str = ""
    id: str = ""
    clique: str = ""
    query: str = ""
    environment: str = "local"


class ObjectDifference(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object that was added, removed or changed, and what brought that, oldest first."""

    op: str
    id: str
    kind: str
    host: str
    name: str
    fields: list[Field] = []
    brought: list[Cause] = []


class LinkChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A link that came (`added`) or went (`removed`), and what brought that."""

    op: str
    type: str
    source: str
    target: str
    brought: list[Cause] = []


class Group(msgspec.Struct, frozen=True):
    """How much is different of a kind on a host."""

    host: str
    kind: str
    added: int = 0
    removed: int = 0
    changed: int = 0


class DiffView(msgspec.Struct, frozen=True):
    """Objects in order of host and kind, field by field; links; `groups` count the objects of each host and kind."""

    start: str
    end: str
    groups: list[Group]
    objects: list[ObjectDifference]
    links: list[LinkChange]
    freshness: Freshness


async def get_diff(context: Context, request: GetDiff) -> DiffView:
    """What is different between two moments, and what brought it. Raises `QueryError` when it would run backwards."""
    site = context.site(request.environment)
    t0, t1 = context.moment(request.start), context.moment(request.end or "now")
    if t0 > t1:
        raise QueryError("the diff would run backwards", hint=f"{request.start!r} is after {request.end or 'now'!r}")
    if sum(map(bool, (request.id, request.clique, request.query))) > 1:
        raise QueryError("id, clique and query are three ways to say of what", hint="say one of them")
    return await QUESTIONS.work(lambda turn: _different(site, t0, t1, request, turn), seconds=SECONDS)


def _different(site: Site, t0: int, t1: int, request: GetDiff, turn: Turn) -> DiffView:
    old, new = site.graph(t0), site.graph(t1)
    causes = Causes(site, old, new)
    diff = _within(compare(old, new, causes.touched), _wanted(site, old, new, request, turn))
    objects = [
        ObjectDifference(each.op, each.id, each.kind, each.host, each.name, each.fields, causes.of_object(each.id))
        for each in diff.objects
    ]
    links = [
        LinkChange(each.op, each.type, each.source, each.target, causes.of_link(each.type, each.source, each.target))
        for each in diff.links
    ]
    return DiffView(rfc3339(t0), rfc3339(t1), _groups(diff.objects), objects, links, freshness(site, new))


def _groups(found: Iterable[Difference]) -> list[Group]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for each in found:
        of = counts.setdefault((each.host, each.kind), {})
        of[each.op] = of.get(each.op, 0) + 1
    return [Group(host, kind, **ops) for (host, kind), ops in counts.items()]


def _within(diff: Diff, ids: set[str] | None) -> Diff:
    if ids is None:
        return diff
    return Diff(
        [each for each in diff.objects if each.id in ids],
        [each for each in diff.links if each.source in ids or each.target in ids],
    )


# ── of what ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _wanted(site: Site, old: GraphReader, new: GraphReader, request: GetDiff, turn: Turn) -> set[str] | None:
    """Ids of the objects asked about, at either moment; None for all. Raises `NotFound`, `QueryError`."""
    if request.query:
        return _of_query(site, (old, new), request.query, turn)
    word = request.id or request.clique
    if not word:
        return None
    of = _below if request.id else _of_clique
    found: set[str] = set()
    there = False
    for graph in (old, new):
        try:
            focal = [head.id for head in find(graph, word)]
        except NotFound:
            continue
        there = True
        found.update(id for each in focal for id in of(site, graph, each))
    if not there:
        raise NotFound(f"{word!r} is there at neither moment", hint="give its whole id, or another time")
    return found


def _below(site: Site, graph: GraphReader, id: str) -> Iterator[str]:
    """An object and all that belongs to it: by its place in the tree, or by its id."""
    known: dict[str, bool] = {id: True}

    def inside(one: str) -> bool:
        way: list[str] = []
        while one not in known:
            way.append(one)
            known[one] = one.startswith(id + "/")  # ends a circle, too
            head = graph.resolve(one)
            if known[one] or head is None or not head.parent:
                break
            one = head.parent
        for each in way:
            known[each] = known[one]
        return known[one]

    return (head.id for head in graph.objects() if inside(head.id))


def _of_clique(site: Site, graph: GraphReader, id: str) -> Iterable[str]:
    focal = graph.resolve(id)
    chosen = None if focal is None else choose(clique_types(site.config), focal.kind, site.config, "")
    if focal is None or chosen is None:
        raise NotFound(
            f"there is no clique of {id!r}", hint="cliques begin at instances, services, containers or networks"
        )
    return find_clique(graph, focal, chosen, None).objects


def _of_query(site: Site, graphs: tuple[GraphReader, GraphReader], text: str, turn: Turn) -> set[str]:
    """What it finds at either moment; what it asks for by id has to be there at one of them."""
    found: set[str] = set()
    wrong: list[QueryError] = []
    for graph in graphs:
        try:
            rows = evaluate(text, _Then(site, graph), turn.clock, LIMITS).rows
        except QueryError as error:
            wrong.append(error)
        else:
            found.update(id for row in rows for id in _ids(row.value))
    if len(wrong) == len(graphs):
        raise wrong[-1]
    return found


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, Found):
        yield value.head.id
    elif isinstance(value, Tie):
        yield from (value.source, value.target)
    elif isinstance(value, list) and all(isinstance(each, Found | Tie) for each in value):
        for each in value:
            yield from _ids(each)
    else:
        raise QueryError(
            "a diff is of objects, and this query gives values", hint="leave out what makes values of them"
        )


class _Then(Reach):
    """A query's world in which now is one moment."""

    def __init__(self, site: Site, graph: GraphReader) -> None:
        super().__init__(site, graph.ts, graph.ts)
        self._graph = graph

    def graph(self, at: int | None) -> GraphReader:
        return self._graph if at is None else super().graph(at)
