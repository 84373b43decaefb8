"""Scans and messages as they happen, for clients that ask for them, and for no others."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from calipso.model.record import RunEnded, RunError, Scope
from calipso.runtime.system import System
from calipso.web.server import Server
from tests.unit.served.test_web import TOKEN, served

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def test_progress_and_messages_are_pushed(tmp_path: Path) -> None:
    async def use(system: System, server: Server) -> None:
        url = server.url.replace("http", "ws") + "/api/v1/live?environment=estate"
        async with (
            connect(url + "&notices=true", additional_headers=HEADERS) as socket,
            connect(url, additional_headers=HEADERS) as deaf,
            httpx.AsyncClient(headers=HEADERS, base_url=server.url) as client,
        ):
            assert "snapshot" in json.loads(await socket.recv())
            assert "snapshot" in json.loads(await deaf.recv())
            asked = {"environment": "estate", "only": "cliques"}
            begun = (await client.post("/api/v1/scans/start", json=asked)).json()
            told = []
            while not told or told[-1]["status"] != "completed":
                told.append(json.loads(await asyncio.wait_for(socket.recv(), 10))["scan"])
            assert told[0]["status"] in ("pending", "running") and {each["id"] for each in told} == {begun["id"]}
            assert told[-1] == (await client.get("/api/v1/scans/show?environment=estate")).json()
            failed = RunEnded(Scope("linux", "h1"), "failed", (RunError("linux@h1", "no route"),))
            await system.site("estate").put([failed])
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(deaf.recv(), 0.2)
            message = json.loads(await asyncio.wait_for(socket.recv(), 10))["message"]
            assert (message["level"], message["message"]) == ("error", "h1: no route")

    served(tmp_path, use)


def test_as_server_sent_events_they_have_no_number(tmp_path: Path) -> None:
    async def use(system: System, server: Server) -> None:
        url = f"{server.url}/api/v1/events?environment=estate&notices=true"
        async with httpx.AsyncClient(headers=HEADERS) as client, client.stream("GET", url) as stream:
            lines = stream.aiter_lines()
            assert (await anext(lines)).startswith("id: ")
            while await anext(lines):
                pass
            system.messages.say("estate", "notice", "hello", key="hello")
            assert await asyncio.wait_for(anext(lines), 10) == "event: message"
            body = json.loads((await anext(lines)).removeprefix("data: "))
            assert body["message"]["message"] == "hello"

    served(tmp_path, use)


def test_notices_is_true_or_false(tmp_path: Path) -> None:
    async def use(system: System, server: Server) -> None:
        async with httpx.AsyncClient(headers=HEADERS) as client:
            answer = await client.get(f"{server.url}/api/v1/events?environment=estate&notices=perhaps")
            assert answer.status_code == 400 and "true or false" in answer.json()["hint"]

    served(tmp_path, use)
