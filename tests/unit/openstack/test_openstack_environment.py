"""An environment whose host is a cloud's APIs: only source `openstack` looks there, and nowhere else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.errors import ConfigError
from calipso.model.environment import parse_environment
from calipso.runtime.collect import Collection
from calipso.runtime.sources import installed_sources
from calipso.runtime.system import transport_to
from tests.support.openstack_api import served


def test_only_the_apis_are_asked_there_and_only_there(tmp_path: Path) -> None:
    with served() as api:
        said = {"name": "c", "hosts": {
            "api": {"openstack": {"cloud": "lab", "clouds": str(api.describe(tmp_path))}}, "h1": {},
        }}  # fmt: skip
        collection = Collection(parse_environment(said), installed_sources(), transport_to, this_host="h1")
        posts = {(post.host, post.source.manifest.name) for post in collection.posts}
        asyncio.run(collection.close())
    assert {name for host, name in posts if host == "api"} == {"openstack"}
    assert "openstack" not in {name for host, name in posts if host == "h1"}
    assert ("h1", "linux") in posts and not collection.broken


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"auth_url": "http://c:5000", "cloud": "lab"}, "auth_url"), ({"auth_url": "c:5000"}, "auth_url"),
        ({"auth_url": "http://c:5000", "user": "u", "password": "clear"}, "password"), ({"user": "u"}, "cloud"),
    ],
)  # fmt: skip
def test_a_cloud_is_named_or_given_by_its_address(said: dict[str, str], where: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_environment({"name": "c", "hosts": {"api": {"openstack": said}}})
    assert error.value.where.endswith(f"hosts.api.openstack.{where}") and "clear" not in error.value.message


def test_a_cloud_that_is_not_described_breaks_that_host_alone(tmp_path: Path) -> None:
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text("clouds: {}")
    said = {"name": "c", "hosts": {"api": {"openstack": {"cloud": "lab", "clouds": str(clouds)}}, "h1": {}}}
    collection = Collection(parse_environment(said), installed_sources(), transport_to, this_host="h1")
    asyncio.run(collection.close())
    assert list(collection.broken) == ["api"] and "lab" in collection.broken["api"].message
    assert {post.host for post in collection.posts} == {"h1"}
