"""The workflows that come with Calipso, over the lab: packets are really sent, captured and counted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calipso.operations.registry import BY_NAME, perform
from calipso.runtime.system import System, opened
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, home

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


@contextlib.asynccontextmanager
async def serving(lab: Running, folder: Path) -> AsyncIterator[System]:
    """A system that has looked at everything and captures, as a server does."""
    async with opened(home(lab, folder), NAME) as system:
        assert await system.scan(NAME) == []
        capturing = asyncio.create_task(system.captures(NAME).run())
        try:
            yield system
        finally:
            capturing.cancel()
            await asyncio.gather(capturing, return_exceptions=True)


async def ran(system: System, workflow: str, **parameters: Any) -> Any:
    operation = BY_NAME["call_workflow"]
    said = {"id": workflow, "parameters": parameters, "environment": NAME, "seconds": 120}
    answer = await perform(system, operation, msgspec.convert(said, operation.request), "admin")
    assert answer.status == "done", answer
    return answer.result


def pair(lab: Running) -> tuple[str, str, str, str]:
    """Instances of one network on both hosts, and the hosts' ends of their cables."""
    first = next(vm for vm in lab.lab.hosts[0].vms if not vm.bridge)
    second = next(vm for vm in lab.lab.hosts[1].vms if vm.network == first.network)
    return f"h1/netns:{first.name}", f"h2/netns:{second.name}", f"h1/dev:{first.near}", f"h2/dev:{second.near}"


def test_what_is_joined_and_what_gets_through(lab: Running, tmp_path: Path) -> None:
    source, target, near, far = pair(lab)

    async def work() -> None:
        async with serving(lab, tmp_path) as system:
            found = await ran(system, "check_connectivity", source=source, target=target)
            assert found["connected"] is True and found["down"] == []
            assert found["path"][0] == source and found["path"][-1] == target
            packets = found["packets"]
            assert (packets["sent"], packets["answered"], packets["why"]) == (3, 3, "")
            counts = {row["node"]: (row["there_packets"], row["back_packets"]) for row in packets["points"]}
            assert {near, far} <= counts.keys() and set(counts.values()) == {(3, 3)}
            assert packets["last"] in found["path"][-3:]
            # what the target does not hear is told, with the last place that did
            name = target.rpartition(":")[2]
            lab.inside("h2", name, "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1")
            try:
                deaf = await ran(system, "check_connectivity", source=source, target=target, packets=2)
            finally:
                lab.inside("h2", name, "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=0")
            assert (deaf["connected"], deaf["packets"]["sent"], deaf["packets"]["answered"]) == (False, 2, 0)
            assert deaf["packets"]["last"] == packets["last"]
            assert system.captures(NAME).states() == []
            mtu = await ran(system, "check_mtu", source=source, target=target)
            assert mtu["connected"] and {near, far} <= {hop["id"] for hop in mtu["hops"]}
            assert mtu["same"] == (len({hop["mtu"] for hop in mtu["hops"]}) == 1)

    asyncio.run(work())


def test_captures_count_what_is_sent_and_the_matrix_tells_it(lab: Running, tmp_path: Path) -> None:
    source, target, near, far = pair(lab)

    async def work() -> None:
        async with serving(lab, tmp_path) as system:
            found = await ran(system, "flow_validation", source=source, target=target, packets=5, size=100)
            assert found["valid"] is True, found
            assert {near, far} <= set(found["points"])
            assert [(each["type"], each["sent"], each["octets"]) for each in found["checks"]] == [
                ("icmp4", 5, 5 * 142), ("udp4", 5, 5 * 142), ("tcp4", 5, 5 * 154),
            ]  # fmt: skip
            matrix = await ran(system, "flow_matrix", since="-10m")
            ends = {source + "/dev:eth0", target + "/dev:eth0"}
            mine = {row["service"]: row for row in matrix["rows"] if {row["from"], row["to"]} == ends}
            assert {"UDP/40009", "TCP/40009"} <= mine.keys(), matrix
            assert (mine["UDP/40009"]["from"], mine["UDP/40009"]["there_packets"]) == (source + "/dev:eth0", 5)
            hosts = await ran(system, "flow_matrix", since="-10m", by="host")
            assert ("h1", "h2", "UDP/40009") in {(row["from"], row["to"], row["service"]) for row in hosts["rows"]}
            nowhere = await ran(system, "flow_validation", source=source, target="nowhere")
            assert nowhere["valid"] is False and nowhere["why"]

    asyncio.run(work())
