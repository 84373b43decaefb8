"""How links are declared: three operators over attributes (MODEL §7). Rules are data; `graph` reads them.

Attribute paths name merged attributes of an object, or one of the computed ones of `graph/keys.py` (`id`, `parent`,
`media` …). A tuple is compared as a whole; a list means any of its members; a missing value never matches.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Path = str | tuple[str, ...]


class Select(msgspec.Struct, frozen=True):
    """Which objects an end of a rule may be. Empty sets mean any; all that is given must hold."""

    kinds: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    not_types: frozenset[str] = frozenset()
    scoped: Literal["", "host", "netns"] = ""
    """`host`: lives in the root namespace of its host; `netns`: in another one."""

    @property
    def by_kind(self) -> bool:
        return bool(self.kinds)


ANY = Select()


def kind(*names: str) -> Select:
    return Select(kinds=frozenset(names))


def of_type(*names: str) -> Select:
    return Select(types=frozenset(names))


class Join(msgspec.Struct, frozen=True):
    """Equality: source.key = target.target_key.

    `unique`: counts only when exactly one target matches, and that target is matched by exactly one source.
    """

    source: Select
    key: Path
    target: Select
    target_key: Path
    unique: bool = False


DEVICES = frozenset({"device", "bond", "ovs_port"})
"""Kinds a walk passes; a role may be added per rule."""


class Walk(msgspec.Struct, frozen=True):
    """Breadth first over layer-2 links inside one host, VLAN-aware, to the nearest stops.

    All stops of the nearest depth count. `lift` names an attribute of the stop that holds the id of the target, empty
    for the stop itself. `stop` objects end the walk and are never walked through; nor is any kind outside `through`.
    """

    source: Select
    stop: Select
    lift: str = ""
    through: frozenset[str] = DEVICES


class Via(msgspec.Struct, frozen=True):
    """Composition: from the source over `first`, from there over `second`; both joins, walks or names of link types.

    A link type's name is walked from its source to its target; `-name` the other way.
    """

    first: Join | Walk | Via | str
    second: Join | Walk | Via | str


Rule = Join | Walk | Via

Carry = Literal["", "source.networks", "target.networks", "target.id", "pnic", "pnic.overlay"]


class LinkType(msgspec.Struct, frozen=True, kw_only=True):
    """A type of link. `name` of device-level types is `relation.type` (`layer2.veth`), of role level `kind-kind`.

    rules: alternatives; with `first` only the first that matches counts for an object, else their union.
    by: the end for which the rules are evaluated (its rules' `source`); choose the one with few partners.
    pair: undirected, stored once from the smaller id.
    tracked: few sources; what an evaluation read is remembered and decides when it is done again.
    follow: from every target found, its further targets (a trunk's subports).
    carry: what networks the link carries (MODEL §9).
    """

    name: str
    rules: tuple[Rule, ...]
    doc: str
    source: str = ""
    target: str = ""
    by: Literal["source", "target"] = "source"
    first: bool = False
    pair: bool = False
    tracked: bool = False
    hidden: bool = False
    follow: Join | None = None
    carry: Carry = ""

    @property
    def relation(self) -> str:
        """`ownership`, `layer2`, `layer3`, `mapping`, or `role`."""
        head, dot, _ = self.name.partition(".")
        return head if dot or head == "ownership" else "role"

    @property
    def device_level(self) -> bool:
        return self.relation != "role"
