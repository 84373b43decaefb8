"""Captures of Open vSwitch bridges by their own sFlow: the bridge samples packets and sends their headers here."""

from __future__ import annotations

import msgspec

from calipso.captures.listening import Receiver
from calipso.captures.ovs import SFLOW
from calipso.captures.ovs_export import LOCAL, BridgeCapture, BridgeEngine
from calipso.captures.sflow import SflowCapture, no_filter
from calipso.seams import CaptureOptions, CapturePoint

POLLING = 10
"""Seconds between counters of the bridge's ports."""


class OvsSflow(BridgeEngine):
    """The engine. `sampling` 1 has every packet pass through vswitchd: exact, and slow for the bridge."""

    name = "ovssflow"
    title = "sFlow of Open vSwitch"
    keeps_packets = True

    def open(self, point: CapturePoint, options: CaptureOptions) -> BridgeCapture:
        """Raises `Unreachable`, `AuthFailed`, `CommandFailed` (no such bridge), `ConfigError`."""
        no_filter(options)
        settings = ("agent=lo", f"sampling={options.sampling}", f"polling={POLLING}", f"header={options.header}")
        inner = SflowCapture(Receiver(point, LOCAL, options.port), options)
        return BridgeCapture(inner, point, msgspec.structs.replace(SFLOW, settings=settings))
