"""What the views hold: columns, how a row's column is read, and which rows a condition on a column leaves.

A view is read lazily: conditions are handed down to the graph's keys and to the log's order, and only the columns that
a statement names are decoded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from calipso.graph.explain import why
from calipso.graph.heads import decode_head
from calipso.graph.protocol import GraphReader, LinkEnd, Obj
from calipso.model.moments import rfc3339
from calipso.model.record import ScopeState
from calipso.operations.context import Site
from calipso.seams import LoggedChange

EQUAL, GREATER, AT_MOST, LESS, AT_LEAST = 2, 4, 8, 16, 32
"""SQLITE_INDEX_CONSTRAINT_…: operators of conditions (sqlite3.h)."""
FOREVER = 2**62
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")


class Column(NamedTuple):
    """name and type as SQLite is told; `read` of a row; `doc` for the reference."""

    name: str
    type: str
    read: Callable[[Any], Any]
    doc: str


class Condition(NamedTuple):
    """`column op value`, with an operator of SQLite's index interface."""

    column: str
    op: int
    value: Any


class Past(NamedTuple):
    """What views read: an environment, the moment that counts as now, how moments are read. ts: µs, None for now."""

    site: Site
    ts: int | None
    moment: Callable[[str], int]
    graphs: dict[int | None, GraphReader]

    def graph(self, said: str | None) -> GraphReader:
        """The graph as of a moment in words. Raises `QueryError`, `NotFound`."""
        ts = self.ts if said is None else self.moment(said)
        if ts not in self.graphs:
            self.graphs[ts] = self.site.graph(ts)
        return self.graphs[ts]


