"""Deltas for subscribers: encoded once a tick, numbered, joined into one frame for all who asked the same (CORE §7)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from calipso.graph.diff import Difference, LinkDifference, difference
from calipso.graph.keys import keys_of
from calipso.graph.protocol import GraphReader, Obj
from calipso.graph.value import Delta, Graph
from calipso.operations.answers import rfc3339

QUEUE_BYTES = 8 << 20
"""A slow client may fall this far behind; then its queue is dropped and it is told to begin again."""
KEPT_TICKS = 4096

Key = tuple[str, str]


class Change(msgspec.Struct, frozen=True):
    """What happened to one object in one tick, encoded, with the keys it had before and has now."""

    keys: frozenset[Any]
    body: bytes


class Tick(msgspec.Struct, frozen=True):
    seq: int
    ts: int
    changes: tuple[Change, ...]

    def frame(self, key: Key | None) -> bytes:
        """What of the tick concerns those who asked for a key; empty when nothing does."""
        bodies = [change.body for change in self.changes if key is None or key in change.keys]
        if not bodies:
            return b""
        head = b'{"seq":%d,"ts":"%s","changes":[' % (self.seq, rfc3339(self.ts).encode())
        return head + b",".join(bodies) + b"]}"


class Subscriber:
    """One client: a filter and a bounded queue of frames. notices: it also hears what happens beside the graph."""

    def __init__(self, key: Key | None, notices: bool = False) -> None:
        self.key = key
        self.notices = notices
        self.frames: deque[bytes] = deque()
        self.size = 0
        self.lost = False
        self.counted = False
        self.ready = asyncio.Event()

    def offer(self, frame: bytes) -> None:
        """Queue a frame; all are dropped when the client is too far behind."""
        if self.lost:
            return
        self.size += len(frame)
        if self.size > QUEUE_BYTES:
            self.frames.clear()
            self.size = 0
            self.lost = True
        else:
            self.frames.append(frame)
        self.ready.set()

    async def next(self) -> bytes | None:
        """The next frame; None when frames were dropped: nothing comes any more, the client has to begin again."""
        while not self.frames and not self.lost:
            self.ready.clear()
            await self.ready.wait()
        if self.lost:
            return None
        frame = self.frames.popleft()
        self.size -= len(frame)
        return frame


class Live:
    """The deltas of one environment. `published` is called by the writer after each tick."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.dropped = 0
        """Clients that were too slow."""
        self._kept: deque[Tick] = deque(maxlen=KEPT_TICKS)
        self._subscribers: set[Subscriber] = set()

    @property
    def clients(self) -> int:
        return len(self._subscribers)

    def published(self, old: Graph, new: Graph, delta: Delta) -> None:
        """Number a tick and hand it out."""
        self.seq = new.rev
        tick = Tick(new.rev, new.ts, tuple(_changes(old, new, delta)))
        self._kept.append(tick)
        frames: dict[Key | None, bytes] = {}
        for subscriber in self._subscribers:
            frame = frames.get(subscriber.key)
            if frame is None:
                frame = frames[subscriber.key] = tick.frame(subscriber.key)
            if frame:
                subscriber.offer(frame)
            self.dropped += subscriber.lost and not subscriber.counted
            subscriber.counted = subscriber.lost

    def notice(self, kind: str, body: bytes) -> None:
        """Hand out what happened beside the graph, to those who asked: without a number, only now."""
        frame = b'{"%s":%s}' % (kind.encode(), body)
        for subscriber in self._subscribers:
            if subscriber.notices:
                subscriber.offer(frame)

    def subscribe(self, key: Key | None, since: int | None, notices: bool = False) -> tuple[Subscriber, bool]:
        """(a new subscriber, whether it could be given everything after `since`)."""
        subscriber = Subscriber(key, notices)
        resumed = since is not None and (since == self.seq or any(tick.seq == since for tick in self._kept))
        if resumed:
            for tick in self._kept:
                if tick.seq > (since or 0) and (frame := tick.frame(key)):
                    subscriber.offer(frame)
        self._subscribers.add(subscriber)
        return subscriber, resumed

    def leave(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)


def _changes(old: Graph, new: Graph, delta: Delta) -> Iterable[Change]:
    touched = {new.bound.get(ord, ord) for ord, _, _ in delta.facets} | {ord for ord, _ in delta.heads}
    for ord in sorted(touched):
        before, after = old.get(ord), new.get(ord)
        found = difference(old, new, before, after)
        if found is not None:
            yield Change(_keys(old, before) | _keys(new, after), _encoded(new, after, found))
    for type, source, target, op in delta.links:
        link = LinkDifference("added" if op > 0 else "removed", type, new.id_of(source), new.id_of(target))
        body = b'{"link":' + msgspec.json.encode(link) + b"}"
        keys = frozenset(
            key for graph in (old, new) for ord in (source, target) for key in _keys(graph, graph.get(ord))
        )
        yield Change(keys, body)


def _keys(graph: GraphReader, head: Obj | None) -> frozenset[Any]:
    return frozenset() if head is None else frozenset({*keys_of(graph, head), ("id", head.id)})


def _encoded(graph: Graph, head: Obj | None, found: Difference) -> bytes:
    """Changed fields only; of a new object all that is known."""
    if found.op != "added" or head is None:
        return b'{"object":' + msgspec.json.encode(found) + b"}"
    whole = {
        "op": "added", "id": head.id, "kind": head.kind, "type": head.type, "host": head.host, "name": head.name,
        "attributes": graph.attributes(head),
    }  # fmt: skip
    return b'{"object":' + msgspec.json.encode(whole) + b"}"
