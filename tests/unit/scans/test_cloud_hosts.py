"""Hosts that a cloud tells of and nobody declared: looked at as the environment says, once, and while they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from calipso.errors import ConfigError, TransportError
from calipso.model.environment import parse_environment
from calipso.model.record import Observation, Record, RunBegan, RunEnded, Scope, Seen
from calipso.operations.scan_documents import Plan, ScanDocument
from calipso.runtime import collect
from calipso.runtime.cloud_hosts import host_of
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from calipso.seams import SourceConfig, Transport
from tests.support.waiting import until
from tests.unit.scans.acting import NAME, Actor

WAYS = "cloud_hosts: {ssh: {user: stack, jump: ['root@192.0.2.239:2222']}, leave: ['bm*']}"
API = "api: {openstack: {auth_url: 'http://192.0.2.239:5000', user: u, password: 'env:HOME'}}"
HOSTS = f"hosts: {{{API}, 192.0.2.239: {{ssh: {{user: root, port: 2222}}}}}}"


class Cloud(Actor):
    """The APIs: `told` are the hosts that Nova has."""

    def __init__(self, *told: str) -> None:
        super().__init__("openstack", watches=True)
        self.told = list(told)
        self.news = asyncio.Event()

    async def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        scope = Scope("openstack", config.host)
        yield RunBegan(scope)
        yield Seen(scope, tuple(Record(each, "nova", "host", {"name": each, "host": each}) for each in self.told))
        yield RunEnded(scope, "completed")

    async def watch(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        while True:
            async for each in self.collect(transport, config):
                yield each
            await self.news.wait()
            self.news.clear()


class Shell(Actor):
    """What a host says of itself. `names`: host → what it calls itself."""

    def __init__(self, **names: str) -> None:
        super().__init__("linux", watches=True)
        self.names = {"192.0.2.239": "ctl", **names}

    async def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        self.looks.append(config.host)
        if config.host in self.failing:
            raise self.failing[config.host]
        scope, hostname = Scope("linux", config.host), self.names.get(config.host, config.host)
        yield RunBegan(scope)
        said = {"name": config.host, "host": config.host, "hostname": hostname}
        yield Seen(scope, (Record(config.host, "linux", "host", said), self.device(config.host, "tap0")))
        yield RunEnded(scope, "completed")


@asynccontextmanager
async def site(folder: Path, *actors: Actor, ways: str = WAYS, hosts: str = HOSTS) -> AsyncIterator[System]:
    home = Home(folder)
    home.prepare()
    (home.environments / f"{NAME}.yaml").write_text(f"name: {NAME}\n{hosts}\n{ways}\n")
    async with opened(home, NAME) as system:
        system.sources = {actor.manifest.name: actor for actor in actors}
        yield system


async def scan(system: System, **plan: object) -> ScanDocument:
    begun = await system.scans.start(NAME, Plan(**plan))  # type: ignore[arg-type]
    return await system.scans.finished(NAME, begun.id)


def why(system: System, host: str) -> str:
    """What is said of a host that is not looked at."""
    states = [each for each in system.site(NAME).scopes() if (each.scope.source, each.scope.reporter) == ("host", host)]
    return "".join(error.message for each in states for error in each.errors)


def test_one_scan_looks_at_what_the_cloud_told_too(tmp_path: Path) -> None:
    """The gateway is declared by its address, and is one of the cloud's hosts itself: it is looked at once."""

    async def run() -> None:
        shell = Shell()
        async with site(tmp_path, Cloud("ctl", "cmp1", "cmp2", "bm7"), shell) as system:
            done = await scan(system)
            assert not done.errors, [(e.source, e.host, e.where, e.message) for e in done.errors]
            assert shell.looks == ["192.0.2.239", "cmp1", "cmp2"]
            assert {look.host for look in done.looks} == {"api", "192.0.2.239", "cmp1", "cmp2"}
            graph = system.site(NAME).graph()
            taps = {head.host for head in graph.objects() if head.type == "tun"}
            assert taps == {"192.0.2.239", "cmp1", "cmp2"}
            assert (await scan(system)).status == "completed"
            assert shell.looks[3:] == ["192.0.2.239", "cmp1", "cmp2"]

    asyncio.run(run())


def test_they_are_reached_as_the_environment_says(tmp_path: Path) -> None:
    async def run() -> None:
        async with site(tmp_path, Cloud("cmp1"), Shell()) as system:
            await scan(system)
            host = system.collection(NAME).hosts["cmp1"]
            assert host.ssh is not None
            assert (host.ssh.host, host.ssh.user, host.ssh.jump) == ("cmp1", "stack", ("root@192.0.2.239:2222",))

    asyncio.run(run())


