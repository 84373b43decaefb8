"""/ws/subscriber as Skydive has it: a snapshot on request, then nodes and edges as they come, change and go.

Messages are JSON text: {"Namespace", "Type", "UUID", "Status", "Obj"}. A client asks {"Namespace": "Graph", "Type":
"SyncRequest", "Obj": {"GremlinFilter": …}} and is answered by SyncReply with Nodes and Edges. Clients that asked by the
same query share what is worked out and encoded; one that is too slow is closed and has to begin again.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable
from typing import Any

import msgspec

from calipso.errors import QueryError
from calipso.graph.value import Delta, Graph
from calipso.model import user
from calipso.operations.metadata import Json, Shapes
from calipso.operations.querying import Reach
from calipso.operations.questions import QUESTIONS, SUBSCRIPTIONS, Turn
from calipso.operations.skydive import asked, elements
from calipso.query.depends import Depends, checked, keys_touched, touched
from calipso.runtime.at import now
from calipso.runtime.site import Site
from calipso.web.skydive_outbox import Outbox

GRAPH, ALERT = "Graph", "Alert"
PAUSE = 0.05
"""Seconds in which ticks are gathered before clients are told."""
ATTEMPTS = 5
"""To ask first while nothing changes."""
SHARE, QUICK = 0.2, 0.002
"""Of the time that a query may be asked for; what takes fewer seconds of a processor is asked at once."""


class Said(msgspec.Struct, frozen=True, rename={
    "namespace": "Namespace", "type": "Type", "uuid": "UUID", "obj": "Obj",
}):  # fmt: skip
    """What a client says; `Status` means nothing here."""

    namespace: str
    type: str
    uuid: str = ""
    obj: Any = None


def message(namespace: str, type: str, obj: Any, *, answers: str = "", status: int = 200) -> bytes:
    """A message; `answers`: the UUID of the one it answers."""
    said = {"Namespace": namespace, "Type": type, "UUID": answers or str(uuid.uuid4()), "Status": status, "Obj": obj}
    return msgspec.json.encode(said)


class Told(msgspec.Struct):
    """What clients of a query know: id → node or edge as it was told."""

    nodes: dict[str, Json] = {}
    edges: dict[str, Json] = {}

    @classmethod
    def of(cls, found: Json) -> Told:
        return cls({each["ID"]: each for each in found["Nodes"]}, {each["ID"]: each for each in found["Edges"]})


class Group:
    """The clients of one query."""

    def __init__(self, site: Site, gremlin: str) -> None:
        self.site = site
        self.gremlin = gremlin
        self.on: Depends | None = _with_own(checked(gremlin)) if gremlin else None
        self.clients: set[Outbox] = set()
        self.told = Told()
        self._batch: Batch | None = None
        self._telling: asyncio.Task[None] | None = None
        self._took = 0.0

    def take(self, batch: Batch) -> None:
        """Tell the clients of a batch, at once or with those that come meanwhile."""
        self._batch = batch if self._batch is None else self._batch.joined(batch)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), name="a subscribers' query")

    async def _tell(self) -> None:
        while (batch := self._batch) is not None:
            self._batch, self._took = None, 0.0
            for body in await self._said(batch):
                for client in self.clients:
                    client.offer(body)
            if self.slow:
                await asyncio.sleep(self._took / SHARE)

    async def _said(self, batch: Batch) -> list[bytes]:
        """A query that stopped working (it takes too long now) leaves its clients with what they know."""
        try:
            return await self.news(batch)
        except QueryError as error:
            return [message(GRAPH, "Error", {"Message": error.message}, status=400)]

    @property
    def slow(self) -> bool:
        """Whether it took long to ask it the last time."""
        return self._took > QUICK

    def close(self) -> None:
        """Nothing is told any more."""
        if self._telling is not None:
            self._telling.cancel()

    async def found(self) -> Json:
        """What the query finds now. Raises `QueryError`."""
        return await QUESTIONS.standing(self._snapshot)

    def _snapshot(self, turn: Turn) -> Json:
        began = time.thread_time()
        try:
            return self._elements(turn)
        finally:
            self._took = time.thread_time() - began

    def _elements(self, turn: Turn) -> Json:
        answer, shapes = asked(self.site, now(), self.gremlin or "G", turn)
        if answer.kind not in ("graph", "nodes", "links", "paths"):
            raise QueryError("a subscription's query answers objects or links", hint="as in G.V().Has('Type', 'veth')")
        return elements(answer, shapes)

    async def news(self, batch: Batch) -> list[bytes]:
        """What clients have to be told of a batch of ticks."""
        if self.on is None:
            return await asyncio.to_thread(_of_all, self.site, batch)
        if await asyncio.to_thread(self._may_matter, batch):
            before, self.told = self.told, Told.of(await self.found())
            return await asyncio.to_thread(lambda: list(_between(before, self.told)))
        return []

    def _may_matter(self, batch: Batch) -> bool:
        on = self.on
        if on is None or on.on_everything or batch.links:
            return True
        return bool(on.keys & batch.keys) or not batch.keys.isdisjoint(_ids(self.told.nodes))


def _ids(names: Iterable[str]) -> set[tuple[str, Any]]:
    """Keys of nodes as they are called here: users' nodes go by the names that users gave them."""
    return {("id", id) for name in names for id in (name, user.node_id(name))}


