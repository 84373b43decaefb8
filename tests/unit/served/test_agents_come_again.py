"""What is known of an agent's captures when it goes and another takes its place."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec

from calipso.model.environment import Environment, Host
from calipso.operations.capture_documents import PointState
from calipso.runtime import feed
from calipso.runtime.agents import Agents
from calipso.runtime.orders import PointReport

HELLO = feed.Hello("lab", "h1", "spool", "1.0")
ACTIVE = PointReport("walk", PointState("h1/dev:eth0", "active", "ebpf"))
REPORT = msgspec.json.encode(feed.Report((ACTIVE,))).decode()
SITES: Any = {"lab": SimpleNamespace(config=Environment(name="lab", hosts={"h1": Host(agent=True)}), scopes=list)}


def no_flows(environment: str) -> Any:
    raise AssertionError(environment)


def test_an_agent_that_comes_again_captures_nothing_until_it_says_so() -> None:
    async def scenario() -> None:
        agents = Agents(no_flows)
        first = agents.welcome(SITES, HELLO)
        first.hears(REPORT)
        assert agents.reports("lab", "h1") == (ACTIVE,)
        first.close()
        assert agents.reports("lab", "h1") == (ACTIVE,), "while it is away it is told how it went last"

        again = agents.welcome(SITES, HELLO)
        assert agents.reports("lab", "h1") == ()
        first.hears(REPORT)
        assert agents.reports("lab", "h1") == (), "said by the one before"
        again.hears(REPORT)
        assert agents.reports("lab", "h1") == (ACTIVE,)
        again.close()
        await agents.close()

    asyncio.run(scenario())
