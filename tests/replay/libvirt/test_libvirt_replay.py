"""What the source makes of two compute hosts of OpenStack (libvirt 9.0, Nova 34).

XML and states are as recorded, users masked and CPU models left out; the transcripts around them were put together.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.attributes import undeclared
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.runtime.recording import replay

FILES = sorted(Path(__file__).parent.glob("*.jsonl"))


def said(file: Path) -> list[Observation]:
    return asyncio.run(replay(file))


def records(file: Path) -> dict[str, Record]:
    return {each.id: each for seen in said(file) if isinstance(seen, Seen) for each in seen.records}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_part_completes_says_the_same_again_and_only_what_is_declared(file: Path) -> None:
    first = said(file)
    assert [each.status for each in first if isinstance(each, RunEnded)] == ["completed"] * 3
    assert first == said(file)
    assert [wrong for record in records(file).values() for wrong in undeclared(record)] == []


def test_a_guest_of_nova_its_project_and_its_nic() -> None:
    found = records(FILES[0])
    guest = found["instance:4e1ed217-4c44-4861-bfb7-c0003f5e5b06"].attributes
    assert (guest["name"], guest["domain_name"], guest["project"]) == ("red-1", "instance-00000005", "red")
    assert (guest["flavor"], guest["status"], guest["memory"]) == ("nano", "running", 48 << 20)
    nic = found["instance:4e1ed217-4c44-4861-bfb7-c0003f5e5b06/vnic:fa:16:3e:f7:ed:70"].attributes
    assert (nic["tap"], nic["bridge_name"]) == ("tap2b3d0d1d-27", "qbr2b3d0d1d-27")
    assert nic["port_id"] == "2b3d0d1d-272b-4c7c-9aab-075143ea1efd"
