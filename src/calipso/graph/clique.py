"""Cliques: everything a focal object depends on, link type by link type, kept to its networks (MODEL §9, §10).

Names are walked in order; `A-B` goes from visited A to B over links stored as A-B or B-A, may occur again, and never
ends the walk when it adds nothing. A link that carries no networks passes; one that carries some must share one with
the focal object; one that carries none of the host's fails; one whose networks are unknown is left out and listed.
What is found does not depend on the order in which the graph came about, and neither does the order it is found in.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from calipso.graph.implicit import Implicit, implicit_links
from calipso.graph.protocol import GraphReader, LinkEnd, Obj
from calipso.graph.shares import Networks, carried
from calipso.model.cliques import CliqueType
from calipso.model.links import CODES

FOCAL_LINKS = {
    "instance": ("instance-vnic",), "vservice": ("vservice-vnic",), "container": ("container-vnic",),
    "pod": ("pod-vnic",), "port": ("port-network",),
}  # fmt: skip
"""Where an object's own networks come from when it has none of its own."""


class CliqueLink(msgspec.Struct, frozen=True, omit_defaults=True):
    """A link of a clique. `network`: what it carries, None when it carries none."""

    type: str
    source: str
    target: str
    network: list[str] | None = None


class Unknown(msgspec.Struct, frozen=True):
    """A link that was not walked because what it carries is not known."""

    type: str
    source: str
    target: str
    reason: str


class Clique(msgspec.Struct, frozen=True):
    """A focal object's clique. `constraint`: the networks it is kept to, None for none, and then `note` says why.

    `implicit`: links that are not stored but follow from others, for the clique types that ask for them.
    """

    focal: str
    type: str
    constraint: list[str] | None
    note: str
    objects: list[str]
    links: list[CliqueLink]
    unknown: list[Unknown]
    implicit: list[Implicit] = []


def networks_of(graph: GraphReader, focal: Obj) -> Networks:
    """The networks a focal object is on."""
    if focal.kind == "network":
        return frozenset({focal.id})
    if focal.networks is not None:
        return frozenset(focal.networks)
    found: set[str] = set()
    known = False
    for link in graph.links(focal.ord, FOCAL_LINKS.get(focal.kind, ())):
        other = graph.get(link.other)
        if other is not None and other.kind == "network":
            found.add(other.id)
            known = True
        elif other is not None and other.networks is not None:
            found.update(other.networks)
            known = True
    return frozenset(found) if known else None


class _Finder:
    """One walk of a clique type from a focal object."""

    def __init__(self, graph: GraphReader, focal: Obj, constraint: Networks) -> None:
        self.graph = graph
        self.constraint = constraint
        self.visited: dict[int, Obj] = {focal.ord: focal}
        self.by_kind: dict[str, dict[int, Obj]] = {focal.kind: {focal.ord: focal}}
        self.links: dict[tuple[str, int, int], CliqueLink] = {}
        self.unknown: dict[tuple[str, int, int], Unknown] = {}
        self.implicit: dict[tuple[str, str], Implicit] = {}

    def step(self, name: str) -> None:
        """Walk one name: from every visited object of its first kind, in the order they were found."""
        here, _, there = name.partition("-")
        types = [type for type in dict.fromkeys((name, f"{there}-{here}")) if type in CODES]
        for head in list(self.by_kind.get(here, {}).values()):
            ends = [
                (other, end)
                for end in self.graph.links(head.ord, types)
                if (other := self.graph.get(end.other)) is not None and other.kind == there
            ]
            for other, end in sorted(ends, key=lambda pair: (pair[0].id, pair[1].type, pair[1].outgoing)):
                self._meet(head, other, end)

    def step_implicit(self, name: str) -> None:
        """Walk one name over implicit links, either way, where no link of the clique joins the two already."""
        here, _, there = name.partition("-")
        joined = {frozenset((link.source, link.target)) for link in self.links.values()}
        for head in list(self.by_kind.get(here, {}).values()):
            for backwards in (False, True):
                for each in implicit_links(self.graph, head, backwards=backwards):
                    other = self.graph.resolve(each.source if backwards else each.target)
                    if other is None or other.kind != there or frozenset((each.source, each.target)) in joined:
                        continue
                    if self._passes(frozenset(each.networks) if each.networks else None):
                        self.implicit.setdefault((each.source, each.target), each)
                        self._visit(other)

    def _meet(self, here: Obj, other: Obj, end: LinkEnd) -> None:
        source, target = (here, other) if end.outgoing else (other, here)
        place = (end.type, source.ord, target.ord)
        if place in self.links:
            return
        carries, networks = carried(self.graph, end.type, source, target)
        if carries and networks is None and self.constraint is not None:
            reason = "the networks it carries are not known"
            self.unknown[place] = Unknown(end.type, source.id, target.id, reason)
            return
        if not self._passes(networks):
            return
        shown = sorted(networks) if networks is not None else None
        self.links[place] = CliqueLink(end.type, source.id, target.id, shown)
        self._visit(other)

    def _passes(self, networks: Networks) -> bool:
        """Whether what carries these networks, None for none at all, belongs to the clique."""
        if networks is None:
            return True
        return bool(networks if self.constraint is None else networks & self.constraint)

    def _visit(self, head: Obj) -> None:
        self.visited.setdefault(head.ord, head)
        self.by_kind.setdefault(head.kind, {}).setdefault(head.ord, head)


def find_clique(
    graph: GraphReader, focal: Obj, clique_type: CliqueType, network: Iterable[str] | None = None, *, keep: bool = True
) -> Clique:
    """The clique of a focal object; `network` narrows it to some of its networks, without `keep` it is kept to none."""
    own = networks_of(graph, focal) if keep else None
    constraint = frozenset(network) if network is not None else own
    note = "" if constraint is not None else f"the networks of {focal.id} are not known: kept to none"
    if not keep and constraint is None:
        note = f"cliques of a {focal.kind} are kept to no network"
    finder = _Finder(graph, focal, constraint)
    for name in clique_type.link_types:
        finder.step(name)
        if clique_type.use_implicit_links:
            finder.step_implicit(name)
    return Clique(
        focal.id, clique_type.name, sorted(constraint) if constraint is not None else None, note,
        [head.id for head in finder.visited.values()], list(finder.links.values()), list(finder.unknown.values()),
        list(finder.implicit.values()),
    )  # fmt: skip
