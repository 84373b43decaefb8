"""Which networks an object carries and over which media: the only derivations beside the operators (MODEL §9).

`Obj.networks` are ids of networks, None for unknown. For what proves that a network is bound on a host (Neutron ports,
OVS ports, kernel tunnel and VLAN devices) `Obj.media` stands beside `Obj.networks`, place by place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from calipso.graph.presence import tally
from calipso.graph.protocol import Obj
from calipso.graph.walk import sources_through, walk
from calipso.model.links import CODES, LINK_TYPES
from calipso.model.record import Attributes
from calipso.model.rules import ANY, Walk, of_type

if TYPE_CHECKING:
    from calipso.graph.session import Session
    from calipso.graph.value import Graph

Bound = tuple[tuple[str, ...] | None, tuple[str, ...]]
"""(networks, media), place by place."""

VNIC_PORT, VNIC_VCONNECTOR = CODES["vnic-port"], CODES["vnic-vconnector"]
VNIC_VEDGE, VCONNECTOR_VEDGE = CODES["vnic-vedge"], CODES["vconnector-vedge"]
MASTER, PNIC_VEDGE = CODES["layer2.master"], CODES["vedge-host_pnic"]
OTEP_PNIC, OTEP_VCONNECTOR = CODES["otep-host_pnic"], CODES["otep-vconnector"]
VCONNECTOR_PNIC, AGENT = CODES["vconnector-host_pnic"], CODES["vedge-network_agent"]
ROUTER_PORT, PORT_NETWORK, SEGMENT_NETWORK = CODES["router-port"], CODES["port-network"], CODES["segment-network"]
MEDIA, ROUTER_NETWORKS = -1, -2
"""Codes of the tracked derivations that are no links."""

DERIVED_LATER = frozenset({"vnic", "vconnector", "host_pnic", "vservice"})
"""Kinds whose networks or media come from what they are linked to."""

OVERLAYS = frozenset({"vxlan", "gre", "geneve", "stt", "ipip", "gretap", "ip6gre"})


def _walk_rule(name: str) -> Walk:
    return next(rule for rule in LINK_TYPES[CODES[name]].rules if isinstance(rule, Walk))


VNIC_WALK, VCONNECTOR_WALK = _walk_rule("vnic-vedge"), _walk_rule("vconnector-vedge")
PNIC_WALK = _walk_rule("vedge-host_pnic")
PORT_WALK = Walk(ANY, of_type("ovsport"), through=frozenset({"device", "bond"}))


def medium_of(network_type: str, physical_network: str | None) -> str | None:
    """`overlay/vxlan`, `physnet/physnet1`; None for a local network, which needs no wire."""
    if network_type in ("flat", "vlan"):
        return f"physnet/{physical_network}" if physical_network not in (None, "", "-") else None
    return f"overlay/{network_type}" if network_type in OVERLAYS else None


# ── what is bound on a host ───────────────────────────────────────────────────────────────────────────────────────


def derive(session: Session) -> None:
    """Networks of ports, then of NICs, then of Linux bridges."""
    changed = _settle(session, _bound_candidates(session), _bound)
    nics, bridges = _carriers(session, changed)
    _settle(session, nics, _vnic)
    for nic in nics:
        bridges.update(session.adjacency.others(nic, 2 * VNIC_VCONNECTOR))
    _settle(session, bridges, _vconnector)
    _derive_router_networks(session)
    tally(session)


def _settle(session: Session, candidates: Iterable[int], derive_one: Any) -> set[int]:
    """Derive (networks, media) of each candidate; those that changed."""
    changed = set()
    for ord in candidates:
        head = session.heads.get(ord)
        if head is None:
            continue
        found: Bound | None = derive_one(session, head, session.attributes(head))
        if found is not None and found != (head.networks, head.media):
            session.set_head(head, networks=found[0], media=found[1])
            changed.add(ord)
    return changed


def _bound_candidates(session: Session) -> set[int]:
    """What is said otherwise or is of another kind, and what speaks of a segment or a tag whose meaning may have
    changed by that. Links decide none of it: a segment that thousands of ports join is not gone through for each."""
    said = session.regrouped | session.before.keys()
    out = set(said)
    for ord in said:
        old, new = session.base.heads.get(ord), session.heads.get(ord)
        kind = new.type if new is not None else old.type if old is not None else ""
        if kind == "segment":
            before, now = _meaning(session.base, old), _meaning(session, new)
            if before != now:  # one host more that says the same of it changes nothing elsewhere
                for id in before[0] | now[0]:
                    for other in session.index.get(("segment", id)):
                        out.add(other)
                        out |= _ports_of(session, other, id)
        elif kind == "ovs":
            out |= _ports_of(session, ord)
    return out


def _meaning(reader: Session | Graph, head: Obj | None) -> tuple[frozenset[str], *tuple[Any, ...]]:
    """The ids of a segment, and what of it tells which network it is over which medium."""
    if head is None:
        return (frozenset(),)
    a = reader.attributes(head)
    ids = frozenset(reader.ordinals.id(member) for member in (*head.members, head.ord))
    return ids, head.kind, a.get("network_type"), a.get("physical_network"), a.get("network_id")


def _ports_of(session: Session, ord: int, segment: str = "") -> set[int]:
    """The tagged ports of a switching process whose tags it explains, now or before; `segment`: as this alone."""
    out: set[int] = set()
    for reader in (session.base, session):
        head = reader.heads.get(ord)
        if head is None or head.type != "ovs":
            continue
        for entry in reader.attributes(head).get("segments", ()):
            if not segment or entry.get("segment") == segment:
                out.update(session.index.get(("ovs+tag", (head.id, entry.get("tag")))))
    return out


def _bound(session: Session, head: Obj, a: Attributes) -> Bound | None:
    if head.kind == "port":
        network = a.get("network_id")
        return ((network,), (a["medium"],)) if network and "medium" in a else ((network,) if network else None, ())
    if head.kind in ("ovs_port", "bond") and head.type == "ovsport":
        return _of_segments(session, a.get("network_id"), _port_segments(session, a))
    if "segment" in a and head.type != "segment" and isinstance(a["segment"], str):
        return _of_segments(session, None, [a["segment"]])
    return None if head.kind in DERIVED_LATER else (None, ())


def _port_segments(session: Session, a: Attributes) -> list[str]:
    if "segment" in a:
        return [a["segment"]]
    vedge = session.resolve(a["ovs"]) if isinstance(a.get("ovs"), str) else None
    if vedge is None or "tag" not in a:
        return []
    entries = session.attributes(vedge).get("segments", ())
    return sorted({entry["segment"] for entry in entries if entry.get("tag") == a["tag"]})


def _of_segments(session: Session, network_id: str | None, segments: list[str]) -> Bound:
    """(network, medium) of each segment; unknown when none is known."""
    found = set()
    for segment in segments:
        kind, _, rest = segment.partition(":")[2].partition("/")
        physical, _, _ = rest.partition("/")
        network, there = network_id, session.resolve(segment)
        if there is not None:
            a = session.attributes(there)
            kind, physical = a.get("network_type", kind), a.get("physical_network", physical)
            network = network or (there.id if there.kind == "network" else a.get("network_id"))
        if network:
            found.add((network, medium_of(kind, physical) or ""))
    if not found:
        return ((network_id,), ("",)) if network_id else (None, ())
    pairs = sorted(found)
    return tuple(network for network, _ in pairs), tuple(medium for _, medium in pairs)


# ── what NICs and bridges carry ───────────────────────────────────────────────────────────────────────────────────


def _carriers(session: Session, changed: set[int]) -> tuple[set[int], set[int]]:
    """The NICs and Linux bridges to derive again after these bound objects changed."""
    nics: set[int] = set()
    bridges: set[int] = set()
    seeds: set[int] = set()
    for ord in changed:
        head = session.heads.get(ord)
        if head is not None and head.kind == "port":
            nics.update(session.adjacency.others(ord, 2 * VNIC_PORT + 1))
        else:
            seeds.add(ord)
            bridges.update(session.adjacency.others(ord, 2 * MASTER + 1))
    reached = sources_through(session, seeds, VNIC_WALK) | sources_through(session, seeds, VCONNECTOR_WALK)
    for ord in _rewired(session) | session.rewalked | reached | bridges:
        head = session.heads.get(ord)
        if head is not None and head.kind == "vnic":
            nics.add(ord)
        elif head is not None and head.kind == "vconnector":
            bridges.add(ord)
            nics.update(session.adjacency.others(ord, 2 * VNIC_VCONNECTOR + 1))
    return nics, bridges


def _rewired(session: Session) -> set[int]:
    """Objects that are new, of another kind, linked otherwise, or that state their networks themselves."""
    out = {end for _, source, target in session.relinked for end in (source, target)}
    for ord, old in session.before.items():
        head = session.heads.get(ord)
        if head is None:
            continue
        if (
            old is None
            or old.kind != head.kind
            or (head.kind == "vnic" and _stated(session.base.attributes(old)) != _stated(session.attributes(head)))
        ):
            out.add(ord)
    return out


def _stated(a: Attributes) -> list[str]:
    """The networks an engine states for a NIC."""
    return a.get("network_ids") or ([a["network_id"]] if "network_id" in a else [])


def _first_ports(session: Session, ord: int) -> set[str]:
    """The networks of the first OVS ports an object's cable meets; empty when none is known."""
    out: set[str] = set()
    for reached in walk(session, ord, PORT_WALK):
        port = session.heads.get(reached.stop)
        out.update((port.networks or ()) if port is not None else ())
    return out


