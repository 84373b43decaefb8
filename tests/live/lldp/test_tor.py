"""labs/tor: what is declared is seen, no more and no less; a cable that is moved shows in links and in history."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from calipso.graph.protocol import GraphReader
from calipso.model import ids
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from labs.tor import declaration as d
from labs.tor import lab as tor
from labs.tor.expectation import expected
from tests.live.lab_plain.seeing import differences

pytestmark = pytest.mark.live
PROMISED = 40.0
"""Seconds from a cable's move to what it makes of links and history."""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[tor.Running]:
    """Mortal: a run that is killed leaves nothing behind either."""
    made = tor.up(tmp_path / "lab", mortal=True)
    try:
        yield made
    finally:
        tor.down(tmp_path / "lab")


def home(lab: tor.Running, folder: Path) -> Home:
    made = Home(folder)
    made.prepare()
    (made.environments / "tor.yaml").write_text(tor.environment(lab))
    return made


def graph_of(system: System) -> GraphReader:
    return system.site("tor").graph()


async def until(holds: Callable[[], object], within: float) -> float:
    """Seconds until something holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within, "it does not come"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


def test_one_scan_sees_what_is_declared(lab: tor.Running, tmp_path: Path) -> None:
    async def scanned() -> list[str]:
        async with opened(home(lab, tmp_path / "home"), "tor") as system:
            wanted = expected(lab.lab)
            began = time.monotonic()
            while True:  # LLDP's first frames are on their way
                assert await system.scan("tor") == []
                found = differences(graph_of(system), wanted)
                if not found or time.monotonic() - began > PROMISED:
                    return found
                await asyncio.sleep(0.5)

    assert asyncio.run(scanned()) == []


def test_a_moved_cable_shows_in_links_and_history(lab: tor.Running, tmp_path: Path) -> None:
    nic = ids.device("h1", d.NIC)
    old, new = (ids.switch_port(lab.lab.switch, port) for port in ("swp1", "swp3"))

    def cabled(graph: GraphReader) -> set[str]:
        head = graph.resolve(nic)
        if head is None:
            return set()
        others = (graph.get(link.other) for link in graph.links(head.ord) if link.type == "host_pnic-switch_pnic")
        return {other.id for other in others if other is not None}

    async def moved() -> None:
        async with opened(home(lab, tmp_path / "home"), "tor") as system:
            system.watch("tor")
            await until(lambda: not differences(graph_of(system), expected(lab.lab)), PROMISED)
            before = graph_of(system).ts
            await asyncio.to_thread(lab.move, "h1", "swp3")
            await until(lambda: cabled(graph_of(system)) == {new}, PROMISED)
            await until(lambda: not differences(graph_of(system), expected(lab.lab)), PROMISED)  # ports by SNMP, too
            store = system.site("tor").writer.store
            assert cabled(store.graph(before)) == {old}, "how it was is kept"
            assert cabled(store.graph(graph_of(system).ts)) == {new}

    asyncio.run(moved())
