"""A system without sources: environments whose records tests hand in themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from calipso.model.record import Observation, Record, RunBegan, RunEnded, Scope, Seen
from calipso.operations.registry import BY_NAME
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from tests.support.estate import CODEC, two_hosts

ESTATE = "estate"
YAML = f"name: {ESTATE}\nnamespaces: instances\nservice_patterns: [router-, dhcp-]\n"


def said() -> list[Observation]:
    """The estate of two hosts, one completed run a host."""
    scopes: dict[str, list[Record]] = {}
    for change in two_hosts():
        type, _, attributes = CODEC.decode(change.body or b"")
        facet, _, reporter = change.facet.partition("@")
        host = reporter or change.id.partition("/")[0]
        scopes.setdefault(host, []).append(Record(change.id, facet, type, attributes))
    out: list[Observation] = []
    for host, records in scopes.items():
        scope = Scope("test", host)
        out += [RunBegan(scope), Seen(scope, tuple(records)), RunEnded(scope, "completed")]
    return out


@asynccontextmanager
async def estate(folder: Path) -> AsyncIterator[System]:
    """A system with the estate in it."""
    home = Home(folder)
    home.prepare()
    (home.environments / f"{ESTATE}.yaml").write_text(YAML)
    async with opened(home) as system:
        await system.site(ESTATE).put(said())
        yield system


async def ask(system: System, name: str, /, **values: Any) -> Any:
    """An operation on the estate."""
    operation = BY_NAME[name]
    if "environment" in operation.request.__struct_fields__:
        values.setdefault("environment", ESTATE)
    return await operation.run(system, operation.request(**values))


def run(work: Any) -> Any:
    return asyncio.run(work)