def _members(session: Session, bridge: int) -> set[str]:
    """The networks of a bridge's tunnel and VLAN members."""
    out: set[str] = set()
    for member in session.adjacency.others(bridge, 2 * MASTER):
        head = session.heads.get(member)
        if head is not None and head.media:
            out.update(head.networks or ())
    return out


def _bridge_itself(session: Session, bridge: int) -> set[str]:
    return _first_ports(session, bridge) | _members(session, bridge)


def _vnic(session: Session, head: Obj, a: Attributes) -> Bound:
    ports = session.adjacency.others(head.ord, 2 * VNIC_PORT)
    found: set[str] = set()
    if ports:
        for port in ports:
            there = session.heads.get(port)
            found.update((there.networks or ()) if there is not None else ())
        return tuple(sorted(found)) or None, ()
    stated = _stated(a)
    if stated:
        return tuple(sorted(stated)), ()
    found = _first_ports(session, head.ord)
    if not found:
        for bridge in session.adjacency.others(head.ord, 2 * VNIC_VCONNECTOR):
            found |= _bridge_itself(session, bridge)
    return tuple(sorted(found)) or None, ()


def _vconnector(session: Session, head: Obj, a: Attributes) -> Bound:
    found: set[str] = set()
    for nic in session.adjacency.others(head.ord, 2 * VNIC_VCONNECTOR + 1):
        there = session.heads.get(nic)
        found.update((there.networks or ()) if there is not None else ())
    return tuple(sorted(found or _bridge_itself(session, head.ord))) or None, ()


