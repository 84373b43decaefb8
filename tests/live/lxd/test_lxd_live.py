"""A real LXD: its containers are where the kernel has them, and on the bridge that they are plugged into."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.runtime.home import Home
from calipso.runtime.system import opened
from tests.support.lxd_host import NEEDS, LxdHost

pytestmark = pytest.mark.live


@pytest.fixture
def lxd(tmp_path: Path) -> Iterator[LxdHost]:
    if any(shutil.which(name) is None for name in NEEDS):
        pytest.skip("needs lxd, dnsmasq-base and busybox-static: `make test` as root installs them")
    made = LxdHost(tmp_path)
    try:
        made.up()
        yield made
    finally:
        made.down()


async def _scan(lxd: LxdHost, folder: Path) -> None:
    home = Home(folder)
    home.prepare()
    (home.environments / "lxd.yaml").write_text(f"name: lxd\nhosts: {{l1: {{pid: {lxd.pid}}}}}\n")
    async with opened(home, "lxd") as system:
        assert await system.scan("lxd") == []
        graph = system.site("lxd").graph()
        containers = {head.name: head for head in graph.objects() if head.kind == "container"}
        assert set(containers) == {"web", "spare"}
        (nic,) = [link.other for link in graph.links(containers["web"].ord) if link.type == "container-vnic"]
        bridges = [graph.get(link.other) for link in graph.links(nic) if link.type == "vnic-vconnector"]
        assert [bridge.name for bridge in bridges if bridge is not None] == ["lxdbr0"]
        vnic = graph.get(nic)
        assert vnic is not None and vnic.networks == ("network:lxdbr0@l1",)
        assert [link.type for link in graph.links(containers["spare"].ord) if "vnic" in link.type] == []


def test_containers_are_on_their_bridge(lxd: LxdHost, tmp_path: Path) -> None:
    asyncio.run(_scan(lxd, tmp_path / "home"))
