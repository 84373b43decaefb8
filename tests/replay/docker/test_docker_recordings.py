"""What the source makes of Docker 20.10 as labs/docker runs it, two engines in a swarm."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from calipso.model.attributes import undeclared
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.runtime.recording import replay

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("docker@*.jsonl"))


def said(file: Path) -> list[Observation]:
    return asyncio.run(replay(file))


def records(file: Path) -> dict[str, Record]:
    return {each.id: each for seen in said(file) if isinstance(seen, Seen) for each in seen.records}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_look_completes_says_the_same_again_and_only_what_is_declared(file: Path) -> None:
    first = said(file)
    assert {each.status for each in first if isinstance(each, RunEnded)} == {"completed"}
    assert first == said(file)
    assert {complaint for record in records(file).values() for complaint in undeclared(record)} == set()


def test_what_both_nodes_of_the_swarm_tell() -> None:
    first, second = (Counter(record.type for record in records(file).values()) for file in FILES)
    assert (first["container"], first["network"], first["segment"], first["otep"]) == (8, 8, 2, 1)
    assert (second["container"], second["otep"]) == (2, 1)


def test_both_ends_of_the_overlay_name_each_other() -> None:
    one, other = (records(file)[f"{file.stem.partition('@')[2]}/otep:vxlan"].attributes for file in FILES)
    assert one["ip"] in other["peer_ips"] and other["ip"] in one["peer_ips"]
