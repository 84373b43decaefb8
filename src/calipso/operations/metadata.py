"""Objects and links as Skydive shows them: nodes and edges with metadata, made by one declared table.

The table is `query/names.py`: what a query may call an attribute is what its metadata is called. Tables of the kernel
(routes, neighbours, forwarding) are shown in Skydive's own form, and so are the latest counters (`Metric`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from calipso.graph.merge import base
from calipso.graph.protocol import Facet, GraphReader, Obj
from calipso.model import user
from calipso.model.record import Attributes
from calipso.operations.context import Site
from calipso.operations.querying import Reach
from calipso.query import names
from calipso.query.names import ALIASES, SECTIONS, Name, name_of
from calipso.query.run import Life

Json = dict[str, Any]
ORIGIN = "calipso"
"""What Skydive's `Origin` begins with: the service that says it."""
NOT_METADATA = frozenset({"ID", "Host", "Probe", "Manager"})
"""Names of the table that are fields of a node, or need more than its attributes."""
BY_HAND = frozenset({"RoutingTables", "Neighbors", "FDB", "Sockets", "LinkNetNsName"})
ONLY_HOSTS = frozenset({"Hostname"})
"""Names whose second meaning is for queries: shown for hosts alone."""
WHOLE = 100
"""Sections of a source are shown with this many attributes at most."""
ACRONYMS = {"id": "ID", "ip": "IP", "mac": "MAC", "mtu": "MTU", "uuid": "UUID", "vni": "VNI", "ips": "IPs"}


class _Entry(msgspec.Struct, frozen=True):
    """One line of the table: where it is shown, the name, the attributes and the sources it can come from."""

    path: tuple[str, ...]
    name: Name
    tops: frozenset[str]
    sources: frozenset[str]
    hosts: bool


def _table() -> tuple[_Entry, ...]:
    """Sections before what is in them, so that a whole section is made first."""
    shown = [name for name in ALIASES if not name.startswith("@") and name not in NOT_METADATA | BY_HAND]
    found = []
    for text in sorted(shown, key=lambda each: (each.count("."), each)):
        name = name_of(text)
        tops = frozenset(path[0] for source, path in name.paths if not source)
        sources = frozenset(source for source, _ in name.paths if source)
        found.append(_Entry(tuple(text.split(".", 1)), name, tops, sources, text in ONLY_HOSTS))
    return tuple(found)


TABLE = _table()
OWN_SECTIONS = {source: section for section, source in SECTIONS.items() if section not in ("Ovs", "Container")}
"""Facets of these sources are shown whole, below their section."""


def metadata(reader: GraphReader, head: Obj, metrics: Mapping[str, float] | None = None) -> Json:
    """What Skydive would call an object's metadata."""
    attributes = reader.attributes(head)
    facets = reader.facets(head)
    sources = {base(facet.name) for facet in facets}
    out = _sections(facets)
    for entry in TABLE:
        if entry.hosts and head.type != "host":
            continue
        if entry.sources:
            value = names.read(reader, head, entry.name) if entry.sources & sources else None
        elif entry.name.of_head:
            value = getattr(head, entry.name.of_head)
        else:
            value = names.picked(attributes, entry.name) if not entry.tops.isdisjoint(attributes) else None
        if value is not None and value != "" and value != []:
            _put(out, entry.path, value)
    manager = names.read(reader, head, name_of("Manager"))
    if manager is not None:
        out["Manager"] = manager
    _tables(attributes, out)
    for name, value in attributes.get(user.METADATA, {}).items():
        out.setdefault(name, value)
    if metrics:
        out["Metric"] = {camel(name): value for name, value in metrics.items()}
    return out


def _put(out: Json, path: tuple[str, ...], value: Any) -> None:
    if len(path) == 1:
        out[path[0]] = value
        return
    section = out.get(path[0])
    out[path[0]] = {**section, path[1]: value} if isinstance(section, dict) else {path[1]: value}


def _sections(facets: Iterable[Facet]) -> Json:
    out: Json = {}
    for facet in facets:
        section = OWN_SECTIONS.get(base(facet.name))
        if section is not None:
            said = {camel(name): value for name, value in list(facet.attributes.items())[:WHOLE]}
            out[section] = {**said, **out.get(section, {})}
    return out


def camel(name: str) -> str:
    """`port_id` → PortID: the other way round than `query/names.py` reads it."""
    return "".join(ACRONYMS.get(part, part[:1].upper() + part[1:]) for part in name.split("_"))


# ── tables of the kernel ─────────────────────────────────────────────────────────────────────────────────────────


def _tables(attributes: Attributes, out: Json) -> None:
    index = attributes.get("ifindex")
    if attributes.get("neighbors"):
        out["Neighbors"] = [_neighbor(entry, index) for entry in attributes["neighbors"]]
    if attributes.get("fdb"):
        out["FDB"] = [_forwarding(entry, index) for entry in attributes["fdb"]]
    if attributes.get("routes"):
        out["RoutingTables"] = _routing(attributes["routes"], index)
    if attributes.get("sockets"):
        out["Sockets"] = [{camel(name): value for name, value in entry.items()} for entry in attributes["sockets"]]


