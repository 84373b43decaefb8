"""Records into the attributes of an object: precedence per attribute, first that says it (MODEL §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calipso.graph.codec import Codec
from calipso.graph.protocol import Facet
from calipso.graph.service import service_named
from calipso.model.record import Attributes

PRECEDENCE = (
    "netlink", "linux", "netfilter", "sockets", "libvirt", "docker", "podman", "cri", "lxd", "k8s", "nova", "nova_db",
    "ovn", "neutron", "neutron_db", "ovs", "vpp", "calico", "lldp", "snmp", "host",
)  # fmt: skip
"""Sources from the one believed first to the last; unknown sources come after them, by name."""

API_TYPES = frozenset({
    "server", "network", "port", "router", "subnet", "segment", "floating_ip", "trunk", "security_group", "project",
    "agent",
})  # fmt: skip
API_FIRST = frozenset({"name", "project", "status"})
"""Of API objects, Nova and Neutron decide these."""
API_SOURCES = frozenset({"nova", "nova_db", "neutron", "neutron_db"})

UNITED = frozenset({"tunnels", "segments", "neighbor_devices", "roles"})
"""Lists that several facets fill together: the union, in a fixed order."""

_RANK = {name: rank for rank, name in enumerate(PRECEDENCE)}
_INTERFACE_FACET_TYPES = frozenset({"system", "nic", "otep"})
CACHE = 2_048
"""What was decoded is kept of so many, and of as many of those before: an overflow never empties it."""


def base(facet: str) -> str:
    """The source of a facet: `netlink.fdb` → netlink, `libvirt@cmp1` → libvirt."""
    end = len(facet)
    for mark in ".@":
        at = facet.find(mark)
        if 0 <= at < end:
            end = at
    return facet[:end]


def rank(facet: str) -> tuple[int, str]:
    return _RANK.get(base(facet), len(PRECEDENCE)), facet


def object_type(facets: Sequence[Facet]) -> str:
    """The object's type: the first facet's, but an OVS interface type over the kernel's unless it is `system`."""
    first = facets[0]
    if base(first.name) == "netlink":
        for facet in facets:
            if base(facet.name) == "ovs" and facet.type not in _INTERFACE_FACET_TYPES and "port" in facet.attributes:
                return facet.type
    return first.type


def merge(facets: Sequence[Facet]) -> Attributes:
    """All attributes of an object; `facets` in the order of precedence."""
    if len(facets) == 1:
        return facets[0].attributes
    merged: Attributes = {}
    api = any(facet.type in API_TYPES for facet in facets)
    for facet in facets:
        for name, value in facet.attributes.items():
            if name not in merged:
                merged[name] = value
            elif name in UNITED:
                merged[name] = _united(merged[name], value)
            elif api and name in API_FIRST and base(facet.name) in API_SOURCES:
                merged[name] = value
    return merged


def _united(mine: list[Any], theirs: list[Any]) -> list[Any]:
    by_text = {repr(item): item for item in (*mine, *theirs)}
    return [by_text[text] for text in sorted(by_text)]


def rename_hosts(attributes: Attributes, hosts: Mapping[str, str]) -> Attributes:
    """The attributes with host names as said replaced by canonical ones, in `host` and in ids."""
    return {name: _renamed(name, value, hosts) for name, value in attributes.items()}


def _renamed(name: str, value: Any, hosts: Mapping[str, str]) -> Any:
    if type(value) is str:
        if name == "host":
            return hosts.get(value, value)
        said, slash, rest = value.partition("/")
        return hosts[said] + slash + rest if said in hosts and (slash or name in ("netns", "owner")) else value
    if type(value) is list:
        return [_renamed(name, item, hosts) for item in value]
    return value


Flat = tuple[str | bytes, ...]
"""Facet name, bytes, facet name, bytes … of one id."""


Entry = tuple[object, Mapping[str, str], list[Facet], Attributes]
"""Encoded facets, host names when they were read, what they say one by one and together."""
Known = tuple[bytes, Mapping[str, str], Facet]


