"""The original's documents of real clouds: its shapes, its ids, a tree without holes, every reference resolved."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from calipso.cli import original
from calipso.cli.main import app
from calipso.errors import NotFound, QueryError
from calipso.model import constants
from calipso.model.environment import Environment
from calipso.model.scoring import clique_types
from calipso.operations.original_documents import Documents
from tests.replay.openstack.test_openstack_replay import graph_with
from tests.replay.openstack.test_worked_examples import CLOUDS
from tests.support.system import ESTATE, ask, estate, run

CLOUD = Environment(name="cloud", type="OpenStack", mechanism_drivers=("OVS",), cliques="calipso")
COMMON = {
    "_id", "id", "environment", "type", "name", "object_name", "id_path", "name_path", "parent_id", "parent_type",
    "show_in_tree",
}  # fmt: skip
RED_1 = "4e1ed217-4c44-4861-bfb7-c0003f5e5b06"
NET_RED = "63aadad0-8f9e-4e80-8b8a-abab76a185b8"


@cache
def documents(cloud: str) -> dict[str, list[dict[str, Any]]]:
    made = Documents(graph_with(cloud), CLOUD, clique_types(CLOUD), {"cmp1": 1_700_000_000_000_000})
    return {name: list(made.all(name)) for name in ("inventory", "links", "cliques")}


def one(cloud: str, type: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in documents(cloud)["inventory"] if (each["type"], each["name"]) == (type, name))
    return found


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_tree_has_no_holes_and_ids_are_unique(cloud: str) -> None:
    inventory = documents(cloud)["inventory"]
    assert len(inventory) > 50
    assert all(set(each) >= COMMON for each in inventory)
    assert len({(each["type"], each["id"]) for each in inventory}) == len(inventory)
    assert len({each["_id"] for each in inventory}) == len(inventory)
    by_id = {(each["type"], each["id"]): each for each in inventory}
    for each in inventory:
        assert each["id_path"].endswith("/" + each["id"])
        if each["parent_type"] == "environment":
            assert each["parent_id"] == "cloud" and each["id_path"] == f"/cloud/{each['id']}"
        else:
            above = by_id[each["parent_type"], each["parent_id"]]
            assert each["id_path"] == f"{above['id_path']}/{each['id']}"
            assert each["name_path"] == f"{above['name_path']}/{each['name']}"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_links_and_cliques_refer_to_what_is_there(cloud: str) -> None:
    made = documents(cloud)
    by_object_id = {each["_id"]: each for each in made["inventory"]}
    links = {each["_id"]: each for each in made["links"]}
    assert len(links) == len(made["links"]) > 15
    for link in made["links"]:
        source, target = by_object_id[link["source"]], by_object_id[link["target"]]
        assert (link["source_id"], link["target_id"]) == (source["id"], target["id"])
        assert link["link_type"] == f"{source['type']}-{target['type']}"
        assert link["link_type"] in constants.SECOND_GENERATION["link_types"]
        assert link["state"] in ("up", "down")
    assert len(made["cliques"]) > 5
    for clique in made["cliques"]:
        assert by_object_id[clique["focal_point"]]["clique"] is True
        assert set(clique["links"]) <= set(links)
        assert clique["links"] == [each["_id"] for each in clique["links_detailed"]]
        assert set(clique["nodes"]) <= set(by_object_id)


def test_an_instance_is_told_as_the_original_tells_it() -> None:
    found = one("ml2-ovs", "instance", "red-1")
    assert found["id"] == found["uuid"] == RED_1
    assert found["local_name"] == "instance-00000005"
    assert (found["host"], found["project"], found["network"]) == ("cmp1", "red", [NET_RED])
    assert found["mac_address"] == "fa:16:3e:f7:ed:70"
    assert (found["parent_id"], found["parent_type"]) == ("cmp1-instances", "instances_folder")
    assert found["name_path"] == "/cloud/Regions/RegionOne/Availability Zones/nova/cmp1/Instances/red-1"
    assert found["last_scanned"] == "2023-11-14T22:13:20.000Z"


def test_services_networks_switches_and_tunnels_have_the_originals_ids_and_fields() -> None:
    service = one("ml2-ovs", "vservice", "qdhcp-net-red")
    assert service["id"] == f"ctl-qdhcp-{NET_RED}"
    assert (service["service_type"], service["parent_type"]) == ("dhcp", "vservice_dhcps_folder")
    network = one("ml2-ovs", "network", "net-red")
    assert (network["provider:network_type"], network["network"]) == ("vxlan", NET_RED)
    assert network["cidrs"] and len(network["cidrs"]) == len(network["subnet_ids"]) == len(network["subnets"])
    (vedge,) = (
        each for each in documents("ml2-ovs")["inventory"] if each["type"] == "vedge" and each["host"] == "cmp1"
    )
    assert vedge["agent_type"] == "Open vSwitch agent"
    assert {"br-int", "br-tun"} <= {each["name"] for each in vedge["ports"]}
    assert {each["options"]["remote_ip"] for each in vedge["tunnel_ports"]} == {"10.77.1.11", "10.77.1.22"}
    otep = next(each for each in documents("ml2-ovs")["inventory"] if each["id"] == "cmp1-otep")
    assert (otep["ip_address"], otep["overlay_type"], otep["parent_id"]) == ("10.77.1.21", "vxlan", vedge["id"])
    bridge = one("ml2-ovs", "vconnector", "qbr2b3d0d1d-27")
    assert bridge["interfaces_names"] == ["qvb2b3d0d1d-27", "tap2b3d0d1d-27"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_made_twice_they_are_the_same(cloud: str) -> None:
    again = Documents(graph_with(cloud), CLOUD, clique_types(CLOUD), {"cmp1": 1_700_000_000_000_000})
    for name, before in documents(cloud).items():
        assert msgspec.json.encode(list(again.all(name))) == msgspec.json.encode(before)


def test_pages_by_cursor_are_the_whole(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            for collection in ("inventory", "links", "cliques"):
                asked: dict[str, Any] = {"collection": collection, "full": True}
                whole = (await ask(system, "get_original", **asked, page_size=0)).items
                found: list[Any] = []
                answer = await ask(system, "get_original", **asked, page_size=3)
                found += answer.items
                while answer.next:
                    answer = await ask(system, "get_original", **asked, page_size=3, cursor=answer.next)
                    found += answer.items
                assert found == whole and len(whole) > 3
            with pytest.raises(NotFound):
                await ask(system, "get_original", collection="moons")
            with pytest.raises(QueryError, match="colour"):
                await ask(system, "get_original", collection="links", where=("colour=red",))
            with pytest.raises(QueryError, match="no condition"):
                await ask(system, "get_original", collection="links", where=("colour",))

    run(work())


def test_an_export_is_the_same_in_files_and_in_one_and_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def filled() -> None:
        async with estate(tmp_path / "home"):
            pass

    run(filled())
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(original, "PAGE", 4)
    runner, words = CliRunner(), ["export", "--format", "calipso-json", "--env", ESTATE]
    for name in ("one", "two"):
        assert runner.invoke(app, [*words, str(tmp_path / name)]).exit_code == 0
    files = sorted((tmp_path / "one").iterdir())
    assert {file.stem for file in files} == set(original.COLLECTIONS)
    for file in files:
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    said = runner.invoke(app, words)
    assert json.loads(said.stdout) == {file.stem: json.loads(file.read_text()) for file in files}
    assert runner.invoke(app, [*words[:2], "mongo"]).exit_code == 2
