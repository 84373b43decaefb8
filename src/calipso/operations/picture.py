"""What a map draws: every object and link of an environment, referring to each other by place, and when it changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from calipso.errors import QueryError
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.value import Graph
from calipso.model.moments import rfc3339
from calipso.operations.answers import Freshness, freshness, state_of
from calipso.operations.context import Context, Site
from calipso.operations.inventory import when

HOUR = 3_600_000_000
"""µs."""
NOWHERE = -1
OWNERSHIP = "ownership"
LINK_LOCAL = ("fe80:", "127.", "::1")
"""Addresses that tell nothing of an object: every one has them."""


class GetMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    environment: str = "local"
    at: str = ""


class MapObject(msgspec.Struct, frozen=True, array_like=True):
    """An object as a list. parent, networks: places in the list of objects; parent -1 for none.

    networks null: not known. note: what a second line says, as an address or a tag.
    """

    id: str
    name: str
    kind: str
    type: str
    host: str
    parent: int
    state: str
    note: str
    project: str
    zone: str
    networks: list[int] | None


class MapLink(msgspec.Struct, frozen=True, array_like=True):
    """A link as a list. type: place in the list of link types; source, target: in the list of objects."""

    type: int
    source: int
    target: int


class Map(msgspec.Struct, frozen=True):
    """Objects in order of id. Links without `ownership`, which `parent` tells."""

    objects: list[MapObject]
    link_types: list[str]
    links: list[MapLink]
    freshness: Freshness


class GetDensity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """start, end: moments; six hours up to now without them. bins: how many equal parts."""

    start: str = ""
    end: str = ""
    bins: Annotated[int, msgspec.Meta(ge=1, le=720)] = 180
    environment: str = "local"


class Density(msgspec.Struct, frozen=True):
    """counts: changes in each part, oldest first. begins: the oldest moment that can be asked for."""

    start: str
    end: str
    begins: str
    counts: list[int]
    revision: int


class Look(NamedTuple):
    """What is drawn of an object's facts."""

    state: str
    note: str
    project: str
    zone: str


async def get_map(context: Context, request: GetMap) -> Map:
    """All objects and links of an environment in one compact answer, for drawing them."""
    site = context.site(request.environment)
    # In a thread: a large environment takes a second, for which nobody else is to wait.
    return await asyncio.to_thread(_map, site, when(context, request.at))


def _map(site: Site, at: int | None) -> Map:
    graph = site.graph(at)
    heads = sorted(graph.objects(), key=lambda head: head.id)
    places = {head.id: place for place, head in enumerate(heads)}
    types, links = _links(graph, heads)
    if isinstance(graph, Graph):
        told = _LOOKS.setdefault(site, Looks()).of(graph, heads)
    else:
        told = [_look(graph.attributes(head)) for head in heads]
    objects = [_drawn(graph, head, look, places) for head, look in zip(heads, told, strict=True)]
    return Map(objects, types, links, freshness(site, graph))


def _links(graph: GraphReader, heads: list[Obj]) -> tuple[list[str], list[MapLink]]:
    """The names of link types, and all links in order of source, target and type."""
    places = {head.ord: place for place, head in enumerate(heads)}
    names, types = graph.link_names(), dict[str, int]()
    links = []
    for place, head in enumerate(heads):
        ends = iter(graph.flat_ends(head.ord))
        found = []
        for code, other in zip(ends, ends, strict=True):
            if code & 1 or (name := names[code >> 1]) == OWNERSHIP:
                continue
            target = places.get(other)
            if target is not None:
                found.append((target, types.setdefault(name, len(types))))
        found.sort()
        links += [MapLink(type, place, target) for target, type in found]
    return list(types), links


class Looks:
    """What a picture tells of facts, kept while these are the same: most of the time it takes is to decode them.

    Encoded facts are known by identity, which they keep for as long as nothing is said anew.
    """

    def __init__(self) -> None:
        self._kept: dict[object, tuple[object, Mapping[str, str], Look]] = {}
        self._read_by: object = None

    def of(self, graph: Graph, heads: list[Obj]) -> list[Look]:
        """For each object; what is not among them is let go."""
        before = self._kept if self._read_by is graph.decoder else {}  # another environment's words mean something else
        now, told = dict[object, tuple[object, Mapping[str, str], Look]](), []
        for head in heads:
            facts = graph.facts_of(head)
            place = tuple(map(id, facts))
            kept = before.get(place)
            if kept is None or kept[1] is not graph.hosts:
                kept = (facts, graph.hosts, _look(graph.attributes(head)))  # holds `facts`, so its ids stay taken
            now[place] = kept
            told.append(kept[2])
        self._kept, self._read_by = now, graph.decoder
        return told


_LOOKS: WeakKeyDictionary[Site, Looks] = WeakKeyDictionary()


def _look(said: dict[str, Any]) -> Look:
    return Look(state_of(said), _note(said), _text(said, "project"), _text(said, "availability_zone"))


def _drawn(graph: GraphReader, head: Obj, look: Look, places: dict[str, int]) -> MapObject:
    parent = graph.resolve(head.parent) if head.parent else None
    networks = None
    if head.networks is not None:
        networks = sorted(places[each] for each in head.networks if each in places)
    return MapObject(
        head.id, head.name, head.kind, head.type, head.host,
        places[parent.id] if parent is not None and parent.id != head.id else NOWHERE,
        look.state, look.note, look.project, look.zone, networks,
    )  # fmt: skip


def _note(said: dict[str, Any]) -> str:
    """The one fact that tells an object from others of its kind."""
    for name in ("ips", "fixed_ips", "addresses"):
        value = said.get(name)
        for each in value if isinstance(value, list) else ():
            if isinstance(each, str) and not each.startswith(LINK_LOCAL):
                return each
    for name in ("ip", "local_ip", "remote_ip"):
        if found := _text(said, name):
            return found
    tag = said.get("tag")
    if isinstance(tag, int):
        return f"tag {tag}"
    return _text(said, "service_type") or _text(said, "version")


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


async def get_density(context: Context, request: GetDensity) -> Density:
    """How many changes there were in each part of a stretch of time. Raises `QueryError` when it runs backwards."""
    site = context.site(request.environment)
    end = context.moment(request.end or "now")
    start = context.moment(request.start) if request.start else max(0, end - 6 * HOUR)
    if start >= end:
        raise QueryError("the stretch would run backwards", hint=f"{request.start!r} is not before {request.end!r}")
    begins = site.store.begins
    bounds = [start + (end - start) * part // request.bins for part in range(request.bins + 1)]
    revisions = [site.store.revision(max(bound, begins)) for bound in bounds]
    counts = [after - before for before, after in pairwise(revisions)]
    return Density(rfc3339(start), rfc3339(end), rfc3339(begins), counts, revisions[-1])
