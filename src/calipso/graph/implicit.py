"""Implicit links: what follows from links that meet and share a network. Only on request, never stored.

The transitive closure of the role links: a→b and b→c give a→c, and so on along the chain, as long as one network is
carried all the way. Pairs (two oteps, two cabled NICs) have no direction and lead nowhere, and no type comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.shares import Networks, carried
from calipso.model.links import LINK_TYPES


class Implicit(msgspec.Struct, frozen=True):
    """`source` and `target` are joined over the objects of `through`, on these networks (empty: none carries any)."""

    type: str
    source: str
    target: str
    through: tuple[str, ...]
    networks: tuple[str, ...]


DIRECTED = tuple(
    link.name for link in LINK_TYPES if "." not in link.name and link.name != "ownership" and not link.pair
)


class _Step(msgspec.Struct, frozen=True):
    """How far a chain came: where it is, what it passed, which networks all its links share, their types."""

    head: Obj
    path: tuple[str, ...]
    shared: Networks
    types: frozenset[str]


def implicit_links(
    graph: GraphReader, focal: Obj, depth: int | None = None, *, backwards: bool = False
) -> list[Implicit]:
    """What the role links of an object lead to over others, by id; of several chains to one object the shortest.

    `backwards`: what leads to the object instead. `depth`: links a chain may have, None for any number. Links that
    carry no network pass; those whose networks are unknown do not; what the object is linked to itself is left out.
    """
    direct = {end.other for end in graph.links(focal.ord, DIRECTED)} | {focal.ord}
    found: dict[str, Implicit] = {}
    front = [_Step(focal, (), None, frozenset())]
    seen: dict[int, list[Networks]] = {focal.ord: [None]}
    while front and depth != 0:
        reached = [step for before in front for step in _next(graph, before, backwards) if _is_new(seen, step)]
        for step in reached:
            if step.head.ord not in direct and step.head.id not in found:
                found[step.head.id] = _implicit(focal, step, backwards)
        front = reached
        depth = None if depth is None else depth - 1
    return [found[id] for id in sorted(found)]


def _is_new(seen: dict[int, list[Networks]], step: _Step) -> bool:
    """Whether a chain may lead on where none before it did: it shares a network that none of them shares."""
    before = seen.setdefault(step.head.ord, [])
    if any(networks is None or (step.shared is not None and step.shared <= networks) for networks in before):
        return False
    before.append(step.shared)
    return True


def _implicit(focal: Obj, step: _Step, backwards: bool) -> Implicit:
    source, target = (step.head, focal) if backwards else (focal, step.head)
    through = step.path[-2::-1] if backwards else step.path[:-1]
    networks = tuple(sorted(step.shared or ()))
    return Implicit(f"{source.kind}-{target.kind}", source.id, target.id, through, networks)


def _next(graph: GraphReader, step: _Step, backwards: bool) -> Iterator[_Step]:
    for there, type in _ends(graph, step, backwards):
        source, target = (there, step.head) if backwards else (step.head, there)
        carries, networks = carried(graph, type, source, target)
        if carries and networks is None:
            continue
        if networks is None or step.shared is None:
            shared = step.shared if networks is None else networks
        else:
            shared = networks & step.shared
        if shared is None or shared:
            yield _Step(there, (*step.path, there.id), shared, step.types | {type})


def _ends(graph: GraphReader, step: _Step, backwards: bool) -> list[tuple[Obj, str]]:
    """The next objects along links that lead on and whose type the chain does not have yet."""
    ends = (end for end in graph.links(step.head.ord, DIRECTED) if end.outgoing != backwards)
    heads = [(there, end.type) for end in ends if end.type not in step.types and (there := graph.get(end.other))]
    return sorted(heads, key=lambda pair: (pair[0].id, pair[1]))
