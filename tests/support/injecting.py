"""A way to send frames that sends none: it keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from calipso.seams import CapturePoint


class Swallowing:
    """An `Injector` and the sender it opens. `full`: why it takes no frame."""

    name = "swallowing"

    def __init__(self, full: str = "") -> None:
        self.full = full
        self.points: list[CapturePoint] = []
        self.frames: list[bytes] = []
        self.closed = 0

    def reason(self) -> str:
        return ""

    def open(self, point: CapturePoint) -> Swallowing:
        self.points.append(point)
        return self

    def send(self, frames: Sequence[bytes]) -> list[str]:
        if self.full:
            return [self.full] * len(frames)
        self.frames += frames
        return []

    def close(self) -> None:
        self.closed += 1
