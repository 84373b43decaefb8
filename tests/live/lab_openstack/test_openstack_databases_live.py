"""labs/openstack: its databases, read beside its API, speak of the same cloud, and of bindings that no API tells."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import yaml

from calipso.graph.protocol import GraphReader
from calipso.model import ids
from calipso.runtime.home import Home
from calipso.runtime.system import opened
from labs.openstack import declaration as d
from labs.openstack.database import READER
from labs.openstack.environment import NAME, SECRET, environment
from labs.openstack.running import OUTSIDE, Running
from tests.support.openstack_lab import told_by

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
NEUTRON, NOVA = ("network", "router", "port", "segment", "trunk", "network_agent"), ("instance",)
"""Kinds that the databases speak of as the APIs do, but for what an API makes up."""


@pytest.fixture(scope="module")
def read(lab: Running, tmp_path_factory: pytest.TempPathFactory) -> GraphReader:
    """After a scan of APIs and databases that met no error."""
    said = yaml.safe_load(environment(lab))
    reached = {"host": d.CTL.address, "user": READER, "password": f"file:{lab.state / SECRET}"}
    said["hosts"]["databases"] = {"mysql": reached, "pid_file": str(lab.state / f"{OUTSIDE}.pid")}
    said["sources"] |= {"neutron_db": {}, "nova_db": {}}
    home = Home(tmp_path_factory.mktemp("databases") / "home")
    home.prepare()
    (home.environments / f"{NAME}.yaml").write_text(yaml.safe_dump(said))

    async def run() -> GraphReader:
        async with opened(home, NAME) as system:
            assert await system.scan(NAME) == []
            return system.site(NAME).graph()

    return asyncio.run(run())


def of(graph: GraphReader, id: str, facet: str) -> dict[str, Any]:
    head = graph.resolve(id)
    assert head is not None, id
    return next(
        (dict(each.attributes) for each in graph.facets(head) if each.name.partition("@")[0] == facet), {}
    )  # fmt: skip


def test_databases_and_apis_speak_of_the_same_objects(lab: Running, read: GraphReader) -> None:
    for kinds, facets in ((NEUTRON, ("neutron", "neutron_db")), (NOVA, ("nova", "nova_db"))):
        by_api, by_database = (told_by(read, (facet,)) for facet in facets)
        for kind in kinds:
            if kind == "network_agent" and lab.mechanism == "ovn":  # OVN's are in its own database
                continue
            assert by_database.get(kind, {}).keys() == by_api.get(kind, {}).keys(), kind


def test_a_distributed_port_is_bound_on_each_host_of_its_router(
    lab: Running, read: GraphReader, facts: dict[str, Any]
) -> None:
    wanted: dict[str, set[str]] = {}
    for service in facts["services"]:
        for port in service["ports"]:
            if port["owner"] == "network:router_interface_distributed":
                wanted.setdefault(port["id"], set()).add(service["host"])
    assert bool(wanted) == (lab.routers == "dvr")
    for port, hosts in wanted.items():
        told = of(read, ids.by_uuid("port", port), "neutron_db")
        assert {each["host"] for each in told["bindings"]} == hosts and "host" not in told


def test_hosts_with_distributed_routers_have_an_address_for_them(lab: Running, read: GraphReader) -> None:
    macs = {host.name: of(read, host.name, "neutron_db").get("dvr_mac") for host in d.HOSTS}
    if lab.routers == "dvr":
        assert len(set(macs.values())) == len(d.HOSTS) and all(macs.values())
    else:
        assert set(macs.values()) == {None}


def test_a_router_on_several_hosts_is_where_the_api_says(
    lab: Running, read: GraphReader, facts: dict[str, Any]
) -> None:
    for router in facts["objects"]["router"]:
        told, listed = (of(read, ids.by_uuid("router", router), each) for each in ("neutron_db", "neutron"))
        states = [[(each["host"], each["state"]) for each in one.get("ha_states", ())] for one in (told, listed)]
        assert states[0] == states[1] and bool(states[0]) == (lab.routers == "ha")
        for name in ("distributed", "ha"):  # routers of OVN are neither: one does not say so, the other says no
            assert told.get(name, False) == listed.get(name, False), name