# ── media of physical NICs, networks of distributed routers, the tally ────────────────────────────────────────────


def derive_media(session: Session) -> None:
    """Over which media a physical NIC can carry networks."""
    for ord in _tracked(session, MEDIA, "host_pnic"):
        head = session.heads.get(ord)
        media = session.tracking.watch(MEDIA, ord, lambda ord=ord: _media(session, ord))  # type: ignore[misc]
        if head is None or head.kind != "host_pnic":
            session.tracking.forget(MEDIA, ord)
        elif media != head.media:
            session.set_head(head, media=media)
            from calipso.graph import joining

            joining.kind_changed(session, head, head.kind)


def _tracked(session: Session, code: int, kind: str) -> set[int]:
    stale = session.tracking.stale(code, session.touched, session.reshaped)
    return stale | {
        ord for ord in session.touched if (head := session.heads.get(ord)) is not None and head.kind == kind
    }


def _media(session: Session, ord: int) -> tuple[str, ...]:
    head = session.get(ord)
    if head is None:
        return ()
    found: set[str] = set()
    for otep in session.others(ord, 2 * OTEP_PNIC + 1):
        found |= _overlay(session, otep)
    for bridge in session.others(ord, 2 * VCONNECTOR_PNIC + 1):
        there = session.get(bridge)
        addresses = session.attributes(there).get("ips", ()) if there is not None else ()
        for otep in session.others(bridge, 2 * OTEP_VCONNECTOR + 1):
            endpoint = session.get(otep)
            if endpoint is not None and session.attributes(endpoint).get("ip") in addresses:
                found |= _overlay(session, otep)
    found |= _physical(session, head)
    return tuple(sorted(found))


