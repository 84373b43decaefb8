"""Frames sent by agents: the server decides who may send what and how fast, and hands them over batch by batch."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDone

import msgspec

from calipso.errors import AuthFailed, Unreachable
from calipso.runtime.feed import Batch, Sent
from calipso.seams import CapturePoint

PATIENCE = 30.0
"""Seconds until an agent that does not answer is given up."""


class Outbox:
    """Batches on their way to one agent. `say` hands one to its connection, in the event loop."""

    def __init__(self, say: Callable[[Batch], None]) -> None:
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._open: dict[int, Future[Sent]] = {}
        self._gone = False

    def hand(self, batch: Batch) -> Sent:
        """Hand a batch over and wait for what became of it; for a thread. Raises `Unreachable`, `AuthFailed`."""
        done = self.tell(batch)
        try:
            sent = done.result(PATIENCE)
        except NotDone as error:
            raise Unreachable(f"the agent of {batch.point.host} does not answer") from error
        if sent.error:
            raise (AuthFailed if sent.denied else Unreachable)(f"the agent of {batch.point.host}: {sent.error}")
        return sent

    def tell(self, batch: Batch) -> Future[Sent]:
        """Hand a batch over. From any thread."""
        done: Future[Sent] = Future()
        self._loop.call_soon_threadsafe(self._begin, msgspec.structs.replace(batch, number=next(self._numbers)), done)
        return done

    def _begin(self, batch: Batch, done: Future[Sent]) -> None:
        if self._gone:
            done.set_exception(Unreachable(f"the agent of {batch.point.host} is away"))
            return
        self._open[batch.number] = done
        self._say(batch)

    def answer(self, sent: Sent) -> None:
        done = self._open.pop(sent.sent, None)
        if done is not None and not done.done():
            done.set_result(sent)

    def close(self) -> None:
        """The agent is gone: whoever waits learns it."""
        self._gone = True
        for done in self._open.values():
            if not done.done():
                done.set_exception(Unreachable("the agent went away"))
        self._open.clear()


class AgentSender:
    """A device of an agent's host. Implements `FrameSender`."""

    def __init__(self, outbox: Outbox, point: CapturePoint) -> None:
        """Raises `Unreachable` (no such device), `AuthFailed` (not permitted)."""
        self._outbox, self._point = outbox, point
        self._name = secrets.token_hex(8)
        self._outbox.hand(Batch(0, self._name, point))

    def send(self, frames: Sequence[bytes]) -> list[str]:
        """Why, for each frame that was not taken. Raises `Unreachable` when the agent went away."""
        return list(self._outbox.hand(Batch(0, self._name, self._point, tuple(frames))).failed)

    def close(self) -> None:
        self._outbox.tell(Batch(0, self._name, self._point, last=True))
