"""What a link carries: the networks its traffic belongs to, as each link type declares (MODEL §8, §9)."""

from __future__ import annotations

from calipso.graph.networks import medium_of
from calipso.graph.protocol import GraphReader, Obj
from calipso.model.links import CODES, LINK_TYPES

Networks = frozenset[str] | None
"""Ids of networks, None for unknown."""


def carried(graph: GraphReader, type: str, source: Obj, target: Obj) -> tuple[bool, Networks]:
    """(whether a link carries networks at all, which: None for unknown)."""
    carry = LINK_TYPES[CODES[type]].carry
    if carry == "source.networks":
        return True, _of_source(graph, type, source, target)
    if carry == "target.networks":
        if type == "otep-vconnector" and _holds_address(graph, source, target):
            return False, None
        return True, _known(target)
    if carry == "target.id":
        return True, frozenset({target.id})
    if carry in ("pnic", "pnic.overlay"):
        pnic = target if target.kind == "host_pnic" else source
        return True, _of_pnic(graph, pnic, overlay=carry == "pnic.overlay")
    return False, None


def _of_source(graph: GraphReader, type: str, source: Obj, target: Obj) -> Networks:
    if type == "network-vservice":
        return frozenset({source.id})
    own = _known(source)
    if type == "vconnector-host_pnic" and own is None:  # a bridge whose networks nobody tells, as where none has a VLAN
        return _of_pnic(graph, target, overlay=False) or _unnamed(target)
    if type == "vnic-vnic":  # a cable between two NICs: which of them is the source says nothing
        other = _known(target)
        return own if other is None else other if own is None else own | other
    return own


def _known(head: Obj) -> Networks:
    return None if head.networks is None else frozenset(head.networks)


def _holds_address(graph: GraphReader, otep: Obj, vconnector: Obj) -> bool:
    return graph.attributes(otep).get("ip") in graph.attributes(vconnector).get("ips", ())


def _unnamed(pnic: Obj) -> Networks:
    """What a physical NIC carries that carries no network: nothing where it is named for some, else nobody knows."""
    return frozenset() if pnic.media else None


def _of_pnic(graph: GraphReader, pnic: Obj, *, overlay: bool) -> frozenset[str]:
    """Networks a physical NIC carries; with `overlay` those that go through tunnels."""
    overlays = {medium for medium in pnic.media if medium.startswith("overlay/")}
    if overlay and not overlays:
        return frozenset()
    mixed = overlay and len(overlays) < len(pnic.media)
    found = set()
    for link in graph.links(pnic.ord, ("host_pnic-network",)):
        network = graph.get(link.other)
        if network is not None and (not mixed or _tunnelled(graph, pnic, network)):
            found.add(network.id)
    return frozenset(found)


def _tunnelled(graph: GraphReader, pnic: Obj, network: Obj) -> bool:
    """Whether a network leaves by this NIC in a tunnel, where the NIC also carries physical networks.

    Its segments say it; where it has one of either sort, or none that is known, its ports on the host do.
    """
    speakers = [network, *(_others(graph, network, "segment-network"))]
    media: set[str] = {medium for each in speakers if (medium := _medium(graph, each)) in pnic.media and medium}
    if len(media) != 1:
        ports = [port for port in _others(graph, network, "port-network") if port.host == pnic.host]
        told = {medium for port in ports for medium in port.media} & set(pnic.media)
        media = {*told} or media
    return any(medium.startswith("overlay/") for medium in media)


def _others(graph: GraphReader, head: Obj, type: str) -> list[Obj]:
    found = (graph.get(link.other) for link in graph.links(head.ord, (type,)))
    return [other for other in found if other is not None]


def _medium(graph: GraphReader, speaker: Obj) -> str | None:
    a = graph.attributes(speaker)
    return medium_of(a.get("network_type", ""), a.get("physical_network"))
