"""VPP: its interfaces, bridge domains, tunnels, bonds and vhost-user sockets, by `vppctl`."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.vpp.collect import collect, watch

MANIFEST = Manifest(
    name="vpp",
    title="VPP",
    facets=("vpp",),
    types=("vpp", "vppbd", "vppinterface", "dpdk", "dpdkvhostuser", "lag", "vxlan", "otep"),
    watches=True,
    interval=15.0,
    options={
        "socket": "path of VPP's command socket (the one that vppctl takes by itself)",
        "interval": "seconds between looks (15)",
    },
)


class VppSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = VppSource()
