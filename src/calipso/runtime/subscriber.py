"""One client of live deltas: a bounded queue; when it overflows the client is told and begins with a fresh snapshot."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import cached_property

import msgspec

QUEUE_BYTES = 8 << 20
"""A slow client may fall this far behind; then its queue is dropped."""
PATIENCE, WITHIN = 5, 60.0
"""A client that loses so many times in so many seconds is let go: it can never keep up."""
TOO_SLOW = "this client was too slow and what it had not read was dropped: a fresh snapshot follows"
LET_GO = "this client is too slow for what it asked for: ask for less, or read faster"


class Message:
    """What clients are sent: encoded once, shared by all. event: snapshot, changes, lost, error."""

    def __init__(self, event: str, body: bytes, seq: int | None) -> None:
        self.event = event
        self.body = body
        self.seq = seq

    @cached_property
    def text(self) -> str:
        return self.body.decode()

    @cached_property
    def sse(self) -> bytes:
        """As a server-sent event (WHATWG HTML §9.2)."""
        id = b"" if self.seq is None else b"id: %d\n" % self.seq
        return b"%sevent: %s\ndata: %s\n\n" % (id, self.event.encode(), self.body)


def _lost(reason: str) -> Message:
    return Message("lost", msgspec.json.encode({"lost": True, "reason": reason}), None)


class Subscriber:
    """A queue of messages. `missed`: what it is sent first, None: a snapshot."""

    def __init__(self, snapshot: Callable[[], asyncio.Task[Message]], missed: Sequence[Message] | None) -> None:
        self._snapshot = snapshot
        self.notices = False
        self._first = snapshot() if missed is None else None
        self._fresh = missed is None
        """Its next message has to be a snapshot."""
        self.frames: deque[Message] = deque(missed or ())
        self.size = sum(len(each.body) for each in self.frames)
        self._overflown = False
        self._losses: deque[float] = deque(maxlen=PATIENCE)
        self._last: Message | None = None
        self._done = False
        self._ready = asyncio.Event()

    def offer(self, message: Message) -> bool:
        """Queue a message; whether all were dropped because the client is too far behind."""
        if self._overflown or self._last is not None:
            return False
        self.frames.append(message)
        self.size += len(message.body)
        if self.size > QUEUE_BYTES:
            self._drop()
            self._overflown = True
        self._ready.set()
        return self._overflown

    def _drop(self) -> None:
        self.frames.clear()
        self.size = 0

    def end(self, message: Message) -> None:
        """Say a last word."""
        self._drop()
        self._last = message
        self._ready.set()

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be read."""
        return self._done or not (self._fresh or self.frames or self._overflown or self._last)

    async def next(self) -> Message | None:
        """The next message; None when nothing comes any more. Who gives up waiting misses nothing."""
        if self._done:
            return None
        if self._fresh:
            return await self._begun()
        while not self.frames and not self._overflown and self._last is None:
            self._ready.clear()
            await self._ready.wait()
        if self._last is not None:
            self._done = True
            return self._last
        if self._overflown:
            return self._told()
        message = self.frames.popleft()
        self.size -= len(message.body)
        return message

    def _told(self) -> Message:
        """Of its loss; and that it ends when that happens again and again."""
        now = time.monotonic()
        self._losses.append(now)
        self._overflown = False
        self._done = len(self._losses) == PATIENCE and now - self._losses[0] < WITHIN
        self._fresh = not self._done
        return _lost(LET_GO if self._done else TOO_SLOW)

    async def _begun(self) -> Message:
        """A snapshot of the moment it is asked for; what was queued before it is in it."""
        self._first = self._first or self._snapshot()
        message = await asyncio.shield(self._first)
        self._first, self._fresh = None, False
        later = [each for each in self.frames if each.seq is None or each.seq > (message.seq or 0)]
        self.frames, self.size = deque(later), sum(len(each.body) for each in later)
        return message
