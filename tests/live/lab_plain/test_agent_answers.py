"""What agents are asked for when somebody wants it: addresses that a router translates, packets kept of flows."""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from calipso.flows.pcap import read
from calipso.model.flow import Flow
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME
from tests.live.lab_plain.test_agent_captures import PINGS, Site, served, until
from tests.live.lab_plain.test_flow_paths import ROUTED

pytestmark = [pytest.mark.live, pytest.mark.timeout(280)]
QUERY = f"G.V().Has('TID', Within({', '.join(repr(each) for each in ROUTED)}))"
HELD = "10.20.0.99"
"""An address that nobody has: the router sends it on to vm-d, as a floating IP."""


@contextmanager
def translating(lab: Running) -> Iterator[None]:
    """The router gives its own address to what leaves it, and sends on what goes to `HELD`."""
    rules = (
        ("chain", "out", "{ type nat hook postrouting priority 100 ; }"),
        ("chain", "into", "{ type nat hook prerouting priority -100 ; }"),
        ("rule", "out", "oifname", "r20", "masquerade"),
        ("rule", "into", "ip", "daddr", HELD, "dnat", "to", "10.20.0.12"),
    )
    lab.inside("h1", "router-r", "nft", "add", "table", "ip", "answers")
    try:
        for what, chain, *words in rules:
            lab.inside("h1", "router-r", "nft", "add", what, "ip", "answers", chain, *words)
        yield
    finally:
        lab.inside("h1", "router-r", "nft", "delete", "table", "ip", "answers")


def test_one_chain_through_an_agents_nat_and_packets_from_all_agents(lab: Running, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with served(lab, tmp_path) as site:
            await site.does("create_capture", environment=NAME, query=QUERY, id="walk", raw_packets=100)
            await until("captured", lambda: site.active("walk", ROUTED))
            with translating(lab):
                lab.inside("h1", "vm-a", "ping", "-q", "-c", str(PINGS), "-i", "0.1", HELD)
                flows = await until("flows", lambda: all_counted(site))
                path = await site.does("get_flow_path", environment=NAME, id=flows[0].uuid)
            assert [hop.node for hop in path.hops] == ROUTED and path.order == "graph", path
            assert [hop.network_a for hop in path.hops] == ["10.10.0.11"] * 2 + ["10.20.0.1"] * 4
            assert [hop.network_b for hop in path.hops] == [HELD] * 2 + ["10.20.0.12"] * 4
            assert [stage.translated for stage in path.stages] == ["", "h1/netns:router-r", "", "", ""]
            assert len(path.tracking_ids) == 2 and path.notes == []

            found = await site.does("get_packets", environment=NAME, capture="walk", bpf="icmp")
            bare = sum(not flow.tunnel for flow in flows)  # what is inside of a tunnel is no `icmp` to a filter
            assert found.packets == len(list(read(io.BytesIO(found.pcap)))) == 2 * PINGS * bare, found.missing
            assert (found.flows, found.missing, bare) == (bare, [], 4)
            asked = "G.Flows().Has('Application', 'ICMPv4').RawPackets()"
            told = await site.does("query", environment=NAME, query=asked)
            assert len(told.items) >= 2 * PINGS * bare

            site.end("h2", signal.SIGTERM)
            away = await until("h2's agent is away", lambda: missing(site))
            assert "packets kept at h2 are not here" in away[0]
            site.agent("h2")
            await until("h2's agent is back", lambda: nothing_missing(site))
            again = await site.does("get_packets", environment=NAME, capture="walk", bpf="icmp")
            assert again.packets == found.packets

    asyncio.run(scenario())


async def all_counted(site: Site) -> list[Flow]:
    """The ping's flows, once each point has told of all its packets and that it kept them."""
    found = [flow for flow in await site.pings() if flow.metric.ba_packets == PINGS]
    kept = {flow.node for flow in found if flow.raw_packets == 2 * PINGS or flow.tunnel}
    return found if kept == set(ROUTED) else []


async def nothing_missing(site: Site) -> bool:
    return not await missing(site)


async def missing(site: Site) -> list[str]:
    return list((await site.does("get_packets", environment=NAME, capture="walk")).missing)
