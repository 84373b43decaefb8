"""An open capture that a bridge was configured for: a receiver, and the way back."""

from __future__ import annotations

import contextlib
from typing import Protocol

from calipso.captures.around import Around
from calipso.captures.ovs import Exporter, switch_of
from calipso.errors import CalipsoError
from calipso.seams import Capture, CapturePoint

LOCAL = "127.0.0.1"
"""Bridges send to their own host only."""


class Listening(Capture, Protocol):
    @property
    def port(self) -> int: ...


class BridgeEngine:
    """What the engines of exports have in common: none of them filters."""

    types = frozenset({"ovsbridge"})
    filters = False

    def reason(self) -> str:
        """Open vSwitch is on the hosts: whether a host has it shows when a capture is opened there."""
        return ""


class BridgeCapture(Around):
    """Reads `inner`; puts the bridge back when it is closed."""

    def __init__(self, inner: Listening, point: CapturePoint, exporter: Exporter) -> None:
        """Configures the bridge. Raises `Unreachable`, `CommandFailed`, `ConfigError`."""
        super().__init__(inner)
        self._port, self._exporter, self._switch = inner.port, exporter, switch_of(point)
        try:
            self._switch.export(exporter, point.device, inner.port)
        except CalipsoError:
            inner.close()
            raise

    def close(self) -> None:
        # Where the host or its Open vSwitch is gone, so is what was configured, or the next capture there undoes it.
        with contextlib.suppress(CalipsoError):
            self._switch.stop(self._exporter, self._port)
        super().close()
