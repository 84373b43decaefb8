"""Who may send what, how fast, and what is told of it; nothing is really sent."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calipso.errors import ConfigError, Conflict, Forbidden, NotFound, QueryError
from calipso.operations.injecting import InjectionView
from calipso.operations.registry import BY_NAME, perform
from calipso.runtime.pace import Pace
from calipso.runtime.settings import settings
from calipso.runtime.system import System
from tests.support.injecting import Swallowing
from tests.support.packets import echo, ethernet, ipv4, pcap
from tests.support.system import ESTATE, estate

SAID = {"source": "h1/dev:eth0", "target": "192.0.2.2", "interval": 0}
FRAME = ethernet(ipv4(echo(8, 77, 1), 1, "192.0.2.1", "192.0.2.2"), 0x0800)


async def does(system: System, what: str, who: str = "admin", **values: Any) -> Any:
    operation = BY_NAME[what]
    request: Any = msgspec.convert({**values, "environment": ESTATE}, operation.request)
    return await perform(system, operation, request, who)


async def sent(system: System, **values: Any) -> InjectionView:
    begun: InjectionView = await does(system, "inject_packet", **{**SAID, **values})
    while begun.state == "running":
        await asyncio.sleep(0.01)
        begun = (await does(system, "get_injections", id=begun.id)).items[0]
    return begun


def within(folder: Path, work: Callable[[System, Swallowing], Awaitable[None]], settings: str = "") -> None:
    async def run() -> None:
        if settings:
            (folder / "config.yaml").write_text(settings)
        async with estate(folder) as system:
            system.captures(ESTATE).running = True
            injector = system.injector = Swallowing()
            await work(system, injector)

    asyncio.run(run())


def test_all_are_sent_and_the_device_is_closed(tmp_path: Path) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        done = await sent(system, count=200, packet={"size": 10})
        assert (done.state, done.sent, done.errors, len(done.tracking_ids)) == ("done", 200, 0, 1)
        assert len(injector.frames) == 200 and injector.closed == 1
        assert (injector.points[0].device, injector.points[0].netns) == ("eth0", "")
        many = await sent(system, count=300, mode="random")
        assert many.sent == 300 and len(many.tracking_ids) == 100

    within(tmp_path, work)


def test_a_device_that_takes_nothing_is_told_of(tmp_path: Path) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        injector.full = "Network is down"
        done = await sent(system, count=3)
        assert (done.state, done.sent, done.errors, done.error) == ("failed", 0, 3, "Network is down")

    within(tmp_path, work)


def test_ids(tmp_path: Path) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        await does(system, "inject_packet", **{**SAID, "count": 9, "interval": 60_000, "id": "slow"})
        with pytest.raises(Conflict):
            await does(system, "inject_packet", **{**SAID, "id": "slow"})
        ended = await does(system, "remove_injection", id="slow")
        assert ended.state == "stopped" and ended.sent <= 1 and injector.closed == 1
        assert (await does(system, "get_injections")).items == []
        for what in ("remove_injection", "get_injections"):
            with pytest.raises(NotFound):
                await does(system, what, id="slow")

    within(tmp_path, work)


def test_a_role_is_kept_to_what_it_may(tmp_path: Path) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        system.tokens.create("writer", ["write"], 0)
        system.tokens.create("other-admin", ["admin"], 0)
        outside = {**SAID, "target": "198.51.100.9", "target_mac": "02:00:00:00:00:99"}
        inside = {**SAID, "target": "203.0.113.7", "target_mac": "02:00:00:00:00:02"}
        for who in ("writer", "workflow check", ""):
            with pytest.raises(Forbidden):
                await does(system, "inject_packet", who, **outside)
            with pytest.raises(Forbidden):
                await does(system, "inject_packet", who, **{**SAID, "count": 51})
            with pytest.raises(Forbidden, match="02:00:00:00:00:99"):
                await does(system, "inject_packet", who, **{**inside, "target_mac": "02:00:00:00:00:99"})
            await does(system, "inject_packet", who, **{**SAID, "count": 50})
            await does(system, "inject_packet", who, **inside)
        await does(system, "inject_packet", "other-admin", **outside)
        tagged = base64.b64encode(pcap([(1.0, FRAME), (2.0, ethernet(FRAME[14:], 0x0800, vlans=[5]))])).decode()
        with pytest.raises(Forbidden, match="no address"):
            await does(system, "inject_packet", "writer", source="h1/dev:eth0", type="pcap", pcap=tagged)

    within(tmp_path, work, "injections: {write: {to: [203.0.113.0/24], packets: 50}}")


def test_a_role_that_may_send_nothing(tmp_path: Path) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        with pytest.raises(Forbidden, match="may not send"):
            await does(system, "inject_packet", "somebody", **SAID)

    within(tmp_path, work, "injections: {write: {packets_per_second: 0}}")


def test_settings_that_are_no_networks_are_refused(tmp_path: Path) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        system.home.config.write_text("injections: {write: {to: [nowhere]}}")
        with pytest.raises(ConfigError):
            settings(system.home)

    within(tmp_path, work)


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        said = base64.b64encode(pcap([(1.0, FRAME)] * 3)).decode()
        done = await sent(system, type="pcap", pcap=said)
        assert (done.state, done.type, done.sent) == ("done", "pcap", 3) and injector.frames == [FRAME] * 3
        (deed,) = [each for each in system.journal.deeds() if each.what == "inject_packet"]
        assert deed.about["pcap"] == len(said)
        for wrong in ("", "%", "AAAA", base64.b64encode(pcap([(1.0, FRAME)], snap=20)).decode(),
                      base64.b64encode(pcap([(1.0, FRAME)], link=101)).decode()):  # fmt: skip
            with pytest.raises(QueryError, match="pcap"):
                await sent(system, type="pcap", pcap=wrong)

    within(tmp_path, work)


@pytest.mark.parametrize(("values", "error"), [
    ({"source": "h1/dev:nothing"}, NotFound),
    ({"source": "G.V().Has('Type', 'veth')"}, QueryError),
    ({"source": "G.V().Has('Name', 'nothing')"}, QueryError),
    ({"target": ""}, NotFound),
    ({"target": "h1/dev:br-b"}, QueryError),
    ({"target": "198.51.100.9"}, QueryError),
    ({"source_ip": "there"}, QueryError),
    ({"type": "icmp6", "target": "2001:db8::1"}, QueryError),
    ({"target_mac": "there"}, QueryError),
])  # fmt: skip
def test_what_cannot_be_sent_is_said(tmp_path: Path, values: dict[str, Any], error: type[Exception]) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        with pytest.raises(error):
            await sent(system, **values)
        assert injector.points == []

    within(tmp_path, work)


def test_nothing_is_sent_without_a_server(tmp_path: Path) -> None:
    async def work(system: System, injector: Swallowing) -> None:
        system.captures(ESTATE).running = False
        with pytest.raises(Conflict):
            await sent(system)

    within(tmp_path, work)


def test_the_pace_is_of_all_together() -> None:
    clock = [0.0]
    pace = Pace(100, lambda: clock[0])
    taken = pace.take(1000)
    for _ in range(1000):
        clock[0] += 0.01
        taken += pace.take(1000)
    assert 1000 <= taken <= 1010 + 64
    assert Pace(0, lambda: 0.0).take(5) == 0
