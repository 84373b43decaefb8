"""What the source makes of a recording of labs/tor (lldpd 1.0.16)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from calipso.model.attributes import undeclared
from calipso.model.record import Observation, RunEnded, Seen
from calipso.runtime.recording import replay

FILE = Path(__file__).parent / "lldp@h1.jsonl"
SWITCH = "switch:02:00:00:00:01:01"


def said() -> list[Observation]:
    return asyncio.run(replay(FILE))


def test_it_completes_and_says_the_same_again() -> None:
    first = said()
    assert {each.status for each in first if isinstance(each, RunEnded)} == {"completed"}
    assert first == said()


def test_a_switch_its_port_and_who_hears_it() -> None:
    records = {each.id: each for seen in said() if isinstance(seen, Seen) for each in seen.records}
    assert sorted(records) == ["h1", "h1/dev:eth0", SWITCH, f"{SWITCH}/port:swp3"]
    assert records["h1/dev:eth0"].attributes["switch_ports"] == [f"{SWITCH}/port:swp3"]
    assert records[SWITCH].attributes["capabilities"] == ["Bridge"]
    assert [each for record in records.values() for each in undeclared(record)] == []


def test_a_switch_that_hears_only_hosts_tells_them_and_makes_no_switch() -> None:
    said = asyncio.run(replay(FILE.with_name("lldp@tor.jsonl")))
    records = {each.id: each.attributes for seen in said if isinstance(seen, Seen) for each in seen.records}
    assert sorted(records) == ["tor", "tor/dev:swp1", "tor/dev:swp2"]
    assert [each["name"] for each in records["tor/dev:swp2"]["lldp_neighbors"]] == ["h2"]
    assert records["tor"]["chassis_id"] == "02:00:00:00:01:01"
