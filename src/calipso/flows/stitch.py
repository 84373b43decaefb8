"""One conversation, seen at several points, as one ordered chain of hops.

A leg is a part of the way on which the link header stays the same: between two routers. Its hops are ordered by
how near the graph has them to both ends of the leg, legs by the namespace in which one ends and the next begins. What
the graph does not know is ordered by time, and said to be. Nothing depends on the order in which the flows are given.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from calipso.flows.places import Places
from calipso.flows.stages import stages
from calipso.flows.translation import Conversation, Translation, conversation
from calipso.graph.protocol import Obj
from calipso.model.flow import Flow
from calipso.model.flowpath import FlowPath, Hop, Order

End = tuple[str, int]
"""Address and port; for ICMP's echo its identifier, for what has no network layer a MAC and 0."""


class _Seen(NamedTuple):
    """A flow, turned so that `a` is who began the conversation."""

    flow: Flow
    ends: tuple[End, End]
    macs: tuple[str, str]
    layer: tuple[str, int, str, str]
    turned: bool


class _Leg(NamedTuple):
    """Hops with one link header. `first`, `last`: the objects that its MACs belong to."""

    key: tuple[Any, ...]
    hops: list[Hop]
    first: Obj | None
    last: Obj | None


def stitch(
    flows: Iterable[Flow], tunnels: Mapping[str, Flow], places: Places, *,
    translations: Sequence[Translation] = (), clocks: Mapping[str, str] | None = None,
) -> FlowPath:  # fmt: skip
    """The chain of flows of one conversation, before and after translation.

    tunnels: uuid → flow, for those that flows are inside of. clocks: host → the clock it goes by; a host that is not
    named has its own. Flows of points that are not known by an object are left out.
    """
    known = sorted({flow.uuid: flow for flow in flows if flow.node}.values(), key=lambda each: each.uuid)
    seen = _turned(known, tunnels, translations)
    notes: list[str] = []
    legs, joined = _in_order([_leg(key, each, places) for key, each in _legs(seen).items()], places, notes)
    hops, unplaced, orders = [], [], set()
    for number, leg in enumerate(legs):
        there, apart, order = _placed(leg, places, notes)
        hops += [msgspec.structs.replace(hop, leg=number) for hop in there]
        unplaced += [msgspec.structs.replace(hop, leg=number) for hop in apart]
        orders.add(order)
    if unplaced:
        notes.append("the graph does not connect these with the ends: " + ", ".join(hop.node for hop in unplaced))
    ends = _objects(seen)
    return FlowPath(
        tracking_ids=sorted({flow.l3_tracking_id for flow in known}), hops=hops, unplaced=unplaced,
        stages=stages(hops, [(leg.first, leg.last) for leg in legs], places, translations, clocks or {}),
        order="graph" if orders == {"graph"} and joined else "time", a_object=ends[0], b_object=ends[1],
        before=places.between(ends[0], hops[0].node) if hops and ends[0] else None,
        after=places.between(hops[-1].node, ends[1]) if hops and ends[1] else None, notes=notes,
    )  # fmt: skip


# ── one direction ────────────────────────────────────────────────────────────────────────────────────────────────


def ends(flow: Flow) -> tuple[End, End]:
    """Who spoke first at this point, and with whom."""
    said = conversation(flow)
    if said is not None:
        return (said.a, said.port_a), (said.b, said.port_b)
    link = flow.link
    return (link.a, 0) if link else ("", 0), (link.b, 0) if link else ("", 0)


def _turned(flows: list[Flow], tunnels: Mapping[str, Flow], translations: Sequence[Translation]) -> list[_Seen]:
    """By what connection tracking says; else by what most points saw first, the earliest where they disagree."""
    began: dict[frozenset[End], End] = {}
    for each in translations:
        for said in (each.before, each.after):
            began[frozenset(_both(said))] = _both(said)[0]
    votes: dict[frozenset[End], Counter[End]] = {}
    for flow in flows:
        votes.setdefault(frozenset(ends(flow)), Counter())[ends(flow)[0]] += 1
    for pair, counted in votes.items():
        if pair not in began:
            most = max(counted.values())
            candidates = [flow for flow in flows if frozenset(ends(flow)) == pair and counted[ends(flow)[0]] == most]
            began[pair] = ends(min(candidates, key=lambda flow: (flow.start, flow.uuid)))[0]
    return [_seen(flow, tunnels, began[frozenset(ends(flow))]) for flow in flows]


