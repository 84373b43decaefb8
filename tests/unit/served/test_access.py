"""Tokens, their scopes and ends, the journal, limits, and what every response carries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from calipso.errors import Conflict, NotFound, QueryError
from calipso.operations.context import Token
from calipso.runtime.access import Journal, Tokens
from calipso.runtime.at import now
from calipso.runtime.system import System
from calipso.web.guards import Bucket
from calipso.web.server import Server
from tests.support.system import ask, estate, run

ADMIN = "t" * 40


def served(folder: Path, use: Callable[[System, httpx.AsyncClient], Awaitable[None]], settings: str = "") -> None:
    async def work() -> None:
        (folder / "config.yaml").write_text(settings)
        async with (
            estate(folder) as system,
            Server(system, ADMIN, "127.0.0.1", 0) as server,
            httpx.AsyncClient(base_url=server.url + "/api/v1", trust_env=False) as client,
        ):
            await use(system, client)

    asyncio.run(work())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_is_kept_as_a_digest_and_ends_when_revoked_or_expired(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    secret = tokens.create("grafana", ("read",), 0)
    short = tokens.create("short", ("write",), now() - 1)
    assert secret not in tokens.file.read_text() and tokens.file.stat().st_mode & 0o777 == 0o600
    assert tokens.whose(secret) == tokens.all()[0] and tokens.whose("cal_else") is None and tokens.whose(short) is None
    with pytest.raises(Conflict):
        tokens.create("grafana", ("read",), 0)
    Tokens(tokens.file).revoke("grafana")  # another process
    assert tokens.whose(secret) is None
    with pytest.raises(NotFound):
        tokens.revoke("grafana")


@pytest.mark.parametrize(
    ("scopes", "may"),
    [(("read",), {"read"}), (("write",), {"read", "write"}), (("agent",), {"agent"}),
     (("admin",), {"read", "write", "admin", "agent"})],
)  # fmt: skip
def test_what_scopes_allow(scopes: tuple[str, ...], may: set[str]) -> None:
    token = Token("a", scopes, 0)  # type: ignore[arg-type]
    assert {each for each in ("read", "write", "admin", "agent") if token.may(each)} == may  # type: ignore[arg-type]


def test_a_token_does_what_its_scope_allows_and_the_journal_tells_who_wrote(tmp_path: Path) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        async def make(name: str, **more: object) -> str:
            answer = await client.post("/tokens/create", json={"name": name, **more}, headers=bearer(ADMIN))
            return str(answer.json()["token"])

        reader, writer = await make("reader"), await make("writer", scopes=["write"], expires="1h")
        exported = (await client.get("/export?environment=estate", headers=bearer(reader))).json()
        body = {"environment": "estate", "lines": exported["lines"]}
        refused = await client.post("/import", json=body, headers=bearer(reader))
        assert refused.status_code == 403 and "write" in refused.json()["detail"]
        assert (await client.post("/import", json=body)).status_code == 401
        assert (await client.post("/import", json=body, headers=bearer(writer))).status_code == 200
        assert (await client.get("/tokens", headers=bearer(writer))).status_code == 403
        listed = await client.get("/audit", headers=bearer(ADMIN))
        told = [(each["who"], each["what"], each["outcome"]) for each in listed.json()["items"]]
        assert told == [
            ("writer", "import", "done"), ("", "import", "Unauthorized"), ("reader", "import", "Forbidden"),
            ("admin", "create_token", "done"), ("admin", "create_token", "done"),
        ]  # fmt: skip
        assert reader not in listed.text and writer not in listed.text
        first = (await client.get("/audit?limit=2", headers=bearer(ADMIN))).json()
        second = (await client.get(f"/audit?limit=9&cursor={first['next']}", headers=bearer(ADMIN))).json()
        assert first["items"] + second["items"] == listed.json()["items"] and second["next"] == ""

    served(tmp_path, use)


def test_an_end_is_in_the_future(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            made = await ask(system, "create_token", name="a", expires="30d")
            assert not made.about.expired and made.about.expires > made.about.created
            with pytest.raises(QueryError, match="future"):
                await ask(system, "create_token", name="b", expires="2001-01-01")

    run(work())


def test_a_journal_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "audit.jsonl")
    journal.note("a", "scan", "done", {})
    with journal.file.open("a") as out:
        out.write('{"at": "20\n')
    journal.note("b", "scan", "done", {})
    assert [deed.who for deed in journal.deeds()] == ["a", "b"]


def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        answers = [await client.get("/counts", headers=bearer(ADMIN)) for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert answers[-1].headers["content-type"] == "application/problem+json"

    served(tmp_path, use, "web: {rate: 0.1, burst: 3}")


def test_guessing_a_token_by_logging_in_is_held_back_and_pages_are_not(tmp_path: Path) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        url = str(client.base_url).removesuffix("/api/v1/")
        tried = [await client.post(f"{url}/login", data={"username": "a", "password": f"t{n}"}) for n in range(4)]
        assert [each.status_code for each in tried] == [401, 401, 401, 429]
        assert "log-ins" in tried[-1].json()["detail"]
        assert {(await client.get(url)).status_code for _ in range(5)} == {200}
        assert (await client.get("/counts", headers=bearer(ADMIN))).status_code == 200

    served(tmp_path, use, "web: {rate: 0.1, burst: 3}")


def test_the_figures_tell_who_was_refused_and_how_far_it_is(tmp_path: Path) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        await client.get("/counts")
        url = str(client.base_url).removesuffix("/api/v1/")
        text = (await client.get(f"{url}/metrics", headers=bearer(ADMIN))).text
        for line in (
            'calipso_refused_total{reason="unknown"} 1.0', "calipso_ready 1.0", "calipso_live_dropped_total 0.0",
            'calipso_scopes{environment="estate",status="completed"} 2.0',
            'calipso_writer_waiting{environment="estate"} 0',
            'calipso_stale_scopes{environment="estate"} 0.0',
        ):  # fmt: skip
            assert line in text, line

    served(tmp_path, use)


def test_a_bucket_fills_again() -> None:
    time = [0.0]
    bucket = Bucket(2, 1, lambda: time[0])
    assert bucket.wait() == 0 and bucket.wait() == pytest.approx(0.5)
    time[0] = 0.5
    assert bucket.wait() == 0


def test_errors_of_the_framework_are_problems_too(tmp_path: Path) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        client.headers = httpx.Headers(bearer(ADMIN))
        answers = {
            404: await client.get("/nothing"),
            405: await client.put("/objects"),
            413: await client.post("/scan", content=b'"' + b"x" * 4096 + b'"'),
            415: await client.post("/scan", content=b"environment=estate", headers={"content-type": "text/plain"}),
            400: await client.post("/scan", content=b"{"),
        }
        for status, answer in answers.items():
            assert (answer.status_code, answer.json()["status"]) == (status, status), answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-content-type-options"] == "nosniff"

    served(tmp_path, use, "web: {body: 2048}")


def test_pages_elsewhere_may_ask_only_when_they_are_named(tmp_path: Path) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        for origin, allowed in (("https://good.example", "https://good.example"), ("https://else.example", None)):
            answer = await client.get("/counts", headers={**bearer(ADMIN), "Origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed

    served(tmp_path, use, "web: {cors_origins: ['https://good.example']}")

    async def unnamed(_: System, client: httpx.AsyncClient) -> None:
        answer = await client.get("/counts", headers={**bearer(ADMIN), "Origin": "https://good.example"})
        assert "access-control-allow-origin" not in answer.headers

    other = tmp_path / "other"
    other.mkdir()
    served(other, unnamed)


def test_a_read_that_is_known_is_not_sent_again(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        client.headers = httpx.Headers(bearer(ADMIN))
        for path in ("/objects?environment=estate", "/tree?environment=estate", "/sources?environment=estate"):
            tag = (await client.get(path)).headers["etag"]
            again = await client.get(path, headers={"If-None-Match": f'"x", {tag}'})
            assert (again.status_code, again.content) == (304, b"")
        exported = json.loads((await client.get("/export?environment=estate")).text)["lines"]
        header = json.loads(exported[0]) | {"records": 1}
        line = json.loads(exported[1]) | {"part": "new", "id": "h1/dev:new9"}
        body = {"environment": "estate", "lines": [json.dumps(header), json.dumps(line)]}
        assert (await client.post("/import", json=body)).status_code == 200
        assert (await client.get("/tree?environment=estate", headers={"If-None-Match": tag})).status_code == 200

    served(tmp_path, use)
