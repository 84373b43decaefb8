"""The same hosts by engine and by process: containers with a namespace of their own are found either way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.record import Record, Seen
from calipso.runtime.recording import replay

HERE = Path(__file__).parent


def containers(source: str, host: str) -> dict[str, Record]:
    said = asyncio.run(replay(HERE.parent / source / f"{source}@{host}.jsonl"))
    return {r.id: r for each in said if isinstance(each, Seen) for r in each.records if r.type == "container"}


@pytest.mark.parametrize("host", ["d1", "d2"])
def test_processes_tell_the_same_containers_as_the_engine(host: str) -> None:
    by_engine = {id: r.attributes["netns"] for id, r in containers("docker", host).items()}
    by_process = {id: r.attributes["netns"] for id, r in containers("containers", host).items()}
    assert by_process == {id: netns for id, netns in by_engine.items() if netns != host}
