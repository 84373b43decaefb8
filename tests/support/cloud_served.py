"""The recorded OpenStack served: its records in the store, the server before it, a client with a token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from calipso.model.record import Observation, Record, RunBegan, RunEnded, Scope, Seen
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from calipso.web.server import Server
from tests.replay.openstack.test_openstack_replay import said

RECORDED = Path(__file__).parents[1] / "replay/openstack"
TOKEN = "t" * 40
YAML = "name: cloud\ntype: OpenStack\nmechanism_drivers: [OVS]\ncliques: calipso\nsources: {}\n"
Use = Callable[[httpx.AsyncClient, System], Awaitable[None]]


def observations(cloud: str = "ml2-ovs") -> list[Observation]:
    """What was recorded on the hosts, and what the source says of the recorded APIs."""
    scopes: dict[Scope, list[Record]] = {}
    for line in (RECORDED / f"{cloud}.jsonl").read_text().splitlines()[1:]:
        each = json.loads(line)
        if each["facet"] in ("nova", "neutron"):
            continue
        record = Record(each["id"], each["facet"], each["type"], each["attributes"])
        scopes.setdefault(Scope(each["source"], each["reporter"]), []).append(record)
    found: list[Observation] = []
    for scope, records in scopes.items():
        found += [RunBegan(scope), Seen(scope, tuple(records)), RunEnded(scope, "completed")]
    return [*found, *said(cloud)]


def served(folder: Path, use: Use, headers: dict[str, str] | None = None) -> None:
    """Run `use` with a client of the interface of the original."""

    told = observations()

    async def work() -> None:
        home = Home(folder)
        home.prepare()
        (home.environments / "cloud.yaml").write_text(YAML)
        async with opened(home) as system:
            await system.site("cloud").put(told)
            async with Server(system, TOKEN, "127.0.0.1", 0) as server:
                shown = {"X-Auth-Token": TOKEN} if headers is None else headers
                base = f"{server.url}/calipso"
                async with httpx.AsyncClient(base_url=base, headers=shown, timeout=30) as client:
                    await use(client, system)

    asyncio.run(work())
