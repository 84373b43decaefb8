"""Binds: records that are one thing under two ids (MODEL §3). A try counts only with exactly one candidate.

Binds look at records, never at united objects, so there is nothing to loop over. They have index keys of their own:
`bind.*` on the right side, `bound.*` on the left, so that a partner that comes later is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from calipso.graph.protocol import Facet
from calipso.model import ids
from calipso.model.record import Attributes

BINDING_INTERFACES = frozenset({"system", "internal", "tap", "afxdp"})
"""OVS interface types whose end can be a kernel device."""
DATAPATH_DEVICES = frozenset({"tun", "openvswitch"})
"""What the kernel calls the device of an internal port: userspace and kernel datapath."""

Key = tuple[str, Any]
Candidates = Callable[[Key], Iterable[tuple[int, list[Facet]]]]
"""Key → (ordinal, facets) of the records that have it."""


def _facet(facets: list[Facet], name: str) -> Facet | None:
    return next((facet for facet in facets if facet.name == name), None)


def _base(facets: list[Facet], name: str) -> Facet | None:
    return next((facet for facet in facets if facet.name.partition("@")[0] == name), None)


def left_keys(id: str, facets: list[Facet]) -> list[Key]:
    """Under what a record that may be bound waits for its partner; empty when it cannot be bound."""
    kind = facets[0].type
    if kind == "nic":
        a = facets[0].attributes
        return [("bound.mac", (a.get("host"), a.get("mac")))]
    if kind == "segment":
        return _segment_waits(id, facets[0].attributes)
    ovs = _interface(id, facets)
    if ovs is None:
        return []
    a, host = ovs.attributes, ovs.attributes.get("host")
    keys: list[Key] = [("bound.device", ids.device(a.get("netns", ""), a.get("name", "")))]
    if "attached_mac" in a:
        keys.append(("bound.mac", (host, a["attached_mac"])))
    if ovs.type == "internal":
        keys.append(("bound.name", (host, a.get("name"))))
    return keys


def right_keys(id: str, facets: list[Facet]) -> list[Key]:
    """Under what a record can be found as a partner."""
    device = _facet(facets, "netlink")
    if device is not None and "ifindex" in device.attributes:
        a = device.attributes
        keys: list[Key] = [("bind.device", id)]
        if "mac" in a and device.type != "loopback":
            keys.append(("bind.mac", (a.get("host"), a["mac"])))
        if device.type in DATAPATH_DEVICES:
            keys.append(("bind.name", (a.get("host"), a.get("name"))))
        return keys
    if facets[0].type == "segment":
        return _segment_offers(id, facets[0].attributes)
    return []


def _segment_waits(id: str, a: Attributes) -> list[Key]:
    """One without a uuid waits for one with: what hosts speak of by its key, what a network tells of itself by both."""
    key = a.get("key")
    if not key:
        return []
    if id == ids.SEGMENT + key:
        return [("bound.segment", key), ("bound.told", key)]
    return [("bound.of", (a.get("network_id"), key))] if id.startswith(ids.TOLD_SEGMENT) else []


def _segment_offers(id: str, a: Attributes) -> list[Key]:
    key = a.get("key")
    if not key or id == ids.SEGMENT + key:
        return []
    if id.startswith(ids.TOLD_SEGMENT):
        return [("bind.told", key)]
    return [("bind.segment", key), ("bind.of", (a.get("network_id"), key))]


def _interface(id: str, facets: list[Facet]) -> Facet | None:
    if "/interface:" not in id:
        return None
    ovs = _base(facets, "ovs")
    return ovs if ovs is not None and ovs.type in BINDING_INTERFACES else None


def partner(id: str, facets: list[Facet], find: Candidates) -> int | None:
    """The ordinal of the record this one is the same thing as, None when there is none or more than one."""
    kind = facets[0].type
    if kind == "nic":
        return _nic_partner(facets[0].attributes, find)
    if kind == "segment":
        return _segment_partner(id, facets[0].attributes, find)
    ovs = _interface(id, facets)
    return None if ovs is None else _interface_partner(ovs, find)


def _only(found: Iterable[int]) -> int | None:
    candidates = list(found)
    return candidates[0] if len(candidates) == 1 else None


def _segment_partner(id: str, a: Attributes, find: Candidates) -> int | None:
    waits = dict(_segment_waits(id, a))
    if "bound.of" in waits:
        return _only(ord for ord, _ in find(("bind.of", waits["bound.of"])))
    if not waits:
        return None
    named = list(find(("bind.segment", waits["bound.segment"])))
    networks = {_network(facets) for _, facets in named}
    told = [each for each in find(("bind.told", waits["bound.told"])) if _network(each[1]) not in networks]
    return _only(ord for ord, _ in (*named, *told))


def _network(facets: list[Facet]) -> Any:
    return facets[0].attributes.get("network_id")


def _nic_partner(a: Attributes, find: Candidates) -> int | None:
    """A guest's NIC that is visible itself: in the namespace it names, else in one other than the root."""
    host = a.get("host")
    if not host or "mac" not in a:
        return None
    root = ids.host(host)
    return _only(
        ord
        for ord, facets in find(("bind.mac", (host, a["mac"])))
        if (device := _facet(facets, "netlink")) is not None
        and device.attributes.get("netns") != root
        and a.get("netns", device.attributes.get("netns")) == device.attributes.get("netns")
    )


def _interface_partner(ovs: Facet, find: Candidates) -> int | None:
    a, host = ovs.attributes, ovs.attributes.get("host")
    for ord, facets in find(("bind.device", ids.device(a.get("netns", ""), a.get("name", "")))):
        device = _facet(facets, "netlink")
        theirs = device.attributes.get("ifindex") if device is not None else None
        if a.get("ifindex") is None or theirs is None or a["ifindex"] == theirs:
            return ord
    mac = a.get("attached_mac")
    if mac is not None:
        found = _only(
            ord
            for ord, facets in find(("bind.mac", (host, mac)))
            if (device := _facet(facets, "netlink")) is not None and device.attributes.get("name") == a.get("name")
        )
        if found is not None:
            return found
    if ovs.type != "internal":
        return None
    found = _only(ord for ord, _ in find(("bind.name", (host, a.get("name")))))
    if found is None and mac is not None:
        found = _only(ord for ord, _ in find(("bind.mac", (host, mac))))
    return found
