"""The server: a token for everything, errors that say what next, numbered deltas that resume."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from calipso.errors import NotFound
from calipso.model.record import Record, Scope, Seen
from calipso.operations.registry import OPERATIONS
from calipso.runtime.remote import Remote
from calipso.runtime.system import System
from calipso.web.app import openapi
from calipso.web.server import Server
from tests.support.system import estate

OTHERS = ("/metrics", "/api/v1/openapi.json", "/api/v1/events")
TOKEN = "t" * 40


def served(folder: Path, use: Callable[[System, Server], Awaitable[None]]) -> None:
    async def work() -> None:
        async with estate(folder) as system, Server(system, TOKEN, "127.0.0.1", 0) as server:
            await use(system, server)

    asyncio.run(work())


def test_nothing_is_told_without_the_token(tmp_path: Path) -> None:
    async def use(_: System, server: Server) -> None:
        async with httpx.AsyncClient(base_url=server.url) as client:
            paths = [(each.method, f"/api/v1/{each.path}") for each in OPERATIONS if not each.open]
            for method, path in [*paths, *(("GET", each) for each in OTHERS)]:
                for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
                    answer = await client.request(method, path, headers=headers)
                    assert answer.status_code == 401, path
                    assert answer.headers["content-type"] == "application/problem+json"
            for path in ("login", "password"):
                answer = await client.post(
                    f"/api/v1/{path}", json={"name": "admin", "password": TOKEN, "new_password": ""}
                )
                assert answer.status_code in (400, 403), path
            assert {each.path for each in OPERATIONS if each.open} == {"login", "password"}
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            assert (await client.get("/readyz")).json()["status"] == "ready"
            rebound = await client.get("/healthz", headers={"Host": "calipso.example"})
            assert rebound.status_code == 400

    served(tmp_path, use)


def test_a_server_does_not_have_libraries_tell_each_step_they_take(tmp_path: Path) -> None:
    """Else the log holds every command that SSH runs on a host, megabytes of them an hour."""
    logging.getLogger().setLevel(logging.WARNING)  # as Python begins, whatever other tests left

    async def use(_: System, server: Server) -> None:
        async with httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.get("/healthz")).status_code == 200
        for library in ("asyncssh", "aiormq", "keystoneauth"):
            assert not logging.getLogger(library).isEnabledFor(logging.INFO), library
            assert logging.getLogger(library).isEnabledFor(logging.WARNING), library

    served(tmp_path, use)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("objects?environment=estate&kind=vnci", 404, "vnic"),
        ("objects?environment=nowhere", 404, "estate"),
        ("objects?knd=vnic", 400, "kind"),
        ("objects?limit=many", 400, "int"),
        ("objects?environment=estate&at=teatime", 400, "-5m"),
        ("diff", 400, "start"),
    ],
)
def test_errors_are_problems_with_a_hint(tmp_path: Path, path: str, status: int, words: str) -> None:
    async def use(_: System, server: Server) -> None:
        async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            answer = await client.get(f"/api/v1/{path}")
            said = answer.json()
            assert (answer.status_code, said["status"]) == (status, status)
            assert words in said["detail"] + said.get("hint", "")

    served(tmp_path, use)


ASKED_OTHERWISE = ("show_scan", "query", "get_diff", "get_history", "get_original", "count_original", "get_flow_path",
                   "get_packets")  # fmt: skip
"""What takes more than an environment."""


def test_the_client_gives_the_same_answers_and_the_same_errors(tmp_path: Path) -> None:
    async def use(system: System, server: Server) -> None:
        remote = Remote(server.url, TOKEN)
        for operation in OPERATIONS:
            fields = operation.request.__struct_fields__
            if operation.method == "GET" and "environment" in fields and operation.name not in ASKED_OTHERWISE:
                values: dict[str, Any] = {"environment": "estate"}
                if operation.name == "get_clique":
                    values |= {"id": "h1/netns:vm-a", "type": "reach"}
                if operation.name == "sql":
                    values |= {"sql": "SELECT id, attributes, mtu FROM objects ORDER BY id"}
                if operation.name == "query":
                    values |= {"query": "G.V().Has('Host', 'h1')", "drawing": "dot"}
                if operation.name == "get_density":
                    values |= {"start": "2026-01-31T14:00:00Z", "end": "2026-01-31T15:00:00Z"}
                if operation.name == "search":
                    values |= {"text": "vm-a"}
                here = await operation.run(system, operation.request(**values))
                assert await remote.call(operation.name, **values) == here, operation.name
        with pytest.raises(NotFound) as error:
            await remote.call("get_objects", kind="vnci")
        assert "vnic" in error.value.hint

    served(tmp_path, use)


def test_the_api_document_is_whole() -> None:
    document = openapi()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {f"/api/v1/{each.path}" for each in OPERATIONS}
    text = json.dumps(document)
    names = set(document["components"]["schemas"])
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in names


def test_live_gives_a_snapshot_then_deltas_and_resumes_where_it_broke(tmp_path: Path) -> None:
    def tap(mtu: int) -> Seen:
        record = Record("h1/dev:tap9", "netlink", "tun", {"name": "tap9", "host": "h1", "mtu": mtu})
        return Seen(Scope("test", "h1", "more"), (record,))

    async def use(system: System, server: Server) -> None:
        url = server.url.replace("http", "ws") + "/api/v1/live?environment=estate"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        site = system.site("estate")
        async with connect(url + "&key=kind:device", additional_headers=headers) as socket:
            first = json.loads(await socket.recv())
            assert {item["kind"] for item in first["snapshot"]} == {"device"}
            await site.put([tap(1500)])
            frame = json.loads(await socket.recv())
            assert frame["seq"] > first["seq"]
            assert frame["changes"][0]["object"]["op"] == "added"
            assert frame["changes"][0]["object"]["attributes"]["mtu"] == 1500
        await site.put([tap(1400)])
        async with connect(f"{url}&since={frame['seq']}", additional_headers=headers) as socket:
            resumed = json.loads(await socket.recv())
            (change,) = resumed["changes"]
            assert change["object"]["fields"] == [{"name": "mtu", "old": 1500, "new": 1400}]
        async with connect(url + "&key=nonsense", additional_headers=headers) as socket:
            assert "NAME:VALUE" in json.loads(await socket.recv())["hint"]
        with pytest.raises(Exception, match=r"401|403"):
            await connect(url)

    served(tmp_path, use)
