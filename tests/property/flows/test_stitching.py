"""The chain does not depend on the order of flows, and points that are missing only take their hops away."""

from __future__ import annotations

import contextlib
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from calipso.errors import ParseError
from calipso.flows.places import Places
from calipso.flows.stitch import stitch
from calipso.flows.translation import Conversation, Translation, of_netlink, of_text
from tests.support.walked import ROUTER, WAY, A, B, graph, ping, turned

MASQUERADE = Translation("h1/netns:router", Conversation(1, A, B, 9, 9), Conversation(1, ROUTER, B, 9, 9))


@cache
def places() -> Places:
    return Places(graph())


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(len(WAY))), st.sets(st.integers(0, len(WAY) - 1)), st.booleans())
def test_any_order_of_the_same_flows_gives_the_same_chain(order: list[int], back: set[int], nat: bool) -> None:
    flows, tunnels = ping(translated=nat)
    flows = [turned(flow) if n in back else flow for n, flow in enumerate(flows)]
    told = [MASQUERADE] if nat else []
    wanted = stitch(flows, tunnels, places(), translations=told)
    assert stitch([flows[n] for n in order], tunnels, places(), translations=told) == wanted


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, len(WAY) - 1)), st.booleans())
def test_removing_points_only_removes_hops(left: set[int], nat: bool) -> None:
    flows, tunnels = ping(translated=nat)
    found = stitch([flows[n] for n in left], tunnels, places(), translations=[MASQUERADE] if nat else [])
    assert [hop.node for hop in found.hops] == [WAY[n] for n in sorted(left)]
    assert len(found.stages) == max(0, len(left) - 1)
    if nat and any(n < 4 for n in left) and any(n >= 4 for n in left):
        assert sum(bool(stage.translated) for stage in found.stages) == 1


@given(st.binary(max_size=200))
def test_any_octets_are_a_dump_or_refused(body: bytes) -> None:
    with contextlib.suppress(ParseError):
        of_netlink(body, "r")


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    of_text(text, "r")
