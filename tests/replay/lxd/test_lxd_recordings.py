"""What the source makes of LXD 5.0 with a container that runs, then with none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.attributes import undeclared
from calipso.model.record import Record, RunEnded, Seen
from calipso.runtime.recording import replay

HERE = Path(__file__).parent


def records(name: str) -> list[Record]:
    said = asyncio.run(replay(HERE / f"lxd@{name}.jsonl"))
    assert {each.status for each in said if isinstance(each, RunEnded)} == {"completed"}
    return [record for each in said if isinstance(each, Seen) for record in each.records]


@pytest.mark.parametrize("name", ["running", "stopped"])
def test_only_what_is_declared_is_said_and_twice_the_same(name: str) -> None:
    assert records(name) == records(name)
    assert {said for record in records(name) for said in undeclared(record)} == set()


@pytest.mark.parametrize(("name", "state", "nics"), [("running", "up", 1), ("stopped", "down", 0)])
def test_a_nic_is_there_while_its_container_runs(name: str, state: str, nics: int) -> None:
    found = records(name)
    web = next(record.attributes for record in found if record.attributes.get("name") == "web")
    assert (web["state"], "netns" in web) == (state, nics == 1)
    assert sum(record.type == "nic" for record in found) == nics
    network = next(record.attributes for record in found if record.type == "network")
    assert (network["name"], network["subnets"]) == ("lxdbr0", ["192.0.2.1/24"])
