"""Whether a graph holds together: ends of links, ids, owners. What is found is data, with its evidence.

The original ran two validators after a scan: that ends of links and cliques exist, and that ids are unique and parents
there. Links and cliques are derived here, so that an end that is missing tells of a defect or of a look cut short.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from calipso.graph.protocol import GraphReader, Obj
from calipso.model import ids

Check = Literal["dangling end", "duplicate id", "orphan"]
MOST = 1000
"""Findings that are kept; a graph with more is broken as a whole."""
REFERENCES = ("netns", "ovs", "bridge", "port")
"""Attributes that name another object of the same host by its id."""


class Finding(msgspec.Struct, frozen=True):
    """Something that does not hold together. id: of the object it is about; evidence: what was read, by name."""

    check: Check
    id: str
    message: str
    evidence: dict[str, Any] = {}


def validate(graph: GraphReader, *, links: bool = True) -> list[Finding]:
    """What does not hold together, by check and id; at most `MOST`. `links`: also the ends of links."""
    found: list[Finding] = []
    owners: dict[int, str] = {}
    for head in graph.objects():
        found += _duplicates(graph, head, owners)
        found += _orphans(graph, head)
        if links:
            found += _dangling(graph, head)
        if len(found) >= MOST:
            break
    return sorted(found[:MOST], key=lambda each: (each.check, each.id, each.message))


def _dangling(graph: GraphReader, head: Obj) -> Iterator[Finding]:
    for link in graph.links(head.ord):
        if graph.get(link.other) is None:
            other = graph.id_of(link.other)
            source, target = (head.id, other) if link.outgoing else (other, head.id)
            yield Finding(
                "dangling end", head.id, f"link {link.type} of {head.id} ends at {other}, which is not there",
                {"link_type": link.type, "source": source, "target": target, "missing": other},
            )  # fmt: skip
    said = graph.attributes(head)
    for name in REFERENCES:
        named = said.get(name)
        if _of_host(named, head) and graph.resolve(str(named)) is None:
            yield Finding(
                "dangling end", head.id, f"{name} of {head.id} is {named}, which is not there",
                {"attribute": name, "missing": named, "scopes": _scopes(graph, head)},
            )  # fmt: skip


def _of_host(named: object, head: Obj) -> bool:
    """Whether a value is an id of an object of the same host, and not just a name."""
    return isinstance(named, str) and "/" in named and bool(head.host) and ids.host_of(named) == ids.host_of(head.id)


def _duplicates(graph: GraphReader, head: Obj, owners: dict[int, str]) -> Iterator[Finding]:
    for member in head.members or (head.ord,):
        other = owners.setdefault(member, head.id)
        if other != head.id:
            id = graph.id_of(member)
            yield Finding(
                "duplicate id", id, f"{id} is part of {other} and of {head.id}", {"objects": sorted((other, head.id))}
            )
    if len(graph.facets(head)) < 2:  # as most: nobody to differ from
        return
    said: dict[tuple[str, str], tuple[str, str]] = {}
    for id, facet in graph.records(head):
        place = (id, facet.name.partition("@")[0])
        type, scope = said.setdefault(place, (facet.type, facet.scope))
        if type != facet.type:
            yield Finding(
                "duplicate id", id, f"{id} is a {type} for {scope} and a {facet.type} for {facet.scope}",
                {"facet": place[1], "types": {scope: type, facet.scope: facet.type}},
            )  # fmt: skip


def _orphans(graph: GraphReader, head: Obj) -> Iterator[Finding]:
    host = ids.host_of(head.id)
    lost = bool(head.parent) and graph.resolve(head.parent) is None
    if lost and (host or "owner" in graph.attributes(head)):  # global ids have slashes of their own
        yield Finding(
            "orphan", head.id, f"{head.parent}, the owner of {head.id}, is not there",
            {"missing": head.parent, "role": "owner", "scopes": _scopes(graph, head)},
        )  # fmt: skip
    if host and host not in (head.id, head.parent) and graph.resolve(host) is None:
        yield Finding(
            "orphan", head.id, f"{host}, the host of {head.id}, is not there",
            {"missing": host, "role": "host", "scopes": _scopes(graph, head)},
        )  # fmt: skip


def _scopes(graph: GraphReader, head: Obj) -> list[str]:
    return sorted({facet.scope for facet in graph.facets(head)})
