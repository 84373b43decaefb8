"""What the source makes of recordings of labs/tor (net-snmp 5.9.3, lldpd 1.0.16): as made, and a cable moved."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.attributes import undeclared
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.runtime.recording import replay

HERE = Path(__file__).parent
SWITCH = "switch:02:00:00:00:01:01"


def said(name: str) -> list[Observation]:
    return asyncio.run(replay(HERE / f"snmp@{name}.jsonl"))


def records(name: str) -> dict[str, Record]:
    return {each.id: each for seen in said(name) if isinstance(seen, Seen) for each in seen.records}


@pytest.mark.parametrize("name", ["tor", "moved"])
def test_it_completes_says_the_same_again_and_what_is_declared(name: str) -> None:
    first = said(name)
    assert {each.status for each in first if isinstance(each, RunEnded)} == {"completed"}
    assert first == said(name)
    assert [each for record in records(name).values() for each in undeclared(record)] == []


@pytest.mark.parametrize(("name", "used"), [("tor", "swp1"), ("moved", "swp3")])
def test_ports_by_the_ids_that_lldp_gives_them_and_who_they_hear(name: str, used: str) -> None:
    found = records(name)
    assert sorted(found) == [SWITCH, *(f"{SWITCH}/port:swp{n}" for n in (1, 2, 3))]
    ports = {id: record.attributes for id, record in found.items() if record.type == "switchport"}
    assert ports[f"{SWITCH}/port:{used}"]["neighbor_devices"] == ["h1/dev:eth0"]
    assert ports[f"{SWITCH}/port:swp2"]["neighbor_devices"] == ["h2/dev:eth0"]
    free = next(each for each in ports.values() if each["name"] not in (used, "swp2"))
    assert free["state"] == "down" and "lldp_neighbors" not in free
