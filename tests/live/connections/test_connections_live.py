"""Connection tests on a real sshd, MariaDB and RabbitMQ: let in, refused, a dead port, one that hangs."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from calipso.cli.main import app
from calipso.errors import ConfigError
from calipso.operations.context import Probed
from calipso.operations.registry import BY_NAME, perform
from calipso.runtime.home import Home
from calipso.runtime.system import opened
from tests.support.cloud_served import served
from tests.support.mariadb import MariaDb
from tests.support.openstack_api import Api
from tests.support.openstack_api import served as keystone
from tests.support.rabbitmq import Broker
from tests.support.sshd import Server

pytestmark = pytest.mark.live
Said = dict[str, Any]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    server = MariaDb(tmp_path_factory.mktemp("connections-db"))
    server.install()
    server.start()
    try:
        server.sql("CREATE USER reader@'%' IDENTIFIED BY 'right'")
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("connections-bus"))
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def hanging() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        yield int(silent.getsockname()[1])


@pytest.fixture
def dead() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def tries(folder: Path, **values: Any) -> list[Probed]:
    async def work() -> Any:
        async with opened(Home(folder)) as system:
            operation = BY_NAME["test_connections"]
            values.setdefault("timeout", 3.0)
            return await perform(system, operation, operation.request(**values), "somebody")

    found: list[Probed] = asyncio.run(work()).items
    return found


def section(name: str, port: int, **more: Any) -> Said:
    return {"name": name, "host": "127.0.0.1", "port": str(port), "user": "guest", "pwd": "guest", **more}


def one(folder: Path, said: Said) -> Probed:
    (found,) = tries(folder, sections=(said,))
    return found


def test_a_database(tmp_path: Path, database: MariaDb, dead: int, hanging: int) -> None:
    good = {"user": "reader", "pwd": "right"}
    found = one(tmp_path, section("mysql", database.port, **good))
    assert (found.status, found.error) == ("ok", "") and "MariaDB" in found.reason and 0 < found.seconds < 3
    wrong = one(tmp_path, section("mysql", database.port, user="reader", pwd="wrong"))
    assert (wrong.status, wrong.error, wrong.field) == ("failed", "AuthFailed", "user, pwd")
    assert "wrong" not in wrong.reason
    assert one(tmp_path, section("mysql", dead, **good)).error == "Unreachable"
    silent = one(tmp_path, section("mysql", hanging, **good))
    assert (silent.error, silent.field) == ("TimedOut", "host") and "3 s" in silent.reason


def test_a_bus(tmp_path: Path, bus: Broker, dead: int, hanging: int) -> None:
    assert one(tmp_path, section("AMQP", bus.port)).status == "ok"
    wrong = one(tmp_path, section("AMQP", bus.port, pwd="wrong"))
    assert (wrong.status, wrong.error, wrong.field) == ("failed", "AuthFailed", "user, pwd")
    assert one(tmp_path, section("AMQP", dead)).error == "Unreachable"
    assert one(tmp_path, section("AMQP", hanging)).error == "TimedOut"


def listening(port: int, **more: Any) -> str:
    """A cloud with a message bus, in our own form."""
    amqp = {"host": "127.0.0.1", "port": port, "user": "guest", "password": "env:BUS_PASSWORD", **more}
    api = {"openstack": {"cloud": "none", "clouds": "/nonexistent"}}
    return json.dumps({"name": "cloud", "type": "OpenStack", "amqp": amqp, "hosts": {"api": api, "other": {}}})


def test_the_bus_of_an_environment(
    tmp_path: Path, bus: Broker, dead: int, hanging: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without leaving a queue behind."""

    def one_of(text: str) -> Probed:
        (found,) = tries(tmp_path, text=text, targets=("AMQP",))
        return found

    monkeypatch.setenv("BUS_PASSWORD", "guest")
    good = one_of(listening(bus.port))
    assert (good.status, good.place) == ("ok", f"127.0.0.1:{bus.port}") and "exchanges: none of nova" in good.reason
    cluster = one_of(listening(bus.port, host="127.0.0.2,127.0.0.1"))
    assert cluster.status == "ok", cluster.reason
    assert one_of(listening(dead)).error == "Unreachable"
    assert one_of(listening(hanging)).error == "TimedOut"
    monkeypatch.setenv("BUS_PASSWORD", "wrong")
    wrong = one_of(listening(bus.port))
    assert (wrong.error, wrong.field) == ("AuthFailed", "user, password") and "wrong" not in wrong.reason


