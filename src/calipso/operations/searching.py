"""Finding by a few characters: names, ids, addresses and MACs, also of what is gone."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

import msgspec

from calipso.graph.heads import decode_head
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.kinds import BY_NAME
from calipso.model.moments import rfc3339
from calipso.operations.answers import Freshness, freshness, state_of
from calipso.operations.context import Context, Site
from calipso.operations.inventory import when

ReadAs = Literal["query", "address", "address_prefix", "mac", "id", "name"]
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{0,2}){1,5}")
PREFIX = re.compile(r"\d{1,3}(\.\d{0,3}){1,3}(/\d{0,2})?")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]*")
LAST = 99


class Search(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: a part of a name, id, address or MAC. kind: only these. limit: results handed out at most."""

    text: str
    kind: str = ""
    environment: str = "local"
    at: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 20


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """field, value: where the text was found. until: when it was last there, "" for what is there."""

    id: str
    kind: str
    type: str
    name: str
    host: str
    state: str = ""
    field: str = "name"
    value: str = ""
    until: str = ""


class SearchAnswer(msgspec.Struct, frozen=True):
    """read_as: how the text was understood. Hits that are there come first; total: how many there are of them."""

    read_as: ReadAs
    hits: list[Hit]
    total: int
    freshness: Freshness


async def search(context: Context, request: Search) -> SearchAnswer:
    """What holds a text: objects that are there by kind, then those that once were."""
    site = context.site(request.environment)
    graph = site.graph(when(context, request.at))
    text = request.text.strip().lower()
    if not text:
        return SearchAnswer("name", [], 0, freshness(site, graph))
    there: dict[int, Hit] = {}
    gone: list[Hit] = []
    for ord in (*_named(graph, request.text.strip()), *site.store.search(text, request.limit * 4)):
        head = graph.get(ord)
        if head is None:
            past = _past(site, ord)
            if past is not None and request.kind in ("", past.kind):
                gone.append(past)
        elif request.kind in ("", head.kind, head.type) and ord not in there:
            there[ord] = _hit(graph, head, text)
    found = sorted(there.values(), key=lambda hit: (*_rank(hit, text), hit.name, hit.id))
    return SearchAnswer(
        read_as(request.text), [*found[: request.limit], *gone[: max(2, request.limit // 4)]], len(found),
        freshness(site, graph),
    )  # fmt: skip


def read_as(text: str) -> ReadAs:
    """What a text looks like."""
    said = text.strip().lower()
    if said.startswith("g."):
        return "query"
    try:
        ipaddress.ip_address(said)
    except ValueError:
        pass
    else:
        return "address"
    if PREFIX.fullmatch(said):
        return "address_prefix"
    if MAC.fullmatch(said):
        return "mac"
    return "id" if ID.fullmatch(said) or "/" in said else "name"


def _named(graph: GraphReader, text: str) -> list[int]:
    """What has just this name or address: known at once, while the index by text is some seconds behind."""
    exact = graph.resolve(text)
    found = [] if exact is None else [exact.ord]
    address = text.lower()
    return [*found, *graph.find("name", text), *graph.find("ip", address), *graph.find("mac", address)]


def _hit(graph: GraphReader, head: Obj, text: str) -> Hit:
    said = graph.attributes(head)
    field, value = _where(head, said, text)
    return Hit(head.id, head.kind, head.type, head.name, head.host, state_of(said), field, value)


def _where(head: Obj, said: dict[str, Any], text: str) -> tuple[str, str]:
    if text in head.name.lower():
        return "name", head.name
    for field, value in said.items():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, str) and text in each.lower():
                return field, each
    return "id", head.id


def _rank(hit: Hit, text: str) -> tuple[int, int]:
    """Exact names and addresses first, then workloads before what carries them."""
    exact = 0 if text in (hit.name.lower(), hit.value.lower(), hit.value.lower().partition("/")[0]) else 1
    kind = BY_NAME.get(hit.kind)
    layer = LAST if kind is None or kind.layer < 0 else kind.layer
    return exact, layer


def _past(site: Site, ord: int) -> Hit | None:
    """An object that is gone, as it last was."""
    last = None
    until = 0
    for row in site.store.timeline(ord):
        if row.what != "head":
            continue
        if row.body is None:
            until = row.ts
        else:
            last = decode_head(ord, row.body)
    if not until:
        return None
    id = site.store.id_of(ord)
    if last is None:  # how it was is before what the history still holds
        return Hit(id, "", "", id.rpartition("/")[2].partition(":")[2] or id, "", until=rfc3339(until))
    return Hit(id, last.kind, last.type, last.name, last.host, until=rfc3339(until))
