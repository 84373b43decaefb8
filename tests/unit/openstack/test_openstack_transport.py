"""Log-in, catalogue, tokens that end and errors of the transport, against an API on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from calipso.errors import AuthFailed, ConfigError, TimedOut, TransportError, Unreachable
from calipso.model.environment import OpenStackAccess, parse_environment
from calipso.model.record import RunEnded
from calipso.runtime.system import transport_to
from calipso.seams import Exec, Http, Reply, Request, SourceConfig
from calipso.sources.openstack import SOURCE
from calipso.sources.openstack.collect import PARTS
from calipso.transports.openstack import OpenStackTransport
from tests.support.openstack_api import Api, served

SERVERS = Http("openstack:compute", "/servers/detail?all_tenants=1")


@pytest.fixture
def api() -> Iterator[Api]:
    with served() as found:
        yield found


@contextlib.asynccontextmanager
async def reaching(clouds: Path, **more: str) -> AsyncIterator[OpenStackTransport]:
    transport = OpenStackTransport(OpenStackAccess(cloud="lab", clouds=str(clouds), **more))
    try:
        yield transport
    finally:
        await transport.close()


def asked(clouds: Path, request: Request = SERVERS, **more: str) -> Reply:
    async def ask() -> Reply:
        async with reaching(clouds, **more) as transport:
            return await transport.ask(request)

    return asyncio.run(ask())


@pytest.mark.parametrize("service", ["compute", "network", "image", "identity"])
def test_paths_are_below_the_versioned_endpoint_of_a_service(api: Api, tmp_path: Path, service: str) -> None:
    paths = {"compute": "/servers/detail", "network": "/ports", "image": "/images", "identity": "/projects"}
    reply = asked(api.describe(tmp_path), Http(f"openstack:{service}", paths[service]))
    assert reply.exit_code == 200 and json.loads(reply.body)


def test_an_address_and_an_account_do_without_a_file(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_PASSWORD", "right")
    said = {"auth_url": f"{api.url}/identity/v3", "user": "reader", "password": "env:CLOUD_PASSWORD"}

    async def ask() -> Reply:
        transport = OpenStackTransport(OpenStackAccess(**said))
        try:
            return await transport.ask(SERVERS)
        finally:
            await transport.close()

    assert asyncio.run(ask()).exit_code == 200
    monkeypatch.setenv("CLOUD_PASSWORD", "wrong")
    with pytest.raises(AuthFailed) as error:
        asyncio.run(ask())
    assert said["auth_url"] in error.value.message and "wrong" not in error.value.message
    monkeypatch.delenv("CLOUD_PASSWORD")
    with pytest.raises(ConfigError):
        asyncio.run(ask())


def test_a_whole_pass_logs_in_once(api: Api, tmp_path: Path) -> None:
    async def run() -> list[RunEnded]:
        async with reaching(api.describe(tmp_path)) as transport:
            config = SourceConfig(host="openstack")
            return [each async for each in SOURCE.collect(transport, config) if isinstance(each, RunEnded)]

    ends = asyncio.run(run())
    assert [(each.status, each.errors) for each in ends] == [("completed", ())] * len(PARTS)
    assert api.logins == 1


@pytest.mark.parametrize("passing_on", [set(), {"compute"}], ids=["by the service", "by one that it asked"])
def test_a_token_that_ended_is_renewed(api: Api, tmp_path: Path, passing_on: set[str]) -> None:
    api.passing_on = passing_on

    async def run() -> list[int]:
        async with reaching(api.describe(tmp_path)) as transport:
            first = await transport.ask(SERVERS)
            api.valid.clear()
            return [first.exit_code, (await transport.ask(SERVERS)).exit_code]

    assert asyncio.run(run()) == [200, 200]
    assert api.logins == 2


def test_what_the_session_is_bound_to(api: Api, tmp_path: Path) -> None:
    said = json.loads(asked(api.describe(tmp_path), Http("openstack:", "/")).body)
    assert said == {
        "region": "one",
        "services": ["compute", "identity", "image", "load-balancer", "network", "placement"],
    }


def test_of_several_regions_one_is_named(api: Api, tmp_path: Path) -> None:
    api.regions = ["one", "two"]
    clouds = api.describe(tmp_path)
    with pytest.raises(TransportError, match="has regions one, two") as caught:
        asked(clouds, Http("openstack:", "/"))
    assert "openstack.region" in caught.value.hint
    assert json.loads(asked(clouds, Http("openstack:", "/"), region="two").body)["region"] == "two"
    assert json.loads(asked(clouds, Http("openstack:", "/"), region="three").body)["services"] == []


def test_a_wrong_password_is_refused_without_telling_it(api: Api, tmp_path: Path) -> None:
    with pytest.raises(AuthFailed, match="cloud lab: not let in") as caught:
        asked(api.describe(tmp_path, password="s3cret-wrong"))
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_nobody_there(api: Api, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="cloud lab"):
        asked(api.describe(tmp_path, auth_url="http://127.0.0.1:9/v3"))


def test_a_service_that_the_catalogue_lacks(api: Api, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="cloud lab"):
        asked(api.describe(tmp_path), Http("openstack:baremetal", "/nodes"))


def test_no_answer_in_time(api: Api, tmp_path: Path) -> None:
    clouds = api.describe(tmp_path)
    api.slow = 1.5
    with pytest.raises(TimedOut, match="no answer within"):
        asked(clouds, Http("openstack:compute", "/servers/detail", timeout=0.3))


def test_a_cloud_that_is_not_described(api: Api, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        OpenStackTransport(OpenStackAccess(cloud="nowhere", clouds=str(api.describe(tmp_path))))


def test_only_apis_are_asked(api: Api, tmp_path: Path) -> None:
    clouds = api.describe(tmp_path)
    for request in (Exec(("true",)), Http("unix:///run/docker.sock", "/")):
        with pytest.raises(TransportError, match="openstack:SERVICE"):
            asked(clouds, request)


def test_an_environment_names_a_cloud(api: Api, tmp_path: Path) -> None:
    said = {"name": "c", "hosts": {"openstack": {"openstack": {"cloud": "lab", "clouds": str(api.describe(tmp_path))}}}}
    transport = transport_to(parse_environment(said).hosts["openstack"])
    assert isinstance(transport, OpenStackTransport)
    asyncio.run(transport.close())


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"cloud": ""}, "hosts.api.openstack.cloud"),
        ({}, "hosts.api.openstack"),
        ({"cloud": "lab", "regoin": "x"}, "hosts.api.openstack.regoin"),
        (None, "hosts.api.openstack"),
    ],
)
def test_what_is_wrong_in_an_environment_is_named(said: object, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_environment({"name": "c", "hosts": {"api": {"openstack": said}}})
    assert caught.value.where == f"environment.{field}"


def test_a_host_is_reached_in_one_way(api: Api) -> None:
    with pytest.raises(ConfigError, match="only one"):
        parse_environment({"name": "c", "hosts": {"api": {"openstack": {"cloud": "lab"}, "ssh": {}}}})


def test_apis_are_asked_from_the_network_of_a_process(api: Api, tmp_path: Path) -> None:
    clouds = str(api.describe(tmp_path))
    environment = parse_environment(
        {"name": "c", "hosts": {"api": {"openstack": {"cloud": "lab", "clouds": clouds}, "pid": 2**22 + 1}}}
    )

    async def run() -> Reply:
        transport = transport_to(environment.hosts["api"])
        try:
            return await transport.ask(SERVERS)
        finally:
            await transport.close()

    with pytest.raises(Unreachable, match="no network of process"):
        asyncio.run(run())
