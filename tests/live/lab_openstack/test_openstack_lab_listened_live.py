"""labs/openstack listened to: seen within a second of the notification, and in the end what a fresh scan sees."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from labs.openstack import services
from labs.openstack.environment import NAME
from labs.openstack.running import Running
from tests.support import openstack_lab_listened as listened

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
SEED, NUMBER = 4, 28
OF_SERVERS = {"create server", "stop server", "resize server", "confirm resize", "delete server"}
SETTLED = 120.0
"""Seconds within which agents have done what the API promised, and events of it are told."""
SOON, AT_WORST = 1.0, 10.0


async def settled(lab: Running, system: System, folder: Path) -> None:
    """The listened graph is that of a fresh scan, as soon as nothing goes on in the cloud any more."""
    loop = asyncio.get_running_loop()
    deadline, looks = loop.time() + SETTLED, 0
    while True:
        looks += 1
        afresh = await listened.fresh(lab, folder / f"fresh{looks}")
        wrong = listened.different(listened.facets_of(system.site(NAME).graph()), afresh)
        if not wrong:
            return
        assert loop.time() < deadline, "\n".join(wrong)
        await asyncio.sleep(1)


async def delay(
    system: System, shown: listened.Shown, witness: listened.Witness, operation: listened.Operation, since: float
) -> float:
    """Seconds from the notification of an operation until it was visible; from the answer where none is sent."""
    graph = system.site(NAME).graph
    try:
        await listened.until(lambda: listened.visible(graph(), operation), SETTLED)
        seen = shown.since(operation)
        await listened.until(lambda: witness.told(operation, since) is not None, SETTLED)
    except TimeoutError:
        head = graph().resolve(operation.id)
        raise AssertionError(f"{operation}: {graph().attributes(head) if head else None}, {witness.heard}") from None
    sent = witness.told(operation, since)
    assert sent is not None
    return max(seen - sent, 0.0)


def test_what_is_done_is_seen_soon_and_ends_as_a_fresh_scan_sees_it(lab: Running, tmp_path: Path) -> None:
    async def check() -> None:
        async with listened.witnessing(lab) as witness, listened.watching(home(lab, tmp_path)) as system:
            told, untold, did, since = [], [], set(), time.time()
            shown = listened.Shown(system)
            async with aclosing(listened.operations(lab, SEED, NUMBER)) as operations:
                async for operation in operations:
                    taken = await delay(system, shown, witness, operation, since)
                    print(f"{taken:.3f} {operation.did}")
                    did.add(operation.did)
                    (told if operation.event else untold).append(taken)
                    since = operation.answered
            assert did >= OF_SERVERS
            await settled(lab, system, tmp_path)
            print(f"{len(told)}: median {statistics.median(told):.3f} s, worst {max(told):.3f} s")
            assert statistics.median(told) <= SOON and max(told) <= AT_WORST

    asyncio.run(check())


def test_a_bus_that_restarts_meanwhile_misses_nothing(lab: Running, tmp_path: Path) -> None:
    """While it is away the bus's scope is stale; the services send what they have to tell when it is back."""

    async def check() -> None:
        async with listened.watching(home(lab, tmp_path)) as system:
            changing = asyncio.create_task(changed(lab))
            await asyncio.sleep(2)
            await asyncio.to_thread(services.bus_away, lab)
            await listened.until(lambda: listened.standing(system) == "failed", SETTLED)
            before = listened.facets_of(system.site(NAME).graph())
            await asyncio.sleep(3)
            assert before.keys() <= listened.facets_of(system.site(NAME).graph()).keys()
            await asyncio.to_thread(services.bus, lab)
            await listened.until(lambda: listened.standing(system) == "completed", SETTLED)
            await changing
            await settled(lab, system, tmp_path)

    asyncio.run(check())
    services.swept(lab)  # Neutron's agents may have missed what went meanwhile; other tests count what is there


async def changed(lab: Running) -> None:
    async with aclosing(listened.operations(lab, SEED + 1, 20, servers=False)) as operations:
        async for _ in operations:
            pass


def test_the_connections_of_the_lab_can_be_made(lab: Running, tmp_path: Path) -> None:
    """From the namespaces that the environment names: neither address is in the network of this machine."""

    async def check() -> None:
        async with opened(home(lab, tmp_path), NAME) as system:
            found = {each.target: each for each in await system.probe(NAME, "", (), (), 30.0)}
            assert {name: each.status for name, each in found.items()} == {"OpenStack": "ok", "AMQP": "ok"}, found
            assert "nova" in found["AMQP"].reason

    asyncio.run(check())


def home(lab: Running, folder: Path) -> Home:
    return listened.home_listening(lab, folder / f"listening-{time.time_ns()}")
