"""Implicit links: what two links with a common network join over a third object. Only on request, never stored."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from calipso.graph.clique import carried
from calipso.graph.protocol import GraphReader, LinkEnd, Obj


class Implicit(msgspec.Struct, frozen=True):
    """`source` and `target` are joined over the objects of `through`, on these networks (empty: none carries any)."""

    type: str
    source: str
    target: str
    through: tuple[str, ...]
    networks: tuple[str, ...]


Step = tuple[Obj, tuple[str, ...], frozenset[str] | None]
"""An object, the ids passed on the way to it, the networks all links on the way share (None: any)."""


def implicit_links(graph: GraphReader, focal: Obj, depth: int = 4) -> list[Implicit]:
    """What role links of an object lead to over others, with a network in common all the way; nearest way of each.

    Links that carry no network pass; those whose networks are unknown do not.
    """
    found: dict[str, Implicit] = {}
    front: list[Step] = [(focal, (), None)]
    seen = {focal.ord}
    for _ in range(depth):
        reached: list[Step] = []
        for here, path, shared in front:
            for there, networks in _next(graph, here, shared):
                if there.ord in seen:
                    continue
                seen.add(there.ord)
                reached.append((there, (*path, there.id), networks))
                if path:
                    name = f"{focal.kind}-{there.kind}"
                    found[there.id] = Implicit(name, focal.id, there.id, path, tuple(sorted(networks or ())))
        front = sorted(reached, key=lambda step: step[0].id)
    return [found[id] for id in sorted(found)]


def _next(graph: GraphReader, here: Obj, shared: frozenset[str] | None) -> Iterator[tuple[Obj, frozenset[str] | None]]:
    for link in sorted(graph.links(here.ord), key=lambda each: (each.type, each.other)):
        there = graph.get(link.other)
        if there is None or "." in link.type or link.type == "ownership":
            continue
        carries, networks = _carried(graph, link, here, there)
        if not carries:
            yield there, shared
        elif networks is not None:
            common = networks if shared is None else networks & shared
            if common:
                yield there, common


def _carried(graph: GraphReader, link: LinkEnd, here: Obj, there: Obj) -> tuple[bool, frozenset[str] | None]:
    source, target = (here, there) if link.outgoing else (there, here)
    return carried(graph, link.type, source, target)
