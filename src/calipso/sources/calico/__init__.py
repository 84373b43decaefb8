"""Project Calico on a host: Felix, the interfaces that it routes for, BGP's peers and the ways to other hosts."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.calico.collect import collect, watch

MANIFEST = Manifest(
    name="calico",
    title="Calico",
    facets=("calico",),
    types=("calico", "device"),
    watches=True,
    interval=15.0,
    options={
        "interfaces": "what names of workloads' interfaces begin with (Felix's InterfacePrefix, else cali and tap)",
        "socket": "path of BIRD's control socket (/run/calico/bird.ctl, else the one that birdc takes by itself)",
        "interval": "seconds between looks without an event (15)",
    },
)


class CalicoSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = CalicoSource()
