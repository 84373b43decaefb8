"""What happens between two hops of a conversation: loss, delay, what was passed without being captured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from calipso.flows.places import Places
from calipso.flows.translation import Conversation, Translation
from calipso.graph.protocol import Obj
from calipso.model.flowpath import Hop, Stage

TOGETHER = 1_000_000
"""µs: hops that saw a conversation begin further apart were not captured from the same moment on."""

Ends = tuple[Obj | None, Obj | None]


def stages(
    hops: Sequence[Hop], legs: Sequence[Ends], places: Places, translations: Sequence[Translation],
    clocks: Mapping[str, str],
) -> list[Stage]:  # fmt: skip
    """One between each two hops. `legs`: the objects at both ends of each leg."""
    return [_stage(one, two, legs, places, translations, clocks) for one, two in pairwise(hops)]


def _stage(
    one: Hop, two: Hop, legs: Sequence[Ends], places: Places, translations: Sequence[Translation],
    clocks: Mapping[str, str],
) -> Stage:  # fmt: skip
    between = _between(one, two, legs, places)
    said: dict[str, Any] = _loss(one, two) | _delay(one, two, clocks)
    return Stage(
        between=between, not_captured=[id for id in between or () if _device(places, id)], routed=one.leg != two.leg,
        translated=_translated(one, two, translations), **said,
    )  # fmt: skip


def _loss(one: Hop, two: Hop) -> dict[str, Any]:
    if abs(two.start - one.start) > TOGETHER:
        return {"loss_unknown": "the hops did not begin to count together"}
    return {"lost_ab": one.ab_packets - two.ab_packets, "lost_ba": two.ba_packets - one.ba_packets}


def _delay(one: Hop, two: Hop, clocks: Mapping[str, str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if one.rtt and two.rtt:
        out["round_trip"] = one.rtt - two.rtt
    together = abs(two.start - one.start) <= TOGETHER
    if clocks.get(one.host, one.host) == clocks.get(two.host, two.host) and together:
        out["delay"] = two.start - one.start
    elif together:
        out["delay_unknown"] = f"{one.host} and {two.host} go by different clocks"
    else:
        out["delay_unknown"] = "the hops did not begin together"
    return out


def _between(one: Hop, two: Hop, legs: Sequence[Ends], places: Places) -> list[str] | None:
    """On one leg the shortest way; from leg to leg by the devices through which the router is left and entered."""
    if one.leg == two.leg:
        return places.between(one.node, two.node, layer2=one.layer == two.layer != "bare")
    if one.leg + 1 != two.leg:
        return None
    stops = [one.node]
    stops += [head.id for head in (legs[one.leg][1], legs[two.leg][0]) if head is not None]
    stops.append(two.node)
    way: list[str] = []
    for here, there in pairwise(stops):
        routed = {here, there} <= set(stops[1:-1]) and _netns(places, here) == _netns(places, there) != ""
        part = [] if here == there or routed else places.between(here, there)
        if part is None:
            return None
        way += [*part, there]
    return [id for n, id in enumerate(way) if id not in (one.node, two.node) and id not in way[:n]]


def _netns(places: Places, id: str) -> str:
    return places.netns(places.graph.resolve(id))


def _device(places: Places, id: str) -> bool:
    head = places.graph.resolve(id)
    return head is not None and "ifindex" in places.graph.attributes(head)


def _translated(one: Hop, two: Hop, translations: Sequence[Translation]) -> str:
    """The namespace whose connection tracking says that what came as one went on as the other."""
    before = (one.network_a, one.network_b, one.port_a, one.port_b)
    after = (two.network_a, two.network_b, two.port_a, two.port_b)
    if before == after:
        return ""
    for each in translations:
        if (_numbers(each.before), _numbers(each.after)) == (before, after):
            return each.netns
    return ""


def _numbers(said: Conversation) -> tuple[str, str, int, int]:
    return said.a, said.b, said.port_a, said.port_b
