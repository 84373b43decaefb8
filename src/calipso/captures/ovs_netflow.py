"""Captures of Open vSwitch bridges by their own NetFlow (version 5: IPv4 only)."""

from __future__ import annotations

import msgspec

from calipso.captures.listening import Receiver
from calipso.captures.netflow import NetFlowCapture, check
from calipso.captures.ovs import NETFLOW
from calipso.captures.ovs_export import LOCAL, BridgeCapture, BridgeEngine
from calipso.seams import CaptureOptions, CapturePoint

ACTIVE = 5
"""Seconds after which a flow that goes on is told again."""


class OvsNetFlow(BridgeEngine):
    """The engine. Every packet is counted, and the bridge is not slowed down."""

    name = "ovsnetflow"
    title = "NetFlow of Open vSwitch"
    keeps_packets = False

    def open(self, point: CapturePoint, options: CaptureOptions) -> BridgeCapture:
        """Raises `Unreachable`, `AuthFailed`, `CommandFailed` (no such bridge), `ConfigError`."""
        check(options)
        inner = NetFlowCapture(Receiver(point, LOCAL, options.port), options)
        settings = (f"active_timeout={ACTIVE}",)
        return BridgeCapture(inner, point, msgspec.structs.replace(NETFLOW, settings=settings))