def _overlay(session: Session, otep: int) -> set[str]:
    head = session.get(otep)
    kind = session.attributes(head).get("overlay_type") if head is not None else None
    return {f"overlay/{kind}"} if kind else set()


def _physical(session: Session, pnic: Obj) -> set[str]:
    """Physical networks that a mapping gives to the bridge a NIC is in or to itself; what its switch routes."""
    found: set[str] = set()
    bridges = set()
    for reached in walk(session, pnic.ord, PNIC_WALK):
        bridge = session.get(reached.stop)
        if bridge is not None:
            bridges.add(bridge.name)
    for vedge in session.others(pnic.ord, 2 * PNIC_VEDGE + 1):
        speakers = [vedge, *session.others(vedge, 2 * AGENT)]
        for speaker in speakers:
            head = session.get(speaker)
            told = session.attributes(head) if head is not None else {}
            mappings = told.get("bridge_mappings", {})
            found.update(f"physnet/{physical}" for physical, name in mappings.items() if name in bridges)
            found.update(told.get("carries", ()))
    for ord in session.look("host", pnic.host):
        agent = session.heads.get(ord)
        if agent is not None and agent.kind == "network_agent":
            mappings = session.attributes(agent).get("interface_mappings") or {}
            found.update(f"physnet/{physical}" for physical, name in mappings.items() if name == pnic.name)
    return found


def watch(session: Session, head: Obj) -> None:
    """Note what the tracked derivations of an object read."""
    if head.kind == "host_pnic":
        session.tracking.watch(MEDIA, head.ord, lambda: _media(session, head.ord))
    elif head.kind == "vservice" and head.type == "router":
        session.tracking.watch(ROUTER_NETWORKS, head.ord, lambda: _router(session, head.ord))


def _derive_router_networks(session: Session) -> None:
    """A distributed router serves the networks of its ports, and has them all on the chassis of its gateway."""
    candidates = session.tracking.stale(ROUTER_NETWORKS, session.touched, session.reshaped)
    for ord in session.touched:
        head = session.heads.get(ord)
        if head is not None and head.type == "router" and head.kind == "vservice":
            candidates.add(ord)
    for ord in candidates:
        head = session.heads.get(ord)
        found = session.tracking.watch(ROUTER_NETWORKS, ord, lambda ord=ord: _router(session, ord))  # type: ignore[misc]
        if head is None or head.type != "router" or head.kind != "vservice":
            session.tracking.forget(ROUTER_NETWORKS, ord)
        elif found != (head.networks, head.media):
            session.set_head(head, networks=found[0], media=found[1])


def _router(session: Session, ord: int) -> Bound:
    head = session.get(ord)
    if head is None:
        return None, ()
    gateways = _hosts_of_chassis(session, session.attributes(head).get("gateway_chassis") or [])
    pairs: set[tuple[str, str]] = set()
    for port in session.others(ord, 2 * ROUTER_PORT):
        for network in session.others(port, 2 * PORT_NETWORK):
            there = session.get(network)
            if there is None:
                continue
            for segment in session.others(network, 2 * SEGMENT_NETWORK + 1):
                speaker = session.get(segment)
                a = session.attributes(speaker) if speaker is not None else {}
                medium = medium_of(a.get("network_type", ""), a.get("physical_network"))
                pairs.update((there.id, f"{medium}@{gateway}") for gateway in gateways if medium)
            pairs.add((there.id, ""))
    ordered = sorted(pairs)
    return tuple(network for network, _ in ordered) or None, tuple(medium for _, medium in ordered)


def _hosts_of_chassis(session: Session, chassis: Iterable[str]) -> list[str]:
    """The hosts whose switching processes go by these names; the name itself where none does."""
    out = set()
    for name in chassis:
        heads = [session.get(ord) for ord in session.look("chassis", name)]
        out.update({head.host for head in heads if head is not None and head.host} or {name})
    return sorted(out)
