"""What was: the history of an object."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from calipso.errors import NotFound
from calipso.graph import timeline
from calipso.graph.diff import Field
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.timeline import events
from calipso.model.moments import rfc3339
from calipso.operations.answers import Freshness, freshness
from calipso.operations.context import Context, Site
from calipso.operations.inventory import find, when
from calipso.operations.paging import Cursor, Limit, page


class GetHistory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: an id, alias or name, of an object that is or was. since: how far back; until: to when, now without it.

    limit: events of a page, 0 for all. cursor: `next` of the page before.
    """

    id: str
    since: str = ""
    until: str = ""
    limit: Limit = 0
    cursor: str = ""
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
    """Events of an object, oldest first. `alive`: whether it is there now.

    next: the `cursor` of the next page, empty on the last; all pages end at the moment of the first.
    """

    id: str
    alive: bool
    events: list[Event]
    freshness: Freshness
    next: str = ""


async def get_history(context: Context, request: GetHistory) -> History:
    """Everything that happened to an object, also one that is gone. Raises `NotFound`."""
    site = context.site(request.environment)
    graph = site.graph()
    since = max(when(context, request.since) or 0, site.store.begins)
    ord, id, alive = _known(site, graph, request.id)
    cursor = Cursor.read(request.cursor, request)
    until = (when(context, request.until) or graph.ts) if cursor is None else cursor.at
    rows = site.store.timeline(ord, since, until)
    found = _placed(events(rows, ord, site.store.codec, site.store.id_of, site.graph(since)))
    left = found if cursor is None else [each for each in found if each[0] > cursor.after]
    shown, more = page(left, request.limit)
    following = Cursor.after_last(shown[-1][0], until, request) if more else ""
    return History(id, alive, [event for _, event in shown], freshness(site, graph), following)


def _placed(found: Iterable[timeline.Event]) -> list[tuple[str, Event]]:
    """Events with their places: their moment, and how many of that moment are before."""
    out: list[tuple[str, Event]] = []
    ts, nth = 0, 0
    for each in found:
        ts, nth = each.ts, nth + 1 if each.ts == ts else 0
        shown = Event(rfc3339(ts), each.op, each.source, each.fields, each.link, each.other, each.outgoing)
        out.append((f"{ts:020}.{nth:06}", shown))
    return out


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