def ours(server: Server, **more: Any) -> str:
    ssh = {
        "host": "127.0.0.1", "port": server.port, "user": "root", "keys": [str(server.key)], "agent": False,
        "config": "none", "known_hosts": str(server.known_hosts), "connect_timeout": 2.0, **more,
    }  # fmt: skip
    return json.dumps({"name": "far", "hosts": {"h1": {"ssh": ssh}}})


def test_a_shell(tmp_path: Path, dead: int, hanging: int) -> None:
    with Server(tmp_path / "ssh").running() as server:
        (found,) = tries(tmp_path, text=ours(server))
        assert (found.target, found.place, found.status) == ("CLI", "h1", "ok")
        assert found.reason == f"is {socket.gethostname()}"
        stranger = Server(tmp_path / "other").key
        (wrong,) = tries(tmp_path, text=ours(server, keys=[str(stranger)]))
        assert (wrong.error, wrong.field) == ("AuthFailed", "user, keys")
        (password,) = tries(tmp_path, text=ours(server, keys=[], password="s3cret"))
        assert (password.error, password.field) == ("AuthFailed", "user, password")
        assert tries(tmp_path, text=ours(server, port=dead))[0].error == "Unreachable"
        assert tries(tmp_path, text=ours(server, port=hanging))[0].error == "TimedOut"


def test_keystone(tmp_path: Path, dead: int, hanging: int) -> None:
    """A stand-in speaks for Keystone here; the real one is met in the lab."""
    with keystone() as api:
        port = _port(api)
        good = one(tmp_path, section("OpenStack", port, user="reader", pwd="right"))
        assert (good.status, good.reason) == ("ok", "Keystone v3, project admin")
        wrong = one(tmp_path, section("OpenStack", port, user="reader", pwd="wrong"))
        assert (wrong.error, wrong.field) == ("AuthFailed", "user, pwd")
    assert one(tmp_path, section("OpenStack", dead)).error == "Unreachable"
    assert one(tmp_path, section("OpenStack", hanging)).error == "TimedOut"


def _port(api: Api) -> int:
    return int(api.server.server_address[1])


def test_a_provider_of_functions_is_reached_and_no_more_is_claimed(tmp_path: Path, dead: int, hanging: int) -> None:
    said = section("NFV_provider", hanging, nfv_token="a-secret-token")
    found = one(tmp_path, said)
    assert found.status == "ok" and found.seconds > 0 and "not known" in found.reason
    failed = one(tmp_path, {**said, "port": str(dead)})
    assert (failed.status, failed.error, failed.field) == ("failed", "Unreachable", "host")
    assert str(dead) in failed.reason and "a-secret" not in str(failed)


def test_what_cannot_be_tested_says_so(tmp_path: Path, dead: int) -> None:
    found = one(tmp_path, {"name": "Bare-metal"})
    assert (found.status, found.reason) == ("not supported", "it names no place that could be tried")
    for name in ("ACI", "Kubernetes"):
        assert one(tmp_path, section(name, dead)).error == "Unreachable"
    monitoring = {"name": "Monitoring", "server_ip": "127.0.0.1", "api_port": str(dead)}
    assert one(tmp_path, monitoring).error == "Unreachable"


