"""The original's collections, read: every document, filtered by the parameters of its REST resources, in pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import msgspec

from calipso.errors import NotFound, QueryError
from calipso.graph.protocol import GraphReader
from calipso.model.cliques import CliqueType
from calipso.operations import clique_choice
from calipso.operations import original_catalog as catalog
from calipso.operations.context import Context, Site
from calipso.operations.inventory import when
from calipso.operations.original_documents import Documents
from calipso.operations.original_parameters import RESOURCES, Parameter, conditions, matches, truth
from calipso.operations.original_scans import message_documents, scan_documents, schedule_documents
from calipso.operations.paging import Cursor

DERIVED = ("inventory", "links", "cliques")
"""Collections that are made of a graph."""
PAGE = 1000
Asked = list[tuple[Parameter, str, Any]]


class GetOriginal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """collection: of the original. where: its parameters, as `type=instance`; what is given twice has to hold twice.

    environment: empty for all. page counts from 0, page_size 0 is all. full: whole documents; else what its lists
    show. cursor: `next` of the page before, in place of `page`; all such pages show one moment.
    """

    collection: str
    environment: str = "local"
    where: tuple[str, ...] = ()
    page: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    page_size: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = PAGE
    full: bool = False
    cursor: str = ""
    at: str = ""


class OriginalDocuments(msgspec.Struct, frozen=True):
    """key: what the original calls the list. next: the `cursor` of the next page, empty on the last."""

    collection: str
    key: str
    items: list[dict[str, Any]]
    next: str = ""


class CountOriginal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """type: `environment` (which needs one), `message` or `constant`. at: of an environment, as it was then."""

    type: str
    environment: str = ""
    at: str = ""


class OriginalCounts(msgspec.Struct, frozen=True):
    """aggregates: `object_types`, `levels` and `environments`, or `names`: each with how many."""

    type: str
    aggregates: dict[str, dict[str, int]]
    env_name: str = ""


async def get_original(context: Context, request: GetOriginal) -> OriginalDocuments:
    """The documents of one of the original's collections, with its field names.

    Raises `NotFound` for a collection or environment that is not there, `QueryError` for a parameter that is none.
    """
    if request.collection not in RESOURCES:
        raise NotFound(f"no collection {request.collection!r}", hint=f"there are: {', '.join(RESOURCES)}")
    said = [_condition(each) for each in request.where]
    shown = {"sub_tree", "projection"} if request.collection == "inventory" else set()
    sub_tree = any(truth(name, text) for name, text in said if name == "sub_tree")
    asked = conditions(request.collection, [pair for pair in said if pair[0] not in shown])
    for name in () if request.full else RESOURCES[request.collection].needed:
        if name not in {each for each, _ in said}:
            raise QueryError(f"{name} must be specified")
    if request.environment:
        context.site(request.environment)
    if request.collection not in DERIVED:
        found = [each for each in await _documents(context, request) if matches(each, asked, sub_tree)]
        start = request.page * request.page_size
        items = found[start : start + request.page_size] if request.page_size else found
        return _answer(request, items, "")
    return await asyncio.to_thread(_derived, context, request, asked, sub_tree)


def _condition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise QueryError(f"{text!r} is no condition", hint="say NAME=VALUE, as in type=instance")
    return name, value


def _answer(request: GetOriginal, items: Iterable[Mapping[str, Any]], following: str) -> OriginalDocuments:
    resource = RESOURCES[request.collection]
    projection = [each for text in request.where if text.startswith("projection=") for each in text[11:].split(",")]
    shown = [_shown(item, request, projection or resource.shown) for item in items]
    return OriginalDocuments(request.collection, resource.key, shown, following)


def _shown(item: Mapping[str, Any], request: GetOriginal, names: Iterable[str]) -> dict[str, Any]:
    """A document as it is kept, or with the fields that lists show, its `_id` called `id` where it has no other."""
    whole = dict(item)
    if request.full:
        return whole
    whole.setdefault("id", whole.get("_id"))
    chosen = [name for name in names if name != "_id"]
    if not names:
        return {name: value for name, value in whole.items() if name != "_id"}
    return {name: whole[name] for name in ("id", *chosen) if name in whole}


def _derived(context: Context, request: GetOriginal, asked: Asked, sub_tree: bool) -> OriginalDocuments:
    """Documents made of graphs; a cursor goes on where the page before ended, in the same graph."""
    cursor = Cursor.read(request.cursor, request)
    sites = [context.site(request.environment)] if request.environment else _sites(context)
    if cursor is not None and len(sites) != 1:
        raise QueryError("pages by cursor are of one environment", hint="name it, or count pages")
    skip = 0 if cursor is not None else request.page * request.page_size
    items: list[dict[str, Any]] = []
    for site in sites:
        graph = site.graph(cursor.at if cursor is not None else when(context, request.at))
        documents = documents_of(context, site, graph)
        keys = documents.keys(request.collection)
        first = int(cursor.after) if cursor is not None and cursor.after.isdigit() else 0
        for position in range(first, len(keys)):
            made = documents.make(request.collection, keys[position])
            if made is None or not matches(made, asked, sub_tree):
                continue
            skip -= 1
            if skip >= 0:
                continue
            if request.page_size and len(items) == request.page_size:
                site.hold(graph)
                following = Cursor.after_last(str(position), graph.ts, request) if len(sites) == 1 else ""
                return _answer(request, items, following)
            items.append(made)
    return _answer(request, items, "")


def _sites(context: Context) -> list[Site]:
    return [context.site(each.name) for each in context.environments()]


class _Last:
    """The documents made last: further pages of an answer use the same."""

    def __init__(self) -> None:
        self.key: tuple[Any, ...] = ()
        self.documents: Documents | None = None


_LAST = _Last()


def documents_of(context: Context, site: Site, graph: GraphReader) -> Documents:
    """The documents of a graph."""
    types: tuple[CliqueType, ...] = tuple(clique_choice.types_of(context, site.config))
    kept_to = clique_choice.constraints(context)
    key = (site.config.name, graph.rev, graph.ts, site.config, types, kept_to)
    known = _LAST.documents
    if known is not None and known.graph is graph and _LAST.key == key:
        return known
    last: dict[str, int] = {}
    for state in site.scopes():
        last[state.scope.reporter] = max(last.get(state.scope.reporter, 0), state.completed)
    made = Documents(graph, site.config, types, last, lambda kind: "network" in kept_to.get(kind, ["network"]))
    _LAST.key, _LAST.documents = key, made
    return made


async def _documents(context: Context, request: GetOriginal) -> list[dict[str, Any]]:
    """Documents that are not made of a graph."""
    makers = {"scans": scan_documents, "scheduled_scans": schedule_documents, "messages": message_documents}
    maker = makers.get(request.collection)
    found = await maker(context) if maker is not None else _kept(context, request)
    if maker is not None and request.environment:
        return [each for each in found if each["environment"] == request.environment]
    return found


def _kept(context: Context, request: GetOriginal) -> list[dict[str, Any]]:
    """Documents that are declared or kept beside the graph."""
    makers: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
        "clique_types": lambda: catalog.clique_type_documents(context),
        "clique_constraints": lambda: catalog.clique_constraint_documents(context),
        "constants": catalog.constant_documents,
        "link_types": catalog.link_type_documents,
        "network_agent_types": catalog.agent_type_documents,
        "supported_environments": catalog.supported_documents,
        "attributes_for_hover_on_data": catalog.hover_documents,
        "environment_configs": lambda: [
            catalog.environment_document(site, bool(context.posts(site.config.name))) for site in _sites(context)
        ],
        "connection_tests": lambda: list(context.shelf.all("connection_tests").values()),
    }
    maker = makers.get(request.collection)
    found = maker() if maker is not None else []
    if request.collection == "clique_types" and request.environment:
        found = [each for each in found if each["environment"] in (request.environment, "ANY", "")]
    if request.collection == "connection_tests" and request.environment:
        found = [each for each in found if each["environment"] == request.environment]
    if request.collection == "environment_configs" and request.environment:
        found = [each for each in found if each["name"] == request.environment]
    return found


async def count_original(context: Context, request: CountOriginal) -> OriginalCounts:
    """How many objects of each type an environment has, or values each constant. Raises `QueryError`, `NotFound`."""
    if request.type == "environment":
        if not request.environment:
            raise QueryError("env_name must be specified for type environment")
        site = context.site(request.environment)
        documents = documents_of(context, site, site.graph(when(context, request.at)))
        counted = catalog.counted(place.type for place in documents.places.all())
        return OriginalCounts("environment", {"object_types": counted}, request.environment)
    if request.type == "constant":
        names = {each["name"]: len(each["data"]) for each in catalog.constant_documents()}
        return OriginalCounts("constant", {"names": names})
    if request.type == "message":
        found = await message_documents(context)
        levels, places = (catalog.counted(str(each[name]) for each in found) for name in ("level", "environment"))
        return OriginalCounts("message", {"levels": levels, "environments": places})
    raise QueryError(f"type must be one of: environment, message, constant; not {request.type!r}")
