"""Neutron's database, read over SQL: what its API does not tell, and what it tells where there is no API."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.neutron_db.collect import collect, watch

MANIFEST = Manifest(
    name="neutron_db",
    title="Neutron's database",
    facets=("neutron_db",),
    types=("agent", "host", "otep", "network", "segment", "port", "nic", "router", "trunk"),
    interval=60.0,
    options={"database": "its name, where it is neither `neutron` nor the only one with Neutron's tables"},
)


class NeutronDatabaseSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = NeutronDatabaseSource()
