"""What captures that do something besides with another one have in common."""

from __future__ import annotations

from calipso.seams import Capture, CaptureCounts, RawPacket


class Around:
    """A capture that hands on what `_inner` says; what is otherwise is written over."""

    def __init__(self, inner: Capture) -> None:
        self._inner = inner

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the device or the engine is gone."""
        return self._inner.read()

    def packets(self) -> list[RawPacket]:
        return self._inner.packets()

    def cpu(self) -> float:
        return self._inner.cpu()

    def close(self) -> None:
        self._inner.close()
