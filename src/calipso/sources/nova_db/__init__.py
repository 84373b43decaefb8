"""Nova's databases, read over SQL: servers, hosts, services, hypervisors and cells."""

from __future__ import annotations

from calipso.seams import Manifest
from calipso.sources.nova_db.collect import collect, watch

MANIFEST = Manifest(
    name="nova_db",
    title="Nova's databases",
    facets=("nova_db",),
    types=("server", "host"),
    interval=60.0,
    options={
        "databases": "list of the databases of cells, where not all on the server are meant",
        "api": "name of the API's database, where several have a table cell_mappings",
    },
)


class NovaDatabaseSource:
    """See `collect` and `watch`."""

    manifest = MANIFEST
    collect = staticmethod(collect)
    watch = staticmethod(watch)


SOURCE = NovaDatabaseSource()
