"""A scan when a part of the cloud fails: the cause is named, scopes are stale, nothing goes, and the next one heals."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from calipso.model.record import RunError, ScopeState
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from labs.plain.holders import Holder, end, hold
from tests.support.mariadb import READER, SECRET, MariaDb, mariadb
from tests.support.openstack_api import served
from tests.support.sshd import SSHD, Server, make_key

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
CLOUD = "cloud"


def home_of(folder: Path, hosts: dict[str, Any], **more: Any) -> Home:
    home = Home(folder / "home")
    home.prepare()
    (home.environments / f"{CLOUD}.yaml").write_text(yaml.safe_dump({"name": CLOUD, "hosts": hosts, **more}))
    return home


class Looked:
    """A scan's end: what went wrong, the scopes, and the ids that the graph has."""

    def __init__(self, system: System, errors: list[RunError]) -> None:
        site = system.site(CLOUD)
        graph = site.graph()
        self.errors = " ".join(each.message for each in errors)
        self.scopes: dict[str, ScopeState] = {each.scope.key: each for each in site.scopes() if not each.gone}
        self.ids = {graph.id_of(head.ord) for head in graph.objects()}
        self.stale = {key for key, each in self.scopes.items() if each.stale}


async def look(system: System) -> Looked:
    return Looked(system, await system.scan(CLOUD))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    if shutil.which("mariadbd") is None:
        pytest.skip("MariaDB is not installed: tools/test-setup does it")
    os.environ["CALIPSO_TEST_DB"] = SECRET
    with mariadb(tmp_path_factory.mktemp("db") / "m") as found:
        found.load("ml2-ovs")
        found.let_read()
        yield found


def test_mariadb_down(database: MariaDb, tmp_path: Path) -> None:
    reached = {"host": "127.0.0.1", "port": database.port, "user": READER, "password": "env:CALIPSO_TEST_DB"}

    async def run() -> None:
        async with opened(home_of(tmp_path, {"db": {"mysql": reached}}), CLOUD) as system:
            good = await look(system)
            assert not good.errors and not good.stale and len(good.ids) > 50
            database.kill()
            bad = await look(system)
            assert "refused" in bad.errors.lower() and f"127.0.0.1:{database.port}" in bad.errors
            assert bad.ids == good.ids and bad.stale == set(good.scopes)
            database.start()
            database.sql("UPDATE nova.instances SET deleted = id WHERE display_name = 'red-1' AND deleted = 0")
            healed = await look(system)
            assert not healed.errors and not healed.stale
            assert good.ids - healed.ids == {"instance:4e1ed217-4c44-4861-bfb7-c0003f5e5b06"}, (
                "only what went meanwhile"
            )
            database.sql("RENAME TABLE neutron.ml2_port_bindings TO neutron.away")
            torn = await look(system)
            assert "ml2_port_bindings" in torn.errors and torn.ids == healed.ids
            database.sql("RENAME TABLE neutron.away TO neutron.ml2_port_bindings")
            assert not (await look(system)).stale

    asyncio.run(run())


def test_a_token_that_ends_in_the_middle_of_a_scan(tmp_path: Path) -> None:
    with served() as api:
        clouds = str(api.describe(tmp_path))

        async def run() -> None:
            hosts = {"api": {"openstack": {"cloud": "lab", "clouds": clouds}}}
            async with opened(home_of(tmp_path, hosts), CLOUD) as system:
                good = await look(system)
                logins = api.logins
                assert not good.errors and logins == 1
                api.ends_after = 6
                ended = await look(system)
                assert not ended.errors and not ended.stale and ended.ids == good.ids
                assert api.logins == logins + 2, "once for the scan, once more for all who were on their way"
                api.refusing = {"network"}
                refused = await look(system)
                assert "does not take the token" in refused.errors
                of_neutron = ("networks", "agents", "firewalls", "vpns", "quotas")
                assert refused.stale == {f"openstack@api:{part}" for part in of_neutron}
                assert refused.ids == good.ids
                assert api.logins == logins + 4, "once for the scan, once more, and then no more"
                api.refusing = set()
                healed = await look(system)
                assert not healed.errors and not healed.stale and healed.ids == good.ids

        asyncio.run(run())


@pytest.fixture
def hosts() -> Iterator[dict[str, Holder]]:
    made = [hold(mortal=True) for _ in range(3)]
    try:
        for number, each in enumerate(made):
            enter = ["nsenter", "-t", str(each.first), "-a", "--", "sh", "-ec"]
            text = f"mount -t tmpfs none /run; mkdir -p /run/sshd; hostname of{number}; ip link set lo up"
            subprocess.run([*enter, f"{text}; ip link add br{number} type bridge"], check=True)
        yield dict(zip(("good", "locked", "away"), made, strict=True))
    finally:
        end(made)


def reached(hosts: dict[str, Holder], folder: Path) -> tuple[dict[str, Any], dict[str, Server]]:
    """Hosts over SSH; each one's sshd is started in its namespaces and spoken to by its standard input."""
    servers = {name: Server(folder / name) for name in hosts}
    config, lines = folder / "ssh_config", []
    for name, each in hosts.items():
        server = servers[name]
        server.know((server.folder / "host_key.pub").read_text())
        lines += [
            f"Host {name}",
            f'  ProxyCommand sh -c "test ! -e {server.folder}/away && '
            f'exec nsenter -t {each.first} -a -- {SSHD} -i -f {server.config}"',
            f"  User root\n  HostKeyAlias {server.address}\n  Port {server.port}",
            f"  IdentityFile {server.key}\n  UserKnownHostsFile {server.known_hosts}",
        ]
    config.write_text("\n".join(lines) + "\n")
    return {name: {"ssh": {"config": str(config), "agent": False}} for name in hosts}, servers


def unplug(host: Holder, device: str) -> None:
    subprocess.run(["nsenter", "-t", str(host.first), "-n", "ip", "link", "del", device], check=True)


def test_a_wrong_key_and_a_host_that_is_away(hosts: dict[str, Holder], tmp_path: Path) -> None:
    said, servers = reached(hosts, tmp_path)

    async def run() -> None:
        async with opened(home_of(tmp_path, said, sources={"linux": {}}), CLOUD) as system:
            good = await look(system)
            assert not good.errors, good.errors
            assert {"good/dev:br0", "locked/dev:br1", "away/dev:br2"} <= good.ids
            authorized = servers["locked"].folder / "authorized"
            right = authorized.read_text()
            authorized.write_text(make_key(tmp_path / "another").with_suffix(".pub").read_text())
            (servers["away"].folder / "away").touch()
            await asyncio.to_thread(unplug, hosts["away"], "br2")
            bad = await look(system)
            reasons = {key: " ".join(each.message for each in bad.scopes[key].errors) for key in bad.stale}
            assert {key.partition("@")[2].partition(":")[0] for key in bad.stale} == {"locked", "away"}
            assert all(bad.scopes[key].status == "completed" for key in bad.scopes if "@good" in key)
            assert any("locked" in reason for reason in reasons.values())
            assert any("away" in reason for reason in reasons.values())
            assert bad.ids == good.ids, "nothing is gone because it was not asked"
            authorized.write_text(right)
            (servers["away"].folder / "away").unlink()
            healed = await look(system)
            assert not healed.errors and not healed.stale
            assert good.ids - healed.ids == {"away/dev:br2"}, "what went meanwhile is gone now"

    asyncio.run(run())
