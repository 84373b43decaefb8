"""Whether what an API promises is really there, read off what hosts and OVN say (MODEL §8)."""

from __future__ import annotations

from typing import Any

from calipso.graph.protocol import GraphReader, Obj

FLOATING_SERVICE = "floating_ip-vservice"


def observed(graph: GraphReader, link_type: str, source: Obj, target: Obj) -> bool | None:
    """Whether a floating IP's service holds its address or translates it; None for other links and where not known.

    A router's namespace holds the address at its gateway (legacy, HA) or has a NAT rule for it (DVR); a router of OVN
    has a NAT row. Of a router on several hosts one is enough: None for the others, which need not have it.
    """
    if link_type != FLOATING_SERVICE:
        return None
    address, service = graph.attributes(source).get("ip"), graph.attributes(target)
    if not address or service.get("state") == "unknown":
        return None
    if _there(graph, target, address):
        return True
    others = (graph.get(link.other) for link in graph.links(source.ord, (FLOATING_SERVICE,)))
    return None if any(_there(graph, each, address) for each in others if each is not None) else False


def _there(graph: GraphReader, target: Obj, address: str) -> bool:
    service = graph.attributes(target)
    if target.type != "netns":
        return any(each.get("external_ip") == address for each in service.get("nat", ()))
    return _held(graph, target, address) or _translated(service, address)


def _held(graph: GraphReader, service: Obj, address: str) -> bool:
    for link in graph.links(service.ord, ("vservice-vnic",)):
        nic = graph.get(link.other)
        if nic is not None and address in graph.attributes(nic).get("ips", ()):
            return True
    return False


def _translated(service: dict[str, Any], address: str) -> bool:
    """`iptables-save` writes an address of a rule as `address/32` or, what it is translated to, alone."""
    rules = service.get("iptables", {}).get("nat", ()) if isinstance(service.get("iptables"), dict) else ()
    wanted = {address, f"{address}/32"}
    return any(wanted & set(str(rule).split()) for rule in rules)
