"""The original's REST resources with all their parameters, on a recorded OpenStack: filters, pages, shapes, codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from calipso.operations.original_parameters import RESOURCES
from calipso.runtime.system import System
from calipso.web.calipso_api import SERVED
from tests.support.cloud_served import TOKEN, served

ENV = {"env_name": "cloud"}
RED_1 = "4e1ed217-4c44-4861-bfb7-c0003f5e5b06"
NET_RED = "63aadad0-8f9e-4e80-8b8a-abab76a185b8"
Said = dict[str, Any]


async def get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(client: httpx.AsyncClient, path: str, **parameters: Any) -> str:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["title"]) == (400, "Bad Request")
    return str(error["message"])


def test_inventory(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, _: System) -> None:
        listed = (await get(client, "/inventory", **ENV))["objects"]
        assert len(listed) > 90 and set(listed[0]) == {"id", "name", "name_path"}
        red = await get(client, "/inventory", **ENV, id=RED_1)
        assert (red["name"], red["type"], red["host"]) == ("red-1", "instance", "cmp1")
        by_path = await get(client, "/inventory", **ENV, id_path=red["id_path"])
        assert [each["id"] for each in by_path["objects"]] == [RED_1]
        children = await get(client, "/inventory", **ENV, parent_id="cmp1-instances")
        assert {each["name"] for each in children["objects"]} >= {"red-1"}
        above = red["id_path"].rpartition("/")[0]
        direct = await get(client, "/inventory", **ENV, parent_path=above)
        below = await get(client, "/inventory", **ENV, parent_path=above, sub_tree="true")
        assert {each["id"] for each in direct["objects"]} == {each["id"] for each in children["objects"]}
        assert len(below["objects"]) > len(direct["objects"])
        assert all(each["name_path"].startswith(red["name_path"].rpartition("/")[0]) for each in below["objects"])
        vnics = await get(client, "/inventory", **ENV, type="vnic", projection="id,mac_address,type")
        assert len(vnics["objects"]) == 14 and set(vnics["objects"][0]) <= {"id", "mac_address", "type"}
        assert (await get(client, "/inventory", **ENV, scanned_before="2000-01-01T00:00:00Z"))["objects"] == []
        assert (await get(client, "/inventory", **ENV, scanned_after="2000-01-01T00:00:00Z"))["objects"]
        pages = [(await get(client, "/inventory", **ENV, page=n, page_size=40))["objects"] for n in range(4)]
        assert [each for page in pages for each in page] == listed
        assert (await get(client, "/inventory", **ENV, all="true", page_size=1))["objects"] == listed
        assert (await get(client, "/inventory"))["objects"]  # all environments
        assert await get(client, "/inventory", **ENV, id="nothing") == {}
        assert "unknown environment: nowhere" in await refused(client, "/inventory", env_name="nowhere")
        assert "colour" in await refused(client, "/inventory", **ENV, colour="red")
        assert "sub_tree" in await refused(client, "/inventory", **ENV, sub_tree="perhaps")
        assert "page" in await refused(client, "/inventory", **ENV, page="-1")

    served(tmp_path, use)


def test_links(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, _: System) -> None:
        listed = (await get(client, "/links", **ENV))["links"]
        assert set(listed[0]) <= {"id", "link_name", "link_type", "environment", "host"}
        one = await get(client, "/links", **ENV, id=listed[0]["id"])
        assert one["_id"] == one["id"] == listed[0]["id"] and one["link_weight"] == 0
        vnics = (await get(client, "/links", **ENV, link_type="instance-vnic"))["links"]
        assert len(vnics) == 6 and {each["link_type"] for each in vnics} == {"instance-vnic"}
        mine = (await get(client, "/links", **ENV, source_id=RED_1))["links"]
        whole = await get(client, "/links", **ENV, id=mine[0]["id"])
        assert whole["attributes"]["network"] == NET_RED
        for name in ("target_id", "link_name", "host", "state"):
            found = (await get(client, "/links", **ENV, **{name: whole[name]}))["links"]
            assert mine[0] in found and len(found) < len(listed)
        on = (await get(client, "/links", **ENV, **{"attributes:network": NET_RED}))["links"]
        assert mine[0] in on and len(on) < len(listed)
        both = (await get(client, "/links", **ENV, source_id=RED_1, link_type="vnic-vedge"))["links"]
        assert both == []
        paged = (await get(client, "/links", **ENV, page=1, page_size=5))["links"]
        assert paged == listed[5:10]
        assert "link_type" in await refused(client, "/links", **ENV, link_type="instance-moon")
        assert "state" in await refused(client, "/links", **ENV, state="sideways")
        assert "ObjectId" in await refused(client, "/links", **ENV, id="short")

    served(tmp_path, use)


def test_cliques(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, _: System) -> None:
        listed = (await get(client, "/cliques", **ENV))["cliques"]
        assert len(listed) == 14 and set(listed[0]) == {"id", "focal_point_type", "environment"}
        red = await get(client, "/inventory", **ENV, id=RED_1)
        (mine,) = (await get(client, "/cliques", **ENV, focal_point=red["_id"]))["cliques"]
        whole = await get(client, "/cliques", **ENV, id=mine["id"])
        assert whole["focal_point_object_id"] == RED_1 and whole["constraints"] == {"network": NET_RED}
        types = [each["link_type"] for each in whole["links_detailed"]]
        assert types[:3] == ["instance-vnic", "vnic-vconnector", "vconnector-vedge"]
        assert (await get(client, "/cliques", **ENV, focal_point_object_id=RED_1))["cliques"] == [mine]
        of_type = (await get(client, "/cliques", **ENV, focal_point_type="instance"))["cliques"]
        assert len(of_type) == 5
        with_link = (await get(client, "/cliques", **ENV, link_id=whole["links"][0]))["cliques"]
        assert mine in with_link
        bridged = (await get(client, "/cliques", **ENV, link_type="vnic-vconnector"))["cliques"]
        assert mine in bridged and len(bridged) < len(listed)
        assert (await get(client, "/cliques", **ENV, page=1, page_size=10))["cliques"] == listed[10:]
        assert "focal_point_type" in await refused(client, "/cliques", **ENV, focal_point_type="moon")

    served(tmp_path, use)


def test_clique_types_and_constraints_are_listed_added_and_used(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, _: System) -> None:
        listed = (await get(client, "/clique_types", env_name="ANY"))["clique_types"]
        assert {"instance", "vservice", "network", "switch"} <= {each["focal_point_type"] for each in listed}
        kolla = (await get(client, "/clique_types", distribution="Kolla", focal_point_type="instance"))["clique_types"]
        assert [each["name"] for each in kolla] == ["instance"]
        assert (await get(client, "/clique_types", id=kolla[0]["id"]))["distribution"] == "Kolla"
        both = [("link_type", "vnic-vedge"), ("link_type", "vservice-vnic")]
        found = (await client.get("/clique_types", params=both)).json()["clique_types"]
        assert found and all({"vnic-vedge", "vservice-vnic"} <= set(each["link_types"]) for each in found)
        for name, value in (
            ("distribution_version", "27747"),
            ("mechanism_drivers", "Calico"),
            ("type_drivers", "bgp"),
        ):
            assert (await get(client, "/clique_types", **{name: value}))["clique_types"]
        body: Said = {
            "name": "short",
            "environment": "cloud",
            "focal_point_type": "instance",
            "link_types": ["instance-vnic"],
        }
        made = await client.post("/clique_types", json=body)
        assert made.status_code == 201 and set(made.json()) == {"id", "message"}
        (mine,) = (await get(client, "/clique_types", name="short"))["clique_types"]
        assert mine["id"] == made.json()["id"] and mine["environment"] == "cloud"
        (clique,) = (await get(client, "/cliques", **ENV, focal_point_object_id=RED_1))["cliques"]
        whole = await get(client, "/cliques", **ENV, id=clique["id"])
        assert whole["clique_type"] == mine["id"]
        assert {each["link_type"] for each in whole["links_detailed"]} == {"instance-vnic"}
        assert (await client.post("/clique_types", json=body)).status_code == 409
        for wrong in (
            {**body, "environment": "ANY"},
            {**body, "distribution": "Kolla"},
            {**body, "link_types": ["a-b"]},
            {**body, "focal_point_type": "moon"},
            {**body, "environment": "nowhere"},
            {"name": "short"},
        ):
            assert (await client.post("/clique_types", json=wrong)).status_code == 400, wrong

        kept = (await get(client, "/clique_constraints"))["clique_constraints"]
        assert set(kept[0]) == {"id"}
        (of,) = (await get(client, "/clique_constraints", focal_point_type="network"))["clique_constraints"]
        whole = await get(client, "/clique_constraints", id=of["id"])
        assert (whole["focal_point_type"], whole["constraints"]) == ("network", ["network"])
        assert of in (await get(client, "/clique_constraints", constraint="network"))["clique_constraints"]
        free = await client.post("/clique_constraints", json={"focal_point_type": "network", "constraints": []})
        assert free.status_code == 201
        before = (await get(client, "/cliques", **ENV, focal_point_object_id=NET_RED))["cliques"]
        assert (await get(client, "/cliques", **ENV, id=before[0]["id"]))["constraints"] == {}

    served(tmp_path, use)


def test_constants_templates_aggregates(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, _: System) -> None:
        states = await get(client, "/constants", name="link_states")
        assert states["data"] == [{"label": "up", "value": "up"}, {"label": "down", "value": "down"}]
        assert await get(client, "/constants", name="none_such") == {}
        assert "name" in await refused(client, "/constants")
        for parameters in ({}, {"order": 1}, {"side": "client"}, {"type": "client.json"}, {"id": "0" * 24}):
            found = await get(client, "/monitoring_config_templates", **parameters)
            assert found in ({}, {"monitoring_config_templates": []})
        assert "side" in await refused(client, "/monitoring_config_templates", side="middle")
        counted = await get(client, "/aggregates", type="environment", **ENV)
        assert counted["env_name"] == "cloud" and counted["aggregates"]["object_types"]["instance"] == 5
        names = (await get(client, "/aggregates", type="constant"))["aggregates"]["names"]
        assert names["link_states"] == 2
        assert set((await get(client, "/aggregates", type="message"))["aggregates"]) == {"levels", "environments"}
        assert "type" in await refused(client, "/aggregates")
        assert "env_name" in await refused(client, "/aggregates", type="environment")

    served(tmp_path, use)


DOCUMENT: Said = {
    "name": "new-cloud", "type": "environment", "environment_type": "OpenStack", "distribution": "Kolla",
    "distribution_version": "rocky", "mechanism_drivers": ["OVS"], "type_drivers": "vxlan", "app_path": "/app",
    "listen": False, "operational": "stopped", "user": "somebody",
    "configuration": [
        {"name": "OpenStack", "host": "192.0.2.1", "port": "5000", "user": "admin", "pwd": "env:OS_PASSWORD"},
        {"name": "mysql", "host": "192.0.2.1", "port": "3306", "user": "root", "pwd": "env:DB_PASSWORD"},
        {"name": "CLI", "host": "192.0.2.1", "user": "root", "key": "~/.ssh/id"},
    ],
}  # fmt: skip


def test_environment_configs(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, _: System) -> None:
        listed = (await get(client, "/environment_configs"))["environment_configs"]
        assert {each["name"] for each in listed} == {"local", "cloud"}
        assert set(listed[0]) == {"id", "name", "distribution"}
        made = await client.post("/environment_configs", json=DOCUMENT)
        assert made.status_code == 201, made.text
        assert made.json()["message"] == "created environment_config for new-cloud"
        asked = {
            "name": "new-cloud", "distribution": "Kolla", "distribution_version": "rocky", "mechanism_drivers": "OVS",
            "type_drivers": "vxlan", "user": "somebody", "listen": "false", "scanned": "false",
            "monitoring_setup_done": "false", "operational": "stopped", "environment_type": "OpenStack",
        }  # fmt: skip
        assert set(asked) == set(RESOURCES["environment_configs"].parameters) - {"id"}
        for name, value in asked.items():
            found = (await get(client, "/environment_configs", **{name: value}))["environment_configs"]
            assert "new-cloud" in {each["name"] for each in found}, name
        assert (await client.post("/environment_configs", json=DOCUMENT)).status_code == 409
        lacking = {name: value for name, value in DOCUMENT.items() if name not in ("name", "mechanism_drivers")}
        for wrong in (
            lacking,
            {**DOCUMENT, "name": "x", "configuration": []},
            {**DOCUMENT, "name": "y", "listen": True},
        ):
            answer = await client.post("/environment_configs", json=wrong)
            assert answer.status_code == 400 and "message" in answer.json()["error"], wrong

    served(tmp_path, use)


def test_tokens(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, system: System) -> None:
        said = {"auth": {"methods": ["credentials"], "credentials": {"username": "admin", "password": TOKEN}}}
        got = await client.post("/auth/tokens", json=said)
        assert got.status_code == 201 and set(got.json()) == {"_id", "token", "issued_at", "expires_at", "method"}
        shown = {"X-Auth-Token": got.json()["token"]}
        assert (await client.get("/inventory", headers=shown)).status_code == 200
        again = await client.post("/auth/tokens", json={"auth": {"methods": ["token"], "token": got.json()["token"]}})
        assert again.status_code == 201 and again.json()["method"] == "token"
        assert (await client.get("/inventory", auth=("admin", TOKEN))).status_code == 200
        for wrong in ({}, {"X-Auth-Token": "wrong"}, {"Authorization": "Basic !"}):
            answer = await client.get("/links", headers=wrong)
            assert answer.status_code == 401 and answer.json()["error"]["code"] == 401
        assert (await client.get("/inventory", auth=("somebody", TOKEN))).status_code == 401
        for body in (
            {"auth": {"methods": ["token"], "token": "wrong"}},
            {"auth": {"methods": ["credentials"], "credentials": {"username": "x", "password": TOKEN}}},
        ):
            assert (await client.post("/auth/tokens", json=body)).status_code == 401
        for body in ({}, {"auth": {"methods": ["magic"]}}, {"auth": {"methods": []}}):
            assert (await client.post("/auth/tokens", json=body)).status_code == 400
        assert (await client.delete("/auth/tokens", headers=shown)).status_code == 200
        assert (await client.get("/inventory", headers=shown)).status_code == 401
        other = {"X-Auth-Token": again.json()["token"]}
        assert (await client.get("/inventory", headers=other)).status_code == 200
        reader = system.tokens.create("reader", ["read"], 0)
        answer = await client.post("/clique_types", json={}, headers={"X-Auth-Token": reader})
        assert answer.status_code == 403
        mine = await client.post(
            "/auth/tokens",
            json={"auth": {"methods": ["credentials"], "credentials": {"username": "reader", "password": reader}}},
        )
        system.tokens.revoke("reader")  # ends what was got with it too
        assert (await client.get("/links", headers={"X-Auth-Token": mine.json()["token"]})).status_code == 401

    served(tmp_path, use, {})


@pytest.mark.parametrize("resource", SERVED)
def test_no_resource_takes_what_it_does_not_know(tmp_path: Path, resource: str) -> None:
    async def use(client: httpx.AsyncClient, _: System) -> None:
        assert "Unknown parameter" in await refused(client, f"/{resource}", nonsense="1", **ENV)
        assert (
            await client.post(f"/{resource}", content="{", headers={"Content-Type": "application/json"})
        ).status_code in (400, 405)

    served(tmp_path, use)
