"""What a subscriber of Skydive's interface is still to be sent: bounded, and ended when it cannot keep up."""

from __future__ import annotations

import asyncio
from collections import deque

QUEUE_BYTES = 8 << 20
"""A slow client may fall this far behind."""


class Outbox:
    """Frames of one client, encoded once and shared."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._size = 0
        self._lost = False
        self._ready = asyncio.Event()

    def offer(self, frame: bytes) -> None:
        """Queue a frame; all are dropped when the client is too far behind. One alone, as a snapshot, has any size."""
        if self._lost:
            return
        self._size += len(frame)
        if self._frames and self._size > QUEUE_BYTES:
            self._frames.clear()
            self._lost = True
        else:
            self._frames.append(frame)
        self._ready.set()

    async def next(self) -> bytes | None:
        """The next frame; None when frames were dropped: the client has to begin again."""
        while not self._frames and not self._lost:
            self._ready.clear()
            await self._ready.wait()
        if self._lost:
            return None
        frame = self._frames.popleft()
        self._size -= len(frame)
        return frame
