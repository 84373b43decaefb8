"""The clients: the same answers and errors, pages, patience, and a watch that goes on after a break."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from calipso.client import AsyncClient, Changes, Client, Snapshot
from calipso.client.watching import Reader
from calipso.client.wire import asked, wait_before
from calipso.errors import AuthFailed, Conflict, NotFound, QueryError, Unreachable
from calipso.model.record import Record, Scope, Seen
from calipso.runtime.system import System
from calipso.web.server import Server
from tests.support.system import estate

TOKEN = "t" * 40
Use = Callable[[System, Server, AsyncClient], Awaitable[None]]


def served(folder: Path, use: Use, settings: str = "") -> None:
    async def work() -> None:
        (folder / "config.yaml").write_text(settings)
        async with (
            estate(folder) as system,
            Server(system, TOKEN, "127.0.0.1", 0) as server,
            AsyncClient(server.url, TOKEN) as client,
        ):
            await use(system, server, client)

    asyncio.run(work())


def tap(mtu: int, name: str = "tap9") -> Seen:
    record = Record(f"h1/dev:{name}", "netlink", "tun", {"name": name, "host": "h1", "mtu": mtu})
    return Seen(Scope("test", "h1", name), (record,))


def test_pages_show_one_moment_while_the_graph_changes(tmp_path: Path) -> None:
    async def use(system: System, _: Server, client: AsyncClient) -> None:
        whole = [item.id for item in (await client.get_objects(environment="estate")).items]
        links = (await client.get_links(environment="estate")).items
        seen = []
        async for item in client.iter_objects(environment="estate", fields=["state"], page=9):
            if len(seen) % 10 == 0:
                await system.site("estate").put([tap(1500, f"tap{len(seen)}")])
            seen.append(item.id)
        assert seen == whole
        assert [each async for each in client.iter_links(environment="estate", page=20)] != [] and len(links) > 20
        first = await client.get_objects(environment="estate", limit=3)
        with pytest.raises(QueryError, match="another request"):
            await client.get_objects(environment="estate", kind="vnic", limit=3, cursor=first.next)
        with pytest.raises(QueryError, match="no cursor"):
            await client.get_objects(environment="estate", cursor="nonsense")

    served(tmp_path, use)


def test_only_the_fields_and_objects_that_are_asked_for(tmp_path: Path) -> None:
    async def use(system: System, _: Server, client: AsyncClient) -> None:
        await system.site("estate").put([tap(1400)])
        found = await client.get_objects(
            environment="estate", host="h1", where=["mtu=1400"], fields=["attributes.mtu", "state"]
        )
        (item,) = found.items
        assert (item.id, item.attributes, item.valid_from) == ("h1/dev:tap9", {"mtu": 1400}, None)
        for wrong in ({"fields": ["colour"]}, {"where": ["mtu"]}):
            with pytest.raises(QueryError):
                await client.get_objects(environment="estate", **wrong)  # type: ignore[arg-type]

    served(tmp_path, use)


def test_errors_are_those_of_the_operations(tmp_path: Path) -> None:
    async def use(_: System, server: Server, client: AsyncClient) -> None:
        with pytest.raises(NotFound):
            await client.get_objects(kind="vnci")
        await client.create_token(name="a")
        with pytest.raises(Conflict):
            await client.create_token(name="a")
        async with AsyncClient(server.url, "wrong") as stranger:
            with pytest.raises(AuthFailed):
                await stranger.count_objects()

    served(tmp_path, use)
    with Client("http://127.0.0.1:1", TOKEN) as nobody, pytest.raises(Unreachable):
        nobody.count_objects()


def test_it_comes_again_when_it_was_told_to(tmp_path: Path) -> None:
    async def use(_: System, server: Server, client: AsyncClient) -> None:
        for _ in range(3):
            await client.count_objects(environment="estate")
        assert server.gate.refused["rate"] > 0

    served(tmp_path, use, "web: {rate: 2, burst: 1}")


@pytest.mark.parametrize(
    ("name", "status", "retried"),
    [("get_tree", 503, True), ("scan", 503, False), ("scan", 429, True), ("get_tree", 500, False)],
)
def test_what_is_asked_twice(name: str, status: int, retried: bool) -> None:
    assert (wait_before(asked(name, {}), httpx.Response(status), 0) is not None) is retried


def test_the_one_that_does_not_await_says_the_same(tmp_path: Path) -> None:
    async def use(_: System, server: Server, client: AsyncClient) -> None:
        def plain() -> object:
            with Client(server.url, TOKEN) as other:
                watched = next(iter(other.watch("kind:vnic", environment="estate")))
                assert isinstance(watched, Snapshot) and {each.kind for each in watched.snapshot} == {"vnic"}
                return [each.id for each in other.iter_objects(environment="estate", page=10)]

        there = [each.id async for each in client.iter_objects(environment="estate", page=10)]
        assert await asyncio.to_thread(plain) == there

    served(tmp_path, use)


def test_a_watch_goes_on_where_it_was(tmp_path: Path) -> None:
    async def use(system: System, server: Server, client: AsyncClient) -> None:
        site = system.site("estate")
        watch = client.watch(environment="estate")
        first = await anext(watch)
        assert isinstance(first, Snapshot) and len(first.snapshot) == len(site.graph())
        await site.put([tap(1500)])
        told = await anext(watch)
        assert isinstance(told, Changes) and told.seq > first.seq
        assert [change.object.id for change in told.changes if change.object] == ["h1/dev:tap9"]
        await watch.aclose()  # type: ignore[attr-defined]
        for mtu in (1400, 1300):
            await site.put([tap(mtu)])
        again = client.watch(environment="estate", since=told.seq)
        values = []
        for _ in range(2):
            frame = await anext(again)
            assert isinstance(frame, Changes)
            values += [field.new for change in frame.changes if change.object for field in change.object.fields]
        assert values == [1400, 1300]
        await again.aclose()  # type: ignore[attr-defined]
        with pytest.raises(NotFound):
            await anext(client.watch(environment="nowhere"))

    served(tmp_path, use)


def test_events_are_read_whatever_is_cut_off() -> None:
    reader = Reader()
    snapshot = ["id: 4", "event: snapshot", 'data: {"snapshot":[],"seq":4}', ""]
    assert [reader.line(line) for line in snapshot][-1] == Snapshot([], 4)
    reader.line('data: {"seq":5,')
    assert reader.begin() == {"Last-Event-ID": "4"}
    changes = [": still here", "", "event: changes", 'data: {"seq":6,"ts":"t","changes":[]}', ""]
    assert [reader.line(line) for line in changes][-1] == Changes(6, "t", [])
    for line in ("event: lost", 'data: {"lost":true}', ""):
        reader.line(line)
    assert reader.begin() == {}
