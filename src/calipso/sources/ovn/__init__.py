"""OVN: the Northbound and Southbound databases, live: what was ordered, and who has claimed it."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.ovn.collect import collect
from calipso.sources.ovn.watch import watch

MANIFEST = Manifest(
    name="ovn",
    title="OVN",
    facets=("ovn", "ovn.bindings"),
    types=(
        "network",
        "segment",
        "subnet",
        "port",
        "router",
        "floating_ip",
        "load_balancer",
        "security_group",
        "host",
        "ovs",
        "otep",
        "nic",
    ),
    watches=True,
    interval=30.0,
    options={
        "nb": "Northbound database: unix:PATH or tcp:HOST:PORT, several by comma; without nb and sb, its socket",
        "sb": "Southbound database, likewise",
    },
)


class OvnSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = OvnSource()