def _with_own(on: Depends) -> Depends:
    return msgspec.structs.replace(on, keys=on.keys | _ids(value for key, value in on.keys if key == "id"))


class Batch:
    """Some ticks as one change."""

    def __init__(self) -> None:
        self.old: Graph | None = None
        self.new: Graph | None = None
        self.ords: set[int] = set()
        self.links: dict[tuple[str, int, int], list[int]] = {}
        self._keys: set[tuple[str, Any]] | None = None

    def add(self, old: Graph, new: Graph, delta: Delta) -> None:
        self.old = self.old or old
        self.new = new
        self.ords |= touched(new, delta)
        for type, source, target, op in delta.links:
            self.links.setdefault((type, source, target), []).append(op)

    def joined(self, later: Batch) -> Batch:
        """This one and the next as one. Others may hold either: both stay as they are."""
        out = Batch()
        out.old, out.new, out.ords = self.old or later.old, later.new, self.ords | later.ords
        for each in (self, later):
            for link, ops in each.links.items():
                out.links[link] = [*out.links.get(link, ()), *ops]
        return out

    @property
    def keys(self) -> set[tuple[str, Any]]:
        if self._keys is None:
            assert self.old is not None
            assert self.new is not None
            self._keys = keys_touched(self.old, self.new, self.ords)
        return self._keys


def _of_all(site: Site, batch: Batch) -> list[bytes]:
    """The news of a batch for those who asked for everything."""
    assert batch.old is not None
    assert batch.new is not None
    old = Shapes(site, batch.old, Reach(site, batch.old.ts, now()), batch.old.ts)
    new = Shapes(site, batch.new, Reach(site, None, now()), None)
    before, after = Told({}, {}), Told({}, {})
    for each in (old, new):
        each.expect(batch.ords)
    for ord in sorted(batch.ords):
        for shapes, told in ((old, before), (new, after)):
            head = shapes.reader.get(ord)
            if head is not None:
                node = shapes.node(head)
                told.nodes[node["ID"]] = node
    for (type, source, target), ops in batch.links.items():
        was, stays = ops[0] < 0, ops[-1] > 0
        for shapes, told, there in ((old, before, was), (new, after, stays)):
            if there:
                edge = shapes.edge(type, shapes.reader.id_of(source), shapes.reader.id_of(target))
                told.edges[edge["ID"]] = edge
    return list(_between(before, after))


