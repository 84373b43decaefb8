"""LXD and Incus: containers, virtual machines and networks by the REST API on their socket."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.lxd.collect import collect, watch

MANIFEST = Manifest(
    name="lxd",
    title="LXD and Incus",
    facets=("lxd",),
    types=("container", "domain", "nic", "network"),
    watches=False,
    interval=5.0,
    options={"endpoint": "socket of the daemon, unix:///path; without it where LXD, its snap and Incus put theirs"},
)


class LxdSource:
    """See `collect`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = LxdSource()
