"""The shapes of answers: the same in REST, CLI and SDK."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from calipso.errors import QueryError
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.moments import rfc3339
from calipso.model.record import ScopeState
from calipso.operations.context import Site


class Freshness(msgspec.Struct, frozen=True):
    """How far an answer can be trusted. `stale`: scopes whose last look did not complete; their facts may be old."""

    as_of: str
    revision: int
    stale: list[str] = []
    trouble: str = ""


class FacetView(msgspec.Struct, frozen=True):
    """One source's word on an object, and the scope it comes from."""

    type: str
    scope: str
    attributes: dict[str, Any]


class ObjectView(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object as users see it."""

    id: str
    kind: str
    type: str
    name: str
    host: str
    environment: str
    state: str = ""
    parent: str = ""
    networks: list[str] | None = None
    media: list[str] = []
    aliases: list[str] = []
    attributes: dict[str, Any] = {}
    facets: dict[str, FacetView] | None = None
    metrics: dict[str, float] | None = None
    valid_from: str | None = None


class LinkView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A link; `through`: ids passed from source to target. `observed`: whether what it promises is really there."""

    type: str
    source: str
    target: str
    through: list[str] = []
    routed: bool = False
    network: list[str] | None = None
    state: str = ""
    observed: bool | None = None


def freshness(site: Site, graph: GraphReader, hosts: Iterable[str] = ()) -> Freshness:
    """The freshness of an answer about some hosts; of the whole environment when none are named."""
    wanted = {host for host in hosts if host}
    stale = [state.scope.key for state in site.scopes() if state.stale and _concerns(state, wanted)]
    return Freshness(rfc3339(graph.ts), graph.rev, stale, site.trouble)


def _concerns(state: ScopeState, hosts: set[str]) -> bool:
    return not hosts or state.scope.reporter in hosts


def state_of(attributes: dict[str, Any]) -> str:
    """`up`, `down`, `unknown`, or "" for what has no state."""
    state = attributes.get("state")
    return state if isinstance(state, str) else ""


def view(
    site: Site, graph: GraphReader, head: Obj, *, facets: bool = False, since: bool = False, at: int | None = None
) -> ObjectView:
    """An object's view; with its facets and since when it is as it is, on request."""
    attributes = graph.attributes(head)
    changed = _changed(site, graph, head, at) if since else None
    return ObjectView(
        id=head.id, kind=head.kind, type=head.type, name=head.name, host=head.host, environment=site.config.name,
        state=state_of(attributes), parent=head.parent,
        networks=None if head.networks is None else list(head.networks),
        media=[medium for medium in head.media if medium],
        aliases=[graph.id_of(member) for member in head.members if member != head.ord],
        attributes=attributes, facets=_facets(graph, head) if facets else None,
        metrics=site.metrics.get(head.id) if at is None else None,
        valid_from=rfc3339(changed) if changed is not None else None,
    )  # fmt: skip


def _changed(site: Site, graph: GraphReader, head: Obj, at: int | None) -> int | None:
    """When it last changed as far as this graph knows, which may be an earlier one than the newest."""
    changed = site.changed_at(head.ord, at)
    return site.changed_at(head.ord, graph.ts) if changed is not None and changed > graph.ts else changed


ALWAYS = ("id", "kind", "type", "name", "host", "environment")
PARTS = tuple(name for name in ObjectView.__struct_fields__ if name not in ALWAYS)
"""What of an object can be asked for or left out."""


class Chosen(msgspec.Struct, frozen=True):
    """What of objects an answer tells: parts, and single attributes."""

    parts: frozenset[str]
    attributes: tuple[str, ...] = ()

    @classmethod
    def read(cls, fields: tuple[str, ...], facets: bool) -> Chosen:
        """Raises `QueryError` naming a field that is none."""
        if not fields:
            return cls(frozenset(PARTS) if facets else frozenset(PARTS) - {"facets"})
        single = tuple(each.partition(".")[2] for each in fields if each.startswith("attributes."))
        parts = {each for each in fields if not each.startswith("attributes.") and each not in ALWAYS}
        unknown = sorted(parts - set(PARTS))
        if unknown:
            raise QueryError(f"no field {unknown[0]!r}", hint=f"there are: {', '.join(PARTS)}, attributes.NAME")
        return cls(frozenset(parts | {"facets"} if facets else parts), single)

    def view(self, site: Site, graph: GraphReader, head: Obj, at: int | None) -> ObjectView:
        """An object's view with what was chosen; the rest is neither looked up nor told."""
        whole = view(site, graph, head, facets="facets" in self.parts, since="valid_from" in self.parts, at=at)
        if self.parts >= set(PARTS) - {"facets"}:
            return whole
        said = {name: getattr(whole, name) for name in (*ALWAYS, *PARTS) if name in ALWAYS or name in self.parts}
        if self.attributes and "attributes" not in self.parts:
            said["attributes"] = {name: whole.attributes[name] for name in self.attributes if name in whole.attributes}
        return ObjectView(**said)


def _facets(graph: GraphReader, head: Obj) -> dict[str, FacetView]:
    out: dict[str, FacetView] = {}
    for facet in graph.facets(head):
        name = facet.name.partition("@")[0]
        key = name if name not in out else facet.name
        while key in out:
            key += "'"
        out[key] = FacetView(facet.type, facet.scope, facet.attributes)
    return out
