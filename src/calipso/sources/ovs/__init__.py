"""Open vSwitch: its database live, OpenFlow tables and what bridges have learnt."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.ovs.collect import collect
from calipso.sources.ovs.watch import watch

MANIFEST = Manifest(
    name="ovs",
    title="Open vSwitch",
    facets=("ovs", "ovs.segments", "ovs.segments.flows", "ovs.flows", "ovs.fdb"),
    types=(
        "ovs",
        "ovsbridge",
        "ovsport",
        "patch",
        "vxlan",
        "gre",
        "geneve",
        "otep",
        "segment",
        "nic",
        "ofrule",
        "ofgroup",
    ),
    watches=True,
    interval=10.0,
    options={
        "instances": "list of {name, endpoint, rundir, netns}; without it every database socket in a run directory",
        "interval": "seconds between looks at OpenFlow and forwarding tables (10)",
    },
)


class OvsSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = OvsSource()