class Decoder:
    """Decodes and merges facets, with a small cache: most readers ask for what was just asked for.

    The cache knows encoded facets by identity, so it can hold an object before and after a change at once.
    """

    __slots__ = ("_cache", "_facets", "_older_cache", "_older_facets", "codec", "service_patterns")

    def __init__(self, codec: Codec, service_patterns: tuple[str, ...] = ()) -> None:
        self.codec = codec
        self.service_patterns = service_patterns
        self._cache: dict[object, Entry] = {}
        self._facets: dict[int, Known] = {}
        self._older_cache, self._older_facets = self._cache, self._facets

    def facets(self, facts: tuple[Flat | None, ...], hosts: Mapping[str, str]) -> list[Facet]:
        """`facts`: for each member its flat tuple or None. In the order of precedence."""
        return self._entry(facts, hosts)[2]

    def attributes(self, facts: tuple[Flat | None, ...], hosts: Mapping[str, str]) -> Attributes:
        return self._entry(facts, hosts)[3]

    def some(self, facts: tuple[Flat | None, ...], hosts: Mapping[str, str], names: tuple[str, ...]) -> Attributes:
        """As `attributes` but of these alone, sorted, and kept nowhere: for who asks an object once, and for little.

        Not for namespaces, whose service is told by more than what is said.
        """
        facets = []
        for flat in facts:
            for i in range(0, len(flat) if flat is not None else 0, 2):
                kind, scope, said = self.codec.decode_some(flat[i + 1], names)  # type: ignore[index, arg-type]
                own = rename_hosts(said, hosts) if hosts else said
                facets.append(Facet(flat[i], kind, scope, own))  # type: ignore[index, arg-type]
        return merge(sorted(facets, key=lambda facet: rank(facet.name)))

    def forget(self) -> None:
        """Drop what is cached."""
        self._cache, self._facets = {}, {}
        self._older_cache, self._older_facets = self._cache, self._facets
        self.codec.forget()

    def _entry(self, facts: tuple[Flat | None, ...], hosts: Mapping[str, str]) -> Entry:
        place: object = id(facts[0]) if len(facts) == 1 else tuple(map(id, facts))
        entry = self._cache.get(place) or self._older_cache.get(place)
        if entry is not None and entry[1] is hosts:
            return entry
        decoded = self._decode(facts, hosts)
        entry = (facts, hosts, decoded, self._merged(decoded))  # holds `facts`, so its ids stay taken
        if len(self._cache) >= CACHE:
            self._older_cache, self._cache = self._cache, {}
        self._cache[place] = entry
        return entry

    def _merged(self, facets: list[Facet]) -> Attributes:
        """Merged, and for a namespace named after a service what service it is."""
        if not facets:
            return {}
        a = merge(facets)
        if facets[0].type == "netns":
            service = service_named(str(a.get("name", "")), self.service_patterns)
            if service is not None:
                a = {**a, "service_type": service[0], "local_service_id": service[1]}
        return a

    def _decode(self, facts: tuple[Flat | None, ...], hosts: Mapping[str, str]) -> list[Facet]:
        out = []
        for flat in facts:
            if flat is not None:
                for i in range(0, len(flat), 2):
                    out.append(self.facet(flat[i], flat[i + 1], hosts))  # type: ignore[arg-type]
        if len(out) > 1:
            out.sort(key=lambda facet: rank(facet.name))
        return out

    def facet(self, name: str, body: bytes, hosts: Mapping[str, str]) -> Facet:
        """One facet; see `facets`."""
        known = self._facets.get(id(body)) or self._older_facets.get(id(body))
        if known is not None and known[1] is hosts and known[2].name == name:
            return known[2]
        kind, scope, attributes = self.codec.decode(body)
        facet = Facet(name, kind, scope, rename_hosts(attributes, hosts) if hosts else attributes)
        if len(self._facets) >= CACHE:
            self._older_facets, self._facets = self._facets, {}
        self._facets[id(body)] = (body, hosts, facet)
        return facet