def test_nobody_is_looked_at_before_the_gateway_has_told_who_it_is(tmp_path: Path) -> None:
    """Else the gateway would be two hosts: reports of one source never become one."""

    async def run() -> None:
        shell = Shell()
        shell.failing["192.0.2.239"] = TransportError("no way there")
        async with site(tmp_path, Cloud("ctl", "cmp1"), shell) as system:
            bad = await scan(system)
            assert bad.status == "completed_with_errors" and shell.looks == ["192.0.2.239"]
            shell.failing.clear()
            assert (await scan(system)).status == "completed"
            assert shell.looks[1:] == ["192.0.2.239", "cmp1"]

    asyncio.run(run())


def test_one_that_cannot_be_reached_fails_alone(tmp_path: Path) -> None:
    async def run() -> None:
        shell = Shell()
        shell.failing["cmp1"] = TransportError("no route")
        async with site(tmp_path, Cloud("cmp1", "cmp2"), shell) as system:
            done = await scan(system)
            assert done.status == "completed_with_errors"
            assert [(each.host, each.message) for each in done.errors] == [("cmp1", "no route")]
            assert "cmp2" in shell.looks

    asyncio.run(run())


def test_nothing_is_looked_at_unless_it_is_said_how(tmp_path: Path) -> None:
    async def run() -> None:
        shell = Shell()
        async with site(tmp_path, Cloud("cmp1"), shell, ways="") as system:
            assert (await scan(system)).status == "completed"
            assert shell.looks == ["192.0.2.239"]

    asyncio.run(run())


def test_a_declared_host_is_not_looked_at_twice(tmp_path: Path) -> None:
    """By its own name, its first label or an alias, whatever the cloud calls it."""

    async def run() -> None:
        shell = Shell()
        declared = f"hosts: {{{API}, cmp1: {{ssh: {{}}}}, far: {{ssh: {{}}, aliases: [cmp2]}}}}"
        async with site(tmp_path, Cloud("cmp1.example.org", "cmp2", "cmp3"), shell, hosts=declared) as system:
            await scan(system)
            assert sorted(shell.looks) == ["cmp1", "cmp3", "far"]

    asyncio.run(run())


def test_a_watch_follows_what_the_cloud_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New hosts are watched; what is told of no more is watched no more, what was seen there stays, with the reason."""
    monkeypatch.setattr(collect, "FOLLOW", 0.05)

    async def run() -> None:
        cloud, shell = Cloud("cmp1"), Shell()
        async with site(tmp_path, cloud, shell) as system:
            system.watch(NAME)
            await until(lambda: "cmp1" in shell.watched)
            cloud.told = ["cmp2"]
            cloud.news.set()
            await until(lambda: "cmp2" in shell.watched)
            await until(lambda: {post.host for post in system.posts(NAME)} == {"api", "192.0.2.239", "cmp2"})
            await until(lambda: "no more" in why(system, "cmp1"))
            assert system.site(NAME).graph().resolve("cmp1/dev:linux-tap0") is not None

    asyncio.run(run())


def test_they_are_tried_before_the_environment_is_taken_over(tmp_path: Path) -> None:
    async def run() -> None:
        shell = Shell()
        shell.failing["cmp1"] = TransportError("no route")
        async with site(tmp_path, Cloud("cmp1", "cmp2"), shell) as system:
            tried = await system.try_environment(NAME, f"name: new\n{HOSTS}\n{WAYS}\n")
            assert {each.host: each.status for each in tried if each.source == "linux"} == {
                "192.0.2.239": "ok", "cmp1": "failed", "cmp2": "ok",
            }  # fmt: skip

    asyncio.run(run())


def test_who_wants_to_go_there_finds_the_way(tmp_path: Path) -> None:
    """By the name that it goes by, which is the one that the host has for itself."""

    async def run() -> None:
        async with site(tmp_path, Cloud("cmp1"), Shell()) as system:
            await scan(system)
            found = host_of(system.site(NAME), "cmp1")
            assert found is not None and found.ssh is not None and found.ssh.host == "cmp1"
            assert host_of(system.site(NAME), "cmp9") is None

    asyncio.run(run())


@pytest.mark.parametrize(
    ("said", "where", "reason"),
    [
        ({}, "ssh", "is empty"),
        ({"ssh": {"host": "x"}}, "ssh.host", "own name"),
        ({"ssh": {"usr": "x"}}, "ssh.usr", "did you mean 'user'?"),
        ({"ssh": {"password": "clear"}}, "ssh.password", "by reference"),
        ({"ssh": {}, "left": []}, "left", "no such field"),
        ({"ssh": {}, "wrap": {"*": "please"}}, "wrap", "none of"),
    ],
)
def test_what_is_wrong_is_named(said: dict[str, object], where: str, reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_environment({"name": "x", "cloud_hosts": said})
    assert str(raised.value.where).startswith(f"environment.cloud_hosts.{where}") and reason in raised.value.message
