"""What the source makes of recordings of labs/openstack with Calico (BIRD 2.0.12): two computes and a controller."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.attributes import undeclared
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.runtime.recording import replay

HERE = Path(__file__).parent
COMPUTES = {
    "cmp1": ("10.77.1.22", {"tapa4c9a7a4-d8": ["10.1.0.99"], "tap05b43acb-1b": ["10.2.0.251"]}),
    "cmp2": ("10.77.1.21", {"tap36b17108-80": ["10.1.0.97"], "tape7862326-48": ["10.2.0.5"]}),
}


def said(host: str) -> list[Observation]:
    return asyncio.run(replay(HERE / f"calico@{host}.jsonl"))


def records(host: str) -> dict[str, Record]:
    return {record.id: record for each in said(host) if isinstance(each, Seen) for record in each.records}


@pytest.mark.parametrize("host", COMPUTES)
def test_it_completes_and_says_the_same_again(host: str) -> None:
    assert {each.status for each in said(host) if isinstance(each, RunEnded)} == {"completed"}
    assert said(host) == said(host)
    assert [each for record in records(host).values() for each in undeclared(record)] == []


@pytest.mark.parametrize("host", COMPUTES)
def test_felix_its_workloads_and_the_way_to_the_other_host(host: str) -> None:
    peer, workloads = COMPUTES[host]
    found = records(host)
    calico = found.pop(f"{host}/calico").attributes
    assert (calico["state"], calico["datastore"], calico["interface_prefixes"]) == ("up", "etcdv3", ["tap"])
    assert (calico["workloads"], calico["as_numbers"]) == (2, [64512])
    assert [(each["address"], each["state"], each["imported"]) for each in calico["bgp_peers"]] == [
        (peer, "Established", 2)
    ]
    assert {name: found.pop(f"{host}/dev:{name}").attributes.get("workload_ips") for name in workloads} == workloads
    assert {id: record.attributes["vedge"] for id, record in found.items()} == {f"{host}/dev:eth1": f"{host}/calico"}


def test_a_controller_without_felix_says_nothing() -> None:
    assert said("ctl") == []
