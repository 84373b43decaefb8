"""The writer end to end: observation → durable → published, at a rate; what watching an idle machine costs.

    python bench/pipeline.py [CHANGES A SECOND …]

One JSON line a figure, beside the budget: p95 ≤ 250 ms at 1,000/s, ≤ 500 ms at 10,000/s.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import generate
from calipso.graph.value import Delta, Graph
from calipso.model.record import Record, Scope, Seen
from calipso.runtime.home import Home
from calipso.runtime.system import opened

OBJECTS = 20_000
SECONDS = 8.0
LIMITS = {1000: 250.0, 10_000: 500.0}


def show(figure: str, value: float, unit: str, **more: float) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, **more}), flush=True)


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def rate(changes: int, folder: Path) -> None:
    """Hand over so many changes a second for some seconds; how long until they were published."""
    scope = Scope("bench", "bench")
    said = list(islice(generate.Estate(1).records(OBJECTS), OBJECTS))
    async with opened(Home(folder), "local") as system:
        site = system.site("local")
        for start in range(0, len(said), 500):
            records = tuple(Record(s.id, s.facet, s.type, s.attributes) for s in said[start : start + 500])
            await site.put([Seen(scope, records)])
        waiting: dict[str, float] = {}
        latencies: list[float] = []

        def published(old: Graph, new: Graph, delta: Delta) -> None:
            now = time.perf_counter()
            for ord, _, _ in delta.facets:
                sent = waiting.pop(new.id_of(ord), None)
                if sent is not None:
                    latencies.append((now - sent) * 1e3)

        site.writer.listen(published)
        devices = cycle([s for s in said if s.facet == "netlink" and "mtu" in s.attributes])
        began, used, sent = time.perf_counter(), cpu(), 0
        while (elapsed := time.perf_counter() - began) < SECONDS:
            while sent < elapsed * changes:
                s = next(devices)
                record = Record(s.id, s.facet, s.type, s.attributes | {"mtu": 1000 + sent % 9000})
                waiting.setdefault(s.id, time.perf_counter())
                await site.writer.put([Seen(scope, (record,))])
                sent += 1
            await asyncio.sleep(0.005)
        await site.writer.settled()
        took = time.perf_counter() - began
        latencies.sort()
        share = (cpu() - used) / took
        p95 = latencies[int(len(latencies) * 0.95)]
        show(f"observation to published at {changes}/s, p95", p95, "ms", limit=LIMITS.get(changes, 0.0),
             done_a_second=round(sent / took), share_of_a_core=round(share, 2))  # fmt: skip


async def idle(folder: Path) -> None:
    """Share of a core while this machine is watched and nothing happens."""
    async with opened(Home(folder), "local") as system:
        system.watch("local")
        await asyncio.sleep(10)
        used, began = cpu(), time.perf_counter()
        await asyncio.sleep(20)
        share = (cpu() - used) / (time.perf_counter() - began)
        show("idle, watching this machine", share * 100, "% of a core", limit=2.0)


if __name__ == "__main__":
    for number in [int(word) for word in sys.argv[1:]] or [1000, 10_000]:
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(rate(number, Path(name)))
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(idle(Path(name)))
