"""What source `nova_db` makes of rows, cell by cell, and what it never asks for."""

from __future__ import annotations

import asyncio

from calipso.errors import TransportError, Unreachable
from calipso.model.record import Observation, RunEnded, ScopeGone, Seen
from calipso.seams import SourceConfig
from calipso.sources.nova_db import SOURCE
from tests.support.databases_said import API_ROWS, CELL_ROWS, CLOUD, DatabaseServer, collected, records

EMPTY = {name: [dict.fromkeys(rows[0])] for name, rows in CELL_ROWS.items()}


def ends(found: list[Observation]) -> dict[str, RunEnded]:
    return {each.scope.part: each for each in found if isinstance(each, RunEnded)}


def cell(number: int) -> dict[str, list[dict[str, object]]]:
    """A cell with one server and its host."""
    host = f"cmp{number}"
    return {
        "instances": [{"uuid": f"u{number}", "display_name": "x", "host": host, "deleted": 0}],
        "services": [{"id": 1, "host": host, "binary": "nova-compute", "disabled": 0, "deleted": 0}],
        "compute_nodes": [{"service_id": 1, "hypervisor_hostname": host, "hypervisor_type": "QEMU", "deleted": 0}],
    }


def mapped(*cells: tuple[int, str, str]) -> dict[str, list[dict[str, object]]]:
    return {
        **API_ROWS,
        "cell_mappings": [{"id": id, "name": name, "disabled": 0, "database": of} for id, name, of in cells],
        "host_mappings": [{"cell_id": id, "host": f"cmp{id}"} for id, _, _ in cells],
    }


def test_servers_are_those_that_are_neither_deleted_nor_hidden() -> None:
    found = records(collected(SOURCE, CLOUD))
    assert {id for id in found if id.startswith("instance:")} == {"instance:i1"}
    server = found["instance:i1"].attributes
    assert (server["created"], server["memory"], server["cell"]) == ("2026-01-01T00:00:00Z", 512 << 20, "cell1")


def test_hosts_are_those_of_services_and_hypervisors_but_bare_metal_is_none() -> None:
    found = records(collected(SOURCE, CLOUD))
    assert set(found) - {"instance:i1"} == {"cmp1", "ctl"}
    assert found["cmp1"].attributes["fqdn"] == "cmp1.example.org"
    assert found["cmp1"].attributes["services"] == [
        {"binary": "nova-compute", "status": "disabled", "state": "down", "disabled_reason": "upkeep"}
    ]
    assert (found["cmp1"].attributes["roles"], found["ctl"].attributes["roles"]) == (["Compute"], ["Controller"])
    assert found["cmp1"].attributes["availability_zone"] == "az1"


def test_nothing_secret_is_asked_for() -> None:
    server = DatabaseServer(CLOUD)

    async def run() -> None:
        async for _ in SOURCE.collect(server, SourceConfig(host="db")):
            pass

    asyncio.run(run())
    asked = " ".join(each.text for each in server.asked)
    assert (
        "user_data" not in asked and "key_data" not in asked and "transport_url" not in asked and "*" not in asked[:99]
    )
    urls = [each.text for each in server.asked if "database_connection" in each.text]
    assert len(urls) == 1 and "SUBSTRING_INDEX" in urls[0]


def test_each_cell_stands_alone_and_hosts_are_of_all() -> None:
    cloud = {"c1": cell(1), "c2": cell(2), "api": mapped((1, "one", "c1"), (2, "two", "c2"))}
    found = collected(SOURCE, cloud)
    assert {part: each.status for part, each in ends(found).items()} == dict.fromkeys(
        ("servers:c1", "servers:c2", "hosts"), "completed"
    )
    assert records(found)["cmp2"].attributes["cell"] == records(found)["instance:u2"].attributes["cell"] == "two"
    broken = ends(collected(SOURCE, cloud, {"c2.instances": TransportError("crashed")}))
    assert (broken["servers:c1"].status, broken["servers:c2"].status) == ("completed", "failed")
    assert broken["hosts"].status == "partial" and "crashed" in broken["hosts"].errors[0].message


def test_a_mapped_cell_that_is_not_here_is_failed_and_not_forgotten() -> None:
    found = ends(collected(SOURCE, {"c1": cell(1), "api": mapped((1, "one", "c1"), (2, "two", "far"))}))
    assert found["servers:far"].status == "failed" and "far" in found["servers:far"].errors[0].message
    assert found["hosts"].status == "partial"
    only = {"c1": cell(1), "api": mapped((1, "one", "c1"), (2, "two", "far"))}
    assert ends(collected(SOURCE, only, databases=["c1"]))["hosts"].status == "completed", "as the option says"


def test_a_cell_that_is_unmapped_goes_with_what_it_held() -> None:
    found = collected(
        SOURCE, {"c1": cell(1), "api": mapped((1, "one", "c1"))}, known=["hosts", "servers:c1", "servers:c2"]
    )
    assert [each.scope.part for each in found if isinstance(each, ScopeGone)] == ["servers:c2"]


def test_a_server_that_is_down_fails_all_that_is_known_of_it() -> None:
    found = collected(SOURCE, CLOUD, {"": Unreachable("refused")}, known=["hosts", "servers:nova"])
    assert {part: each.status for part, each in ends(found).items()} == {"hosts": "failed", "servers:nova": "failed"}
    assert not [each for each in found if isinstance(each, Seen | ScopeGone)]


def test_without_cells_a_database_is_read_as_it_is() -> None:
    found = collected(SOURCE, {"nova": cell(1)})
    assert records(found)["instance:u1"].attributes["cell"] == "nova"
    assert records(found)["cmp1"].attributes["hypervisor_type"] == "QEMU", "by its service: it has no host column"
