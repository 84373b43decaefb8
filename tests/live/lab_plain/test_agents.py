"""labs/plain told by agents: the same graph as one scan gives, also after an agent and the server were away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from calipso.runtime.agent import Agent
from calipso.runtime.agent import Server as Reached
from calipso.runtime.home import Home
from calipso.runtime.sources import installed_sources
from calipso.runtime.spool import Spool
from calipso.runtime.system import System, opened
from calipso.transports.local import LocalTransport
from calipso.web.server import Server
from labs.plain.environment import environment
from labs.plain.expectation import Expected, expected
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, differences, graph_of

pytestmark = pytest.mark.live
TOKEN = "t" * 40
SOON = 20.0


def told_by_agents(lab: Running, folder: Path) -> Home:
    """A state folder that knows the lab and leaves looking to agents."""
    said = yaml.safe_load(environment(lab))
    said["hosts"] = {name: {"agent": True} for name in said["hosts"]}
    made = Home(folder)
    made.prepare()
    (made.environments / f"{NAME}.yaml").write_text(yaml.safe_dump(said))
    return made


async def settled(system: System, wanted: Expected) -> None:
    async def until_equal() -> None:
        while differences(graph_of(system), wanted):  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.1)

    try:
        await asyncio.wait_for(until_equal(), SOON)
    except TimeoutError:
        assert differences(graph_of(system), wanted) == []


def agent_of(lab: Running, host: str, url: str, spool: Spool) -> Agent:
    """An agent that is in a host of the lab, but for its connection: the lab's hosts reach each other only."""
    transport = LocalTransport(lab.hosts[host])
    return Agent(Reached(url, TOKEN), NAME, host, spool, installed_sources(), lambda _: transport)


def test_agents_give_the_graph_that_a_scan_gives(lab: Running, tmp_path: Path) -> None:
    wanted = expected(lab.lab)
    spools = {host: Spool(tmp_path / f"{host}.db") for host in lab.hosts}

    async def scenario() -> None:
        running: dict[str, asyncio.Task[None]] = {}
        async with opened(told_by_agents(lab, tmp_path / "home"), NAME) as system:
            server = Server(system, TOKEN, "127.0.0.1", 0)
            async with server:
                for host, spool in spools.items():
                    running[host] = asyncio.create_task(agent_of(lab, host, server.url, spool).run())
                await settled(system, wanted)
                first = next(iter(lab.hosts))
                running[first].cancel()
                await asyncio.gather(running[first], return_exceptions=True)
                lab.run(first, "ip", "link", "add", "ct-away", "type", "bridge")
                running[first] = asyncio.create_task(agent_of(lab, first, server.url, spools[first]).run())
                while graph_of(system).resolve(f"{first}/dev:ct-away") is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                lab.run(first, "ip", "link", "del", "ct-away")
                await settled(system, wanted)
            for task in running.values():
                assert not task.done(), "agents wait for a server that is away"
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)

    try:
        asyncio.run(asyncio.wait_for(scenario(), 60))
    finally:
        for spool in spools.values():
            spool.close()
