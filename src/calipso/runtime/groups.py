"""Those who asked for the same: one filter, its frames joined once a tick, its snapshot made once (CORE §7)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec

from calipso.errors import CalipsoError
from calipso.graph.protocol import GraphReader
from calipso.graph.value import Graph
from calipso.model.moments import rfc3339
from calipso.operations.answers import LinkView, view
from calipso.operations.inventory import of_kind
from calipso.operations.querying import Reach
from calipso.operations.questions import QUESTIONS
from calipso.query.elements import LINKS, NODES, Link
from calipso.query.run import Limits, Run
from calipso.query.standing import Item, Standing
from calipso.runtime.deltas import Changed, Tick, added, link_body, removed
from calipso.runtime.site import Site
from calipso.runtime.subscriber import Message, Subscriber

KEPT_BYTES = 4 << 20
"""Of frames kept for clients that come again."""
LIMITS = Limits(seconds=5.0, results=100_000)
SHARE = 0.2
"""Of the time that a query may take for itself: after one of a second it is not asked again for five."""
QUICK = 0.002

Key = tuple[str, Any]


class Pinned(Reach):
    """A query's world with one value of the graph as now."""

    def __init__(self, site: Site, graph: Graph) -> None:
        super().__init__(site, None, graph.ts)
        self._graph = graph

    @property
    def history(self) -> None:
        return None

    def graph(self, at: int | None) -> GraphReader:
        return self._graph


def run_on(site: Site, graph: Graph, query: Standing, clock: Callable[[], float] = time.monotonic) -> Run:
    return Run(Pinned(site, graph), LIMITS, clock, tracked=query.plan.tracked)


class Group:
    """Everything of an environment, for all who asked for it. `seq`: the state is that of this number."""

    kind = "objects"
    keys: frozenset[Key] = frozenset()
    """It is only handed changes of objects that had or have one of these; without any, all changes."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.graph: Graph = site.writer.graph
        self.seq = self.begins = self.graph.rev
        self.clients: set[Subscriber] = set()
        self.waiting = 0
        """Clients to come."""
        self.lost = 0
        self.failed: CalipsoError | None = None
        self._kept: deque[Message] = deque()
        self._kept_bytes = 0
        self._made: tuple[int, asyncio.Task[Message]] | None = None

    async def begin(self) -> None:
        """Make the first state. Raises `QueryError`."""

    @property
    def settled(self) -> bool:
        """Whether the state is that of the newest graph."""
        return True

    def take(self, tick: Tick, changes: Collection[Changed]) -> None:
        """Tell the clients what of a tick concerns them."""
        self.graph = tick.new
        self.emit(tick.seq, tick.ts, self.bodies(tick, changes))

    def bodies(self, tick: Tick, changes: Collection[Changed]) -> Iterable[bytes]:
        for each in changes:
            yield each.body(each.before is not None, each.after is not None)
        for link in tick.links:
            yield link.body

    def emit(self, seq: int, ts: int, bodies: Iterable[bytes]) -> None:
        """One frame of all that is not empty, encoded and queued."""
        self.seq = seq
        told = [body for body in bodies if body]
        if not told:
            return
        head = b'{"seq":%d,"ts":"%s","changes":[' % (seq, rfc3339(ts).encode())
        message = Message("changes", head + b",".join(told) + b"]}", seq)
        self._kept.append(message)
        self._kept_bytes += len(message.body)
        while self._kept_bytes > KEPT_BYTES:
            dropped = self._kept.popleft()
            self._kept_bytes -= len(dropped.body)
            self.begins = dropped.seq or self.begins
        for client in self.clients:
            self.lost += client.offer(message)

    def fail(self, error: CalipsoError) -> None:
        """End for all clients."""
        self.failed = error
        body = msgspec.json.encode({"error": error.message, "hint": error.hint})
        for client in self.clients:
            client.end(Message("error", body, None))

    def join(self, since: int | None) -> Subscriber:
        """A new client; from a number on where everything after it is kept, else it begins with a snapshot."""
        resumed = since is not None and self.begins <= since <= self.seq
        missed = [message for message in self._kept if message.seq is not None and message.seq > (since or 0)]
        client = Subscriber(self.snapshot, missed if resumed else None)
        self.clients.add(client)
        return client

    def snapshot(self) -> asyncio.Task[Message]:
        """The state as it is now: the clients who ask at the same number share one."""
        if self._made is None or self._made[0] != self.seq:
            self._made = self.seq, asyncio.create_task(asyncio.to_thread(self._snapshot, self.graph, self.state()))
        return self._made[1]

    def state(self) -> Any:
        """What the snapshot is made of besides the graph: a copy."""
        return None

    def items(self, graph: Graph, state: Any) -> Iterable[Any]:
        """The snapshot's items, JSON-like or to be encoded."""
        return (view(self.site, graph, head) for head in of_kind(graph, ""))

    def _snapshot(self, graph: Graph, state: Any) -> Message:
        body = {"snapshot": list(self.items(graph, state)), "seq": graph.rev, "kind": self.kind}
        return Message("snapshot", msgspec.json.encode(body), graph.rev)

    def close(self) -> None:
        """Nothing is kept running."""