def _both(said: Conversation) -> tuple[End, End]:
    return (said.a, said.port_a), (said.b, said.port_b)


def _seen(flow: Flow, tunnels: Mapping[str, Flow], first: End) -> _Seen:
    pair = ends(flow)
    turned = pair[0] != first
    macs = (flow.link.a, flow.link.b) if flow.link else ("", "")
    outside = tunnels.get(flow.parent)
    outer = outside.network if outside is not None else None
    layer = ("", 0, "", "")
    if flow.tunnel:
        sides = sorted((outer.a, outer.b)) if outer else ["", ""]
        layer = (flow.tunnel, flow.network.id if flow.network else 0, sides[0], sides[1])
    return _Seen(flow, pair[::-1] if turned else pair, macs[::-1] if turned else macs, layer, turned)


# ── hops and legs ────────────────────────────────────────────────────────────────────────────────────────────────


def _legs(seen: list[_Seen]) -> dict[tuple[Any, ...], list[_Seen]]:
    out: dict[tuple[Any, ...], list[_Seen]] = {}
    for each in seen:
        out.setdefault((each.ends, each.macs), []).append(each)
    return out


def _leg(key: tuple[Any, ...], seen: list[_Seen], places: Places) -> _Leg:
    points: dict[tuple[Any, ...], dict[str, list[_Seen]]] = {}
    for each in seen:
        points.setdefault((each.flow.node, each.layer), {}).setdefault(each.flow.capture, []).append(each)
    hops = [_hop(max(captured.values(), key=_weight)) for captured in points.values()]
    macs = key[1]
    return _Leg(key, hops, places.owner("mac", macs[0]), places.owner("mac", macs[1]))


def _weight(seen: list[_Seen]) -> tuple[int, str]:
    """Of two captures at one point, that which saw more counts: they saw the same packets."""
    packets = sum(each.flow.metric.ab_packets + each.flow.metric.ba_packets for each in seen)
    return packets, min(each.flow.capture for each in seen)


def _hop(seen: list[_Seen]) -> Hop:
    """One point by one capture: flows that began anew are summed."""
    first = min(seen, key=lambda each: (each.flow.start, each.flow.uuid))
    tunnel, vni, outer_a, outer_b = first.layer
    there = [each.flow.metric for each in seen if not each.turned]
    back = [each.flow.metric for each in seen if each.turned]
    return Hop(
        node=first.flow.node, host=first.flow.host, leg=0, layer=f"{tunnel} {vni}" if tunnel else "bare", vni=vni,
        outer_a=outer_a, outer_b=outer_b, link_a=first.macs[0], link_b=first.macs[1], network_a=first.ends[0][0],
        network_b=first.ends[1][0], port_a=first.ends[0][1], port_b=first.ends[1][1],
        ab_packets=sum(m.ab_packets for m in there) + sum(m.ba_packets for m in back),
        ab_bytes=sum(m.ab_bytes for m in there) + sum(m.ba_bytes for m in back),
        ba_packets=sum(m.ba_packets for m in there) + sum(m.ab_packets for m in back),
        ba_bytes=sum(m.ba_bytes for m in there) + sum(m.ab_bytes for m in back),
        start=first.flow.start, last=max(each.flow.last for each in seen),
        rtt=max(each.flow.metric.rtt for each in seen), flows=sorted(each.flow.uuid for each in seen),
    )  # fmt: skip


