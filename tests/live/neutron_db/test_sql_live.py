"""A real MariaDB: what is read and what is never written; why a question fails; restarts, TLS, SSH."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import AuthFailed, CommandFailed, ConfigError, TimedOut, TransportError, Unreachable
from calipso.model.environment import SqlAccess
from calipso.model.record import Observation, RunEnded, Seen
from calipso.seams import SourceConfig, Sql
from calipso.sources.neutron_db import SOURCE
from calipso.transports.sql import SqlTransport
from calipso.transports.ssh import SshTransport
from tests.support.mariadb import READER, SECRET, MariaDb, mariadb
from tests.support.sshd import Server

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("mariadbd") is None, reason="MariaDB is not installed: tools/test-setup does it"),
    pytest.mark.timeout(180),
]
ONE = Sql("SELECT 1 AS one")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    os.environ["CALIPSO_TEST_DB"] = SECRET
    folder = tmp_path_factory.mktemp("db")
    certificate(folder)
    with mariadb(folder / "m", f"--ssl-cert={folder}/cert.pem", f"--ssl-key={folder}/key.pem") as found:
        found.load("ml2-ovs")
        found.let_read("neutron", "nova", "nova_api", "nova_cell0")
        yield found


def certificate(folder: Path) -> None:
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(folder / "key.pem"),
            "-out", str(folder / "cert.pem"),
        ],
        check=True, capture_output=True,
    )  # fmt: skip


def access(server: MariaDb, **more: Any) -> SqlAccess:
    said = {"host": "127.0.0.1", "port": server.port, "user": READER, "password": "env:CALIPSO_TEST_DB", **more}
    return SqlAccess(**said)


@asynccontextmanager
async def reached(server: MariaDb, through: SshTransport | None = None, **more: Any) -> AsyncIterator[SqlTransport]:
    transport = SqlTransport(access(server, **more), through=through)
    try:
        yield transport
    finally:
        await transport.close()


def asked(server: MariaDb, request: Sql, **more: Any) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        async with reached(server, **more) as transport:
            return json.loads((await transport.ask(request)).body)

    return asyncio.run(ask())


def test_rows_and_their_values(server: MariaDb) -> None:
    said = asked(server, Sql("SELECT %s AS n, 'a%%b' AS t, NULL AS nothing, x'00ff' AS octets", ("o'ne",)))
    assert said == {"columns": ["n", "t", "nothing", "octets"], "rows": [["o'ne", "a%b", None, "AP8="]]}
    (moment,) = asked(server, Sql("SELECT CAST('2026-01-02 03:04:05' AS DATETIME) AS at"))["rows"]
    assert moment == ["2026-01-02T03:04:05"]


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM neutron.ports", "SELECT 1 INTO OUTFILE 'x'", "SELECT * FROM neutron.ports FOR UPDATE",
        "SELECT 1; DELETE FROM neutron.ports", "SET GLOBAL read_only = 1", "SELECT GET_LOCK('x', 10)",
    ],
)  # fmt: skip
def test_only_questions_are_asked(server: MariaDb, text: str) -> None:
    with pytest.raises(TransportError):
        asked(server, Sql(text))
    assert int(server.sql("SELECT count(*) FROM neutron.ports")) == 16


def test_the_session_itself_could_not_write(server: MariaDb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even for a user who may do everything, and with a text that the transport would not let through."""
    server.sql("CREATE OR REPLACE USER 'all'@'%' IDENTIFIED BY ''; GRANT ALL ON *.* TO 'all'@'%'")
    monkeypatch.setattr("calipso.transports.sql._READS", __import__("re").compile(""))
    for text in ("DELETE FROM neutron.ports", "DROP TABLE neutron.ports", "CREATE TABLE neutron.x (i int)"):
        with pytest.raises(CommandFailed, match="READ ONLY"):
            asked(server, Sql(text), user="all", password="")
    assert int(server.sql("SELECT count(*) FROM neutron.ports")) == 16


def test_why_a_question_fails(server: MariaDb) -> None:
    with pytest.raises(CommandFailed, match=r"neutron\.nothing") as missing:
        asked(server, Sql("SELECT 1 FROM neutron.nothing"))
    assert missing.value.exit_code == 1146
    with pytest.raises(AuthFailed, match="Access denied"):
        asked(server, ONE, user="nobody")
    with pytest.raises(AuthFailed, match="mysql"):
        asked(server, Sql("SELECT user FROM mysql.global_priv"))
    server.sql("CREATE OR REPLACE USER 'few'@'%' IDENTIFIED BY ''; GRANT SELECT ON neutron.agents TO 'few'@'%'")
    with pytest.raises(AuthFailed, match="ports"):
        asked(server, Sql("SELECT id FROM neutron.ports"), user="few", password="")
    with pytest.raises(TimedOut):
        asked(server, Sql("SELECT BENCHMARK(2000000000, SHA2('x', 512)) AS b", timeout=0.5))
    with pytest.raises(ConfigError, match="CALIPSO_NOT_SET"):
        SqlTransport(access(server, password="env:CALIPSO_NOT_SET"))


