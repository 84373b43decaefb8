"""labs/plain with nothing but SSH: the same records and the same graph as by netlink and OVSDB."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from calipso.graph.protocol import GraphReader
from calipso.model.reaching import Ssh
from calipso.model.record import Record, RunEnded, Seen
from calipso.runtime.system import opened
from calipso.seams import Ovsdb, SourceConfig, Transport
from calipso.sources.linux import SOURCE as LINUX
from calipso.sources.ovs import SOURCE as OVS
from calipso.transports.local import LocalTransport
from calipso.transports.ssh import SshTransport
from labs.plain.expectation import expected
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, graph_of, home
from tests.live.lab_plain.seeing import differences as seen_differences
from tests.support.plain_lab import standing
from tests.support.sshd import SSHD, Server, make_key

pytestmark = pytest.mark.live

DECLARED = {
    "bridge_fdb_max_learned": "iproute2 before 6.9 does not print it",
    "carrier": "ip prints it as LOWER_UP, which an interface that is down does not have",
    "fdb": "what bridges learn goes on between two looks",
    "neighbors": "what hosts learn goes on between two looks",
    "sockets": "the SSH session itself",
}
"""Attribute → why the two ways may differ in it. Everything else is equal."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with standing(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return Server(tmp_path_factory.mktemp("sshd"))


def configuration(lab: Running, server: Server, folder: Path) -> Path:
    """Each host's sshd is started in the host's own namespaces and spoken to by its standard input."""
    file = folder / "ssh_config"
    server.know((server.folder / "host_key.pub").read_text())
    lines = []
    for host in lab.lab.hosts:
        pid = lab.holders[host.name].first
        subprocess.run(["nsenter", "-t", str(pid), "-a", "--", "mkdir", "-p", "/run/sshd"], check=True)
        lines += [
            f"Host {host.name}",
            f"  ProxyCommand nsenter -t {pid} -a -- {SSHD} -i -f {server.config}",
            f"  User root\n  HostKeyAlias {server.address}\n  Port {server.port}",
            f"  IdentityFile {server.key}\n  UserKnownHostsFile {server.known_hosts}",
        ]
    file.write_text("\n".join(lines) + "\n")
    return file


async def records(transport: Transport, host: str) -> dict[tuple[str, str], Record]:
    found: dict[tuple[str, str], Record] = {}
    for source in (LINUX, OVS):
        async for said in source.collect(transport, SourceConfig(host=host)):
            if isinstance(said, Seen):
                found |= {(record.id, record.facet): record for record in said.records}
            if isinstance(said, RunEnded):
                assert said.errors == ()
    return found


def differences(one: dict[tuple[str, str], Record], other: dict[tuple[str, str], Record]) -> list[Any]:
    out: list[Any] = [key for key in one.keys() ^ other.keys() if key[1] not in ("sockets", "netlink.fdb")]
    for key in one.keys() & other.keys():
        a, b = one[key], other[key]
        assert a.type == b.type
        for name in a.attributes.keys() | b.attributes.keys():
            left, right = a.attributes.get(name), b.attributes.get(name)
            if left != right and name not in DECLARED:
                out.append((key, name, left, right))
    return out


@pytest.mark.parametrize("database", ["forwarded", "by commands"])
def test_both_ways_give_the_same_records(lab: Running, server: Server, tmp_path: Path, database: str) -> None:
    config = configuration(lab, server, tmp_path)
    wrap = {} if database == "forwarded" else {"*": "nsenter -t 1 -n"}

    async def run() -> None:
        near = LocalTransport(lab.holders["h1"].first)
        far = SshTransport(Ssh(host="h1", config=str(config), agent=False), wrap)
        assert (Ovsdb in far.answers) == (database == "forwarded")
        try:
            one, other = await records(near, "h1"), await records(far, "h1")
        finally:
            await near.close()
            await far.close()
        assert len(one) > 90
        assert differences(one, other) == []

    asyncio.run(run())


@pytest.mark.parametrize("source", [LINUX, OVS], ids=["linux", "ovs"])
@pytest.mark.parametrize("wrap", [{}, {"*": "nsenter -t 1 -n"}], ids=["plain", "wrapped"])
def test_watching_finds_what_comes(
    lab: Running, server: Server, tmp_path: Path, source: Any, wrap: dict[str, str]
) -> None:
    config = configuration(lab, server, tmp_path)
    name = f"cpssh{len(wrap)}"
    enter = ["nsenter", "-t", str(lab.holders["h1"].first), "-a", "--"]
    make, remove = (
        (["ip", "netns", "add", name], ["ip", "netns", "del", name])
        if source is LINUX
        else (["ovs-vsctl", "add-br", name], ["ovs-vsctl", "del-br", name])
    )

    async def run() -> None:
        far = SshTransport(Ssh(host="h1", config=str(config), agent=False), wrap)
        stream = source.watch(far, SourceConfig(host="h1", options={"interval": 0.2}))
        made = False
        try:
            async with asyncio.timeout(30), contextlib.aclosing(stream):
                async for said in stream:
                    if isinstance(said, Seen) and not made:
                        await asyncio.to_thread(subprocess.run, [*enter, *make], check=True)
                        made = True
                    elif isinstance(said, Seen) and any(r.attributes.get("name") == name for r in said.records):
                        return
        finally:
            await far.close()

    try:
        asyncio.run(run())
    finally:
        subprocess.run([*enter, *remove], check=True)


def scan(hosts: dict[str, dict[str, Any]], lab: Running, folder: Path) -> tuple[GraphReader, list[str]]:
    """The graph of the lab's environment with hosts reached as said, and what went wrong."""
    made = home(lab, folder)
    file = made.environments / f"{NAME}.yaml"
    said = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**said, "hosts": hosts}))

    async def run() -> tuple[GraphReader, list[str]]:
        async with opened(made, NAME) as system:
            errors = await system.scan(NAME)
            return graph_of(system), [error.message for error in errors]

    return asyncio.run(run())


def test_a_scan_over_ssh_gives_exactly_what_is_declared(lab: Running, server: Server, tmp_path: Path) -> None:
    reached = {"ssh": {"config": str(configuration(lab, server, tmp_path)), "agent": False}}
    graph, errors = scan({host.name: reached for host in lab.lab.hosts}, lab, tmp_path / "home")
    assert errors == []
    assert seen_differences(graph, expected(lab.lab)) == []


def test_bad_hosts_leave_the_others_alone(lab: Running, server: Server, tmp_path: Path) -> None:
    config = str(configuration(lab, server, tmp_path))
    other = make_key(tmp_path / "other")
    (tmp_path / "changed").write_text(f"[{server.address}]:{server.port} {other.with_suffix('.pub').read_text()}")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        common = {"config": config, "agent": False}
        hosts = {
            "h1": {"ssh": common},
            "h2": {"ssh": common},
            "hangs": {"ssh": {"config": "none", "host": "127.0.0.1", "port": silent.getsockname()[1],
                              "connect_timeout": 2}},
            "refuses": {"ssh": {**common, "host": "h1", "keys": [str(other)]}},
            "changed": {"ssh": {**common, "host": "h1", "known_hosts": str(tmp_path / "changed")}},
        }  # fmt: skip
        graph, errors = scan(hosts, lab, tmp_path / "home")
    for words in ("no SSH session within 2 s", "refused the login", "host key has changed"):
        assert any(words in error for error in errors), errors
    vm = graph.resolve("h1/netns:vm-b"), graph.resolve("h2/netns:vm-c")
    assert all(head is not None and head.kind == "instance" for head in vm)
