"""A real Keystone: log-in, catalogue, regions and projects; wrong passwords, an outage, what a transcript holds."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.errors import AuthFailed
from calipso.model.environment import OpenStackAccess
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.seams import Http, SourceConfig, Transport
from calipso.sources.openstack import SOURCE
from calipso.transports.openstack import OpenStackTransport
from calipso.transports.record import RecordTransport
from calipso.transports.replay import ReplayTransport
from tests.support.keystone import INSTALLED, PASSWORD, Keystone, running

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not (INSTALLED / "installed").exists(), reason="Keystone is not installed: tools/test-setup does it"
    ),
    pytest.mark.timeout(300),
]
CONFIG = SourceConfig(host="openstack")


@pytest.fixture(scope="module")
def keystone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    with running(tmp_path_factory.mktemp("keystone")) as found:
        yield found


async def passed(transport: Transport) -> list[Observation]:
    return [each async for each in SOURCE.collect(transport, CONFIG)]


def looked(clouds: Path, output: io.StringIO | None = None) -> list[Observation]:
    async def run() -> list[Observation]:
        transport: Transport = OpenStackTransport(OpenStackAccess(cloud="lab", clouds=str(clouds)))
        if output is not None:
            transport = RecordTransport(transport, output)
        try:
            return await passed(transport)
        finally:
            await transport.close()

    return asyncio.run(run())


def identity(said: list[Observation]) -> tuple[str, str]:
    """Status of the scope, and its errors."""
    found = next(each for each in said if isinstance(each, RunEnded) and each.scope.part == "identity")
    return found.status, " ".join(error.message for error in found.errors)


def records(said: list[Observation]) -> list[Record]:
    return [record for each in said if isinstance(each, Seen) for record in each.records]


def post(clouds: Path, path: str, body: object) -> int:
    async def run() -> int:
        transport = OpenStackTransport(OpenStackAccess(cloud="lab", clouds=str(clouds)))
        try:
            headers = {"Content-Type": "application/json"}
            request = Http("openstack:identity", path, "POST", json.dumps(body).encode(), headers)
            return (await transport.ask(request)).exit_code
        finally:
            await transport.close()

    return asyncio.run(run())


def test_regions_and_projects_are_seen_and_a_project_that_is_made(keystone: Keystone, tmp_path: Path) -> None:
    clouds = keystone.clouds(tmp_path)
    said = looked(clouds)
    assert identity(said) == ("completed", "")
    found = {(each.type, each.attributes["name"]): each for each in records(said)}
    assert set(found) == {("region", "RegionOne"), ("project", "admin")}
    (endpoint,) = found["region", "RegionOne"].attributes["endpoints"]
    assert endpoint == {
        "service": "keystone", "service_type": "identity", "interface": "public", "url": keystone.url, "enabled": True,
    }  # fmt: skip
    assert post(clouds, "/projects", {"project": {"name": "red", "description": "made", "enabled": False}}) == 201
    red = next(each for each in records(looked(clouds)) if each.attributes["name"] == "red")
    assert (red.attributes["description"], red.attributes["enabled"]) == ("made", False)


def test_services_that_the_cloud_lacks_are_told(keystone: Keystone, tmp_path: Path) -> None:
    over = [each for each in looked(keystone.clouds(tmp_path)) if isinstance(each, RunEnded)]
    assert {each.scope.part for each in over if each.status == "failed"} == {"servers", "hosts", "networks", "agents"}
    assert all("the catalogue has no" in error.message for each in over for error in each.errors)


def test_a_wrong_password(keystone: Keystone, tmp_path: Path) -> None:
    async def run() -> None:
        clouds = keystone.clouds(tmp_path, password="wrong-and-secret")
        transport = OpenStackTransport(OpenStackAccess(cloud="lab", clouds=str(clouds)))
        try:
            await transport.ask(Http("openstack:", "/"))
        finally:
            await transport.close()

    with pytest.raises(AuthFailed) as caught:
        asyncio.run(run())
    assert "secret" not in caught.value.message


def test_a_transcript_holds_no_secret_and_says_the_same(keystone: Keystone, tmp_path: Path) -> None:
    output = io.StringIO()
    said = looked(keystone.clouds(tmp_path), output)
    text = output.getvalue()
    assert PASSWORD not in text and "X-Auth-Token" not in text and "gAAAA" not in text
    assert asyncio.run(passed(ReplayTransport(text.splitlines()))) == said


def test_an_outage_removes_nothing_and_heals(keystone: Keystone, tmp_path: Path) -> None:
    async def run() -> list[list[Observation]]:
        transport = OpenStackTransport(OpenStackAccess(cloud="lab", clouds=str(keystone.clouds(tmp_path))))
        try:
            before = await passed(transport)
            await asyncio.to_thread(keystone.stop)
            during = await passed(transport)
            await asyncio.to_thread(keystone.start)
            return [before, during, await passed(transport)]
        finally:
            await transport.close()

    before, during, after = asyncio.run(run())
    assert identity(before)[0] == "completed" and before == after
    status, message = identity(during)
    assert status == "failed" and "cloud lab" in message and not records(during)
