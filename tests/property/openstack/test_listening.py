"""Whatever is done to a cloud, and however its events come: what is listened to ends as a fresh scan would see it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calipso.errors import Unreachable
from calipso.model.record import Barrier, Gone, RunEnded, Seen
from calipso.seams import SourceConfig
from calipso.sources.openstack import SOURCE, bus
from tests.support.listened import listening, scanned
from tests.support.openstack_sim import SimulatedCloud
from tests.support.waiting import until

CONFIG = SourceConfig(host="openstack", environment="sim", options={"interval": 3600})
watch = sys.modules["calipso.sources.openstack.watch"]  # the package calls the function so


@pytest.fixture(autouse=True)
def hurried() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watch, "COALESCE", 0.0)
        patch.setattr(watch, "AFTERWARDS", (3600.0,))
        patch.setattr(watch, "RETRY", 0.01)
        patch.setattr(bus, "FIRST_DELAY", 0.01)
        yield


async def lived(seed: int, steps: list[int]) -> None:
    cloud = SimulatedCloud(seed)
    late: list[str] = []
    async with listening(cloud, CONFIG) as listened:
        for step in steps:
            if step < 6:
                cloud.work()
            elif step == 6 and late:
                cloud.deliver(cloud.random.choice(late))  # twice, or long after
            elif step == 7:
                cloud.put(cloud.stands(f"exchange{len(late)}"))  # a full look, while everything goes on
            elif step == 8:
                await asyncio.sleep(0.002)
            late += cloud.told
            if cloud.random.random() < 0.3:
                cloud.random.shuffle(late)
                for _ in range(cloud.random.randrange(4)):
                    if late:
                        cloud.deliver(late.pop())
            cloud.told.clear()
            for _ in range(cloud.random.randrange(4)):
                await asyncio.sleep(0)
        cloud.tell("keypair.create.end", {})
        late += cloud.told
        cloud.random.shuffle(late)
        for body in late:
            cloud.deliver(body)
        await until(lambda: len(cloud.settled) == cloud.delivered)
        assert listened.facets() == await scanned(cloud, CONFIG)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.lists(st.integers(0, 9), min_size=5, max_size=80))
def test_what_is_heard_in_any_order_is_what_a_scan_sees(seed: int, steps: list[int]) -> None:
    asyncio.run(lived(seed, [0, *steps, 0, 0]))


def run(check: object) -> None:
    asyncio.run(check())  # type: ignore[operator]


def test_nothing_is_settled_before_it_is_durable() -> None:
    async def check() -> None:
        cloud = SimulatedCloud(1)
        stream = SOURCE.watch(cloud, CONFIG)
        async for observation in stream:
            if isinstance(observation, RunEnded) and observation.scope.part == "agents":
                break
        cloud.add("networks", name="new", subnets=[])
        cloud.tell("network.create.end", {"network": {"id": cloud.objects["networks"][0]["id"]}})
        cloud.deliver(cloud.told[0])
        seen = False
        async for observation in stream:
            seen |= isinstance(observation, Seen)
            if isinstance(observation, Barrier):
                assert seen and not cloud.settled
                break
        following = asyncio.ensure_future(anext(stream))
        await until(lambda: cloud.settled == {1})
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        await stream.aclose()  # type: ignore[attr-defined]

    run(check)


def test_while_the_api_is_away_nothing_is_settled_nor_removed() -> None:
    async def check() -> None:
        cloud = SimulatedCloud(2)
        cloud.add("networks", name="one", subnets=[])
        async with listening(cloud, CONFIG) as listened:
            await until(lambda: listened.facets())
            cloud.away = True
            network = cloud.objects["networks"].pop()
            cloud.tell("network.delete.end", {"network_id": network["id"]})
            cloud.deliver(cloud.told[0])
            await until(lambda: any(isinstance(each, RunEnded) and each.errors for each in listened.said))
            assert not cloud.settled and not any(isinstance(each, Gone) for each in listened.said)
            assert (f"network:{network['id']}", "neutron@openstack") in listened.facets()
            cloud.away = False
            await until(lambda: cloud.settled)
            assert listened.facets() == await scanned(cloud, CONFIG)

            def ends() -> set[str]:
                told = {each.scope.part: each.status for each in listened.said if isinstance(each, RunEnded)}
                return set(told.values())

            await until(lambda: ends() == {"completed"})  # by the next look, which the event does not wait for

    run(check)


def test_what_is_told_of_a_server_is_shown_before_the_api_is_asked_unless_it_is_old() -> None:
    async def check() -> None:
        cloud = SimulatedCloud(5)
        server = cloud.add("servers", name="vm", status="ACTIVE", tenant_id="p1", updated="2026-01-01T00:00:05Z")
        place = (f"instance:{server['id']}", "nova@openstack")
        told = {"uuid": server["id"], "host": "h1", "state": "stopped", "power_state": "shutdown", "task_state": None}

        async with listening(cloud, CONFIG) as listened:
            await until(lambda: place in listened.facets())
            cloud.away = True
            cloud.tell("instance.resize.end", told | {"state": "resized", "updated_at": "2026-01-01T00:00:05Z"})
            cloud.deliver(cloud.told.pop())
            await until(lambda: any(isinstance(each, RunEnded) and each.errors for each in listened.said))
            cloud.tell("instance.power_off.end", told | {"updated_at": "2026-01-01T00:00:07Z"})
            cloud.tell("instance.suspend.end", told | {"state": "suspended", "updated_at": "2026-01-01T00:00:04Z"})
            cloud.tell("instance.pause.end", told | {"state": "paused", "updated_at": "2026-01-01T00:00:06Z"})
            for body in cloud.told:
                cloud.deliver(body)
            await until(lambda: b"SHUTOFF" in listened.facets()[place])
            assert not cloud.settled
            cloud.away = False
            await until(lambda: len(cloud.settled) == 4)
            assert listened.facets() == await scanned(cloud, CONFIG), "the API has the last word"
            shown = [r for e in listened.said if isinstance(e, Seen) for r in e.records if r.id == place[0]]
            assert {each.attributes["status"] for each in shown} == {"ACTIVE", "SHUTOFF"}

    run(check)


def test_a_bus_that_goes_away_is_seen_to_and_comes_back() -> None:
    async def check() -> None:
        cloud = SimulatedCloud(3)
        async with listening(cloud, CONFIG) as listened:

            def last(status: str) -> bool:
                ends = [e for e in listened.said if isinstance(e, RunEnded) and e.scope.part == watch.BUS]
                return bool(ends) and ends[-1].status == status

            await until(lambda: last("completed"))
            cloud.put(Unreachable("message bus: connection refused"))
            await until(lambda: any(isinstance(e, RunEnded) and e.status == "failed" for e in listened.said))
            await until(lambda: last("completed"))
            cloud.work()
            await until(lambda: len([e for e in listened.said if isinstance(e, RunEnded)]) > 8)

    run(check)


def test_what_is_not_understood_is_kept_and_counted() -> None:
    async def check() -> None:
        cloud = SimulatedCloud(4)
        async with listening(cloud, CONFIG) as listened:
            await until(lambda: listened.facets())
            for body in ("no JSON", '{"event_type": "quantum.teapot.boiled", "payload": {}}', '{"payload": 1}'):
                cloud.deliver(body)
            await until(lambda: len(cloud.dead) == 3)
            cloud.put(cloud.stands())
            await until(lambda: any(isinstance(e, RunEnded) and e.status == "partial" for e in listened.said))

    run(check)


def test_what_nobody_tells_of_is_seen_nevertheless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neutron sends nothing when a subport joins a trunk."""
    monkeypatch.setattr(watch, "UNTOLD_EVERY", 0.05)

    async def check() -> None:
        cloud = SimulatedCloud(5)
        cloud.add("networks", name="one", subnets=[])
        network = cloud.objects["networks"][-1]["id"]
        parent, sub = (cloud.add("ports", network_id=network, device_owner="", device_id="") for _ in range(2))
        trunk = cloud.add("trunks", port_id=parent["id"], sub_ports=[], name="trunk")
        async with listening(cloud, CONFIG) as listened:
            await until(lambda: listened.facets())
            sub.update(device_owner="trunk:subport", device_id=trunk["id"])
            trunk["sub_ports"] = [{"port_id": sub["id"], "segmentation_type": "vlan", "segmentation_id": 7}]
            wanted = await scanned(cloud, CONFIG)
            await until(lambda: listened.facets() == wanted)

    run(check)


def test_what_an_agent_finishes_long_after_is_seen_although_nobody_tells_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun before anybody listened: no event named it."""
    monkeypatch.setattr(watch, "UNTOLD_EVERY", 0.05)

    async def check() -> None:
        cloud = SimulatedCloud(6)
        network = cloud.add("networks", name="one", subnets=[])["id"]
        port = cloud.add("ports", network_id=network, device_owner="", device_id="", status="BUILD")
        floating = cloud.add(
            "floating_ips", floating_ip_address="192.0.2.9", floating_network_id=network, port_id=port["id"],
            router_id=None, status="DOWN",
        )  # fmt: skip
        async with listening(cloud, CONFIG) as listened:
            await until(lambda: listened.facets())
            port["status"] = floating["status"] = "ACTIVE"
            wanted = await scanned(cloud, CONFIG)
            await until(lambda: listened.facets() == wanted)

    run(check)
