"""The queries that operators know, asked of the lab as it is and of its past: the same answers then as at the time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from calipso.model.moments import rfc3339
from calipso.operations.registry import BY_NAME
from calipso.runtime.at import now
from calipso.runtime.system import System, opened
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, graph_of, home

pytestmark = pytest.mark.live
SEEDS = (
    "G{}.V().Has('MTU', NE(1500)).Values('IPV4')",
    "G{}.V().Has('MTU', 1500).Values('IPV4')",
    "G{}.V().Has('Type', 'ovsbridge').Out().Out().Has('Name', Without('br-int')).Values('Name')",
    "G{}.V().Has('Type', Within('veth', 'vxlan')).Has('State', 'UP').ValueMap('Name', 'MAC')",
    "G{}.V('h1/netns:vm-a').Descendants(0).Values('ID')",
    "G{}.V('h1/netns:vm-a/dev:eth0').ShortestPathTo(Metadata('ID', 'h2/netns:vm-c/dev:eth0'),"
    " Metadata('RelationType', Within('layer2', 'layer3')))",
    "G{}.V().Has('Host', 'h1').SubGraph().E().Count()",
    "g{}.V().has('type', 'netns').groupCount().by('host')",
)


async def ask(system: System, text: str) -> list[Any]:
    operation = BY_NAME["query"]
    answer = await operation.run(system, operation.request(query=text, environment=NAME))
    items: list[Any] = answer.items
    return items


def test_known_queries_on_the_lab_and_its_past(lab: Running, tmp_path: Path) -> None:
    async def work() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            await system.scan(NAME)
            await asyncio.sleep(0.01)
            then = rfc3339(now())
            live = [await ask(system, text.format("")) for text in SEEDS]
            assert all(live), "each of them has an answer here"
            path = [each["id"] for each in live[5][0]]
            types = [graph_of(system).resolve(id).type for id in path]  # type: ignore[union-attr]
            assert path[0].startswith("h1/") and path[-1].startswith("h2/") and types.count("vxlan") == 2
            address = live[0][0][0]
            assert await ask(system, f"G.V().Has('IPV4', '{address}')")
            assert await ask(system, f"G.V().Has('IPV4', IPV4Range('{address}')).Has('MTU', NE(1500))")
            await asyncio.sleep(0.05)
            store = system.site(NAME).store
            assert store.graph(now()).rev == graph_of(system).rev
            for text, found in zip(SEEDS, live, strict=True):
                assert [_told(each) for each in await ask(system, text.format(f".At('{then}')"))] == [
                    _told(each) for each in found
                ], text
            assert len(await ask(system, "G.At('-1ms').V('h1')")) == 1

    asyncio.run(work())


def _told(item: Any) -> Any:
    """An answer without the counters that only the present has."""
    if isinstance(item, dict):
        return {key: value for key, value in item.items() if key != "metrics"}
    return [_told(each) for each in item] if isinstance(item, list) else item