class View(NamedTuple):
    """A table. hidden: what it takes as arguments, as in `objects('-1h')`. narrowed: columns whose conditions help."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    hidden: tuple[str, ...]
    narrowed: Mapping[str, tuple[int, float]]
    """Column → (operators, how many rows are left, roughly)."""
    rows: Callable[[Past, list[str | None], list[Condition]], Iterator[Any]]


def as_json(value: Any) -> str | None:
    """JSON text; None where nothing is known."""
    return None if value is None else msgspec.json.encode(value).decode()


def _scalar(value: Any) -> str | int | float | bool | None:
    return value if type(value) in (str, int, float, bool) and value != "" else None


# ── objects ───────────────────────────────────────────────────────────────────────────────────────────────────────


class ObjectRow:
    """An object; attributes are decoded when first asked for."""

    __slots__ = ("_attributes", "graph", "head", "site")

    def __init__(self, site: Site, graph: GraphReader, head: Obj) -> None:
        self.site = site
        self.graph = graph
        self.head = head
        self._attributes: dict[str, Any] | None = None

    @property
    def attributes(self) -> dict[str, Any]:
        if self._attributes is None:
            self._attributes = self.graph.attributes(self.head)
        return self._attributes

    @property
    def metrics(self) -> dict[str, float] | None:
        """Latest counters: they are of now only."""
        return self.site.metrics.get(self.head.id) if self.graph.ts >= self.site.graph().ts else None

    @property
    def aliases(self) -> list[str]:
        return [self.graph.id_of(member) for member in self.head.members if member != self.head.ord]


def _attribute(name: str, type: str, doc: str) -> Column:
    return Column(name, type, lambda row: _scalar(row.attributes.get(name)), doc)


OBJECT_COLUMNS = (
    Column("id", "TEXT", lambda row: row.head.id, "the natural id"),
    Column("kind", "TEXT", lambda row: row.head.kind, "its role"),
    Column("type", "TEXT", lambda row: row.head.type, "what the system calls it"),
    Column("name", "TEXT", lambda row: row.head.name, ""),
    Column("host", "TEXT", lambda row: row.head.host, ""),
    Column("parent", "TEXT", lambda row: row.head.parent or None, "id of what it belongs to"),
    _attribute("state", "TEXT", "up, down, unknown"),
    _attribute("mac", "TEXT", ""),
    _attribute("mtu", "INTEGER", ""),
    Column("ips", "JSON", lambda row: as_json(row.attributes.get("ips")), "addresses without prefix length"),
    Column("networks", "JSON", lambda row: as_json(row.head.networks), "ids of the networks it carries"),
    Column("aliases", "JSON", lambda row: as_json(row.aliases), "other ids of it"),
    Column("attributes", "JSON", lambda row: as_json(row.attributes), "all of them: `attributes ->> 'driver'`"),
    Column("metrics", "JSON", lambda row: as_json(row.metrics), "latest counters, of now only"),
)


def _objects(past: Past, hidden: list[str | None], conditions: list[Condition]) -> Iterator[Any]:
    graph = past.graph(hidden[0])
    heads: Iterable[Obj | None] | None = None
    least = FOREVER
    for column, _, value in conditions:
        found = _with(graph, column, value)
        if len(found) < least:
            least, heads = len(found), (graph.get(ord) for ord in found)
    for head in graph.objects() if heads is None else heads:
        if head is not None:
            yield ObjectRow(past.site, graph, head)


def _with(graph: GraphReader, column: str, value: Any) -> Any:
    """Ordinals of the objects that may have a value in a column."""
    if value is None or isinstance(value, bytes):
        return ()
    if column == "id":
        head = graph.resolve(value) if isinstance(value, str) else None
        return () if head is None else (head.ord,)
    if column == "mtu" and isinstance(value, str) and value.isdecimal():
        value = int(value)
    return graph.values(column).get(value, ()) if column in FEW else graph.find(column, value)


FEW = ("kind", "type", "host", "state", "mtu")
OBJECTS = View(
    "objects", "Every object, as of now or of the moment given: `objects('-1h')`, `objects AT '-1h'`.",
    OBJECT_COLUMNS, ("at",),
    {"id": (EQUAL, 1), "mac": (EQUAL, 2), "name": (EQUAL, 20), "mtu": (EQUAL, 2000), "state": (EQUAL, 3000),
     "host": (EQUAL, 1000), "type": (EQUAL, 2000), "kind": (EQUAL, 2000)},
    _objects,
)  # fmt: skip

# ── links ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class LinkRow(NamedTuple):
    """A link of a graph, by its ends."""

    graph: GraphReader
    type: str
    source: Obj
    target: Obj

    @property
    def relation(self) -> str:
        first, dot, _ = self.type.partition(".")
        return first if dot or first == "ownership" else "role"

    @property
    def through(self) -> list[str] | None:
        return None if self.relation != "role" else list(why(self.graph, self.type, self.source, self.target).through)


LINK_COLUMNS = (
    Column("type", "TEXT", lambda row: row.type, "as `vnic-vconnector` or `layer2.patch`"),
    Column("relation", "TEXT", lambda row: row.relation, "ownership, layer2, layer3 … or role"),
    Column("source", "TEXT", lambda row: row.source.id, "id"),
    Column("target", "TEXT", lambda row: row.target.id, "id"),
    Column("through", "JSON", lambda row: as_json(row.through), "of links of roles: ids passed on the way"),
)


def _links(past: Past, hidden: list[str | None], conditions: list[Condition]) -> Iterator[Any]:
    graph = past.graph(hidden[0])
    said = {each.column: each.value for each in conditions}
    types = (said["type"],) if "type" in said else None
    for end in ("source", "target"):
        if end in said:
            head = graph.resolve(said[end]) if isinstance(said[end], str) else None
            heads: Iterable[Obj] = () if head is None else (head,)
            outgoing = end == "source"
            break
    else:
        heads, outgoing = graph.objects(), True
    for head in heads:
        for link in graph.links(head.ord, types):
            row = _link(graph, head, link) if link.outgoing is outgoing else None
            if row is not None:
                yield row


def _link(graph: GraphReader, head: Obj, link: LinkEnd) -> LinkRow | None:
    other = graph.get(link.other)
    if other is None:
        return None
    return LinkRow(graph, link.type, *((head, other) if link.outgoing else (other, head)))


LINKS = View(
    "links", "Every link, as of now or of the moment given: `links('-1h')`, `links AT '-1h'`.", LINK_COLUMNS, ("at",),
    {"source": (EQUAL, 5), "target": (EQUAL, 5), "type": (EQUAL, 50_000)}, _links,
)  # fmt: skip

# ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────


class ChangeRow:
    """A row of the history; what it holds is decoded when first asked for."""

    __slots__ = ("_said", "row", "site")

    def __init__(self, site: Site, row: LoggedChange) -> None:
        self.site = site
        self.row = row
        self._said: tuple[str | None, str | None, Any] | None = None

    @property
    def said(self) -> tuple[str | None, str | None, Any]:
        """(type, scope, what was said)."""
        if self._said is None:
            self._said = self._decoded()
        return self._said

    def _decoded(self) -> tuple[str | None, str | None, Any]:
        row = self.row
        if row.what == "link":
            return row.link_type, None, None
        if row.body is None:
            return None, None, None
        if row.what == "facet":
            return self.site.store.codec.decode(row.body)
        head = decode_head(row.ord, row.body)
        shown = {"kind": head.kind, "name": head.name, "host": head.host, "parent": head.parent}
        return head.type, None, shown | {"networks": head.networks}

    @property
    def op(self) -> str:
        if self.row.what == "link":
            return "added" if self.row.op > 0 else "removed"
        return "removed" if self.row.body is None else "set"

    @property
    def id(self) -> str:
        return self.site.store.id_of(self.row.ord)

    @property
    def target(self) -> str | None:
        return self.site.store.id_of(self.row.other) if self.row.what == "link" else None


CHANGE_COLUMNS = (
    Column("at", "TEXT", lambda row: rfc3339(row.row.ts), "when, in UTC, to the millisecond"),
    Column("ts", "INTEGER", lambda row: row.row.ts, "when, in µs since the epoch"),
    Column("revision", "INTEGER", lambda row: row.row.rev, ""),
    Column("what", "TEXT", lambda row: {"head": "object", "facet": "record"}.get(row.row.what, "link"),
           "object (as derived), record (as a source said), link"),
    Column("op", "TEXT", lambda row: row.op, "set or removed; of links added or removed"),
    Column("id", "TEXT", lambda row: row.id, "the object's; of a link its source's"),
    Column("type", "TEXT", lambda row: row.said[0], "of the object or link"),
    Column("target", "TEXT", lambda row: row.target, "of a link: id of its target"),
    Column("facet", "TEXT", lambda row: row.row.facet or None, "which part of the object a record fills"),
    Column("scope", "TEXT", lambda row: row.said[1], "who said it: `source@host:part`, a scope of `runs`"),
    Column("attributes", "JSON", lambda row: as_json(row.said[2]), "what is said from then on"),
)  # fmt: skip


def _changes(past: Past, hidden: list[str | None], conditions: list[Condition]) -> Iterator[Any]:
    site, store = past.site, past.site.store
    low = store.begins if hidden[0] is None else max(store.begins, past.moment(hidden[0]) - 1)
    high = FOREVER if past.ts is None else past.ts
    if hidden[1] is not None:
        high = min(high, past.moment(hidden[1]))
    ord: int | None = None
    for column, op, value in conditions:
        if column == "id" and op == EQUAL:
            ord = store.ord_of(value) if isinstance(value, str) else None
            if ord is None:
                return
        bounds = _bounds(column, op, value, past)
        low, high = max(low, bounds[0]), min(high, bounds[1])
    rows = store.changes(low, high) if ord is None else store.timeline(ord, low, high)
    for row in rows if low < high else ():
        yield ChangeRow(site, row)


def _bounds(column: str, op: int, value: Any, past: Past) -> tuple[int, int]:
    """(after, until) that a condition on time leaves, in µs; a little wide, as it is asked again."""
    if column == "ts" and type(value) is int:
        ts = value
    elif column == "at" and isinstance(value, str) and _STAMP.fullmatch(value):
        ts = past.moment(value)
    else:
        return 0, FOREVER
    after = ts - 1001 if op in (EQUAL, GREATER, AT_LEAST) else 0
    return max(0, after), ts + 1000 if op in (EQUAL, LESS, AT_MOST) else FOREVER


_TIMES = EQUAL | GREATER | AT_MOST | LESS | AT_LEAST
CHANGES = View(
    "changes", "The history, oldest first; `changes('-1h')` since then, `changes('-1h', '-30m')` between.",
    CHANGE_COLUMNS, ("since", "until"), {"id": (EQUAL, 50), "ts": (_TIMES, 5_000), "at": (_TIMES, 5_000)}, _changes,
)  # fmt: skip

# ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stamp(ts: int) -> str | None:
    return rfc3339(ts) if ts else None


RUN_COLUMNS = (
    Column("scope", "TEXT", lambda row: row.scope.key, "`source@host:part`"),
    Column("source", "TEXT", lambda row: row.scope.source, ""),
    Column("host", "TEXT", lambda row: row.scope.reporter, "who was asked"),
    Column("part", "TEXT", lambda row: row.scope.part, "what was looked at, empty for all of it"),
    Column("status", "TEXT", lambda row: row.status, "running, completed, partial, failed, aborted"),
    Column("stale", "BOOLEAN", lambda row: int(row.stale), "1: what it says may be out of date"),
    Column("seen", "INTEGER", lambda row: row.seen, "records"),
    Column("changed", "INTEGER", lambda row: row.changed, "records that it found otherwise, or no longer"),
    Column("began", "TEXT", lambda row: _stamp(row.began), ""),
    Column("ended", "TEXT", lambda row: _stamp(row.ended), ""),
    Column("completed", "TEXT", lambda row: _stamp(row.completed), "the last time it was complete"),
    Column("errors", "JSON", lambda row: as_json(row.errors), "verbatim"),
)


def _runs(past: Past, hidden: list[str | None], conditions: list[Condition]) -> Iterator[ScopeState]:
    ts = past.ts if hidden[0] is None else past.moment(hidden[0])
    kept = past.site.store.runs(0, FOREVER if ts is None else ts)
    yield from kept
    if ts is None:
        known = {(state.scope, state.ended) for state in kept}
        yield from (state for state in past.site.scopes() if (state.scope, state.ended) not in known)


RUNS = View(
    "runs", "Looks at scopes that changed something or went otherwise than the one before, and the last of each; "
    "`runs('-1h')` those that were over then.", RUN_COLUMNS, ("at",), {}, _runs,
)  # fmt: skip

VIEWS = (OBJECTS, LINKS, CHANGES, RUNS)
