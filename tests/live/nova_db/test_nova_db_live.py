"""Nova's databases on a real MariaDB: cells by what their URLs say, grants that lack, rows that are deleted."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator

import pytest

from calipso.model.environment import SqlAccess
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.seams import SourceConfig
from calipso.sources.nova_db import SOURCE
from calipso.transports.sql import SqlTransport
from tests.support.mariadb import READER, SECRET, MariaDb, mariadb

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("mariadbd") is None, reason="MariaDB is not installed: tools/test-setup does it"),
    pytest.mark.timeout(180),
]
ALL = ("nova", "nova_api", "nova_cell0")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    os.environ["CALIPSO_TEST_DB"] = SECRET
    with mariadb(tmp_path_factory.mktemp("db") / "m") as found:
        yield found


@pytest.fixture
def server(running: MariaDb) -> MariaDb:
    running.load("ml2-ovs")
    running.let_read(*ALL)
    return running


def looked(server: MariaDb) -> tuple[dict[str, Record], dict[str, RunEnded]]:
    async def run() -> list[Observation]:
        access = SqlAccess(host="127.0.0.1", port=server.port, user=READER, password="env:CALIPSO_TEST_DB")
        transport = SqlTransport(access)
        try:
            return [each async for each in SOURCE.collect(transport, SourceConfig(host="db"))]
        finally:
            await transport.close()

    said = asyncio.run(run())
    found = {record.id: record for each in said if isinstance(each, Seen) for record in each.records}
    return found, {each.scope.part: each for each in said if isinstance(each, RunEnded)}


def test_cells_are_known_by_their_urls_and_nothing_more_of_these_is_told(server: MariaDb) -> None:
    found, ends = looked(server)
    assert {part: each.status for part, each in ends.items()} == dict.fromkeys(
        ("hosts", "servers:nova", "servers:nova_cell0"), "completed"
    )
    assert {each.attributes["cell"] for each in found.values() if each.type == "server"} == {"cell1"}
    odd = (
        "'mysql+pymysql://nova:never-told@db'", "'{scheme}://{username}:{password}@{hostname}/{path}?{query}'", "NULL",
        "'mysql+pymysql://nova:never/told@db/other?charset=utf8'", "'mysql://nova:never-told@db:3306/'",
        "'mysql://nova:never?told@db/x'", "'never-told'", "'mysql://n:a@never-told@[2001:db8::1]:3306/far?x=y@z/w'",
    )  # fmt: skip
    for number, url in enumerate(odd, 10):
        values = f"({number}, '{number}', 'odd', {url})"
        server.sql(f"INSERT INTO cell_mappings (id, uuid, name, database_connection) VALUES {values}", "nova_api")
    found, ends = looked(server)
    assert "never" not in repr(found) + repr(ends) and "told" not in repr(ends)
    assert set(ends) == {"hosts", "servers:nova", "servers:nova_cell0", "servers:far"}


def test_a_deleted_server_goes_and_a_failed_one_is_in_its_own_cell(server: MariaDb) -> None:
    before, _ = looked(server)
    server.sql(
        "UPDATE instances SET deleted = id, deleted_at = now() WHERE display_name = 'red-1' AND deleted = 0", "nova"
    )
    server.sql(
        "INSERT INTO instances (uuid, display_name, vm_state, deleted) VALUES ('u0', 'lost', 'error', 0)", "nova_cell0"
    )
    after, _ = looked(server)
    assert {before[id].attributes["name"] for id in set(before) - set(after)} == {"red-1"}
    assert set(after) - set(before) == {"instance:u0"}
    assert after["instance:u0"].attributes["cell"] == "cell0"


def test_a_cell_that_may_not_be_read_fails_and_takes_no_host_with_it(server: MariaDb) -> None:
    server.let_read("nova_api", "nova_cell0")
    _, ends = looked(server)
    assert ends["servers:nova"].status == "failed" and ends["servers:nova_cell0"].status == "completed"
    assert ends["hosts"].status == "partial" and "nova" in ends["hosts"].errors[0].message
    server.let_read("neutron")
    found, ends = looked(server)
    assert not found and ends["hosts"].status == "failed"
