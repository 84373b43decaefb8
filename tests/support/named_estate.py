"""Two hosts whose segments an OpenStack names that does not list them: its API tells them of networks, its database by
uuid."""

from __future__ import annotations

from calipso.graph.value import FacetChange
from calipso.model import ids
from tests.support.estate import Estate, two_hosts

TOLD, NAMED = "neutron", "neutron_db"


def two_hosts_named() -> list[FacetChange]:
    """Every record of the hosts; both tell of a network of VNI 10010 and of two local ones, only the API of 10020."""
    estate = Estate()
    segment(estate, TOLD, "n1", "vxlan", "10010")
    segment(estate, NAMED, "n1", "vxlan", "10010")
    segment(estate, TOLD, "n2", "vxlan", "10020")
    for network in ("n3", "n4"):
        segment(estate, TOLD, network, "local")
        segment(estate, NAMED, network, "local")
    return [*two_hosts(), *estate.changes]


def segment(estate: Estate, facet: str, network: str, kind: str, number: str | None = None) -> str:
    """A network and its segment as one of the two tells them; the segment's id."""
    key = ids.segment_key(kind, None, number)
    id = ids.told_segment(network) if facet == TOLD else ids.by_uuid("segment", f"uuid-{network}")
    estate.record(ids.by_uuid("network", network), facet, "network", name=network)
    estate.record(
        id, facet, "segment", name=key, key=key, network_type=kind, network_id=ids.by_uuid("network", network)
    )
    return id
