"""Cliques: everything a focal object depends on, link type by link type, kept to its networks (MODEL §9, §10).

Names are walked in order; `A-B` goes from visited A to B over links stored as A-B or B-A, may occur again, and never
ends the walk when it adds nothing. A link that carries no networks passes; one that carries some must share one with
the focal object; one that carries none of the host's fails; one whose networks are unknown is left out and listed.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from calipso.graph.protocol import GraphReader, LinkEnd, Obj
from calipso.model.cliques import CliqueType
from calipso.model.links import CODES, LINK_TYPES

Networks = frozenset[str] | None
"""Ids of networks, None for unknown."""

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
    """A focal object's clique. `constraint`: the networks it is kept to, None for none, and then `note` says why."""

    focal: str
    type: str
    constraint: list[str] | None
    note: str
    objects: list[str]
    links: list[CliqueLink]
    unknown: list[Unknown]


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


def carried(graph: GraphReader, type: str, source: Obj, target: Obj) -> tuple[bool, Networks]:
    """(whether a link carries networks at all, which: None for unknown)."""
    carry = LINK_TYPES[CODES[type]].carry
    if carry == "source.networks":
        if type == "network-vservice":
            return True, frozenset({source.id})
        return True, _known(source)
    if carry == "target.networks":
        if type == "otep-vconnector" and _holds_address(graph, source, target):
            return False, None
        return True, _known(target)
    if carry == "target.id":
        return True, frozenset({target.id})
    if carry in ("pnic", "pnic.overlay"):
        pnic = target if target.kind == "host_pnic" else source
        return True, _of_pnic(graph, pnic, overlay=carry == "pnic.overlay")
    return False, None


def _known(head: Obj) -> Networks:
    return None if head.networks is None else frozenset(head.networks)


def _holds_address(graph: GraphReader, otep: Obj, vconnector: Obj) -> bool:
    return graph.attributes(otep).get("ip") in graph.attributes(vconnector).get("ips", ())


def _of_pnic(graph: GraphReader, pnic: Obj, *, overlay: bool) -> Networks:
    """Networks a physical NIC carries; with `overlay` those that go through tunnels."""
    found = set()
    for link in graph.links(pnic.ord, ("host_pnic-network",)):
        network = graph.get(link.other)
        if network is not None and (not overlay or any(medium.startswith("overlay/") for medium in pnic.media)):
            found.add(network.id)
    return frozenset(found)


class _Finder:
    """One walk of a clique type from a focal object."""

    def __init__(self, graph: GraphReader, focal: Obj, constraint: Networks) -> None:
        self.graph = graph
        self.constraint = constraint
        self.visited: dict[int, Obj] = {focal.ord: focal}
        self.by_kind: dict[str, set[int]] = {focal.kind: {focal.ord}}
        self.links: dict[tuple[str, int, int], CliqueLink] = {}
        self.unknown: dict[tuple[str, int, int], Unknown] = {}

    def step(self, name: str) -> None:
        """Walk one name: from every visited object of its first kind."""
        here, _, there = name.partition("-")
        forward, backward = name, f"{there}-{here}"
        types = [type for type in {forward, backward} if type in CODES]
        for ord in list(self.by_kind.get(here, ())):
            for end in self.graph.links(ord, types):
                other = self.graph.get(end.other)
                if other is not None and other.kind == there:
                    self._meet(self.visited[ord], other, end)

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
        if carries and networks is not None and self.constraint is not None and not networks & self.constraint:
            return
        if carries and networks is not None and not networks:
            return
        self.unknown.pop(place, None)
        shown = sorted(networks) if carries and networks is not None else None
        self.links[place] = CliqueLink(end.type, source.id, target.id, shown)
        self.visited.setdefault(other.ord, other)
        self.by_kind.setdefault(other.kind, set()).add(other.ord)


def find_clique(
    graph: GraphReader, focal: Obj, clique_type: CliqueType, network: Iterable[str] | None = None
) -> Clique:
    """The clique of a focal object; `network` narrows it to some of its networks."""
    own = networks_of(graph, focal)
    constraint = frozenset(network) if network is not None else own
    note = "" if constraint is not None else f"the networks of {focal.id} are not known: nothing is left out"
    finder = _Finder(graph, focal, constraint)
    for name in clique_type.link_types:
        finder.step(name)
    return Clique(
        focal.id, clique_type.name, sorted(constraint) if constraint is not None else None, note,
        [head.id for head in finder.visited.values()], list(finder.links.values()), list(finder.unknown.values()),
    )  # fmt: skip
