"""A process in a namespace and control group of its own, as an engine makes them, without any engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.model.record import Record, Seen
from calipso.seams import SourceConfig
from calipso.sources.containers import SOURCE
from calipso.transports.local import LocalTransport
from labs.plain.holders import Holder, end, hold

pytestmark = pytest.mark.live
ID = secrets.token_hex(32)


@pytest.fixture
def contained() -> Iterator[Holder]:
    """A holder of namespaces whose processes are in a control group named as Docker names them."""
    tops = [each for each in (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup")) if (each / "cgroup.procs").exists()]
    if not tops:
        pytest.skip("no control groups are mounted at /sys/fs/cgroup")
    folder = tops[0] / f"docker-{ID}.scope"
    folder.mkdir()
    holder = hold(mortal=True)
    try:
        (folder / "cgroup.procs").write_text(str(holder.first))
        yield holder
    finally:
        end([holder])
        with contextlib.suppress(OSError):
            folder.rmdir()


async def _collected() -> list[Record]:
    transport = LocalTransport()
    try:
        said = [each async for each in SOURCE.collect(transport, SourceConfig(host="here"))]
    finally:
        await transport.close()
    return [record for each in said if isinstance(each, Seen) for record in each.records]


def test_a_container_is_found_by_its_process(contained: Holder) -> None:
    found = {record.id: record.attributes for record in asyncio.run(_collected())}
    inode = os.stat(f"/proc/{contained.first}/ns/net").st_ino
    said = found[f"container:{ID}"]
    assert (said["engine"], said["pid"], said["netns"]) == ("docker", contained.first, f"here/netns:ino:{inode}")
