"""An open capture that a bridge was configured for: a receiver, and the way back."""

from __future__ import annotations

import contextlib
from typing import Protocol

from calipso.captures.ovs import Exporter, switch_of
from calipso.errors import CalipsoError
from calipso.seams import Capture, CaptureCounts, CapturePoint, RawPacket

LOCAL = "127.0.0.1"
"""Bridges send to their own host only."""
BRIDGES = frozenset({"ovsbridge"})


class Listening(Capture, Protocol):
    @property
    def port(self) -> int: ...


class BridgeCapture:
    """Reads `inner`; puts the bridge back when it is closed."""

    def __init__(self, inner: Listening, point: CapturePoint, exporter: Exporter) -> None:
        """Configures the bridge. Raises `Unreachable`, `CommandFailed`, `ConfigError`."""
        self._inner, self._exporter, self._switch = inner, exporter, switch_of(point)
        try:
            self._switch.export(exporter, point.device, inner.port)
        except CalipsoError:
            inner.close()
            raise

    def read(self) -> tuple[bytes, CaptureCounts]:
        """Raises `TransportError` when the socket is gone."""
        return self._inner.read()

    def packets(self) -> list[RawPacket]:
        return self._inner.packets()

    def cpu(self) -> float:
        return self._inner.cpu()

    def close(self) -> None:
        # Where the host or its Open vSwitch is gone, so is what was configured, or the next capture there undoes it.
        with contextlib.suppress(CalipsoError):
            self._switch.stop(self._exporter, self._inner.port)
        self._inner.close()


def reason() -> str:
    """Open vSwitch is on the hosts: whether a host has it shows when a capture is opened there."""
    return ""
