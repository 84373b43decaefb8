"""labs/openstack listened to: seen within a second of the notification, and in the end what a fresh scan sees."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from calipso.runtime.system import System
from labs.openstack.environment import NAME
from labs.openstack.running import Running
from tests.support import openstack_lab_listened as listened

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
SEED, NUMBER = 4, 45
SETTLED = 60.0
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


async def delay(system: System, witness: listened.Witness, operation: listened.Operation, since: float) -> float:
    """Seconds from the notification of an operation until it was visible."""
    try:
        await listened.until(lambda: listened.visible(system.site(NAME).graph(), operation), SETTLED)
    except TimeoutError:
        head = system.site(NAME).graph().resolve(operation.id)
        there = system.site(NAME).graph().attributes(head) if head else None
        raise AssertionError(f"{operation} is not visible: {there}") from None
    seen = datetime.now(timezone.utc).timestamp()
    try:
        await listened.until(lambda: witness.told(operation, since) is not None, SETTLED)
    except TimeoutError:
        heard = [(each.event, each.at) for each in witness.heard if operation.about in each.text]
        raise AssertionError(f"nothing was told of {operation} since {since}: {heard}") from None
    sent = witness.told(operation, since)
    assert sent is not None
    return max(seen - sent, 0.0)


def test_what_is_done_is_seen_soon_and_ends_as_a_fresh_scan_sees_it(lab: Running, tmp_path: Path) -> None:
    async def check() -> None:
        async with listened.witnessing(lab) as witness, listened.watching(listened.home_listening(lab, tmp_path / "listening")) as system:
            taken: dict[str, list[float]] = {}
            since = datetime.now(timezone.utc).timestamp()
            async for operation in listened.operations(lab, SEED, NUMBER):
                taken.setdefault(operation.did, []).append(await delay(system, witness, operation, since))
                print(f"{taken[operation.did][-1]:.3f} {operation.did}")
                since = operation.answered
            await settled(lab, system, tmp_path)
            every = sorted(each for found in taken.values() for each in found)
            print(f"{len(every)}: median {statistics.median(every):.3f} s, worst {every[-1]:.3f} s")
            assert statistics.median(every) <= SOON and every[-1] <= AT_WORST

    asyncio.run(check())
