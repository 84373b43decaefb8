"""Two real engines in a swarm: the graph is exactly what is declared, and follows what containers do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from calipso.graph.explain import why
from calipso.graph.protocol import GraphReader
from calipso.model.attributes import undeclared
from calipso.model.record import Record, RunEnded, Seen
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from calipso.seams import SourceConfig
from calipso.sources.docker import SOURCE
from calipso.transports.local import LocalTransport
from labs.docker import declaration as d
from labs.docker.expectation import KINDS, LINKS, Link, expected
from labs.docker.lab import FILE, IMAGE, Running

pytestmark = pytest.mark.live
NAME = "docker"


def home(lab: Running, folder: Path) -> Home:
    made = Home(folder)
    made.prepare()
    (made.environments / f"{NAME}.yaml").write_text((lab.state / FILE).read_text())
    return made


def links(graph: GraphReader) -> set[Link]:
    found = set()
    for head in graph.objects():
        for link in graph.links(head.ord):
            other = graph.get(link.other)
            if link.outgoing and link.type in LINKS and other is not None:
                found.add((link.type, head.id, other.id))
    return found


def test_the_graph_is_what_is_declared(lab: Running, tmp_path: Path) -> None:
    async def scanned() -> GraphReader:
        async with opened(home(lab, tmp_path), NAME) as system:
            assert await system.scan(NAME) == []
            return system.site(NAME).graph()

    graph, wanted = asyncio.run(scanned()), expected(lab)
    assert {head.id: head.kind for head in graph.objects() if head.kind in KINDS} == wanted.objects
    assert {_ordered(link) for link in links(graph)} == {_ordered(link) for link in wanted.links}
    for id, networks in wanted.networks.items():
        nic = graph.resolve(id)
        assert nic is not None and nic.networks == networks, id
    bridge, pnic = graph.resolve("d1/dev:docker0"), graph.resolve("d1/dev:eth0")
    assert bridge is not None and pnic is not None
    assert why(graph, "vconnector-host_pnic", bridge, pnic).routed


def _ordered(link: Link) -> Link:
    """A link between two of a kind has no direction."""
    name, one, other = link
    return (name, *sorted((one, other))) if name == "otep-otep" else link  # type: ignore[return-value]


def collected(lab: Running, host: str) -> dict[tuple[str, str], Record]:
    async def collect() -> dict[tuple[str, str], Record]:
        transport = LocalTransport(pid=lab.pid(host))
        try:
            said = [each async for each in SOURCE.collect(transport, SourceConfig(host=host))]
        finally:
            await transport.close()
        return {(each.id, each.facet): each for seen in said if isinstance(seen, Seen) for each in seen.records}

    return asyncio.run(collect())


def test_the_engine_is_read_the_same_twice_and_only_as_declared(lab: Running) -> None:
    first = collected(lab, "d1")
    assert first == collected(lab, "d1")
    assert {said for record in first.values() for said in undeclared(record)} == set()


def test_published_ports_and_shared_namespaces_are_told(lab: Running) -> None:
    found = {r.attributes["name"]: r.attributes for r in collected(lab, "d1").values() if r.type == "container"}
    assert {(each["port"], each["host_port"]) for each in found["web"]["ports"]} == {(80, 8080)}
    assert found["side"]["netns"] == found["web"]["netns"]
    assert found["side"]["shares_network_of"] == f"container:{found['web']['container_id']}"
    assert found["onhost"]["netns"] == "d1"


async def within(seconds: float, holds: Callable[[], bool]) -> float:
    """How long it took until something held."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def nics(system: System, container: str) -> set[str] | None:
    """Bridges that a container's NICs lead to; None without the container."""
    graph = system.site(NAME).graph()
    head = graph.resolve(container)
    if head is None:
        return None
    ends = {link.other for link in graph.links(head.ord) if link.type == "container-vnic"}
    return {
        str(graph.get(link.other).name)  # type: ignore[union-attr]
        for nic in ends
        for link in graph.links(nic)
        if link.type == "vnic-vconnector"
    }


def test_run_connect_and_stop_are_seen_within_a_second(lab: Running, tmp_path: Path) -> None:
    """From the moment the command has returned."""
    bridge = f"br-{lab.inspect('d1', 'network', 'appnet')['Id'][:12]}"

    async def follow() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            system.watch(NAME)
            await within(30, lambda: system.site(NAME).graph().resolve(_container(lab, "web")) is not None)

            async def docker(*argv: str) -> str:
                return await asyncio.to_thread(lab.docker, "d1", *argv)

            new = "container:" + await docker("run", "-d", "--name", "new", IMAGE, "/bin/busybox", "sleep", "600")
            await within(1, lambda: nics(system, new) == {"docker0"})
            await docker("network", "connect", "appnet", "new")
            await within(1, lambda: nics(system, new) == {"docker0", bridge})
            await docker("network", "disconnect", "appnet", "new")
            await within(1, lambda: nics(system, new) == {"docker0"})
            await docker("stop", "--time", "0", "new")
            await within(1, lambda: nics(system, new) == set())
            await docker("rm", "new")
            await within(1, lambda: nics(system, new) is None)

    asyncio.run(follow())


def _container(lab: Running, name: str) -> str:
    declared = next(each for each in d.CONTAINERS if each.name == name)
    return f"container:{lab.inspect(declared.host, 'container', name)['Id']}"


def test_an_engine_that_does_not_answer_removes_nothing(lab: Running) -> None:
    """A look at a socket that is not there fails and says so; nothing is gone by it."""

    async def look() -> list[str]:
        transport = LocalTransport(pid=lab.pid("d2"))
        config = SourceConfig(host="d2", options={"engines": [{"endpoint": "unix:///run/none/docker.sock"}]})
        try:
            said = [each async for each in SOURCE.collect(transport, config)]
        finally:
            await transport.close()
        return [f"{each.status}: {each.errors[0].message}" for each in said if isinstance(each, RunEnded)]

    assert asyncio.run(look()) == ["failed: unix:///run/none/docker.sock: no such socket"]
