"""A scan of a whole cloud: 200 hosts of 20 instances and the APIs, each answer 50 ms late. Needs root.

    PYTHONPATH=. python bench/cloud.py [HOSTS [INSTANCES [MILLISECONDS]]]

Hosts answer as over SSH, eight commands at a time each, with every source asking what it asks of a real host; what they
answer is made up (`generated_cloud.py`). All ends in a durable, derived graph. The second scan finds nothing changed.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import yaml

from calipso.model.environment import Host
from calipso.runtime.arenas import share_memory
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from calipso.seams import Reply, Request, Transport
from generated_cloud import GeneratedApi, GeneratedHost, name, recorded

COMMANDS = 8
"""At a time on one host, as `ssh.commands`."""
LIMIT = 60.0
DICTIONARIES = 5_900
"""Bytes of an object as dictionaries (DESIGN §9): a scan, the graph that it makes and what is on its way there may take
no more. Grows with the objects alone: run with half and with twice the hosts to see it.
"""


def show(figure: str, value: float, unit: str, **more: float) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, **more}), flush=True)


class Late:
    """A transport whose answers are on their way for a while."""

    asked = 0

    def __init__(self, inner: Transport, seconds: float) -> None:
        self._inner, self._seconds = inner, seconds
        self._commands = asyncio.Semaphore(COMMANDS)
        self.answers = inner.answers

    async def ask(self, request: Request) -> Reply:
        async with self._commands:
            Late.asked += 1
            await asyncio.sleep(self._seconds)
            return await self._inner.ask(request)

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        return self._inner.listen(request)

    async def close(self) -> None:
        await self._inner.close()


class Cloud:
    """Hosts and APIs by what the environment says of them."""

    def __init__(self, hosts: int, instances: int, latency: float, kernel: dict[str, Reply]) -> None:
        self.hosts, self.instances, self.latency = hosts, instances, latency
        self._kernel = kernel
        self._api = GeneratedApi(hosts, instances)

    def declared(self) -> str:
        hosts: dict[str, object] = {name(number): {"ssh": {}} for number in range(self.hosts)}
        return yaml.safe_dump(
            {
                "name": "cloud",
                "type": "OpenStack",
                "pnics": ["eth1"],
                "hosts": {**hosts, "api": {"openstack": {"cloud": "made-up"}}},
            }
        )

    def reached(self, host: Host) -> Transport:
        if host.openstack is not None:
            return Late(self._api, self.latency)
        assert host.ssh is not None
        number = int(host.ssh.host.removeprefix("cmp-"), 16)
        return Late(GeneratedHost(number, self.instances, self._kernel, self.hosts), self.latency)

    async def scan(self, system: System) -> float:
        """Seconds until all is durable, as a user asks for it: with its bounds on hosts and sources at a time."""
        began = time.monotonic()
        errors = await system.scan("cloud")
        took = time.monotonic() - began
        if errors:
            sys.exit(f"{len(errors)} errors, the first of {errors[0].where}: {errors[0].message}")
        return took


def peak() -> float:
    """MiB that the process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measured(hosts: int, instances: int, latency: float) -> None:
    kernel = await recorded(instances)
    cloud = Cloud(hosts, instances, latency, kernel)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.prepare()
        (home.environments / "cloud.yaml").write_text(cloud.declared())
        async with opened(home, "cloud") as system:
            system._transport_to = cloud.reached  # type: ignore[method-assign]
            before, used = peak(), time.process_time()
            took = await cloud.scan(system)
            objects = len(system.site("cloud").graph())
            show("cloud scan", took, "s", hosts=hosts, instances=hosts * instances, objects=objects,
                 latency_ms=latency * 1000, ratio_to_limit=round(took / LIMIT, 2))  # fmt: skip
            show("cloud scan, own CPU", time.process_time() - used, "s", questions=Late.asked)
            grown = peak() - before
            bound = objects * DICTIONARIES / 2**20
            show("cloud scan, memory", grown, "MiB", per_object_kb=round(grown * 1024 / objects, 2),
                 bound_mib=round(bound), ratio_to_bound=round(grown / bound, 2))  # fmt: skip
            revision = system.site("cloud").graph().rev
            used = time.process_time()
            again = await cloud.scan(system)
            show("cloud scan, asking and comparing alone, own CPU", time.process_time() - used, "s")
            same = int(system.site("cloud").graph().rev == revision)
            show("cloud scan, nothing changed", again, "s", unchanged=same)


def main(hosts: int = 200, instances: int = 20, milliseconds: int = 50) -> None:
    share_memory()  # as the server does
    asyncio.run(measured(hosts, instances, milliseconds / 1000))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
