"""OpenStack by its APIs: Keystone, Nova, Neutron with FWaaS and VPNaaS, Placement, Octavia, and Glance for images."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.openstack.collect import collect
from calipso.sources.openstack.watch import watch

MANIFEST = Manifest(
    name="openstack",
    title="OpenStack",
    facets=("keystone", "nova", "neutron", "placement", "quotas", "octavia", "fwaas", "vpnaas"),
    types=(
        "region", "project", "availability_zone", "aggregate", "host", "server", "nic", "otep", "network", "segment",
        "subnet", "port", "router", "floating_ip", "trunk", "security_group", "agent", "load_balancer",
        "firewall", "vpn",
    ),
    watches=True,
    interval=60.0,
    options={
        "queue": "name of the queue on the message bus",
        "exchanges": "exchanges of the message bus that services publish to",
        "topics": "topics that services publish under",
        "quotas": "false: quotas of projects are not asked for, which takes two requests a project",
    },
)  # fmt: skip


class OpenStackSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = OpenStackSource()
