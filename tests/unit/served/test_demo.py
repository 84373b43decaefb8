"""The demo: a recorded cloud that is told again, ends now, and is taken away without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from calipso.errors import Conflict, ParseError
from calipso.operations.registry import BY_NAME, perform
from calipso.runtime.at import now
from calipso.runtime.collect import Collection
from calipso.runtime.demo import DEMO, FILE, moments
from calipso.runtime.system import System
from tests.replay.openstack import demo as making
from tests.support.system import ask, estate, run

MINUTE, HOUR = 60_000_000, 3_600_000_000
TUNNEL = "cmp2/ovs/interface:vxlan-0a4d0115"
RED_1, RED_2 = "instance:4e1ed217-4c44-4861-bfb7-c0003f5e5b06", "instance:fd477d95-8eb8-46cd-93af-2ec972a9f3ba"


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*")}


async def open_demo(system: System) -> None:
    operation = BY_NAME["open_demo"]
    taken = await perform(system, operation, operation.request(), "a test")
    assert taken.name == DEMO and taken.config.recorded


def test_what_is_shipped_is_what_the_recordings_give_and_small() -> None:
    assert moments(FILE.read_bytes()) == making.told()
    assert FILE.stat().st_size <= 300_000


@pytest.mark.parametrize("text", [b"", b"{}", b'{"format":"calipso-history","version":2,"moments":0}', b"\xff"])
def test_anything_else_is_refused(text: bytes) -> None:
    with pytest.raises(ParseError):
        moments(text)


def test_a_cut_off_history_is_refused() -> None:
    with pytest.raises(ParseError, match="whole"):
        moments(FILE.read_bytes().rpartition(b'{"at"')[0])


def test_the_fault_is_found_in_its_history(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await open_demo(system)
            site = system.site(DEMO)
            live, before = site.graph(), site.graph(now() - 30 * MINUTE)
            assert live.resolve(TUNNEL) is None
            assert before.resolve(TUNNEL) is not None
            gone = await ask(system, "get_diff", environment=DEMO, start="-30m", end="now")
            assert TUNNEL in str(gone)
            density = await ask(system, "get_density", environment=DEMO, start="-26h", end="now", bins=26)
            assert sum(each > 0 for each in density.counts) >= 8
            yesterday = site.graph(now() - 25 * HOUR)
            assert len(yesterday) < len(before)

    run(work())


def test_its_workloads_talk_and_what_the_fault_cuts_is_seen_to_get_lost(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await open_demo(system)
            found = (await ask(system, "get_flows", environment=DEMO)).flows
            assert {flow.a_object for flow in found} >= {f"{RED_1}/vnic:fa:16:3e:f7:ed:70"}  # no port of the API
            assert all(flow.a_object and flow.b_object for flow in found)
            assert all(system.site(DEMO).graph().resolve(flow.node) is not None for flow in found)
            tried = [flow for flow in found if flow.transport and flow.transport.a == 44_126]
            path = await ask(system, "get_flow_path", environment=DEMO, id=tried[0].tracking_id)
            assert [hop.node for hop in path.hops] == ["cmp1/dev:tap2b3d0d1d-27", "cmp1/dev:eth1", "cmp2/dev:eth1"]
            assert not any("no object is known" in note for note in path.notes)
            assert all((hop.ab_packets, hop.ba_packets) == (6, 0) for hop in path.hops)
            before = [flow for flow in found if flow.transport and flow.transport.a == 43_906]
            assert len(before) == 4 and all(flow.metric.ba_packets and flow.metric.rtt for flow in before)
            assert max(flow.last for flow in before) < now() - 23 * MINUTE

    run(work())


def test_messages_and_scopes_are_as_if_it_had_been_watched(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await open_demo(system)
            said = {each.related_object: each for each in system.messages.all(DEMO)}
            assert (said["cmp1"].count, bool(said["cmp1"].finished)) == (3, True)
            assert not said["ctl"].finished and now() - said["ctl"].first > 11 * MINUTE
            stale = [each.scope.key for each in system.site(DEMO).scopes() if each.stale]
            assert stale == ["linux@ctl"]
            assert system.site(DEMO).store.search("red-1")

    run(work())


def test_nothing_is_looked_at(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await open_demo(system)
            collection = Collection(
                system.site(DEMO).config, system.sources, lambda host: pytest.fail(f"asked {host}"), this_host="here"
            )
            assert not collection.posts and not collection.hosts
            before = len(system.site(DEMO).graph())
            scanned = await ask(system, "scan", environment=DEMO)
            assert scanned.status == "completed"
            assert len(system.site(DEMO).graph()) == before

    run(work())


def test_it_is_opened_once_and_leaves_no_trace(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            there = files(tmp_path)
            await open_demo(system)
            began = system.site(DEMO).began
            await open_demo(system)
            assert system.site(DEMO).began == began
            removed = await ask(system, "remove_environment", environment=DEMO)
            assert removed.purged
            assert not [name for name in files(tmp_path) if DEMO in name]
            assert there <= files(tmp_path)
            await open_demo(system)

    run(work())


def test_an_environment_of_its_name_is_left_alone(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await ask(system, "put_environment", text=f"name: {DEMO}\nhosts: {{cmp1: {{agent: true}}}}\n")
            with pytest.raises(Conflict, match="not the demo"):
                await open_demo(system)
            await ask(system, "remove_environment", environment=DEMO)
            with pytest.raises(Conflict):
                await open_demo(system)
            assert system.home.store(DEMO).exists()

    run(work())
