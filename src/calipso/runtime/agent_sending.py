"""Frames sent by agents: the server decides who may send what and how fast, and hands them over batch by batch."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from calipso.runtime.feed import Batch, Sent
from calipso.runtime.outbox import Outbox
from calipso.seams import CapturePoint


class AgentSender:
    """A device of an agent's host. Implements `FrameSender`."""

    def __init__(self, outbox: Outbox[Batch, Sent], point: CapturePoint) -> None:
        """Raises `Unreachable` (no such device), `AuthFailed` (not permitted)."""
        self._outbox, self._point = outbox, point
        self._name = secrets.token_hex(8)
        self._outbox.hand(Batch(0, self._name, point))

    def send(self, frames: Sequence[bytes]) -> list[str]:
        """Why, for each frame that was not taken. Raises `Unreachable` when the agent went away."""
        return list(self._outbox.hand(Batch(0, self._name, self._point, tuple(frames))).failed)

    def close(self) -> None:
        self._outbox.tell(Batch(0, self._name, self._point, last=True))
