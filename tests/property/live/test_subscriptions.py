"""Snapshot plus deltas is what the query answers at each revision, whatever changes, also over a reconnect."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calipso.errors import QueryError
from calipso.model.record import Gone, Record, Scope, Seen
from calipso.operations.answers import view
from calipso.operations.querying import Query, query
from calipso.query.standing import standing
from calipso.runtime.groups import Asked
from calipso.runtime.live import Live
from calipso.runtime.system import System
from tests.support.estate import CODEC, disturbed, two_hosts
from tests.support.listener import Listener, shape
from tests.support.system import ESTATE, estate

QUERIES = [
    "G.V()", "G.V().Has('Type', 'veth')", "G.V().Has('State', 'DOWN')", "G.V().Has('MTU', NE(1500))",
    "G.V().Has('kind', 'vnic').Has('mac', Regex('aa.*'))", "G.V().HasNot('tag')", "G.V().Has('MAC', 'AB:01:0A')",
    "G.V().HasEither('Name', 'vha', 'Name', 'vhb')", "G.V('h1/netns:vm-a')", "G.V('h1/dev:vha').Both('layer2')",
    "G.V().Has('Type', 'ovsbridge').Out().Has('Name', Without('br-int'))", "G.V().Has('Name', 'vha').Both('role')",
    "G.V().Has('Host', 'h1').Values('MTU')", "G.V().Count()", "G.V().Has('Type', 'netns').Count()", "G.E()",
    "G.E().Has('RelationType', 'layer2')", "G.V('h1').OutE('ownership')", "G.V().Has('Host', 'h2').SubGraph()",
    "G.V('h1').Descendants(2).Has('State', 'UP')", "G.V().groupCount().by('type')", "G.V().Has('Revision', GT(1))",
    "G.V().Has('Type', 'veth').Dedup('MTU')", "G.V('h1').Out('ownership').Has('Name', 'vm-a').path()",
    "G.V().Has('Name', 'vm-a').ShortestPathTo(Metadata('Name', 'vm-b'))",
]  # fmt: skip


def observations(chance: random.Random) -> list[Any]:
    out: list[Any] = []
    for change in chance.sample(two_hosts(), chance.choice([1, 2, 5])):
        said = disturbed(change, chance) if chance.random() < 0.7 else change
        type, _, attributes = CODEC.decode(said.body or b"")
        facet, _, reporter = change.facet.partition("@")
        scope = Scope("test", reporter or change.id.partition("/")[0])
        gone = Gone(scope, ((change.id, facet),))
        record = Record(change.id, facet, type, attributes)
        out.append(gone if chance.random() < 0.25 else Seen(scope, (record,)))
    return out


async def settled(live: Live) -> None:
    for _ in range(2_000):
        if all(group.settled for group in live.groups if isinstance(group, Asked)):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("a query was not answered anew")


async def expected(system: System, text: str) -> tuple[dict[str, Any], set[Any], Counter[str]]:
    out = Listener()
    try:
        answer = await query(system, Query(query=text, environment=ESTATE, timeout=60))
    except QueryError as error:  # a query that stands waits for what is asked for by id
        assert "no object has the id" in error.message
        return {}, set(), Counter()
    for item in answer.items:
        if answer.kind == "paths":
            item = [each["id"] for each in item]
        out._whole(item)
    return out.objects, out.links, out.values


@pytest.mark.parametrize("seed", range(6))
def test_snapshot_and_deltas_are_the_answer(tmp_path: Path, seed: int) -> None:
    asyncio.run(_follow(tmp_path, random.Random(seed)))


async def _follow(folder: Path, chance: random.Random) -> None:
    async with estate(folder) as system:
        site = system.site(ESTATE)
        live = Live(site)
        texts = chance.sample(QUERIES, 9)
        listeners = {text: Listener() for text in texts}
        feeds = {text: await live.subscribe(standing(text), None) for text in texts}
        for _ in range(10):
            await site.put(observations(chance))
            await settled(live)
            for text, listener in listeners.items():
                if chance.random() < 0.2:  # it goes; what happens meanwhile it is told when it comes again
                    feeds[text].close()
                    await site.put(observations(chance))
                    await settled(live)
                    before = listener.snapshots
                    feeds[text] = await live.subscribe(standing(text), listener.seq)
                    await listener.drain(feeds[text])
                    assert before == 0 or listener.snapshots == before, "it could have gone on"
            for text, listener in listeners.items():
                await listener.drain(feeds[text])
                found = (listener.objects, listener.links, listener.values)
                assert found == json_like(await expected(system, text)), text
        live.close()


def json_like(said: tuple[dict[str, Any], set[Any], Counter[str]]) -> tuple[dict[str, Any], set[Any], Counter[str]]:
    return json.loads(json.dumps(said[0])), said[1], said[2]


@pytest.mark.parametrize("seed", range(4))
def test_everything_and_keys(tmp_path: Path, seed: int) -> None:
    asyncio.run(_keys(tmp_path, random.Random(seed)))


async def _keys(folder: Path, chance: random.Random) -> None:
    async with estate(folder) as system:
        site = system.site(ESTATE)
        live = Live(site)
        keys = [None, ("kind", "vnic"), ("state", "down"), ("name", "vha"), ("host", "h1"), ("id", "h1/netns:vm-a")]
        listeners = {key: Listener() for key in keys}
        feeds = {key: await live.subscribe(key, None) for key in keys}
        for _ in range(12):
            await site.put(observations(chance))
            graph = site.graph()
            for key, listener in listeners.items():
                if chance.random() < 0.2:
                    feeds[key].close()
                    feeds[key] = await live.subscribe(key, listener.seq)
                await listener.drain(feeds[key])
                heads = graph.objects() if key is None else filter(None, map(graph.get, graph.find(*key)))
                assert listener.objects == {
                    head.id: shape(json.loads(msgspec.json.encode(view(site, graph, head)))) for head in heads
                }, key
        live.close()
