"""What the APIs of labs/openstack answered, whole and as it was recorded: with trunk, floating IPs and an HA router."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from calipso.model.attributes import undeclared
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.runtime.recording import replay
from calipso.seams import Http
from calipso.sources.openstack.collect import LISTINGS, PARTS, TIMEOUT, VERSIONS
from calipso.transports.replay import ReplayTransport

HERE = Path(__file__).parent / "api"
CLOUDS = ("lab-ovs", "lab-ovn")
TYPES = {
    "projects": "project", "servers": "server", "networks": "network", "segments": "segment", "subnets": "subnet",
    "ports": "port", "routers": "router", "floating_ips": "floating_ip", "trunks": "trunk",
    "security_groups": "security_group", "agents": "agent", "zones": "availability_zone",
}  # fmt: skip


def transcript(cloud: str) -> Path:
    return HERE / f"openstack@{cloud}.jsonl"


@cache
def said(cloud: str) -> tuple[Observation, ...]:
    return tuple(asyncio.run(replay(transcript(cloud))))


def told(cloud: str) -> dict[tuple[str, str], Record]:
    return {(each.id, each.facet): each for one in said(cloud) if isinstance(one, Seen) for each in one.records}


def body(cloud: str, listing: str) -> list[dict[str, Any]]:
    """What was answered."""
    each = LISTINGS[listing]
    headers = {"OpenStack-API-Version": VERSIONS[each.service]} if each.service in VERSIONS else {}
    request = Http(f"openstack:{each.service}", each.path, headers=headers, timeout=TIMEOUT)
    reply = asyncio.run(ReplayTransport(transcript(cloud).read_text().splitlines()).ask(request))
    found: list[dict[str, Any]] = json.loads(reply.body)[each.key]
    return found


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_part_is_told_and_all_it_says_is_declared(cloud: str) -> None:
    ends = {each.scope.part: each.status for each in said(cloud) if isinstance(each, RunEnded)}
    there = [part.name for part in PARTS if part.service != "load-balancer" and not part.extension]
    assert ends == dict.fromkeys(there, "completed"), "there was no Octavia, FWaaS or VPNaaS"
    assert [each for record in told(cloud).values() for each in undeclared(record)] == []


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("listing", TYPES)
def test_all_that_was_listed_is_there(cloud: str, listing: str) -> None:
    names = {str(each.get("id") or each.get("zoneName")) for each in body(cloud, listing)}
    found = {id.rpartition(":")[2] for id, facet in told(cloud) if told(cloud)[id, facet].type == TYPES[listing]}
    assert found == names and names


@pytest.mark.parametrize("cloud", CLOUDS)
def test_hosts_have_resources_and_projects_in_use_have_quotas(cloud: str) -> None:
    assert {id for id, facet in told(cloud) if facet == "placement"} == {"cmp1", "cmp2"}
    users = {each["project_id"] for listing in ("networks", "routers") for each in body(cloud, listing)} - {""}
    users |= {each["tenant_id"] for each in body(cloud, "servers")}
    assert {id for id, facet in told(cloud) if facet == "quotas"} == {f"project:{each}" for each in users}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_subport_knows_its_parent_and_what_carries_it(cloud: str) -> None:
    (trunk,) = body(cloud, "trunks")
    (below,) = trunk["sub_ports"]
    port = told(cloud)[f"port:{below['port_id']}", "neutron"].attributes
    overlay = "overlay/vxlan" if cloud == "lab-ovs" else "overlay/geneve"
    assert (port["parent_port"], port["subport_vlan"], port["host"]) == (trunk["port_id"], 200, "cmp2")
    assert port["medium"] == overlay


def test_a_router_on_agents_tells_which_is_the_active_one_and_one_of_ovn_has_none() -> None:
    states = {cloud: [each.attributes.get("ha_states") for each in told(cloud).values() if each.type == "router"]
              for cloud in CLOUDS}  # fmt: skip
    assert [each for each in states["lab-ovs"] if each] == [[{"host": "ctl", "state": "active"}]]
    assert not any(states["lab-ovn"])
