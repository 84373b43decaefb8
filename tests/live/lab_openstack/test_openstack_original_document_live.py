"""labs/openstack by a document of the original, which names one gateway: every host of the cloud is looked at."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from calipso.graph.protocol import GraphReader
from calipso.runtime.home import Home
from calipso.runtime.system import opened
from labs.openstack import declaration as d
from labs.openstack.database import READER
from labs.openstack.expectation import KINDS, LINKS, Expected
from labs.openstack.running import Running
from tests.support.openstack_lab import links_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
SITE = "site"


def document(lab: Running) -> str:
    """As the original writes it: addresses, one CLI section, and secrets in clear."""
    ctl = d.CTL.address
    login = {"user": "root", "key": str(lab.state / "ssh" / "id_ed25519")}
    sections = [
        {"name": "OpenStack", "host": ctl, "port": "5000", "user": "admin", "pwd": d.PASSWORD, "admin_token": "none"},
        {"name": "mysql", "host": ctl, "port": 3306, "user": READER, "pwd": d.PASSWORD, "schema": "nova"},
        {"name": "CLI", "host": ctl, **login},
        {"name": "AMQP", "host": ctl, "port": "5672", "user": d.LISTENER, "pwd": d.PASSWORD},
    ]
    said = {
        "name": SITE, "type": "environment", "environment_type": "OpenStack", "distribution": "Upstream",
        "distribution_version": "2026.2", "mechanism_drivers": [lab.mechanism.upper()],
        "type_drivers": lab.overlay, "listen": True, "scanned": False, "configuration": sections,
    }  # fmt: skip
    return json.dumps(said)


class User:
    """Somebody outside of the cloud, who knows its hosts' keys and runs Calipso's commands."""

    def __init__(self, lab: Running, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        key = " ".join((lab.state / "ssh" / "host_ed25519.pub").read_text().split()[:2])
        (folder / ".ssh").mkdir(mode=0o700)
        names = [name for host in d.HOSTS for name in (host.name, host.address)]
        (folder / ".ssh" / "known_hosts").write_text("".join(f"{name} {key}\n" for name in names))
        self.home = Home(folder / "calipso")

    def calipso(self, *words: str) -> subprocess.CompletedProcess[str]:
        own: Mapping[str, str] = {**os.environ, "HOME": str(self.folder), "CALIPSO_HOME": str(self.home.path)}
        command = self.lab.beside(sys.executable, "-m", "calipso", *words)
        return subprocess.run(command, env=own, capture_output=True, text=True, timeout=240)

    def graph(self) -> GraphReader:
        async def read() -> GraphReader:
            async with opened(self.home, SITE) as system:
                return system.site(SITE).graph()

        return asyncio.run(read())


@pytest.fixture(scope="module")
def user(lab: Running, tmp_path_factory: pytest.TempPathFactory) -> User:
    return User(lab, tmp_path_factory.mktemp("user"))


@pytest.fixture(scope="module")
def seen(lab: Running, user: User) -> GraphReader:
    """After the document was taken over and scanned by commands."""
    file = user.folder / "site.json"
    file.write_text(document(lab))
    for words in (("env", "add", str(file)), ("scan", "--env", SITE)):
        done = user.calipso(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert d.PASSWORD not in done.stdout + done.stderr
    return user.graph()


def by_name(id: str) -> str:
    """The gateway is declared by its address; here it goes by the name that the others know."""
    return id.replace(d.CTL.address, d.CTL.name, 1) if id.partition("/")[0] == d.CTL.address else id


def test_every_host_that_the_cloud_has_is_looked_at_through_the_gateway(seen: GraphReader, wanted: Expected) -> None:
    """Once each, the gateway too, though it is declared by its address: it is one of the cloud's hosts itself."""
    assert {by_name(head.id): head.kind for head in seen.objects() if head.kind in KINDS} == wanted.objects


def test_everything_is_plugged_as_the_cloud_plugs_it(seen: GraphReader, wanted: Expected) -> None:
    found = {(kind, frozenset((by_name(one), by_name(other)))) for kind, one, other in links_of(seen, LINKS)}
    assert found == {(kind, frozenset(ends)) for kind, *ends in wanted.links}


def test_its_connections_are_tried_section_by_section(seen: GraphReader, user: User) -> None:
    done = user.calipso("env", "test", SITE, "--connections", "-o", "json")
    tried = {each["target"]: each["status"] for each in json.loads(done.stdout)}
    assert tried == {"OpenStack": "ok", "mysql": "ok", "CLI": "ok", "AMQP": "ok"}, done.stdout
