"""Reading namespaces: Calipso's own netlink beside pyroute2 and `ip -j`, on the same namespaces in one run. Needs root.

    python bench/discovery.py [NAMESPACES …]

For each number of namespaces (50, 200, 1000) with three interfaces each: the interface part, a whole pass into a
durable graph, and a burst of 200 namespaces while watching. The peers read a fifth of the namespaces and are scaled up.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from calipso.model.record import Observation, Seen
from calipso.runtime.home import Home
from calipso.runtime.system import opened
from calipso.seams import Namespaces, Netlink, SourceConfig
from calipso.sources.linux.parse_namespaces import parse_namespaces
from calipso.transports.local import LocalTransport

PREFIX = f"cb{os.getpid()}"
PEER_SHARE = 5
BURST = 200


def show(figure: str, value: float, unit: str, **more: float) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, **more}), flush=True)


@contextmanager
def namespaces(count: int) -> Iterator[list[str]]:
    """So many namespaces, each with lo, eth0 (to the root namespace) and an ifb."""
    names = [f"{PREFIX}-{n}" for n in range(count)]
    try:
        batch([f"netns add {name}" for name in names])
        batch([f"link add {PREFIX}v{n} type veth peer name eth0 netns {name}" for n, name in enumerate(names)])
        for name in names:
            subprocess.run(["ip", "-n", name, "link", "add", "x0", "type", "veth", "peer", "name", "x1"], check=True)
        yield names
    finally:
        batch([f"netns del {name}" for name in names])


def batch(lines: list[str]) -> None:
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


async def interfaces() -> tuple[float, int]:
    """Seconds for the links and addresses of every namespace, and how many namespaces there were."""
    transport = LocalTransport()
    listing = parse_namespaces((await transport.ask(Namespaces())).body, "h1")
    began = time.perf_counter()
    paths = [each.path for each in listing.all if each.path]
    for path in paths:
        await transport.ask(Netlink(("links", "addresses"), path))
    took = time.perf_counter() - began
    await transport.close()
    return took, len(paths)


async def whole_pass(folder: Path) -> tuple[float, int]:
    """Seconds from nothing to a durable graph that can be asked, and how many objects it has."""
    async with opened(Home(folder), "local") as system:
        began = time.perf_counter()
        await system.scan("local")
        return time.perf_counter() - began, len(system.site("local").graph())


async def burst(folder: Path) -> tuple[float, int]:
    """Seconds from the end of one `ip -batch` of new namespaces until all are seen, and how many are missing."""
    names = [f"{PREFIX}b{n}" for n in range(BURST)]
    async with opened(Home(folder), "local") as system:
        site = system.site("local")
        system.watch("local")
        await asyncio.sleep(3)
        try:
            await asyncio.to_thread(batch, [f"netns add {name}" for name in names])
            began = time.perf_counter()
            missing = BURST
            while missing and time.perf_counter() - began < 30:
                await asyncio.sleep(0.02)
                missing = sum(1 for name in names if not list(site.graph().find("name", name)))
            return time.perf_counter() - began, missing
        finally:
            await asyncio.to_thread(batch, [f"netns del {name}" for name in names])


def peer_pyroute2(names: list[str]) -> float:
    from pyroute2 import NetNS

    began = time.perf_counter()
    for name in names:
        with NetNS(name, flags=0) as netns:
            list(netns.get_links())
            list(netns.get_addr())
    return time.perf_counter() - began


def peer_ip(names: list[str]) -> float:
    began = time.perf_counter()
    for name in names:
        said = subprocess.run(["ip", "-n", name, "-d", "-j", "addr"], capture_output=True, check=True)
        json.loads(said.stdout or "[]")
    return time.perf_counter() - began


async def source_only() -> tuple[float, int]:
    """Seconds of a pass of the linux source alone, and its records."""
    from calipso.sources.linux import SOURCE

    transport = LocalTransport()
    began, records = time.perf_counter(), 0
    observation: Observation
    async for observation in SOURCE.collect(transport, SourceConfig(host="h1")):
        records += len(observation.records) if isinstance(observation, Seen) else 0
    took = time.perf_counter() - began
    await transport.close()
    return took, records


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def idle(folder: Path) -> float:
    """Percent of a core while the namespaces are watched and nothing happens: the quietest of three looks."""
    async with opened(Home(folder), "local") as system:
        system.watch("local")
        await asyncio.sleep(8)
        shares = []
        for _ in range(3):
            used, began = cpu(), time.perf_counter()
            await asyncio.sleep(10)
            shares.append((cpu() - used) / (time.perf_counter() - began) * 100)
        return min(shares)


def measure(count: int) -> None:
    with namespaces(count) as names, tempfile.TemporaryDirectory() as folder:
        took, read = asyncio.run(interfaces())
        some = names[: max(1, count // PEER_SHARE)]
        scale = read / len(some)
        peers: dict[str, Any] = {"pyroute2": peer_pyroute2(some) * scale, "ip_json": peer_ip(some) * scale}
        for peer, seconds in peers.items():
            show(
                f"interfaces of {read} namespaces",
                took,
                "s",
                **{peer: round(seconds, 3), "ratio": round(seconds / took, 1)},
            )
        took, records = asyncio.run(source_only())
        show(f"pass of the linux source, {read} namespaces, {records} records", took, "s")
        took, objects = asyncio.run(whole_pass(Path(folder) / "pass"))
        show(f"durable graph of {read} namespaces, {objects} objects", took, "s", limit=5.0)
        show(f"idle, watching {read} namespaces", asyncio.run(idle(Path(folder) / "idle")), "% of a core", limit=2.0)
    with tempfile.TemporaryDirectory() as folder:
        took, missing = asyncio.run(burst(Path(folder)))
        show(f"burst of {BURST} namespaces, {missing} missing", took, "s", limit=2.0)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("bench/discovery.py makes network namespaces: run it as root")
    for number in [int(word) for word in sys.argv[1:]] or [50, 200, 1000]:
        measure(number)
