"""Hosts under several names: which of the names that sources say are one host (MODEL §2.1).

Tries in order: the configuration says so, machine-id, full name, first label, the name that a host has for itself where
it is declared under another, an address that a controller states. Only
records of different sources unite, and only with exactly one candidate: clones and namesakes stay apart. The result
does not depend on the order of the records.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from calipso.graph.merge import base

PREFERRED = ("linux", "netlink", "libvirt", "nova", "k8s", "ovn", "neutron", "ovs", "docker")
"""Whose name a host goes by when the configuration gives none: the host's own first."""
LOCAL = "localhost"
_ADDRESS = re.compile(r"[\d.]+|.*:.*")


class HostRecord(msgspec.Struct, frozen=True):
    """A host as one source names it. `said`: the name; `source`: the facet it comes from."""

    said: str
    source: str
    attributes: Mapping[str, Any]


class _Cluster:
    """Names that are known to be one host."""

    def __init__(self, said: str) -> None:
        self.names = {said}
        self.records: list[HostRecord] = []

    @property
    def sources(self) -> set[str]:
        return {base(record.source) for record in self.records}

    def values(self, *attributes: str) -> set[str]:
        """Values of attributes, lists spread out."""
        out: set[str] = set()
        for record in self.records:
            for name in attributes:
                value = record.attributes.get(name)
                out.update(map(str, value if isinstance(value, list) else [value] if value else []))
        return out

    def full_names(self) -> set[str]:
        return {name.lower().rstrip(".") for name in self.names | self.values("fqdn") if name}


Keys = Callable[[_Cluster], Iterable[str]]


def canonical_names(records: Iterable[HostRecord], configured: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Name as said → canonical name, where they differ. `configured`: canonical name → its other names."""
    clusters: dict[str, _Cluster] = {}
    for record in records:
        clusters.setdefault(record.said, _Cluster(record.said)).records.append(record)
    groups = _configured(list(clusters.values()), configured)
    for keys in (_machine_ids, _full_names):
        groups = _unite(groups, keys, lambda a, b: True)
    for keys in (_first_labels, _own_labels):
        groups = _unite(groups, keys, _one_is_short)
    groups = _unite(groups, _addresses, _stated)
    out = {}
    for group in groups:
        canonical = _name_of(group, configured)
        out.update({said: canonical for said in group.names if said != canonical})
    return out


def _configured(clusters: list[_Cluster], configured: Mapping[str, Iterable[str]]) -> list[_Cluster]:
    """What the configuration says is one host is one, whatever else holds."""
    owner = {alias: name for name, aliases in configured.items() for alias in (name, *aliases)}
    groups: dict[str, _Cluster] = {}
    for cluster in sorted(clusters, key=lambda each: min(each.names)):
        said = min(cluster.names)
        place = f"configured {owner[said]}" if said in owner else f"said {said}"
        _merge(groups.setdefault(place, _Cluster(said)), cluster)
    return list(groups.values())


def _merge(into: _Cluster, other: _Cluster) -> None:
    into.names |= other.names
    into.records += other.records


def _unite(groups: list[_Cluster], keys: Keys, fits: Callable[[_Cluster, _Cluster], bool]) -> list[_Cluster]:
    """Unite the pairs that share a key, where each is the other's only candidate."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        for key in set(keys(group)):
            holders[key].append(place)
    candidates: dict[int, set[int]] = defaultdict(set)
    for places in holders.values():
        for place in places:
            candidates[place].update(other for other in places if other != place)
    taken: set[int] = set()
    for place, others in sorted(candidates.items()):
        if place in taken or len(others) != 1:
            continue
        (other,) = others
        a, b = groups[place], groups[other]
        if candidates[other] == {place} and not a.sources & b.sources and fits(a, b):
            _merge(a, b)
            taken.add(other)
    return [group for place, group in enumerate(groups) if place not in taken]


def _machine_ids(group: _Cluster) -> set[str]:
    return group.values("machine_id")


def _full_names(group: _Cluster) -> set[str]:
    return group.full_names()


def _first_labels(group: _Cluster) -> set[str]:
    return {name.partition(".")[0] for name in group.full_names() if not _ADDRESS.fullmatch(name)}


def _own_labels(group: _Cluster) -> set[str]:
    """The same with what `uname -n` says; that it is the local host is said by many."""
    said = {name.lower().partition(".")[0] for name in group.values("hostname")}
    return (_first_labels(group) | said) - {LOCAL}


def _one_is_short(a: _Cluster, b: _Cluster) -> bool:
    """Two full names that differ are two hosts, even with one first label."""
    return not (_domains(a) and _domains(b) and not _domains(a) & _domains(b))


def _domains(group: _Cluster) -> set[str]:
    return {name.partition(".")[2] for name in group.full_names() if "." in name and not _ADDRESS.fullmatch(name)}


def _addresses(group: _Cluster) -> set[str]:
    held = {address.partition("/")[0] for address in group.values("addresses")}
    return held | group.values("stated_addresses")


def _stated(a: _Cluster, b: _Cluster) -> bool:
    """One of the two is known by an address that a controller states, the other holds it."""
    for one, other in ((a, b), (b, a)):
        held = {address.partition("/")[0] for address in other.values("addresses")}
        if one.values("stated_addresses") & held:
            return True
    return False


def _name_of(group: _Cluster, configured: Mapping[str, Iterable[str]]) -> str:
    for name, aliases in configured.items():
        if group.names & {name, *aliases}:
            return name

    def preference(record: HostRecord) -> tuple[int, str]:
        source = base(record.source)
        return (PREFERRED.index(source) if source in PREFERRED else len(PREFERRED), record.said)

    return min(group.records, key=preference).said
