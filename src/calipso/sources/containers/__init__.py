"""Containers without an engine that answers: by the control groups of the processes in a host's namespaces."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.containers.collect import collect, watch

MANIFEST = Manifest(
    name="containers",
    title="Containers by process",
    facets=("cri",),
    types=("container",),
    watches=False,
    interval=10.0,
)


class ContainersSource:
    """See `collect`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = ContainersSource()
