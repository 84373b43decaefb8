"""A Linux host through its kernel: namespaces, interfaces, addresses, and what they say of each other."""

from __future__ import annotations

from collections.abc import AsyncIterator

from calipso.model.record import Observation
from calipso.seams import Manifest, SourceConfig, Transport
from calipso.sources.linux.collect import collect
from calipso.sources.linux.survey import SOURCE as NAME
from calipso.sources.linux.watch import INTERVAL, watch

MANIFEST = Manifest(
    name=NAME,
    title="Linux kernel",
    facets=(
        "linux",
        "netlink",
        "netlink.fdb",
        "netlink.neighbors",
        "netlink.routes",
        "netlink.rules",
        "netfilter",
        "sockets",
    ),
    types=("host", "netns", "loopback", "device", "veth", "bridge", "vxlan", "tun", "vlan", "bond", "otep", "segment"),
    watches=True,
    interval=INTERVAL,
    options={
        "declared": "pids of processes of other declared hosts: their namespaces are not this host's",
        "known": "parts of this host's scopes the caller still holds: those of vanished namespaces are said to be gone",
        "interval": "seconds between whole passes while watching",
    },
)


class LinuxSource:
    """The built-in source for Linux hosts."""

    manifest = MANIFEST

    def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        return collect(transport, config)

    def watch(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        return watch(transport, config)


SOURCE = LinuxSource()
