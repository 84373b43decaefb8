"""The declared keys of an object: what index, joins, planner, subscriptions and history search share (CORE §1).

A key is (name, value). Names are attribute names, computed ones below, or several joined by `+` whose values are
compared as a tuple. Which exist follows from the declared link types and from `SEARCHED`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

from calipso.graph.index import FEW_VALUED, REFERENCES
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.service import service_of
from calipso.model import ids
from calipso.model.links import LINK_TYPES
from calipso.model.record import Attributes
from calipso.model.rules import Join, Path, Rule, Via
from calipso.model.types import TUNNEL_TYPES

SEARCHED: tuple[Path, ...] = ("name", "mac", "ip", "segment", ("ovs", "tag"))
"""Keys that no link type needs but users, the planner or derivation do."""

AGENT_TYPES = {
    "ovs": ("Open vSwitch agent", "OVN Controller agent", "OVN Controller Gateway agent"),
    "vpp": ("VPP agent",),
    "calico": ("Calico per-host agent (felix)",),
}
"""Neutron's names of the agents that program a switching process, by its type."""

SCALARS = frozenset({str, int, float, bool})
"""What a key's value can be; anything else a source may say is no key."""


def key_name(path: Path) -> str:
    return path if isinstance(path, str) else "+".join(path)


def _joins(rule: Rule | str) -> Iterator[Join]:
    if isinstance(rule, Join):
        yield rule
    elif isinstance(rule, Via):
        yield from _joins(rule.first)
        yield from _joins(rule.second)


def _paths() -> dict[str, tuple[str, ...]]:
    wanted: set[Path] = set(SEARCHED)
    for link in LINK_TYPES:
        for rule in link.rules:
            for join in _joins(rule):
                wanted.add(join.target_key)
                if not link.tracked:
                    wanted.add(join.key)
        if link.follow is not None:
            wanted |= {link.follow.key, link.follow.target_key}
    out = {key_name(path): (path,) if isinstance(path, str) else path for path in wanted}
    for derived in ("id", "networks", "host+medium"):  # answered without the index: see `Session`
        out.pop(derived, None)
    return dict(sorted(out.items()))


def _references() -> set[str]:
    """Keys that only ever meet an id: they share their places in the index."""
    left: set[str] = set()
    other: set[str] = {key_name(path) for path in SEARCHED}
    for link in LINK_TYPES:
        for rule in link.rules:
            for join in _joins(rule):
                (left if join.target_key == "id" else other).add(key_name(join.key))
                other.add(key_name(join.target_key))
    return left - other


PATHS: dict[str, tuple[str, ...]] = _paths()
"""Key name → attribute path, for all keys kept in the index besides the few-valued ones."""
REFERENCES.update(_references())


# ── computed attributes ───────────────────────────────────────────────────────────────────────────────────────────


def _loose(a: Attributes, first: str, second: str) -> str | None:
    if "peer_ifindex" not in a or "peer_netns" in a or "ifindex" not in a:
        return None
    return f"{a.get('host')} {a[first]} {a[second]}"


def _tap(a: Attributes, name: str | None) -> str | None:
    host = a.get("host")
    return ids.device(ids.host(host), name) if host and name else None


def _port_tap(head: Obj, a: Attributes) -> str | None:
    port = a.get("port_id") or a.get("iface_id")
    return _tap(a, "tap" + port[:11]) if port else None


def _instance_uuid(head: Obj, a: Attributes) -> str | None:
    instance = a.get("instance")
    return instance.partition(":")[2] if isinstance(instance, str) else None


def _device_instance(head: Obj, a: Attributes) -> str | None:
    device = a.get("device_id")
    return ids.instance(device) if device and head.type == "port" else None


def _fdb_remotes(head: Obj, a: Attributes) -> list[str] | None:
    return sorted({entry["dst"] for entry in a.get("fdb", ()) if entry.get("dst")}) or None


def _default_route_netns(head: Obj, a: Attributes) -> str | None:
    if any(route.get("dst") in ("default", "0.0.0.0/0", "::/0") for route in a.get("routes", ())):
        return a.get("netns")
    return None


def _chassis(head: Obj, a: Attributes) -> list[str] | None:
    return [name for name in (a.get("system_id"), a.get("hostname"), head.host) if name] if head.type == "ovs" else None


def _segment(head: Obj, a: Attributes) -> Any:
    if "segment" in a:
        return a["segment"]
    return sorted({entry["segment"] for entry in a["segments"]}) if "segments" in a and head.type == "ovs" else None


def _vedge(head: Obj, a: Attributes) -> str | None:
    return a.get("vedge") or a.get("ovs")


