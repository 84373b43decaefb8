"""The lab as Calipso sees it, put beside what is declared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from calipso.graph.clique import find_clique
from calipso.graph.explain import why
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.cliques import CLIQUE_TYPES
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from labs.plain.cliques import Clique
from labs.plain.environment import environment
from labs.plain.expectation import Expected, Link
from labs.plain.running import Running

NAME = "plain"
OPENFLOW = ("ofrule", "ofgroup")
TYPES = {each.name: each for each in CLIQUE_TYPES}


def home(lab: Running, folder: Path) -> Home:
    """A state folder that knows the lab."""
    made = Home(folder)
    made.prepare()
    (made.environments / f"{NAME}.yaml").write_text(environment(lab))
    return made


async def scanned(lab: Running, folder: Path) -> GraphReader:
    """The graph after one scan that met no error."""
    async with opened(home(lab, folder), NAME) as system:
        assert await system.scan(NAME) == []
        return graph_of(system)


def graph_of(system: System) -> GraphReader:
    return system.site(NAME).graph()


def objects(graph: GraphReader) -> Iterator[Obj]:
    return (head for head in graph.objects() if head.type not in OPENFLOW)


def links(graph: GraphReader) -> set[Link]:
    """All links but those of OpenFlow rules."""
    found = set()
    for head in objects(graph):
        for link in graph.links(head.ord):
            other = graph.get(link.other)
            assert other is not None
            if link.outgoing and other.type not in OPENFLOW:
                found.add((link.type, head.id, other.id))
    return found


def clique(graph: GraphReader, id: str, type: str = "instance") -> Clique:
    """A clique's objects and links; nothing of it may be unknown."""
    focal = graph.resolve(id)
    assert focal is not None, f"{id} is not there"
    found = find_clique(graph, focal, TYPES[type])
    assert found.unknown == []
    return Clique(frozenset(found.objects), frozenset((link.type, link.source, link.target) for link in found.links))


def differences(graph: GraphReader, wanted: Expected) -> list[str]:
    """What is not as declared, in words: objects, attributes, links and what they go through, networks."""
    seen = {head.id: head for head in objects(graph)}
    out = []
    for id in sorted({*seen, *wanted.objects}):
        head = seen.get(id)
        is_ = (head.kind, head.type) if head is not None else None
        if is_ != wanted.objects.get(id):
            out.append(f"{id}: is {is_}, declared {wanted.objects.get(id)}")
        elif head is not None:
            out += _attributes(graph, head, wanted.attributes[id])
    mine = links(graph)
    out += [f"not declared: {link}" for link in sorted(mine - wanted.links)]
    out += [f"missing: {link}" for link in sorted(wanted.links - mine)]
    out += [f"{link}: through {through}" for link in sorted(mine & wanted.links) if (through := _other_way(
        graph, link, wanted))]  # fmt: skip
    for id, networks in wanted.networks.items():
        head = graph.resolve(id)
        if head is None or head.networks != networks:
            out.append(f"{id}: networks {head.networks if head else None}, declared {networks}")
    return out


def _attributes(graph: GraphReader, head: Obj, wanted: dict[str, Any]) -> list[str]:
    said = graph.attributes(head)
    return [
        f"{head.id}: {name} is {said.get(name)!r}, declared {value!r}"
        for name, value in wanted.items()
        if said.get(name) != value
    ]


def _other_way(graph: GraphReader, link: Link, wanted: Expected) -> str:
    """What a role link goes through, when that is not as declared."""
    type, source, target = link
    if "." in type or type == "ownership":
        return ""
    start, end = graph.resolve(source), graph.resolve(target)
    assert start is not None and end is not None
    through = why(graph, type, start, end).through
    return "" if through == wanted.through.get(link, ()) else f"{through}, declared {wanted.through.get(link, ())}"
