"""A mirror of a port by an agent that has another network than its host, as one in a container has."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME
from tests.live.lab_plain.test_agent_captures import PINGS, served, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(280)]
PORT = "h1/ovs/port:vha"


def test_the_mirrors_own_port_is_found_in_the_hosts_network(lab: Running, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with served(lab, tmp_path) as site:
            query = f"G.V('{PORT}')"
            await until(
                "port is known", lambda: site.does("create_capture", environment=NAME, query=query, id="mirror")
            )
            await until("captured", lambda: site.active("mirror", [PORT]))
            site.ping()

            async def seen() -> bool:
                return any((flow.metric.ab_packets, flow.metric.ba_packets) == (PINGS, PINGS)
                           for flow in await site.pings() if flow.node == PORT)  # fmt: skip

            async def gone() -> bool:
                return "calmir" not in lab.run("h1", "ovs-vsctl", "list-ports", "br-int")

            await until("flows", seen)
            await site.does("remove_capture", environment=NAME, id="mirror")
            await until("taken away again", gone)

    asyncio.run(scenario())