def of_ordinals(site: Site, graph: Graph, ords: Iterable[int]) -> Iterable[Any]:
    return (view(site, graph, head) for ord in ords if (head := graph.get(ord)) is not None)


class Keyed(Group):
    """Objects with a declared key, and links at them."""

    def __init__(self, site: Site, key: Key) -> None:
        super().__init__(site)
        self.key = key
        self.keys = frozenset({key})

    def bodies(self, tick: Tick, changes: Collection[Changed]) -> Iterable[bytes]:
        for each in changes:
            before, now = each.keys
            yield each.body(self.key in before, self.key in now)
        for link in tick.links:
            if self.key in link.keys:
                yield link.body

    def items(self, graph: Graph, state: Any) -> Iterable[Any]:
        return of_ordinals(self.site, graph, sorted(graph.find(*self.key)))


class Chosen(Group):
    """A query of one step over objects: each change is decided by itself, and only where it has one of the keys."""

    def __init__(self, site: Site, query: Standing) -> None:
        super().__init__(site)
        self.query = query
        self.keys = query.footprint.start
        self.members: set[int] = set()
        self._waiting: set[int] | None = set()

    async def begin(self) -> None:
        graph = self.graph
        found = await QUESTIONS.standing(
            lambda turn: self.query.items(run_on(self.site, graph, self.query, turn.clock))
        )
        waiting, self._waiting = self._waiting or set(), None
        self.members = {item.value for item in found}
        holds = self.query.test(run_on(self.site, self.graph, self.query))
        for ord in waiting:
            (self.members.add if holds(ord) else self.members.discard)(ord)
        self.seq = self.begins = self.graph.rev

    def take(self, tick: Tick, changes: Collection[Changed]) -> None:
        if self._waiting is not None:
            self._waiting |= {each.ord for each in changes}
            self.graph = tick.new
        else:
            super().take(tick, changes)

    def bodies(self, tick: Tick, changes: Collection[Changed]) -> Iterable[bytes]:
        if not changes:
            return
        holds = self.query.test(run_on(self.site, tick.new, self.query))
        for each in changes:
            was, is_ = each.ord in self.members, holds(each.ord)
            (self.members.add if is_ else self.members.discard)(each.ord)
            yield each.body(was, is_)

    def state(self) -> list[int]:
        return sorted(self.members)

    def items(self, graph: Graph, state: list[int]) -> Iterable[Any]:
        return of_ordinals(self.site, graph, state)


class Answers(msgspec.Struct):
    """What a query answers: ordinals, links, and how often each value, encoded."""

    objects: dict[int, None]
    links: dict[Link, None]
    values: Counter[bytes]

    @classmethod
    def of(cls, items: Iterable[Item]) -> Answers:
        out = cls({}, {}, Counter())
        for item in items:
            if item.kind == NODES:
                out.objects[item.value] = None
            elif item.kind == LINKS:
                out.links[item.value] = None
            else:
                out.values[msgspec.json.encode(item.value, order="deterministic")] += 1
        return out


