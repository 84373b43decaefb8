"""What was: the history of an object, the difference between two moments."""

from __future__ import annotations

import msgspec

from calipso.errors import NotFound, QueryError
from calipso.graph.diff import Diff, Difference, Field, LinkDifference, compare
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.timeline import events
from calipso.operations.answers import Freshness, freshness, rfc3339
from calipso.operations.context import Context, Site
from calipso.operations.inventory import find, when


class GetHistory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: an id, alias or name, of an object that is or was. since: how far back."""

    id: str
    since: str = ""
    environment: str = "local"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """op: appeared, changed, linked, unlinked, vanished."""

    at: str
    op: str
    source: str = ""
    fields: list[Field] = []
    link: str = ""
    other: str = ""
    outgoing: bool = False


class History(msgspec.Struct, frozen=True):
    """Events of an object, oldest first. `alive`: whether it is there now."""

    id: str
    alive: bool
    events: list[Event]
    freshness: Freshness


class GetDiff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """start, end: moments; end defaults to now. id: an object and all that belongs to it, empty for everything."""

    start: str
    end: str = ""
    id: str = ""
    environment: str = "local"


class DiffView(msgspec.Struct, frozen=True):
    """Objects in order of host and kind, field by field; links."""

    start: str
    end: str
    objects: list[Difference]
    links: list[LinkDifference]
    freshness: Freshness


async def get_history(context: Context, request: GetHistory) -> History:
    """Everything that happened to an object, also one that is gone. Raises `NotFound`."""
    site = context.site(request.environment)
    graph = site.graph()
    since = max(when(context, request.since) or 0, site.store.begins)
    ord, id, alive = _known(site, graph, request.id)
    rows = site.store.timeline(ord, since)
    found = events(rows, ord, site.store.codec, site.store.id_of, site.graph(since))
    shown = [
        Event(rfc3339(each.ts), each.op, each.source, each.fields, each.link, each.other, each.outgoing)
        for each in found
    ]
    return History(id, alive, shown, freshness(site, graph))


def _known(site: Site, graph: GraphReader, word: str) -> tuple[int, str, bool]:
    """(ordinal, id, whether it is there now) of an object that is or was."""
    try:
        heads: list[Obj] = find(graph, word)
    except NotFound:
        heads = []
    if len(heads) > 1:
        raise NotFound(
            f"{len(heads)} objects have the name {word!r}", hint="say which: " + ", ".join(h.id for h in heads[:5])
        )
    if heads:
        return heads[0].ord, heads[0].id, True
    ord = site.store.ord_of(word)
    if ord is None:
        ord = _once_named(site, word)
    if ord is None:
        raise NotFound(f"nothing was ever known as {word!r}", hint="give the whole id, as in HOST/netns:NAME")
    return ord, site.store.id_of(ord), False


def _once_named(site: Site, name: str) -> int | None:
    """An object that is gone, by its name, when exactly one had it."""
    ending = (f":{name}", f"/{name}")
    found = [ord for ord, id in site.known_ids() if id.endswith(ending)]
    return found[0] if len(found) == 1 else None


async def get_diff(context: Context, request: GetDiff) -> DiffView:
    """What is different between two moments, field by field. Raises `QueryError` when they are the wrong way round."""
    site = context.site(request.environment)
    t0, t1 = context.moment(request.start), context.moment(request.end or "now")
    if t0 > t1:
        raise QueryError("the diff would run backwards", hint=f"{request.start!r} is after {request.end or 'now'!r}")
    old, new = site.graph(t0), site.graph(t1)
    touched = {row.ord for row in site.store.changes(old.ts, new.ts)}
    touched |= {row.other for row in site.store.changes(old.ts, new.ts) if row.what == "link"}
    diff = compare(old, new, touched)
    if request.id:
        diff = _within(diff, request.id, old, new)
    return DiffView(rfc3339(t0), rfc3339(t1), diff.objects, diff.links, freshness(site, new))


def _within(diff: Diff, word: str, old: GraphReader, new: GraphReader) -> Diff:
    ids: set[str] = set()
    for graph in (new, old):
        try:
            ids.update(head.id for head in find(graph, word))
        except NotFound:
            continue
    if not ids:
        raise NotFound(f"{word!r} is there at neither moment")

    def inside(id: str) -> bool:
        return any(id == one or id.startswith(one + "/") for one in ids)

    return Diff(
        [each for each in diff.objects if inside(each.id)],
        [each for each in diff.links if inside(each.source) or inside(each.target)],
    )
