"""What joins both ends of a conversation: the tunnel of an overlay, none on a VLAN, what was there before it went."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from calipso.model.moments import rfc3339
from calipso.model.record import Gone, Record, Scope, Seen
from calipso.operations.conversations import Conversation
from calipso.runtime.system import System
from tests.support.system import ask, estate, run

A, B = "h1/netns:vm-a", "h2/netns:vm-a"
TUNNEL, ENDPOINT = "h1/ovs/interface:vx10", "h1/otep:vxlan:192.0.2.1"
SEGMENT = "segment:vxlan/-/10010"
H1 = Scope("test", "h1")


async def between(system: System, a: str = A, b: str = B, **more: str) -> Conversation:
    found = (await ask(system, "get_clique", id=a, peer=b, **more)).conversation
    assert isinstance(found, Conversation)
    return found


def told(system: System, id: str, facet: str, type: str, **changed: Any) -> Record:
    """A record as it is, with some of it said otherwise."""
    graph = system.site("estate").graph()
    head = graph.resolve(id)
    assert head is not None
    return Record(id, facet, type, dict(graph.attributes(head)) | changed)


async def without_tunnel(system: System) -> None:
    fewer = told(system, ENDPOINT, "ovs", "otep", tunnels=["h1/ovs/interface:vx20"])
    await system.site("estate").put([Gone(H1, ((TUNNEL, "ovs"),)), Seen(H1, (fewer,))])


def on_estate(folder: Path, use: Callable[[System], Awaitable[None]]) -> None:
    async def work() -> None:
        async with estate(folder) as system:
            await use(system)

    run(work())


def test_an_overlay_network_is_carried_by_the_tunnel_with_its_number(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        found = await between(system)
        assert [(each.id, each.network_type, each.carried) for each in found.networks or []] == [
            (SEGMENT, "vxlan", "tunnel")
        ]
        assert found.tunnel is not None and found.tunnel.state == "up"
        assert (found.tunnel.source, found.tunnel.target) == (ENDPOINT, "h2/otep:vxlan:192.0.2.2")
        assert found.tunnel.through == [TUNNEL]

    on_estate(tmp_path, use)


def test_a_tunnel_that_went_is_missing_though_others_are_left(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        await asyncio.sleep(0.01)
        moment = rfc3339(time.time_ns() // 1000)
        await asyncio.sleep(0.01)
        await without_tunnel(system)
        found = (await between(system)).tunnel
        assert found is not None and found.state == "missing"
        assert [(each.id, each.host) for each in found.lost] == [(TUNNEL, "h1")] and found.lost[0].until > moment
        assert found.evidence == "vx10 of h1 is gone"
        before = (await between(system, at=moment)).tunnel
        assert before is not None and before.state == "up" and not before.lost
        other = (await between(system, "h1/netns:vm-b", "h2/netns:vm-b")).tunnel
        assert other is not None and other.state == "up"

    on_estate(tmp_path, use)


def test_an_endpoint_that_went_as_a_whole_is_found_in_the_past(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        gone = ((TUNNEL, "ovs"), ("h1/ovs/interface:vx20", "ovs"), (ENDPOINT, "ovs"))
        await system.site("estate").put([Gone(H1, gone)])
        found = (await between(system)).tunnel
        assert found is not None and found.state == "missing" and found.source == ""
        assert [each.name for each in found.lost] == ["vx10"]

    on_estate(tmp_path, use)


def test_a_tunnel_that_never_was_is_missing_and_has_no_past(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        for host in ("h1", "h2"):
            said = told(system, SEGMENT, "ovs", "segment", segmentation_id=99)
            await system.site("estate").put([Seen(Scope("test", host), (said,))])
        found = (await between(system)).tunnel
        assert found is not None and found.state == "missing" and not found.lost
        assert found.evidence == "no vxlan tunnel between h1 and h2 carries vxlan/-/10010"

    on_estate(tmp_path, use)


def test_on_a_vlan_nothing_is_missing(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        for host in ("h1", "h2"):
            said = told(system, SEGMENT, "ovs", "segment", network_type="vlan", physical_network="physnet1")
            await system.site("estate").put([Seen(Scope("test", host), (said,))])
        await without_tunnel(system)
        found = await between(system)
        assert found.tunnel is None and found.note == "vxlan/-/10010, vlan, needs no tunnel"

    on_estate(tmp_path, use)


def test_nothing_is_claimed_where_nothing_tells_of_tunnels_or_networks(tmp_path: Path) -> None:
    async def use(system: System) -> None:
        assert (await between(system, A, "h1/netns:vm-b")).note == "both are on h1"
        routed = await between(system, A, "h2/netns:vm-b")
        assert routed.networks == [] and routed.tunnel is None and "routed" in routed.note
        bare = told(system, "h2/otep:vxlan:192.0.2.2", "ovs", "otep", tunnels=[])
        away = ("h2/ovs/interface:vx10", "ovs"), ("h2/ovs/interface:vx20", "ovs")
        other = Scope("test", "h2")
        await system.site("estate").put([Gone(other, away), Seen(other, (bare,))])
        found = (await between(system)).tunnel
        assert found is not None and found.state in ("missing", "unknown")

    on_estate(tmp_path, use)
