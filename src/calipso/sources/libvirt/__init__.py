"""libvirt: domains with their NICs and disks, virtual networks, storage pools; live by its events."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.libvirt.collect import collect
from calipso.sources.libvirt.watch import watch

MANIFEST = Manifest(
    name="libvirt",
    title="libvirt",
    facets=("libvirt", "libvirt.pools"),
    types=("domain", "nic", "network"),
    watches=True,
    interval=30.0,
    options={
        "uri": "connection URI (qemu:///system)",
        "interval": "seconds between full passes (30)",
    },
)


class LibvirtSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = LibvirtSource()