COMPUTED: dict[str, Callable[[Obj, Attributes], Any]] = {
    "id": lambda head, a: head.id,
    "type": lambda head, a: head.type,
    "parent": lambda head, a: head.parent or None,
    "networks": lambda head, a: head.networks,
    "media": lambda head, a: head.media,
    "vedge": _vedge,
    "loose_peer": lambda head, a: _loose(a, "peer_ifindex", "ifindex"),
    "loose_end": lambda head, a: _loose(a, "ifindex", "peer_ifindex"),
    "tap_device": lambda head, a: _tap(a, a.get("tap")) if head.type == "nic" else None,
    "port_tap_device": lambda head, a: _port_tap(head, a) if head.type == "nic" else None,
    "port_ref": lambda head, a: a.get("port_id") or a.get("iface_id") if head.type != "port" else None,
    "tunnel_key": lambda head, a: str(a.get("key", a.get("vni", "-"))),
    "instance_uuid": _instance_uuid,
    "device_instance": _device_instance,
    "router_service_id": lambda head, a: service_of(head, a, "router"),
    "dhcp_network": lambda head, a: (found := service_of(head, a, "dhcp")) and ids.by_uuid("network", found),
    "agent_types": lambda head, a: AGENT_TYPES.get(head.type),
    "nested_instance": lambda head, a: ids.instance(a["product_uuid"]) if a.get("product_uuid") else None,
    "routed_netns": lambda head, a: a.get("netns") if head.type == "bridge" and a.get("ips") else None,
    "default_route_netns": _default_route_netns,
    "fdb_remotes": _fdb_remotes,
    "chassis": _chassis,
    "segment": _segment,
    "ip": lambda head, a: [*(a.get("ips") or ()), *([a["ip"]] if "ip" in a else ())] or None,
    "name": lambda head, a: head.name,
}
"""Attributes that are not said by a source but follow from what is said."""

Getter = Callable[[Obj, Attributes], Any]


def getter(name: str) -> Getter:
    """How an attribute of a path is read."""
    return COMPUTED.get(name) or (lambda head, a: a.get(name))


ONLY_FOR: dict[str, frozenset[str]] = {
    "tap_device": frozenset({"nic"}),
    "port_tap_device": frozenset({"nic"}),
    "device_instance": frozenset({"port"}),
    "router_service_id": frozenset({"netns"}),
    "dhcp_network": frozenset({"netns"}),
    "agent_types": frozenset(AGENT_TYPES),
    "nested_instance": frozenset({"host"}),
    "routed_netns": frozenset({"bridge"}),
    "loose_peer": frozenset({"veth"}),
    "loose_end": frozenset({"veth"}),
    "chassis": frozenset({"ovs"}),
    "tunnel_key": TUNNEL_TYPES,
}
"""Computed attributes that only some types have."""

MADE_OF: dict[str, frozenset[str]] = {
    "loose_peer": frozenset({"peer_ifindex"}),
    "loose_end": frozenset({"peer_ifindex"}),
    "tap_device": frozenset({"tap"}),
    "port_tap_device": frozenset({"port_id", "iface_id"}),
    "port_ref": frozenset({"port_id", "iface_id"}),
    "instance_uuid": frozenset({"instance"}),
    "device_instance": frozenset({"device_id"}),
    "nested_instance": frozenset({"product_uuid"}),
    "routed_netns": frozenset({"ips"}),
    "default_route_netns": frozenset({"routes"}),
    "fdb_remotes": frozenset({"fdb"}),
    "segment": frozenset({"segment", "segments"}),
    "ip": frozenset({"ips", "ip"}),
    "vedge": frozenset({"vedge", "ovs"}),
}
"""Computed attributes that there can only be where one of these is said."""

READ_OF: dict[str, tuple[str, ...]] = {"id": (), "routed_netns": ("ips", "netns")}
"""Computed attributes of which it is known what alone they are made of."""


def read_for(path: Path) -> tuple[str, ...] | None:
    """The attributes that a path's values are made of, sorted; None where only the whole object tells."""
    parts = (path,) if isinstance(path, str) else path
    if any(part in COMPUTED and part not in READ_OF for part in parts):
        return None
    return tuple(sorted({name for part in parts for name in READ_OF.get(part, (part,))}))


Extract = Callable[[Obj, Attributes, set[tuple[str, Any]]], None]


class _Shape(NamedTuple):
    """How the keys of a type's objects are read: plain attributes and pairs of them inline, the rest by a call."""

    single: tuple[str, ...]
    pairs: tuple[tuple[str, str, str], ...]
    general: tuple[tuple[str, Extract], ...]


def _general(name: str, path: tuple[str, ...]) -> Extract:
    getters = tuple(getter(part) for part in path)
    if len(path) == 1:
        return _computed(name, getters[0])

    def extract(head: Obj, a: Attributes, out: set[tuple[str, Any]]) -> None:
        out.update((name, value) for value in _combinations(getters, head, a))

    return extract


