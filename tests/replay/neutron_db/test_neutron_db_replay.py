"""Recordings of real databases: what they say is what the API of the same cloud says, and more."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from calipso.model.attributes import undeclared
from calipso.model.record import Record, RunEnded, Seen
from calipso.runtime.recording import replay

HERE = Path(__file__).parent
API = HERE.parent / "openstack/api"
FILES = sorted([*HERE.glob("*.jsonl"), *(HERE.parent / "nova_db").glob("*.jsonl")])
DIFFERS = {
    ("host", "services"),  # the API adds what it works out: whether one is up, its zone
    ("host", "availability_zone"),  # the API's default zone is written nowhere
    ("port", "vif_details"),  # the API adds the drivers of its levels
}


@cache
def said(file: Path) -> dict[tuple[str, str], Record]:
    found = asyncio.run(replay(file))
    if file in FILES:
        assert {each.status for each in found if isinstance(each, RunEnded)} == {"completed"}
    records = [record for each in found if isinstance(each, Seen) for record in each.records]
    assert len({(each.id, each.facet) for each in records}) == len(records)
    return {(each.id, each.facet): each for each in records}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_it_says_is_declared_and_the_same_again(file: Path) -> None:
    assert len(said(file)) >= 3
    assert [each for record in said(file).values() for each in undeclared(record)] == []
    assert said(file) == said.__wrapped__(file)


@pytest.mark.parametrize(
    ("database", "cloud", "types"),
    [
        (
            "neutron_db", "ml2-ovs",
            {"agent": 6, "host": 3, "otep": 3, "network": 4, "port": 16, "nic": 7, "router": 2, "trunk": 1},
        ),
        ("nova_db", "ml2-ovs", {"server": 5, "host": 3}),
        ("neutron_db", "ml2-linuxbridge", {"agent": 5, "host": 3, "network": 4, "port": 9, "nic": 2}),
    ],
)  # fmt: skip
def test_the_same_facts_as_the_api_in_the_same_words(database: str, cloud: str, types: dict[str, int]) -> None:
    api = said(API / f"openstack@{cloud}.jsonl")
    facet = database.removesuffix("_db")
    compared: dict[str, int] = {}
    for (id, _), record in said(HERE.parent / database / f"{database}@{cloud}.jsonl").items():
        theirs = api.get((id, facet))
        if theirs is None:
            continue
        compared[record.type] = compared.get(record.type, 0) + 1
        both = {name for name in record.attributes if name in theirs.attributes and (record.type, name) not in DIFFERS}
        mine: dict[str, Any] = {name: record.attributes[name] for name in sorted(both)}
        assert record.type == theirs.type and mine == {name: theirs.attributes[name] for name in sorted(both)}, id
        assert len(both) >= 2
    print(compared)
    assert {type: compared.get(type, 0) for type in types} == types


def test_what_only_the_database_tells() -> None:
    found = {id: record.attributes for (id, _), record in said(HERE / "neutron_db@ml2-ovs.jsonl").items()}
    assert found["cmp1/otep:vxlan:10.77.1.21"]["udp_port"] == 4789
    ports = [each for each in found.values() if "binding_levels" in each]
    assert len(ports) >= 10
    assert {level["driver"] for each in ports for level in each["binding_levels"]} == {"openvswitch"}
    assert all(each["medium"] for each in ports)
    assert len(found["router:282e8a04-ef16-4271-87ad-32719c8daa1c"]["l3_agents"]) == 1


def test_an_older_layout_is_read_with_what_it_has() -> None:
    found = {id: record.attributes for (id, _), record in said(HERE / "neutron_db@older.jsonl").items()}
    distributed = found["port:00000000-0000-4000-8000-0000000000d2"]
    assert [each["host"] for each in distributed["bindings"]] == ["cmp1", "net1"] and "host" not in distributed
    assert found["port:00000000-0000-4000-8000-0000000000d1"]["medium"] == "overlay/gre"
    assert found["network:00000000-0000-4000-8000-0000000000b1"]["project_id"] == "t1"
    assert found["router:00000000-0000-4000-8000-0000000000f1"]["ha_states"][0]["host"] == "net1"
    assert [id for id in found if "/otep:" in id] == ["cmp1/otep:gre:192.0.2.21"], "one without a host is nobody's"


def test_no_recording_holds_a_secret() -> None:
    for file in FILES:
        text = file.read_text()
        assert "never-told" not in text and "c2VjcmV0" not in text and "ssh-rsa" not in text, file.name
