"""The web UI as files: open to all, nothing inline, kept by their names; and the token of a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from calipso.runtime.system import System
from calipso.web import pages
from calipso.web.server import Server
from tests.support.system import estate

TOKEN = "t" * 40


def served(folder: Path, use: Callable[[Server, httpx.AsyncClient], Awaitable[None]]) -> None:
    async def work() -> None:
        async with estate(folder) as system, Server(system, TOKEN, "127.0.0.1", 0) as server:
            assert isinstance(system, System)
            async with httpx.AsyncClient(base_url=server.url) as client:
                await use(server, client)

    asyncio.run(work())


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built UI of two files, in place of the real one."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Calipso</title>")
    (folder / "assets/index-abc123.js").write_text("void 0")
    (folder / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr("calipso.web.app.page_routes", lambda: pages.page_routes(folder))
    return folder


def test_every_page_is_one_file_and_assets_are_kept_for_ever(tmp_path: Path, built: Path) -> None:
    async def use(_: Server, client: httpx.AsyncClient) -> None:
        for path in ("/", "/map", "/tree?env=prod&focus=h1"):
            answer = await client.get(path)
            assert answer.status_code == 200 and "<title>Calipso" in answer.text
            assert answer.headers["content-security-policy"].startswith("default-src 'self';")
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-cache"
        asset = await client.get("/assets/index-abc123.js")
        assert "immutable" in asset.headers["cache-control"] and "javascript" in asset.headers["content-type"]
        assert (await client.get("/favicon.svg")).headers["content-type"].startswith("image/svg+xml")

    served(tmp_path / "home", use)


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/..%2findex.html", "/assets/%2e%2e%2f%2e%2e%2fsecret", "/secret.txt", "/a/b/c"]
)
def test_nothing_else_is_handed_out(tmp_path: Path, built: Path, path: str) -> None:
    async def use(_: Server, client: httpx.AsyncClient) -> None:
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "secret" not in answer.text.replace("/secret.txt", "")

    served(tmp_path / "home", use)


def test_without_the_built_ui_one_page_says_how_to_build_it_and_the_api_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calipso.web.app.page_routes", lambda: pages.page_routes(tmp_path / "nothing"))

    async def use(_: Server, client: httpx.AsyncClient) -> None:
        answer = await client.get("/map")
        assert answer.status_code == 200 and "make ui" in answer.text and "npm" in answer.text
        told = await client.get("/api/v1/environments", headers={"Authorization": f"Bearer {TOKEN}"})
        assert told.status_code == 200

    served(tmp_path / "home", use)


def test_a_browser_offers_its_token_as_a_subprotocol(tmp_path: Path) -> None:
    async def use(server: Server, _: httpx.AsyncClient) -> None:
        address = server.url.replace("http", "ws", 1) + "/api/v1/live?environment=estate"
        offered = [Subprotocol("calipso.v1"), Subprotocol(f"bearer.{TOKEN}")]
        async with connect(address, subprotocols=offered, max_size=None) as socket:
            assert socket.subprotocol == "calipso.v1"
            assert str(await socket.recv()).startswith('{"snapshot"')
        for wrong in ([Subprotocol("calipso.v1")], [Subprotocol("calipso.v1"), Subprotocol("bearer.wrong")]):
            with pytest.raises(InvalidStatus):
                async with connect(address, subprotocols=wrong):
                    pass

    served(tmp_path, use)


def test_a_token_offered_as_a_subprotocol_opens_nothing_but_sockets(tmp_path: Path) -> None:
    async def use(_: Server, client: httpx.AsyncClient) -> None:
        headers = {"Sec-WebSocket-Protocol": f"calipso.v1, bearer.{TOKEN}"}
        assert (await client.get("/api/v1/environments", headers=headers)).status_code == 401

    served(tmp_path, use)