def _computed(name: str, get: Getter) -> Extract:
    def extract(head: Obj, a: Attributes, out: set[tuple[str, Any]]) -> None:
        value = get(head, a)
        if value is None or value == "":
            return
        if type(value) in SCALARS:
            out.add((name, value))
        elif type(value) is list or type(value) is tuple:
            out.update((name, item) for item in value if type(item) in SCALARS)

    return extract


@cache
def _shape(type: str) -> _Shape:
    """Only the paths that the type can have."""
    single, pairs, general = [], [], []
    for name, path in PATHS.items():
        if any(part in ONLY_FOR and type not in ONLY_FOR[part] for part in path):
            continue
        if any(part in COMPUTED for part in path) or len(path) > 2:
            general.append((name, _general(name, path)))
        elif len(path) == 2:
            pairs.append((name, *path))
        else:
            single.append(name)
    return _Shape(tuple(single), tuple(pairs), tuple(general))


@lru_cache(4096)
def _fitting(type: str, said: tuple[str, ...]) -> _Shape:
    """Of a type's keys those that an object of which this is said can have: most are of other objects."""
    names = frozenset(said)

    def possible(path: tuple[str, ...]) -> bool:
        return all(not names.isdisjoint(MADE_OF.get(part, (part,))) or _always(part) for part in path)

    shape = _shape(type)
    return _Shape(
        tuple(name for name in shape.single if name in names),
        tuple(pair for pair in shape.pairs if names.issuperset(pair[1:])),
        tuple((name, extract) for name, extract in shape.general if possible(PATHS[name])),
    )


def _always(part: str) -> bool:
    return part in COMPUTED and part not in MADE_OF


def _combinations(getters: tuple[Getter, ...], head: Obj, a: Attributes) -> list[tuple[Any, ...]]:
    """All tuples of a path's values; empty when a part is missing."""
    out: list[tuple[Any, ...]] = [()]
    for get in getters:
        value = get(head, a)
        if value is None or value == "":
            return []
        if type(value) is list or type(value) is tuple:
            out = [(*start, item) for start in out for item in value if type(item) in SCALARS]
        elif type(value) in SCALARS:
            out = [(*start, value) for start in out]
        else:
            return []
    return out


def path_keys(head: Obj, a: Attributes) -> set[tuple[str, Any]]:
    """The keys of `PATHS`: all but the few-valued ones."""
    out: set[tuple[str, Any]] = set()
    shape = _fitting(head.type, tuple(a))
    for name in shape.single:
        value = a[name]
        if value is None or value == "":
            continue
        if type(value) in SCALARS:
            out.add((name, value))
        elif type(value) is list:
            out.update((name, item) for item in value if type(item) in SCALARS)
    for name, first, second in shape.pairs:
        x, y = a[first], a[second]
        if x is None or y is None or x == "" or y == "":
            continue
        if type(x) in SCALARS and type(y) in SCALARS:
            out.add((name, (x, y)))
        else:
            out.update((name, pair) for pair in _combinations((getter(first), getter(second)), head, a))
    for _, extract in shape.general:
        extract(head, a, out)
    return out


def head_keys(head: Obj) -> set[tuple[str, Any]]:
    """The few-valued keys that are fields of the head."""
    out: set[tuple[str, Any]] = {("kind", head.kind), ("type", head.type)}
    if head.host:
        out.add(("host", head.host))
    return out


def few_keys(head: Obj, a: Attributes) -> set[tuple[str, Any]]:
    """The few-valued keys."""
    out = head_keys(head)
    for name in ("state", "mtu"):
        value = a.get(name)
        if type(value) in SCALARS:
            out.add((name, value))
    return out


def all_keys(head: Obj, a: Attributes) -> set[tuple[str, Any]]:
    return path_keys(head, a) | few_keys(head, a)


def keys_of(reader: GraphReader, head: Obj) -> set[tuple[str, Any]]:
    """All declared keys of an object."""
    return all_keys(head, reader.attributes(head))


@lru_cache(1024)
def _getters(path: Path) -> tuple[Getter, ...]:
    return tuple(getter(part) for part in ((path,) if isinstance(path, str) else path))


def path_values(path: Path, head: Obj, a: Attributes) -> list[Any]:
    """The values of one path of an object: none, one, or one for each member of a list."""
    getters = _getters(path)
    if len(getters) > 1:
        return list(_combinations(getters, head, a))
    value = getters[0](head, a)
    if value is None or value == "":
        return []
    return [item for item in (value if isinstance(value, list | tuple) else (value,)) if type(item) in SCALARS]


def values_of(reader: GraphReader, head: Obj, name: str) -> list[Any]:
    """The values of one key by name; a name without declaration is an attribute."""
    if name in FEW_VALUED:
        return [value for key, value in few_keys(head, reader.attributes(head)) if key == name]
    return path_values(PATHS.get(name, name), head, reader.attributes(head))