class Asked(Group):
    """Any other query: asked again when a tick touches what it reads, at most once a tick, in a thread."""

    def __init__(self, site: Site, query: Standing) -> None:
        super().__init__(site)
        self.query = query
        self.kind = {NODES: "objects"}.get(query.gives, query.gives)
        self.answers = Answers({}, {}, Counter())
        self.asked = 0
        """How often it was."""
        self._newest = self.graph
        self._touched: set[int] = set()
        self._concerned = False
        """Whether a tick since the last question touched what it reads."""
        self._busy = True
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        graph = self._newest
        self._touched, self._concerned = set(), False
        self.answers = await self._ask(graph)
        self.graph, self.seq, self.begins = graph, graph.rev, graph.rev
        self._busy = False
        if self._newest is not graph:
            self._go_on()

    def _go_on(self) -> None:
        self._busy = True
        self._task = asyncio.create_task(self._again())

    async def _ask(self, graph: Graph) -> Answers:
        self.asked += 1
        return await QUESTIONS.standing(
            lambda turn: Answers.of(self.query.items(run_on(self.site, graph, self.query, turn.clock)))
        )

    @property
    def settled(self) -> bool:
        return not self._busy

    def take(self, tick: Tick, changes: Collection[Changed]) -> None:
        self._newest = tick.new
        if self.failed is not None:
            return
        if self._busy:
            self._touched |= tick.objects.keys()
            self._concerned = self._concerned or self._concerns(tick)
        elif self._concerns(tick):
            self._touched, self._concerned = set(tick.objects), True
            self._go_on()
        else:
            self.graph = tick.new
            known = (each for each in changes if each.ord in self.answers.objects)
            self.emit(tick.seq, tick.ts, (each.body(True, True) for each in known))

    def _concerns(self, tick: Tick) -> bool:
        footprint = self.query.footprint
        if footprint.touched(tick.names, tick.link_types):
            return True
        return any(footprint.enters(frozenset().union(*each.keys)) for each in tick.came_or_went())

    async def _again(self) -> None:
        """Until the state is that of the newest graph; what came meanwhile and does not concern it is only told."""
        try:
            while self._newest is not self.graph:
                graph, touched, concerned = self._newest, self._touched, self._concerned
                self._touched, self._concerned = set(), False
                began = time.monotonic()
                found = await self._ask(graph) if concerned else self.answers
                took = time.monotonic() - began
                before, self.answers = self.answers, found
                old, self.graph = self.graph, graph
                self.emit(graph.rev, graph.ts, self._between(old, graph, before, found, touched))
                if took > QUICK:
                    await asyncio.sleep(took / SHARE)
        except CalipsoError as error:
            self.fail(error)
        finally:
            self._busy = False

    def _between(self, old: Graph, new: Graph, before: Answers, now: Answers, touched: set[int]) -> Iterable[bytes]:
        for ord in before.objects.keys() | now.objects.keys():
            was, is_ = ord in before.objects, ord in now.objects
            if was and is_:
                yield Changed(old, new, ord).body(True, True) if ord in touched else b""
            else:
                head = new.get(ord) if is_ else old.get(ord)
                yield b"" if head is None else added(new, head) if is_ else removed(head)
        for op, links in (("removed", before.links.keys() - now.links.keys()),
                          ("added", now.links.keys() - before.links.keys())):  # fmt: skip
            for link in links:
                yield link_body(op, link.type, new.id_of(link.source), new.id_of(link.target))
        for op, values in (("removed", before.values - now.values), ("added", now.values - before.values)):
            for value, count in values.items():
                yield b'{"value":{"op":"%s","value":%s,"count":%d}}' % (op.encode(), value, count)

    def state(self) -> Answers:
        return Answers(dict(self.answers.objects), dict(self.answers.links), Counter(self.answers.values))

    def items(self, graph: Graph, state: Answers) -> Iterable[Any]:
        yield from of_ordinals(self.site, graph, state.objects)
        for link in state.links:
            yield LinkView(link.type, graph.id_of(link.source), graph.id_of(link.target))
        for value, count in state.values.items():
            yield from [msgspec.Raw(value)] * count

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