def document(database: MariaDb, bus: Broker, port: int, password: str) -> Said:
    """A whole document of the original, its section CLI at a port that is dead unless somebody listens."""
    return {
        "name": "site", "type": "environment", "environment_type": "OpenStack", "distribution": "Kolla",
        "distribution_version": "rocky", "mechanism_drivers": ["OVS"], "type_drivers": "vxlan", "listen": True,
        "app_path": "/app", "operational": "stopped",
        "configuration": [
            section("mysql", database.port, user="reader", pwd=password), section("AMQP", bus.port),
            {"name": "CLI", "host": "127.0.0.1", "port": port, "user": "root", "key": "~/.ssh/none"},
        ],
    }  # fmt: skip


def test_it_is_tried_before_it_is_kept_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: MariaDb, bus: Broker, dead: int
) -> None:
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path / "home"))
    file, runner = tmp_path / "site.json", CliRunner()
    file.write_text(json.dumps(document(database, bus, dead, "wrong")))
    refused = runner.invoke(app, ["env", "add", str(file), "--test"])
    assert refused.exit_code == 2 and "AuthFailed" in refused.output and "mysql.user, password" in refused.output
    assert "site" not in Home(tmp_path / "home").configured()
    assert runner.invoke(app, ["env", "add", str(file)]).exit_code == 0
    said = runner.invoke(app, ["env", "test", "site", "--connections", "-o", "json"])
    assert said.exit_code == 3
    found = {each["target"]: (each["status"], each.get("error", "")) for each in json.loads(said.stdout)}
    assert found == {"mysql": ("failed", "AuthFailed"), "AMQP": ("ok", ""), "CLI": ("failed", "Unreachable")}


def test_the_resource_of_the_original(tmp_path: Path, database: MariaDb, bus: Broker, dead: int) -> None:
    async def use(client: Any, _: Any) -> None:
        sections = document(database, bus, dead, "right")["configuration"]
        body = {"environment": "cloud", "test_targets": ["mysql", "CLI"], "targets_configuration": sections}
        made = await client.post("/connection_tests", json=body)
        assert made.status_code == 201 and set(made.json()) == {"id", "message"}
        listed = (await client.get("/connection_tests", params={"env_name": "cloud"})).json()["connection_tests"]
        assert listed == [{"id": made.json()["id"], "test_targets": ["mysql", "CLI"],
                           "test_results": {"mysql": True, "CLI": False}}]  # fmt: skip
        answer = await client.get("/connection_tests", params={"env_name": "cloud", "id": made.json()["id"]})
        whole = answer.json()
        assert whole["status"] == "response" and whole["response_time"] >= 0
        assert "right" not in answer.text and "Unreachable" in whole["errors"]["CLI"]
        for name, value, count in (("status", "response", 1), ("status", "request", 0), ("test_targets", "mysql", 1),
                                   ("test_results", "true", 1), ("page", "1", 0), ("page_size", "5", 1)):  # fmt: skip
            found = await client.get("/connection_tests", params={"env_name": "cloud", name: value})
            assert len(found.json()["connection_tests"]) == count, name
        assert (await client.get("/connection_tests")).status_code == 400
        assert (
            await client.get("/connection_tests", params={"env_name": "cloud", "test_targets": "moon"})
        ).status_code == 400
        for wrong in ({}, {**body, "test_targets": ["moon"]}, {**body, "environment": "nowhere"}):
            assert (await client.post("/connection_tests", json=wrong)).status_code == 400

    served(tmp_path, use)


def test_a_mask_stands_for_the_secret_that_is_kept(tmp_path: Path, database: MariaDb, bus: Broker, dead: int) -> None:
    home = Home(tmp_path)
    home.put(json.dumps(document(database, bus, dead, "right")))
    masked = section("mysql", database.port, user="reader", pwd="********")
    (found,) = tries(tmp_path, environment="site", sections=(masked,))
    assert found.status == "ok"
    with pytest.raises(ConfigError, match="no secret is kept"):
        tries(tmp_path, environment="site", sections=(section("NFV_provider", 1, pwd="********"),))
