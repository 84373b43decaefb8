"""People who sign in with a password: what they may, how passwords are kept and changed, and who tries too often."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from calipso.errors import Conflict, Forbidden, NotFound, QueryError
from calipso.operations.user_documents import User
from calipso.runtime.system import System
from calipso.runtime.users import FREE, LONGEST_WAIT, Brake, Users
from tests.support.system import ask, estate, run
from tests.unit.served.test_access import ADMIN, bearer, served

OWN = "four lamps by the door"


class Person:
    """Somebody at the API."""

    def __init__(self, client: httpx.AsyncClient, name: str) -> None:
        self.client, self.name = client, name

    async def invited(self, role: str) -> str:
        said = {"name": self.name, "role": role}
        answer = await self.client.post("/users/create", json=said, headers=bearer(ADMIN))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["password"])

    async def chose(self, password: str, new: str = OWN) -> httpx.Response:
        said = {"name": self.name, "password": password, "new_password": new}
        return await self.client.post("/password", json=said)

    async def signs_in(self, password: str = OWN) -> httpx.Response:
        return await self.client.post("/login", json={"name": self.name, "password": password})


async def admin(client: httpx.AsyncClient, path: str, **said: Any) -> httpx.Response:
    return await client.post(path, json=said, headers=bearer(ADMIN))


@pytest.mark.parametrize(
    ("role", "may"), [("viewer", (200, 403, 403)), ("operator", (200, 200, 403)), ("admin", (200,) * 3)]
)
def test_a_user_chooses_a_password_signs_in_and_may_what_the_role_allows(
    tmp_path: Path, role: str, may: tuple[int, ...]
) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        alice = Person(client, "alice")
        made = await alice.invited(role)
        first = await alice.signs_in(made)
        assert first.status_code == 409 and "choose your own" in first.json()["detail"]
        assert (await alice.chose(made)).status_code == 200
        assert (await alice.signs_in(made)).status_code == 403
        token = (await alice.signs_in()).json()["token"]
        me = (await client.get("/me", headers=bearer(token))).json()
        assert (me["name"], me["role"]) == ("alice", role) and me["expires"]
        found = (
            (await client.get("/counts?environment=estate", headers=bearer(token))).status_code,
            (
                await client.post("/messages/view", json={"environment": "estate", "ids": []}, headers=bearer(token))
            ).status_code,
            (await client.get("/tokens", headers=bearer(token))).status_code,
        )
        assert found == may
        assert (await client.post("/logout", json={}, headers=bearer(token))).status_code == 200
        assert (await client.get("/me", headers=bearer(token))).status_code == 401

    served(tmp_path, use)


def test_a_wrong_name_is_told_as_a_wrong_password_is_and_neither_is_written_down(tmp_path: Path) -> None:
    secrets = [OWN, "wrong-password"]

    async def use(system: System, client: httpx.AsyncClient) -> None:
        alice = Person(client, "alice")
        made = await alice.invited("viewer")
        await alice.chose(made)
        wrong, nobody = await alice.signs_in("wrong-password"), await Person(client, "nobody").signs_in()
        assert (wrong.status_code, wrong.json()) == (nobody.status_code, nobody.json())
        assert wrong.status_code == 403
        token = (await alice.signs_in()).json()["token"]
        secrets.extend([made, token])
        told = [(each.who, each.what, each.outcome, each.about) for each in system.journal.deeds()]
        assert told == [
            ("admin", "create_user", "done", {"name": "alice", "role": "viewer"}),
            ("", "change_password", "done", {"name": "alice"}),
            ("", "log_in", "Forbidden", {"name": "alice"}), ("", "log_in", "Forbidden", {}),
            ("", "log_in", "done", {"name": "alice"}),
        ]  # fmt: skip

    served(tmp_path, use)
    kept = "".join(each.read_text(errors="replace") for each in tmp_path.glob("*.json*"))
    assert "alice" in kept and not [each for each in secrets if each in kept]
    assert (tmp_path / "users.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("way", ["role", "reset", "password", "remove"])
def test_sessions_end_with_what_they_were_got_by(tmp_path: Path, way: str) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        alice, bob = Person(client, "alice"), Person(client, "bob")
        for each in (alice, bob):
            await each.chose(await each.invited("operator"))
        token, other = (await alice.signs_in()).json()["token"], (await bob.signs_in()).json()["token"]
        if way == "role":
            await admin(client, "/users/role", name="alice", role="viewer")
        elif way == "reset":
            made = (await admin(client, "/users/reset", name="alice")).json()["password"]
            assert (await alice.signs_in()).status_code == 403 and (await alice.signs_in(made)).status_code == 409
        elif way == "password":
            again = (await alice.chose(OWN, "five lamps by the gate")).json()["token"]
            assert (await client.get("/me", headers=bearer(again))).status_code == 200
        else:
            await admin(client, "/users/remove", name="alice")
        assert (await client.get("/me", headers=bearer(token))).status_code == 401
        assert (await client.get("/me", headers=bearer(other))).json()["name"] == "bob"

    served(tmp_path, use)


@pytest.mark.parametrize(
    ("new", "why"),
    [("short", "12 characters"), ("my-name-is-Alice-ok", "the name"), ("aaaaaaaaaaaaaa", "few characters"),
     (OWN, "there was")],
)  # fmt: skip
def test_a_password_that_is_easily_found_is_refused_with_the_reason(tmp_path: Path, new: str, why: str) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        alice = Person(client, "alice")
        await alice.chose(await alice.invited("viewer"))
        refused = await alice.chose(OWN, new)
        assert refused.status_code == 400 and why in refused.json()["detail"]
        assert (await alice.signs_in()).status_code == 200

    served(tmp_path, use)


def test_who_tries_passwords_waits_twice_as_long_each_time_and_longer_than_the_wait_the_right_one_is_taken(
    tmp_path: Path,
) -> None:
    now = 0.0
    brake = Brake(lambda: now)
    waits = []
    for _ in range(FREE + 10):
        brake.wrong("alice")
        waits.append(brake.wait("alice"))
    assert waits == [0.0] * (FREE - 1) + [min(2.0**n, LONGEST_WAIT) for n in range(11)]
    assert brake.wait("bob") == 0.0

    async def work() -> None:
        nonlocal now
        users = Users(tmp_path / "users.json", brake)
        await users.add(User("alice", "viewer", 1), OWN)
        with pytest.raises(Forbidden, match="too many wrong") as refused:
            await users.proven("alice", OWN)
        assert refused.value.hint.endswith("300 s")
        now = 301.0
        assert await users.proven("alice", OWN) == users.all()[0]
        assert await users.proven("alice", "wrong") is None and brake.wait("alice") == 0.0

    run(work())


def test_what_changes_while_a_password_is_looked_at_is_not_undone(tmp_path: Path) -> None:
    async def work() -> None:
        users = Users(tmp_path / "users.json")
        await users.add(User("alice", "admin", 1), OWN)
        looking = asyncio.create_task(users.proven("alice", OWN))
        choosing = asyncio.create_task(users.set_password("alice", "five lamps by the gate"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        users.change("alice", role="viewer")
        found = await looking
        assert found is None or found.role == "viewer"
        assert (await choosing).role == "viewer" and users.all()[0].role == "viewer"
        assert await users.proven("alice", OWN) is None and await users.proven("alice", "five lamps by the gate")
        leaving = asyncio.create_task(users.set_password("alice", OWN))
        await asyncio.sleep(0)
        users.remove("alice")
        with pytest.raises(NotFound):
            await leaving

    run(work())


def test_a_made_password_ends_and_names_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await ask(system, "create_token", name="grafana")
            for taken in ("grafana", "admin"):
                with pytest.raises(Conflict, match="token"):
                    await ask(system, "create_user", name=taken)
            made = await ask(system, "create_user", name="alice")
            with pytest.raises(Conflict, match="user"):
                await ask(system, "create_user", name="alice")
            with pytest.raises(Conflict, match="user"):
                await ask(system, "create_token", name="alice")
            for name in ("create_user", "create_token"):
                with pytest.raises(Conflict, match="session"):
                    await ask(system, name, name="alice.session-1")
            with pytest.raises(NotFound, match="nobody"):
                await ask(system, "change_role", name="nobody", role="admin")
            with pytest.raises(QueryError, match="no session"):
                await ask(system, "log_out")
            late = system.moment("now") + 4 * 86_400_000_000
            monkeypatch.setattr("calipso.runtime.users.now", lambda: late)
            with pytest.raises(Forbidden):
                await ask(system, "change_password", name="alice", password=made.password, new_password=OWN)

    run(work())


def test_users_sign_in_where_the_ancestors_clients_do(tmp_path: Path) -> None:
    async def use(_: System, client: httpx.AsyncClient) -> None:
        alice = Person(client, "alice")
        await alice.chose(await alice.invited("operator"))
        root = str(client.base_url).removesuffix("/api/v1/")

        def shown(password: str) -> dict[str, Any]:
            credentials = {"username": "alice", "password": password}
            return {"auth": {"methods": ["credentials"], "credentials": credentials}}

        got = await client.post(f"{root}/calipso/auth/tokens", json=shown(OWN))
        assert got.status_code == 201, got.text
        found = await client.get(f"{root}/calipso/environment_configs", headers={"X-Auth-Token": got.json()["token"]})
        assert found.status_code == 200
        assert (await client.post(f"{root}/calipso/auth/tokens", json=shown("wrong"))).status_code == 401
        cookie = await client.post(f"{root}/login", data={"username": "alice", "password": OWN})
        assert cookie.status_code == 200 and OWN not in cookie.headers["set-cookie"]
        assert (await client.get(f"{root}/api/status")).status_code == 200
        assert (await client.post(f"{root}/login", data={"username": "alice", "password": "wrong"})).status_code == 401

    served(tmp_path, use)


@pytest.mark.parametrize("way", ["live", "events"])
def test_what_is_being_followed_ends_with_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr("calipso.web.lasting.EVERY", 0.05)

    async def use(_: System, client: httpx.AsyncClient) -> None:
        alice, bob = Person(client, "alice"), Person(client, "bob")
        feeds = []
        for each in (alice, bob):
            token = (await each.chose(await each.invited("viewer"))).json()["token"]
            feeds.append(asyncio.create_task(_followed(client, way, token)))
        await asyncio.sleep(0.5)
        assert not any(each.done() for each in feeds)
        await admin(client, "/users/remove", name="alice")
        assert "the token has ended" in await asyncio.wait_for(feeds[0], 5) if way == "live" else await feeds[0] == ""
        await asyncio.sleep(0.2)
        assert not feeds[1].done()
        feeds[1].cancel()
        await asyncio.gather(feeds[1], return_exceptions=True)

    served(tmp_path, use)


async def _followed(client: httpx.AsyncClient, way: str, token: str) -> str:
    """Follow an environment until the server ends it; gives why, as far as it is told."""
    url = str(client.base_url)
    if way == "events":
        async with client.stream("GET", "/events?environment=estate", headers=bearer(token)) as answer:
            assert answer.status_code == 200
            async for _ in answer.aiter_bytes():
                pass
        return ""
    async with connect(f"ws{url[4:]}live?environment=estate", additional_headers=bearer(token)) as socket:
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.reason if closed.rcvd else ""


def test_a_damaged_file_of_users_is_told_and_kept(tmp_path: Path) -> None:
    async def use(system: System, client: httpx.AsyncClient) -> None:
        await Person(client, "alice").invited("viewer")
        system.home.users.write_text(json.dumps([{"user": 1}]))
        answer = await client.get("/users", headers=bearer(ADMIN))
        assert answer.status_code == 503 and "users.json" in answer.json()["detail"]
        assert (await admin(client, "/users/create", name="bob")).status_code == 503
        assert system.home.users.read_text() == json.dumps([{"user": 1}])

    served(tmp_path, use)