def test_a_question_that_took_too_long_is_ended_by_the_server_and_the_next_one_answered(server: MariaDb) -> None:
    async def run() -> None:
        async with reached(server) as transport:
            with pytest.raises(TimedOut):
                await transport.ask(Sql("SELECT BENCHMARK(2000000000, SHA2('y', 512)) AS b", timeout=0.5))
            assert (await transport.ask(ONE)).body

    asyncio.run(run())
    ends = time.monotonic() + 15
    while "BENCHMARK" in server.sql("SELECT info FROM information_schema.processlist WHERE id <> CONNECTION_ID()"):
        assert time.monotonic() < ends, "it still runs"
        time.sleep(0.2)


def test_a_connection_that_ended_meanwhile_is_made_anew(server: MariaDb) -> None:
    async def run() -> None:
        async with reached(server) as transport:
            await transport.ask(ONE)
            server.sql(f"KILL USER '{READER}'")
            assert (await transport.ask(ONE)).body
            server.stop()
            with pytest.raises(Unreachable):
                await transport.ask(ONE)
            server.start(*TLS)
            assert (await transport.ask(ONE)).body

    TLS = [f"--ssl-cert={server.folder.parent}/cert.pem", f"--ssl-key={server.folder.parent}/key.pem"]
    asyncio.run(run())


def test_a_server_that_hangs(server: MariaDb) -> None:
    async def run() -> None:
        async with reached(server, connect_timeout=0.5) as transport, reached(server) as connected:
            await connected.ask(ONE)
            os.kill(server.pid, signal.SIGSTOP)
            try:
                for each, request in ((transport, ONE), (connected, Sql("SELECT 1", timeout=0.5))):
                    with pytest.raises(TimedOut):
                        await each.ask(request)
            finally:
                os.kill(server.pid, signal.SIGCONT)
            assert (await transport.ask(ONE)).body == (await connected.ask(ONE)).body

    asyncio.run(run())


def test_encrypted_where_asked_for(server: MariaDb, tmp_path: Path) -> None:
    folder = server.folder.parent
    cipher = Sql("SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'")
    assert asked(server, cipher, tls="off")["rows"] == [[""]]
    for more in ({"tls": "preferred"}, {"tls": "required"}, {"tls": "verify", "ca": str(folder / "cert.pem")}):
        assert asked(server, cipher, **more)["rows"] != [[""]], more
    certificate(tmp_path)
    with pytest.raises(Unreachable, match="TLS"):
        asked(server, ONE, tls="verify", ca=str(tmp_path / "cert.pem"))
    server.sql("CREATE OR REPLACE USER 'tls'@'%' IDENTIFIED BY '' REQUIRE SSL")
    with pytest.raises(AuthFailed):
        asked(server, ONE, user="tls", password="", tls="off")
    with pytest.raises(ConfigError):
        SqlTransport(access(server, tls="verify", ca=str(tmp_path / "none.pem")))


def test_through_a_host_by_ssh(server: MariaDb, tmp_path: Path) -> None:
    async def run(gate: Server, port: int) -> list[Observation]:
        transport = SqlTransport(access(server, port=port), through=SshTransport(gate.ssh))
        try:
            return [each async for each in SOURCE.collect(transport, SourceConfig(host="db"))]
        finally:
            await transport.close()

    with Server(tmp_path / "ssh").running() as gate:
        assert {each.status for each in asyncio.run(run(gate, server.port)) if isinstance(each, RunEnded)} == {
            "completed"
        }
        refused = [each for each in asyncio.run(run(gate, 1)) if isinstance(each, RunEnded)]
    assert {each.status for each in refused} == {"failed"}


def test_neutrons_database_as_it_changes(server: MariaDb) -> None:
    async def run() -> list[dict[str, Any]]:
        async with reached(server) as transport:
            out = []
            for change in (
                "",
                "UPDATE ml2_port_bindings SET host='cmp9' WHERE host='cmp1'",
                "DELETE FROM provisioningblocks",
            ):
                if change:
                    server.sql(change, "neutron")
                out.append([each async for each in SOURCE.collect(transport, SourceConfig(host="db"))])
            return out

    before, after, _ = asyncio.run(run())
    assert {each.status for each in (*before, *after) if isinstance(each, RunEnded)} == {"completed"}
    hosts = [
        {record.attributes.get("host") for each in said if isinstance(each, Seen) for record in each.records
         if record.type == "port"} for said in (before, after)
    ]  # fmt: skip
    assert "cmp1" in hosts[0] and "cmp9" in hosts[1] and "cmp1" not in hosts[1]
    server.load("ml2-ovs")
