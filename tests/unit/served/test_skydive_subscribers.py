"""Skydive's subscribers: bounded for each caller, none kept waiting by another's query, nothing lost on the way."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from calipso.model.record import Gone, Record, Scope, Seen
from calipso.operations.questions import Subscriptions, Turn
from calipso.runtime.system import System
from calipso.web import skydive_live, skydive_outbox
from calipso.web.server import Server
from calipso.web.skydive_live import Group
from tests.support.system import ESTATE, ask, estate

TOKEN = "t" * 40
PATIENCE = 60.0
TAPS = "G.V().Has('Type', 'tap')"


def served(folder: Path, use: Any) -> None:
    async def work() -> None:
        async with estate(folder) as system, Server(system, TOKEN, "127.0.0.1", 0) as server, asyncio.timeout(PATIENCE):
            await use(system, f"{server.url.replace('http', 'ws')}/skydive/{ESTATE}/ws/subscriber")

    asyncio.run(work())


def joined(url: str, gremlin: str = "") -> Any:
    return connect(url, max_size=None, additional_headers={"X-Auth-Token": TOKEN, "X-Gremlin-Filter": gremlin})


async def asks(socket: ClientConnection, gremlin: str) -> Any:
    """The answer to a request for all that a query finds, which becomes the client's own."""
    await socket.send(json.dumps(
        {"Namespace": "Graph", "Type": "SyncRequest", "UUID": "u", "Obj": {"GremlinFilter": gremlin}}
    ))  # fmt: skip
    return await told(socket, "SyncReply")


async def told(socket: ClientConnection, type: str) -> Any:
    while True:
        said = json.loads(await socket.recv())
        if said["Type"] == type:
            return said


async def tap(system: System, name: str, mtu: int = 1500) -> None:
    record = Record(f"h1/dev:{name}", "netlink", "tap", {"host": "h1", "name": name, "mtu": mtu})
    await system.site(ESTATE).put([Seen(Scope("test", "h1"), (record,))])


def test_a_caller_may_ask_for_so_many_different_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skydive_live, "SUBSCRIPTIONS", Subscriptions(2))

    async def use(system: System, url: str) -> None:
        async with joined(url, TAPS) as one, joined(url, "G.V('h1')"), joined(url) as all:
            async with joined(url, "G.V('h2')") as more:
                refused = await told(more, "Error")
                assert "2 different things" in refused["Obj"]["Message"]
                assert "close some" in refused["Obj"]["Hint"]
            assert (await asks(one, TAPS))["Status"] == 200
            assert (await asks(all, "G.V('h2')"))["Status"] == 400
            await tap(system, "t1")
            assert (await told(all, "NodeAdded"))["Obj"]["ID"] == "h1/dev:t1"  # it goes on with what it had
            assert (await told(one, "NodeAdded"))["Obj"]["ID"] == "h1/dev:t1"
        while skydive_live.SUBSCRIPTIONS._of:  # noqa: ASYNC110 - the server hears of it a little later
            await asyncio.sleep(0.01)

    served(tmp_path, use)


def test_who_asks_what_makes_no_sense_goes_on_with_what_it_had(tmp_path: Path) -> None:
    async def use(system: System, url: str) -> None:
        async with joined(url, TAPS) as socket:
            refused = await asks(socket, "G.Vv()")
            assert refused["Status"] == 400
            assert "V" in refused["Obj"]["Hint"]
            await tap(system, "t1")
            assert (await told(socket, "NodeAdded"))["Obj"]["ID"] == "h1/dev:t1"

    served(tmp_path, use)


def test_a_node_asked_for_by_name_is_told_when_it_comes_changes_and_goes(tmp_path: Path) -> None:
    async def use(system: System, url: str) -> None:
        system.react()
        async with joined(url, "G.V('TOR1')") as own, joined(url, "G.V('h1/dev:t1')") as found:
            for rack in ("r1", "r2"):
                await ask(system, "put_user_node", id="TOR1", metadata={"Name": "tor1", "Type": "switch", "Rack": rack})
                said = await told(own, "NodeAdded" if rack == "r1" else "NodeUpdated")
                assert (said["Obj"]["ID"], said["Obj"]["Metadata"]["Rack"]) == ("TOR1", rack)
            await ask(system, "remove_user_topology", what="nodes", id="TOR1")
            assert (await told(own, "NodeDeleted"))["Obj"]["ID"] == "TOR1"
            await tap(system, "t1")
            assert (await told(found, "NodeAdded"))["Obj"]["ID"] == "h1/dev:t1"
            await system.site(ESTATE).put([Gone(Scope("test", "h1"), (("h1/dev:t1", ""),))])
            assert (await told(found, "NodeDeleted"))["Obj"]["ID"] == "h1/dev:t1"

    served(tmp_path, use)


def test_a_snapshot_may_be_larger_than_what_a_client_may_be_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skydive_outbox, "QUEUE_BYTES", 1000)

    async def use(system: System, url: str) -> None:
        async with joined(url) as socket:
            assert len((await asks(socket, ""))["Obj"]["Nodes"]) > 10

    served(tmp_path, use)


def test_a_query_that_takes_long_keeps_no_other_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()
    held = threading.Event()
    found = Group._elements

    def slow(self: Group, turn: Turn) -> Any:
        if "slow" in self.gremlin and held.is_set():
            goes_on.wait(PATIENCE)
        return found(self, turn)

    monkeypatch.setattr(Group, "_elements", slow)

    async def use(system: System, url: str) -> None:
        async with joined(url, TAPS + ".Has('Name', NE('slow'))") as late, joined(url, TAPS) as quick:
            await asks(late, TAPS + ".Has('Name', NE('slow'))")
            await asks(quick, TAPS)
            held.set()
            try:
                for number in range(3):
                    await tap(system, f"t{number}")
                    assert (await told(quick, "NodeAdded"))["Obj"]["ID"] == f"h1/dev:t{number}"
            finally:
                goes_on.set()
            assert {(await told(late, "NodeAdded"))["Obj"]["ID"] for _ in range(3)} == {
                f"h1/dev:t{n}" for n in range(3)
            }

    served(tmp_path, use)
