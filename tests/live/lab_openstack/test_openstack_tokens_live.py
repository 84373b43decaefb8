"""labs/openstack when tokens end: short ones, one revoked in the middle of a scan, an account not let in any more."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import openstack
from calipso.graph.protocol import GraphReader
from calipso.model.record import RunError
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from calipso.seams import Http, Reply
from calipso.transports.openstack import OpenStackTransport
from labs.openstack import declaration as d
from labs.openstack import services
from labs.openstack.environment import API, NAME, environment
from labs.openstack.running import Running
from tests.support.openstack_lab import told_by

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
SHORT = 20
"""Seconds; less than what a client asks of a token that it goes on with."""
MIDDLE = 4
"""Requests of a scan before something happens to its token."""
FACETS = ("keystone", "nova", "neutron")
Account = dict[str, str]


@pytest.fixture
def account(lab: Running) -> Iterator[Account]:
    """A user that may see all, of these tests alone."""
    name = f"watcher-{uuid.uuid4().hex[:8]}"
    with lab.network():
        identity = openstack.connect(**_auth("admin", d.PASSWORD)).identity
        user = identity.create_user(name=name, password=d.PASSWORD, domain_id="default")
        identity.assign_project_role_to_user(identity.find_project("admin"), user, identity.find_role("admin"))
        try:
            yield {"name": name, "password": d.PASSWORD, "id": user.id}
        finally:
            identity.delete_user(user)


def _auth(user: str, password: str) -> dict[str, Any]:
    auth = {
        "auth_url": d.KEYSTONE.url, "username": user, "password": password, "project_name": "admin",
        "user_domain_name": "Default", "project_domain_name": "Default",
    }  # fmt: skip
    return {"auth": auth, "region_name": d.REGION}


def described(folder: Path, account: Account) -> Path:
    """The cloud's clouds.yaml with that account."""
    folder.mkdir(exist_ok=True)
    path = folder / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": {NAME: _auth(account["name"], account["password"])}}))
    return path


def home_of(lab: Running, folder: Path, account: Account) -> Home:
    """Calipso that asks the lab's APIs alone, by that account."""
    said = yaml.safe_load(environment(lab))
    api = said["hosts"][API]
    api["openstack"]["clouds"] = str(described(folder, account))
    said |= {"hosts": {API: api}, "sources": {"openstack": {}}}
    said.pop("amqp")
    home = Home(folder / "home")
    home.prepare()
    (home.environments / f"{NAME}.yaml").write_text(yaml.safe_dump(said))
    return home


class Meddling:
    """Does something with a scan's own session once, before the request of a number, and counts new tokens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._lock = threading.Lock()
        self._left, self._do = 0, _nothing
        self.renewed = 0
        asked, renew = OpenStackTransport._asked, OpenStackTransport._renew

        def asking(transport: OpenStackTransport, service: str, request: Http) -> Reply:
            with self._lock:
                self._left -= 1
                if self._left == 0:
                    self._do(transport._cloud.get_session())
            return asked(transport, service, request)

        def renewing(transport: OpenStackTransport, refused: str) -> bool:
            done = renew(transport, refused)
            self.renewed += done
            return done

        monkeypatch.setattr(OpenStackTransport, "_asked", asking)
        monkeypatch.setattr(OpenStackTransport, "_renew", renewing)

    def once(self, do: Callable[[Any], object]) -> None:
        self._left, self._do, self.renewed = MIDDLE, do, 0


def _nothing(session: Any) -> None:
    pass


@pytest.fixture
def meddling(monkeypatch: pytest.MonkeyPatch) -> Meddling:
    return Meddling(monkeypatch)


def revoke(session: Any) -> None:
    session.delete(f"{d.KEYSTONE.url}/auth/tokens", headers={"X-Subject-Token": session.get_token()})


async def looked(system: System) -> tuple[list[RunError], GraphReader]:
    return await system.scan(NAME), system.site(NAME).graph()


def stale(system: System) -> set[str]:
    return {each.scope.key for each in system.site(NAME).scopes() if each.stale and not each.gone}


def test_a_token_that_is_revoked_in_the_middle_of_a_scan(
    lab: Running, account: Account, meddling: Meddling, tmp_path: Path
) -> None:
    async def run() -> None:
        async with opened(home_of(lab, tmp_path, account), NAME) as system:
            errors, graph = await looked(system)
            assert errors == [] and "instance" in told_by(graph, FACETS)
            before = told_by(graph, FACETS)
            meddling.once(revoke)
            errors, graph = await looked(system)
            assert errors == [] and not stale(system)
            assert meddling.renewed > 0 and told_by(graph, FACETS) == before

    asyncio.run(run())


def test_an_account_that_is_not_let_in_any_more(
    lab: Running, account: Account, meddling: Meddling, tmp_path: Path
) -> None:
    """Its password is another one from the middle of a scan on: its token ends, and there is no other."""
    other = {**account, "password": f"{d.PASSWORD}-2"}

    def change(session: Any) -> None:
        said = {"user": {"password": other["password"], "original_password": account["password"]}}
        session.post(f"{d.KEYSTONE.url}/users/{account['id']}/password", json=said)

    async def run() -> None:
        async with opened(home_of(lab, tmp_path, account), NAME) as system:
            before = told_by((await looked(system))[1], FACETS)
            meddling.once(change)
            errors, graph = await looked(system)
            assert "not let in" in " ".join(each.message for each in errors)
            assert stale(system) and told_by(graph, FACETS) == before, "nothing is gone because it was not told"
            described(tmp_path, other)
            errors, graph = await looked(system)
            assert errors == [] and not stale(system) and told_by(graph, FACETS) == before

    asyncio.run(run())


def test_tokens_that_end_sooner_than_a_client_likes(lab: Running, account: Account, tmp_path: Path) -> None:
    """Each lasts some seconds only: a scan has as many as it needs."""

    async def run() -> None:
        async with opened(home_of(lab, tmp_path, account), NAME) as system:
            errors, graph = await looked(system)
            assert errors == []
            before = told_by(graph, FACETS)
            await asyncio.to_thread(services.tokens_last, lab, SHORT)
            try:
                errors, graph = await looked(system)
            finally:
                await asyncio.to_thread(services.tokens_last, lab, services.TOKENS_LAST)
            assert errors == [] and not stale(system) and told_by(graph, FACETS) == before

    asyncio.run(run())
