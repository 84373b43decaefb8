"""Live deltas: what a slow client is told, what is decided by keys, what is asked again, what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import connect

from calipso.client import AsyncClient, Changes, Snapshot
from calipso.errors import Conflict, QueryError
from calipso.graph.value import Graph
from calipso.model.record import Gone, Record, Scope, Seen
from calipso.operations.questions import Subscriptions
from calipso.query.run import Limits
from calipso.query.standing import standing
from calipso.runtime import live as live_module
from calipso.runtime import subscriber
from calipso.runtime.groups import Answers, Asked, Chosen
from calipso.runtime.live import Live
from calipso.runtime.site import Site
from calipso.web.server import Server
from tests.support.listener import Listener
from tests.support.system import ESTATE, estate

TOKEN = "t" * 40


def with_live(folder: Path, use: Callable[[Site, Live], Awaitable[None]]) -> None:
    async def work() -> None:
        async with estate(folder) as system:
            site = system.site(ESTATE)
            live = Live(site)
            await use(site, live)
            live.close()

    asyncio.run(work())


def tap(name: str = "tap9", **more: Any) -> Seen:
    said = {"name": name, "host": "h1", **more}
    return Seen(Scope("test", "h1", "more"), (Record(f"h1/dev:{name}", "netlink", "tun", said),))


def test_a_slow_client_is_told_and_gets_a_fresh_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber, "QUEUE_BYTES", 20_000)

    async def use(site: Site, live: Live) -> None:
        slow, quick = await live.subscribe(None, None), await live.subscribe(None, None)
        told, kept = Listener(), Listener()
        for feed, listener in ((slow, told), (quick, kept)):
            await listener.drain(feed)
        for n in range(12):
            await site.put([tap(f"tap{n}", text="x" * 4_000)])
            await kept.drain(quick)
            assert all(client.size <= 24_500 for client in live.groups[0].clients)
        await told.drain(slow)
        assert told.told == ["snapshot", "lost", "snapshot"] and kept.told == ["snapshot"] + ["changes"] * 12
        assert told.objects == kept.objects and told.seq == kept.seq == site.graph().rev
        assert live.dropped == 1
        for _ in range(subscriber.PATIENCE - 1):
            for n in range(12):
                await site.put([tap(f"tap{n}", text="y" * 4_000 + str(_))])
            await told.drain(slow)
        assert told.told[-1] == "lost" and await slow.next() is None

    with_live(tmp_path, use)


def test_who_gives_up_waiting_for_a_snapshot_gets_it_afterwards(tmp_path: Path) -> None:
    async def use(site: Site, live: Live) -> None:
        feed = await live.subscribe(None, None)
        waiting = asyncio.create_task(feed.next())
        await asyncio.sleep(0)
        assert waiting.cancel()
        await asyncio.wait({waiting})
        message = await feed.next()
        assert waiting.cancelled() and message is not None and message.event == "snapshot"

    with_live(tmp_path, use)


def test_only_what_may_be_concerned_is_asked_again(tmp_path: Path) -> None:
    async def use(site: Site, live: Live) -> None:
        text = "G.V().Has('Type', 'ovsbridge').Out('ownership').Has('Name', 'vha')"
        feed, listener = await live.subscribe(standing(text), None), Listener()
        await listener.drain(feed)
        assert set(listener.objects) == {"h1/ovs/port:vha", "h2/ovs/port:vha"}
        group = next(each for each in live.groups if isinstance(each, Asked))
        before = group.asked
        for mtu in range(1400, 1420):
            await site.put([tap(mtu=mtu)])
        assert group.asked <= before + 1, "at most for the device that came with its link"
        before = group.asked
        for mtu in range(20):
            await site.put([tap(mtu=mtu)])
        assert group.asked == before
        port = {"host": "h1", "ovs": "h1/ovs", "bridge": "h1/ovs/bridge:br-int", "owner": "h1/ovs/bridge:br-int"}
        said = {**port, "name": "vha", "interfaces": ["h1/ovs/interface:vha"], "tag": 30}
        await site.put([Seen(Scope("test", "h1"), (Record("h1/ovs/port:vha", "ovs", "ovsport", said),))])
        await listener.drain(feed)
        assert listener.objects["h1/ovs/port:vha"]["attributes"]["tag"] == 30

    with_live(tmp_path, use)


def test_what_comes_while_it_is_asked_is_told_without_asking_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(site: Site, live: Live) -> None:
        text = "G.V().Has('Type', 'tun').Out('ownership').Dedup()"
        feed, listener = await live.subscribe(standing(text), None), Listener()
        await listener.drain(feed)
        group = next(each for each in live.groups if isinstance(each, Asked))
        before, ask, gate = group.asked, group._ask, asyncio.Event()

        async def held(graph: Graph) -> Answers:
            await gate.wait()
            return await ask(graph)

        monkeypatch.setattr(group, "_ask", held)
        await site.put([tap()])
        for mtu in range(1400, 1410):
            await site.put([tap(mtu=mtu)])
        gate.set()
        await listener.drain(feed)
        assert group.asked == before + 1 and group.seq == site.graph().rev

    with_live(tmp_path, use)


def test_what_enters_a_filter_is_told_whole_and_what_leaves_is_removed(tmp_path: Path) -> None:
    async def use(site: Site, live: Live) -> None:
        feed = await live.subscribe(standing("G.V().Has('MTU', 1400)"), None)
        assert any(isinstance(group, Chosen) for group in live.groups)
        assert json.loads((await feed.next()).text)["snapshot"] == []  # type: ignore[union-attr]
        for mtu in (1500, 1400, 1300):
            await site.put([tap(mtu=mtu)])
        frames = [json.loads((await feed.next()).text)["changes"][0]["object"] for _ in range(2)]  # type: ignore[union-attr]
        assert frames[0]["op"] == "added" and frames[0]["attributes"]["mtu"] == 1400
        assert frames[1] == {"op": "removed", "id": "h1/dev:tap9", "kind": "device", "host": "h1", "name": "tap9"}

    with_live(tmp_path, use)


def test_it_ends_with_an_error_when_the_query_can_no_longer_be_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(site: Site, live: Live) -> None:
        feed = await live.subscribe(standing("G.V().Has('Name', 'vha').Both()"), None)
        await feed.next()
        monkeypatch.setattr("calipso.runtime.groups.LIMITS", Limits(seconds=5.0, results=1))
        await site.put([Gone(Scope("test", "h1"), (("h1/ovs/interface:vha", ""),))])
        message = await feed.next()
        assert message is not None and message.event == "error" and "answers" in json.loads(message.text)["error"]
        assert await feed.next() is None

    with_live(tmp_path, use)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("G.At('-1m').V()", "about now"), ("G.At('-1m', 60).V()", "about now"), ("G.V().Metrics()", "counters"),
        ("G.V().Outt()", "unknown step"), ("G.Flows()", "flow"),
    ],
)  # fmt: skip
def test_what_cannot_be_subscribed_to(tmp_path: Path, text: str, words: str) -> None:
    async def use(site: Site, live: Live) -> None:
        with pytest.raises(QueryError, match=words):
            await live.subscribe(standing(text), None)

    with_live(tmp_path, use)


def test_different_subscriptions_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "MOST_GROUPS", 3)

    async def use(site: Site, live: Live) -> None:
        feeds = [await live.subscribe(("kind", kind), None) for kind in ("vnic", "host", "vnic")]
        assert live.clients == 3
        with pytest.raises(Conflict):
            await live.subscribe(("kind", "device"), None)
        for feed in feeds:
            feed.close()
        assert live.clients == 0

    with_live(tmp_path, use)


def test_a_caller_may_be_told_of_so_many_different_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "SUBSCRIPTIONS", Subscriptions(2))

    async def use(site: Site, live: Live) -> None:
        queries = [standing(f"G.V().Has('MTU', {number}).Count()") for number in range(3)]
        feeds = [await live.subscribe(each, None, who="ops") for each in (*queries[:2], queries[0], None)]
        with pytest.raises(Conflict, match="ops is subscribed to 2 different things") as refused:
            await live.subscribe(queries[2], None, who="ops")
        assert "close some" in refused.value.hint
        (await live.subscribe(queries[2], None, who="others")).close()
        feeds[0].close()
        with pytest.raises(Conflict):  # another of its clients asks for the same
            await live.subscribe(queries[2], None, who="ops")
        feeds[2].close()
        feeds[2].close()
        feeds.append(await live.subscribe(queries[2], None, who="ops"))
        monkeypatch.setattr("calipso.runtime.groups.LIMITS", Limits(results=1))
        with pytest.raises(QueryError):
            await live.subscribe(standing("G.V().Values('Name')"), None, who="third")
        feeds.append(await live.subscribe(queries[0], None, who="third"))
        for feed in feeds:
            feed.close()
        assert live_module.SUBSCRIPTIONS._of == {}

    with_live(tmp_path, use)


def test_what_nobody_asks_for_any_more_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "MOST_GROUPS", 4)
    monkeypatch.setattr(live_module, "LINGERING", 2)

    async def use(site: Site, live: Live) -> None:
        for number in range(9):  # who opens and closes many keeps nobody out
            (await live.subscribe(standing(f"G.V().Has('MTU', {number})"), None)).close()
            assert len(live.groups) <= 3
        feeds = [await live.subscribe(standing(f"G.V().Has('MTU', {number})"), None) for number in (6, 7, 8)]
        with pytest.raises(Conflict, match="4 different subscriptions are open"):
            await live.subscribe(standing("G.V()"), None)
        for feed in feeds:
            feed.close()

    with_live(tmp_path, use)


def test_over_websocket_and_events(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system, Server(system, TOKEN, "127.0.0.1", 0) as server:
            site = system.site(ESTATE)
            url = f"{server.url.replace('http', 'ws')}/api/v1/live?environment={ESTATE}"
            headers = {"Authorization": f"Bearer {TOKEN}"}
            text = quote("G.V().Has('Name', 'tap9').Values('MTU')")
            async with connect(f"{url}&query={text}", additional_headers=headers) as socket:
                assert json.loads(await socket.recv())["kind"] == "values"
                await site.put([tap(mtu=1400)])
                frame = json.loads(await socket.recv())
                assert frame["changes"] == [{"value": {"op": "added", "value": 1400, "count": 1}}]
            await site.put([tap(mtu=1300)])
            async with connect(f"{url}&query={text}&since={frame['seq']}", additional_headers=headers) as socket:
                changes = json.loads(await socket.recv())["changes"]
                assert {(each["value"]["op"], each["value"]["value"]) for each in changes} == {
                    ("removed", 1400), ("added", 1300)
                }  # fmt: skip
            async with connect(f"{url}&query=G.V().Outt()", additional_headers=headers) as socket:
                assert "did you mean" in json.loads(await socket.recv())["error"]
            async with AsyncClient(server.url, TOKEN) as client:
                watch = client.watch(query="G.V().Has('kind', 'vnic').Both('role')", environment=ESTATE)
                first = await anext(watch)
                assert isinstance(first, Snapshot) and first.snapshot[0].id
                await site.put([Gone(Scope("test", "h1"), (("h1/netns:vm-a/dev:eth0", ""),))])
                told = await anext(watch)
                assert isinstance(told, Changes) and any(each.object for each in told.changes)
                await watch.aclose()  # type: ignore[attr-defined]
                with pytest.raises(QueryError, match="did you mean"):
                    await anext(client.watch(query="G.V().Outt()", environment=ESTATE))

    asyncio.run(work())