def _neighbor(entry: Json, index: int | None) -> Json:
    return _said(
        MAC=entry.get("mac"), IP=entry.get("ip"), IfIndex=index, Flags=[_flag(each) for each in entry.get("flags", ())],
        State=[f"NUD_{entry['state'].upper()}"] if entry.get("state") else None,
    )  # fmt: skip


def _forwarding(entry: Json, index: int | None) -> Json:
    return _said(
        MAC=entry.get("mac"), IP=entry.get("dst"), Vlan=entry.get("vlan"), VNI=entry.get("vni"), IfIndex=index,
        Flags=[_flag(each) for each in entry.get("flags", ())],
        State=[f"NUD_{entry['state'].upper()}"] if entry.get("state") else None,
    )  # fmt: skip


def _flag(name: str) -> str:
    return f"NTF_{name.upper()}"


def _routing(routes: Iterable[Json], index: int | None) -> list[Json]:
    """By table: Skydive's ID and Src of a table, and its routes."""
    tables: dict[int, list[Json]] = {}
    sources: dict[int, str] = {}
    for route in routes:
        number = int(route.get("table", 254))
        prefix = route.get("dst", "default")
        if prefix == "default":
            prefix = "::/0" if ":" in str(route.get("gateway", "")) or route.get("family") == 6 else "0.0.0.0/0"
        hops = [
            _said(IP=hop.get("gateway"), IfIndex=hop.get("ifindex", index), Priority=route.get("metric"))
            for hop in route.get("nexthops") or (route,)
        ]
        shown = _said(Prefix=prefix, Protocol=route.get("protocol"), NextHops=hops)
        tables.setdefault(number, []).append(shown)
        if route.get("source"):
            sources.setdefault(number, route["source"])
    return [_said(ID=number, Src=sources.get(number), Routes=tables[number]) for number in sorted(tables)]


def _said(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None and value != []}


# ── nodes and edges ──────────────────────────────────────────────────────────────────────────────────────────────


class Shapes:
    """Nodes and edges of one graph. `at`: the moment it is of, None for now."""

    def __init__(self, site: Site, reader: GraphReader, world: Reach, at: int | None) -> None:
        self.site = site
        self.reader = reader
        self.world = world
        self.at = at
        self._lives: dict[int, Life] = {}
        self._nodes: dict[int, Json] = {}

    def expect(self, ords: Collection[int]) -> None:
        """Nodes that are about to be shown: their lives are looked up at once."""
        self._lives = self.world.lives(ords, self.at)

    def node(self, head: Obj) -> Json:
        """A node; CreatedAt, UpdatedAt in ms since the epoch. Made once, however often it is shown."""
        made = self._nodes.get(head.ord)
        if made is None:
            made = self._nodes[head.ord] = self._made(head)
        return made

    def _made(self, head: Obj) -> Json:
        life = self._lives.get(head.ord) or self.world.life(head.ord, self.at)
        metrics = self.site.metrics.get(head.id) if self.at is None else None
        return {
            "ID": self.shown(head.id), "Host": head.host, "Origin": f"{head.host}.{ORIGIN}",
            **_life(life, self.reader.ts), "Metadata": {**metadata(self.reader, head, metrics)},
        }  # fmt: skip

    def shown(self, id: str) -> str:
        """A user's node goes by the name its user gave it, unless something else has that id."""
        if not user.is_node(id):
            return id
        name = user.name_of(id)
        return name if self.reader.resolve(name) is None else id

    def edge(self, type: str, source: str, target: str) -> Json:
        """An edge; one that a user has declared keeps its id and metadata."""
        parent = self.reader.resolve(source)
        host = "" if parent is None else parent.host
        declared = None if parent is None else user.edge_between(self.reader.attributes(parent), type, target)
        relation, dot, rest = type.partition(".")
        if declared is not None:
            said = dict(declared["metadata"])
        elif dot or relation == "ownership":
            said = {"RelationType": relation} | ({"Type": rest} if rest else {})
        else:
            said = {"RelationType": "role", "Type": type}
        return {
            "ID": f"{type}|{source}|{target}" if declared is None else declared["id"],
            "Host": host, "Origin": f"{host}.{ORIGIN}", "Parent": self.shown(source), "Child": self.shown(target),
            "CreatedAt": 0, "UpdatedAt": 0, "Revision": 1, "Metadata": said,
        }  # fmt: skip


def _life(life: Life | None, ts: int) -> Json:
    if life is None:
        return {"CreatedAt": ts // 1000, "UpdatedAt": ts // 1000, "Revision": 1}
    return {"CreatedAt": life.created // 1000, "UpdatedAt": life.updated // 1000, "Revision": life.revision}
