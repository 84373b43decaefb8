"""Which segments a network has, and which of them a port is bound to on its host (MODEL §9)."""

from __future__ import annotations

from collections.abc import Sequence

from calipso.model import ids
from calipso.sources.openstack import parse
from calipso.sources.openstack.agents import served
from calipso.sources.openstack.listings import Listings

OVERLAYS = ("vxlan", "gre", "geneve")
PHYSICAL = ("flat", "vlan")


def segments_of(listed: Listings) -> list[parse.Segment]:
    """As Neutron lists them; else, where it does not, those that the provider attributes of networks tell.

    The latter have no uuid: they are named `of-<network>`, and further ones of a network `of-<network>.2` ….
    """
    listable = {each.network_id for each in listed.segments}
    told = [each for network in listed.networks if network.id not in listable for each in _provided(network)]
    return [*listed.segments, *told]


def _provided(network: parse.Network) -> list[parse.Segment]:
    said = [
        (each.get("provider:network_type"), each.get("provider:physical_network"), each.get("provider:segmentation_id"))
        for each in network.segments
    ] or [(network.network_type, network.physical_network, network.segmentation_id)]
    return [
        parse.Segment(
            id=ids.told_segment(network.id, nth).removeprefix(ids.SEGMENT),
            network_id=network.id,
            network_type=kind,
            physical_network=physical,
            segmentation_id=number,
        )
        for nth, (kind, physical, number) in enumerate(said, 1)
        if kind
    ]


def medium(segment: parse.Segment) -> str | None:
    """`overlay/<type>` or `physnet/<name>`: what carries a segment; None for one that leaves no host."""
    if segment.network_type in PHYSICAL:
        return f"physnet/{segment.physical_network}"
    return f"overlay/{segment.network_type}" if segment.network_type in OVERLAYS else None


def bound(host: str | None, of_network: Sequence[parse.Segment], listed: Listings) -> parse.Segment | None:
    """The segment a port is bound to on its host: its network's only one, else the only one the host's agents serve.

    The API does not tell the levels of a binding; Neutron's database does.
    """
    if not host:
        return None
    if len(of_network) == 1:
        return of_network[0]
    physical, overlays = served(listed, host)
    fitting = [
        each
        for each in of_network
        if each.network_type in overlays or (each.network_type in PHYSICAL and each.physical_network in physical)
    ]
    return fitting[0] if len(fitting) == 1 else None