# ── order ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_order(legs: list[_Leg], places: Places, notes: list[str]) -> tuple[list[_Leg], bool]:
    """Each leg after those that lead to it, by time among equals; whether the graph joins them all."""
    legs = sorted(legs, key=lambda leg: (min(hop.start for hop in leg.hops), leg.key))
    after: dict[int, list[int]] = {
        n: [m for m, other in enumerate(legs) if m != n and _leads(leg, other, places)] for n, leg in enumerate(legs)
    }
    waiting = Counter(m for found in after.values() for m in found)
    ready = [n for n in range(len(legs)) if not waiting[n]]
    firsts = len(ready)
    order: list[int] = []
    while ready:
        n = heapq.heappop(ready)
        order.append(n)
        for m in after[n]:
            waiting[m] -= 1
            if not waiting[m]:
                heapq.heappush(ready, m)
    if any(len(found) > 1 for found in after.values()):
        notes.append("the way forks: more than one part goes on from the same place")
    if len(order) < len(legs):
        notes.append("the way comes back to where it was: its parts are in the order of time")
        return legs, False
    if firsts > 1:
        notes.append(
            f"{firsts} parts of the way are not joined by what the graph knows (a router between them is not seen, or "
            "the same addresses are in use in two networks): they are in the order of time"
        )
    return [legs[n] for n in order], firsts <= 1


def _leads(leg: _Leg, other: _Leg, places: Places) -> bool:
    """Whether one leg ends in the namespace that the other begins in."""
    there = places.netns(leg.last)
    return bool(there) and there == places.netns(other.first) and leg.key[1] != other.key[1]


def _placed(leg: _Leg, places: Places, notes: list[str]) -> tuple[list[Hop], list[Hop], Order]:
    """The leg's hops in order, those that have no place, and what they were ordered by."""
    near = places.distances(leg.first) if leg.first is not None else {}
    far = places.distances(leg.last) if leg.last is not None else {}
    by_time = sorted(leg.hops, key=lambda hop: (hop.start, hop.node, hop.layer))
    if not near and not far:
        if len(by_time) > 1:
            whose = (
                f"no object is known by {' and '.join(leg.key[1])}" if any(leg.key[1]) else "there is no link header"
            )
            notes.append(f"{whose}: the order on this part of the way is that of time")
        return by_time, [], "time" if len(by_time) > 1 else "graph"
    keyed, apart = [], []
    for hop in by_time:
        at = _place(places.graph.resolve(hop.node), near, far)
        if at is None:
            apart.append(hop)
        else:
            keyed.append(((at[:2], _within_tunnel(hop, at, places, near, far)), hop))
    keyed.sort(key=lambda each: each[0])
    for (one, hop), (two, other) in pairwise(keyed):
        if one == two:
            notes.append(f"{hop.node} and {other.node} are as near to both ends: their order is by time")
    return [hop for _, hop in keyed], apart, "graph"


_Place = tuple[int, int, int]


def _place(head: Obj | None, near: dict[int, int], far: dict[int, int]) -> _Place | None:
    """(side, how far along, how far from both ends); on the side of the first end where nothing joins both."""
    if head is None:
        return None
    a, b = near.get(head.ord), far.get(head.ord)
    if a is not None and b is not None:
        return 1, a - b, a + b
    if a is not None:
        return 0, a, a
    return (2, -b, b) if b is not None else None


def _within_tunnel(hop: Hop, at: _Place, places: Places, near: dict[int, int], far: dict[int, int]) -> int:
    """Where a tunnel begins its carrier comes after it; where it ends, before it."""
    if hop.layer == "bare":
        return 0
    outer = [_place(places.owner("ip", each), near, far) for each in (hop.outer_a, hop.outer_b)]
    known = sorted(each[:2] for each in outer if each is not None)
    if len(known) == 2 and at[:2] >= known[1]:
        return -at[2]
    return at[2]


def _objects(seen: list[_Seen]) -> tuple[str, str]:
    """The objects of both ends, where all points agree: translated addresses hide one of them."""
    ordered = sorted(seen, key=lambda each: (each.flow.start, each.flow.uuid))
    sides = [(each.flow.b_object, each.flow.a_object) if each.turned else (each.flow.a_object, each.flow.b_object)
             for each in ordered]  # fmt: skip
    first = next((a for a, _ in sides if a), "")
    return first, next((b for _, b in reversed(sides) if b), "")
