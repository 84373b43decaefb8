"""A server in a process of its own that changes an estate at a rate: what benches of clients measure against."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

import generate
from calipso.model.record import Record, Scope, Seen
from calipso.runtime.home import Home
from calipso.runtime.system import opened
from calipso.web.server import Server

OBJECTS = 20_000
TOKEN = "b" * 43
MARK = "h-bench/dev:mark"
"""The object that comes last: who has heard of it has heard all."""


class Sent(msgspec.Struct, frozen=True):
    """What the server did: changes sent, seconds, its share of a core, clients it dropped as too slow."""

    changes: int
    lasted: float
    share: float
    dropped: int


def show(figure: str, value: float, unit: str, **more: float | str) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, **more}), flush=True)


def said() -> list[generate.Said]:
    return list(islice(generate.Estate(1).records(OBJECTS), OBJECTS))


def process(folder: str, rate: int, seconds: float, mark: Callable[[int], dict[str, Any]], pipe: Connection) -> None:
    """To be the target of a process. mark: number of a change → attributes by which it is known again.

    Tells its URL, waits for a word, changes the estate, tells `Sent`, waits for a word to end.
    """
    asyncio.run(_serve(Path(folder), rate, seconds, mark, pipe))


@contextmanager
def served(rate: int, seconds: float, mark: Callable[[int], dict[str, Any]]) -> Iterator[Connection]:
    """What `process` is spoken to by, for as long as the server runs."""
    ours, theirs = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        args = (folder, rate, seconds, mark, theirs)
        server = multiprocessing.get_context("spawn").Process(target=process, args=args)
        server.start()
        try:
            yield ours
        finally:
            ours.send("stop")
            server.join(30)


async def _serve(
    folder: Path, rate: int, seconds: float, mark: Callable[[int], dict[str, Any]], pipe: Connection
) -> None:
    scope = Scope("bench", "bench")
    (folder / "config.yaml").write_text("web: {rate: 0}")
    records = said()
    async with opened(Home(folder), "local") as system:
        site = system.site("local")
        for start in range(0, len(records), 500):
            some = tuple(Record(s.id, s.facet, s.type, s.attributes) for s in records[start : start + 500])
            await site.put([Seen(scope, some)])
        async with Server(system, TOKEN, "127.0.0.1", 0) as server:
            pipe.send(server.url)
            await asyncio.to_thread(pipe.recv)
            devices = cycle([s for s in records if s.facet == "netlink" and "mtu" in s.attributes])
            began, used, sent = time.perf_counter(), time.process_time(), 0
            while (elapsed := time.perf_counter() - began) < seconds:
                while sent < elapsed * rate:
                    s = next(devices)
                    sent += 1
                    await site.writer.put([Seen(scope, (Record(s.id, s.facet, s.type, s.attributes | mark(sent)),))])
                await asyncio.sleep(0.005)
            await site.writer.settled()
            took = time.perf_counter() - began
            share = (time.process_time() - used) / took
            last = Record(MARK, "netlink", "device", {"name": "mark", "host": "h-bench"})
            await site.put([Seen(scope, (last,))])
            pipe.send(Sent(sent, took, share, server.feeds.dropped))
            await asyncio.to_thread(pipe.recv)
