"""labs/openstack looked at by Calipso: one scan of the APIs and all hosts into a folder, and what it shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from calipso.graph.clique import Clique, find_clique
from calipso.graph.protocol import GraphReader
from calipso.model.cliques import CLIQUE_TYPES
from calipso.runtime.home import Home
from calipso.runtime.system import opened
from labs.openstack.environment import NAME, environment
from labs.openstack.running import Running

Link = tuple[str, str, str]
TYPES = {each.name: each for each in CLIQUE_TYPES}
INTENT = ("keystone", "nova", "neutron", "ovn")
"""Facets of what says the same however often it is asked."""


def once(text: str) -> str:
    """A file of oslo.config without the one option of the lab that may be said several times."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("service_provider = "))


def home_of(lab: Running, folder: Path) -> Home:
    """A folder of Calipso's that knows the lab."""
    home = Home(folder)
    home.prepare()
    (home.environments / f"{NAME}.yaml").write_text(environment(lab))
    return home


def scanned(home: Home) -> GraphReader:
    """After one more scan that met no error."""

    async def scan() -> GraphReader:
        async with opened(home, NAME) as system:
            assert await system.scan(NAME) == []
            return system.site(NAME).graph()

    return asyncio.run(scan())


def links_of(graph: GraphReader, types: Collection[str]) -> set[Link]:
    """(type, source, target) of all links of these types."""
    found = set()
    for head in graph.objects():
        for link in graph.links(head.ord, types):
            other = graph.get(link.other)
            if link.outgoing and other is not None:
                found.add((link.type, head.id, other.id))
    return found


def told_by(graph: GraphReader, facets: Collection[str]) -> dict[str, dict[str, str]]:
    """Kind → id → name of what one of these facets speaks of."""
    found: dict[str, dict[str, str]] = {}
    for head in graph.objects():
        if any(facet.name.partition("@")[0] in facets for facet in graph.facets(head)):
            found.setdefault(head.kind, {})[head.id] = head.name
    return found


def clique(graph: GraphReader, focal: str, name: str) -> Clique:
    head = graph.resolve(focal)
    assert head is not None, focal
    return find_clique(graph, head, TYPES[name])


def shown(graph: GraphReader) -> dict[str, Any]:
    """All objects with their links, and what the cloud intends with every attribute; rules and tables are not in it."""
    out = {}
    for head in graph.objects():
        if head.kind == "openflow_rule":
            continue
        links = sorted(
            f"{link.type} {'to' if link.outgoing else 'from'} {other.id}"
            for link in graph.links(head.ord)
            if (other := graph.get(link.other)) is not None and other.kind != "openflow_rule"
        )
        facets = {
            facet.name: facet.attributes if facet.name.partition("@")[0] in INTENT else facet.type
            for facet in graph.facets(head)
        }
        where = [head.kind, head.type, head.name, head.host, head.parent, head.networks, head.media]
        out[head.id] = json.loads(json.dumps([where, links, facets], sort_keys=True))
    return out
