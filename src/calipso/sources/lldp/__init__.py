"""LLDP, CDP and the like as a host's lldpd hears them: switches, their ports, and which NIC is cabled to which."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.lldp.collect import collect, watch

MANIFEST = Manifest(
    name="lldp",
    title="LLDP neighbours",
    facets=("lldp",),
    types=("switch", "switchport", "device", "host"),
    watches=True,
    interval=30.0,
    options={"interval": "seconds between looks without an event (30)"},
)


class LldpSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = LldpSource()
