"""A queue on its way to a server: parts in their order, several at a time, until each is known to be durable."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from calipso.runtime import feed
from calipso.runtime.spool import Spool

WINDOW = 64
"""Parts under way that are not acknowledged yet."""


class Socket(Protocol):
    async def send(self, message: bytes) -> None: ...


class Delivery:
    """`mark`: set in the numbers of its parts, so that two queues can share a socket."""

    def __init__(self, spool: Spool, mark: int = 0) -> None:
        self.spool = spool
        self.acked = 0
        self._mark = mark
        self._fresh, self._answered = asyncio.Event(), asyncio.Event()

    def refresh(self) -> None:
        """There is something new in the spool."""
        self._fresh.set()

    def note(self, acked: int) -> None:
        """All up to a number is durable."""
        self.acked = acked
        self.spool.delivered(acked)
        self._answered.set()

    async def send(self, socket: Socket) -> None:
        sent, flying = self.acked, deque[int]()
        while True:
            self._fresh.clear()
            parts = self.spool.after(sent, WINDOW)
            if not parts:  # perhaps not all that was numbered is there: what was dropped leaves a gap
                await self._fresh.wait()
            for seq, body in parts:
                while len(self._landed(flying)) >= WINDOW:  # first what was answered meanwhile: no more may come
                    self._answered.clear()
                    await self._answered.wait()
                await socket.send(feed.frame(seq | self._mark, body))
                flying.append(seq)
                sent = seq

    def _landed(self, flying: deque[int]) -> deque[int]:
        """The parts under way without those that are acknowledged."""
        while flying and flying[0] <= self.acked:
            flying.popleft()
        return flying
