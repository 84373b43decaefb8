"""Captures of Open vSwitch bridges by their own IPFIX: IPv4, IPv6 and what has no network layer, with MACs and VLAN."""

from __future__ import annotations

import msgspec

from calipso.captures.listening import Receiver
from calipso.captures.netflow import NetFlowCapture, check
from calipso.captures.ovs import IPFIX
from calipso.captures.ovs_export import LOCAL, BridgeCapture, BridgeEngine
from calipso.seams import CaptureOptions, CapturePoint

ACTIVE, FLOWS = 1, 65_536
"""Seconds that vswitchd adds packets up before it tells them, and how many flows it does that for."""


class OvsIpfix(BridgeEngine):
    """The engine. Each packet counts once, at the place of the bridge that tells most of its conversation.

    Open vSwitch reads what it is told of input and output sampling the wrong way round (vswitchd/bridge.c, in 3.1): it
    tells packets also as they leave by ports that are no tunnels. What came by a patch port it tells only then.
    """

    name = "ovsipfix"
    title = "IPFIX of Open vSwitch"
    keeps_packets = False

    def open(self, point: CapturePoint, options: CaptureOptions) -> BridgeCapture:
        """Raises `Unreachable`, `AuthFailed`, `CommandFailed` (no such bridge), `ConfigError`."""
        check(options)
        inner = NetFlowCapture(Receiver(point, LOCAL, options.port), options, once=True)
        settings = (
            f"sampling={options.sampling}", f"cache_active_timeout={ACTIVE}", f"cache_max_flows={FLOWS}",
            "other_config:enable-output-sampling=false", "other_config:enable-tunnel-sampling=false",
        )  # fmt: skip
        return BridgeCapture(inner, point, msgspec.structs.replace(IPFIX, settings=settings))
