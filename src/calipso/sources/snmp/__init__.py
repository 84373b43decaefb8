"""Switches by SNMP: ports, VLANs, neighbours and forwarding tables."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.snmp.collect import collect, watch

MANIFEST = Manifest(
    name="snmp",
    title="Switches by SNMP",
    facets=("snmp", "snmp.fdb"),
    types=("switch", "switchport"),
    interval=15.0,
)


class SnmpSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = SnmpSource()