def _between(before: Told, after: Told) -> Iterable[bytes]:
    """Nodes before the edges that need them; edges gone before their nodes."""
    stamp = now() // 1000
    for id, node in after.nodes.items():
        if id not in before.nodes:
            yield message(GRAPH, "NodeAdded", node)
        elif _changed(before.nodes[id], node):
            yield message(GRAPH, "NodeUpdated", node)
    for id, edge in after.edges.items():
        if id not in before.edges:
            yield message(GRAPH, "EdgeAdded", edge)
        elif edge["Metadata"] != before.edges[id]["Metadata"]:
            yield message(GRAPH, "EdgeUpdated", edge)
    for id, edge in before.edges.items():
        if id not in after.edges:
            yield message(GRAPH, "EdgeDeleted", {**edge, "DeletedAt": stamp})
    for id, node in before.nodes.items():
        if id not in after.nodes:
            yield message(GRAPH, "NodeDeleted", {**node, "DeletedAt": stamp})


def _changed(one: Json, other: Json) -> bool:
    """Counters alone are no news: they change all the time and are asked for."""
    return one["Host"] != other["Host"] or _facts(one) != _facts(other)


def _facts(node: Json) -> Json:
    return {name: value for name, value in node["Metadata"].items() if name != "Metric"}


class Subscribers:
    """All clients of one environment. `published` is called by the writer after each tick."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.groups: dict[str, Group] = {}
        self._asked: dict[Outbox, tuple[str, str]] = {}
        """What each client asked for, and who it is."""
        self._batch = Batch()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        return sum(len(group.clients) for group in self.groups.values())

    async def join(self, gremlin: str, client: Outbox, who: str = "") -> None:
        """Tell a client what changes of what a query finds, from now on, instead of what it asked for before.

        Raises `QueryError`, and `Conflict` when the caller is told of too much: it goes on as it was.
        """
        if gremlin:
            SUBSCRIPTIONS.begin(who, (self, gremlin))
        try:
            if gremlin not in self.groups:
                group = await self._begun(gremlin)
                self.groups.setdefault(gremlin, group)
        except BaseException:
            self._freed(gremlin, who)
            raise
        if self._task is None:
            self.site.writer.listen(self.published)
            self._task = asyncio.create_task(self._tell(), name="subscribers")
        self.groups[gremlin].clients.add(client)
        before = self._asked.get(client)
        self._asked[client] = (gremlin, who)
        if before is not None:
            self._left(client, *before, stays=before[0] == gremlin)

    async def _begun(self, gremlin: str) -> Group:
        """With the answer of the newest graph: of what changes meanwhile nobody tells it."""
        group = Group(self.site, gremlin)
        for _ in range(ATTEMPTS if gremlin else 0):
            graph = self.site.writer.graph
            group.told = Told.of(await group.found())
            if graph is self.site.writer.graph or group.slow:
                break
        return group

    def leave(self, client: Outbox) -> None:
        asked = self._asked.pop(client, None)
        if asked is not None:
            self._left(client, *asked)
        if not self.groups and self._task is not None:
            self.site.writer.leave(self.published)
            self._task.cancel()
            self._task = None

    def _left(self, client: Outbox, gremlin: str, who: str, *, stays: bool = False) -> None:
        self._freed(gremlin, who)
        group = self.groups[gremlin]
        if not stays:
            group.clients.discard(client)
        if not group.clients:
            del self.groups[gremlin]
            group.close()

    def _freed(self, gremlin: str, who: str) -> None:
        if gremlin:
            SUBSCRIPTIONS.end(who, (self, gremlin))

    async def snapshot(self, gremlin: str) -> Json:
        """What a query finds now. Raises `QueryError`."""
        return await Group(self.site, gremlin).found()

    def broadcast(self, body: bytes) -> None:
        """The same to every client."""
        for group in self.groups.values():
            for client in group.clients:
                client.offer(body)

    def published(self, old: Graph, new: Graph, delta: Delta) -> None:
        self._batch.add(old, new, delta)
        self._news.set()

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(PAUSE)
            self._news.clear()
            batch, self._batch = self._batch, Batch()
            for group in self.groups.values():
                group.take(batch)
