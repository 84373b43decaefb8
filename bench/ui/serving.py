"""A server on a generated estate, in a process of its own; told to, it changes things at a rate."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, cycle
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from bench import generate
from calipso.model.record import Gone, Record, Scope, Seen
from calipso.runtime.home import Home
from calipso.runtime.site import Site
from calipso.runtime.system import opened
from calipso.web.server import Server

TOKEN = "b" * 43
SCOPE = Scope("bench", "bench")
TICK = 500
COMES_EVERY = 20
"""Of so many changes one is of a device that comes, and when enough are there, of one that goes."""
ALIVE = 200
SHARE = 0.76
"""Of the objects that are asked for, those that the generator counts: guests and networks come on top."""


class Sent(NamedTuple):
    """changes: told by the source. lost: clients that were too slow for them. seconds: how long it took."""

    changes: int
    lost: int
    seconds: float


class Served:
    """A running server."""

    def __init__(self, url: str, objects: int, pipe: Connection) -> None:
        self.url, self.objects, self._pipe = url, objects, pipe

    def change(self, rate: int, seconds: float) -> None:
        """Begin changing things; `changed` waits for the end."""
        self._pipe.send((rate, seconds))

    def changed(self) -> Sent:
        found: Sent = self._pipe.recv()
        return found


@contextmanager
def served(objects: int) -> Iterator[Served]:
    """Serve an estate of about so many objects, as after a restart: nothing of it was asked for before."""
    ours, theirs = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = multiprocessing.get_context("spawn").Process(target=_process, args=(folder, objects, theirs))
        process.start()
        try:
            yield Served(*ours.recv(), ours)
        finally:
            ours.send(None)
            process.join(60)


def _process(folder: str, objects: int, pipe: Connection) -> None:
    asyncio.run(_serve(Path(folder), objects, pipe))


async def _serve(folder: Path, objects: int, pipe: Connection) -> None:
    (folder / "config.yaml").write_text("web: {rate: 0}")
    said = list(_estate(objects))
    async with opened(Home(folder), "local") as system:
        for start in range(0, len(said), TICK):
            await system.site("local").put([Seen(SCOPE, tuple(said[start : start + TICK]))])
    async with opened(Home(folder), "local") as system, Server(system, TOKEN, "127.0.0.1", 0) as server:
        site = system.site("local")
        pipe.send((server.url, len(site.graph())))
        while (asked := await asyncio.to_thread(pipe.recv)) is not None:
            before = server.feeds.dropped
            changes, took = await _change(site, said, *asked)
            pipe.send(Sent(changes, server.feeds.dropped - before, took))


def _estate(objects: int) -> Iterator[Record]:
    """The generated records, with the guests that their NICs belong to."""
    for number, each in enumerate(generate.Estate(1).records(int(objects * SHARE))):
        yield Record(each.id, each.facet, each.type, each.attributes)
        if each.type == "nic":
            guest = {"host": each.attributes["host"], "name": f"vm-{number}", "state": "up"}
            yield Record(each.attributes["instance"], "libvirt", "domain", guest)


async def _change(site: Site, said: list[Record], rate: int, seconds: float) -> tuple[int, float]:
    devices = cycle([each for each in said if each.facet == "netlink" and "mtu" in each.attributes])
    came: deque[Record] = deque()
    loop = asyncio.get_running_loop()
    began, sent, numbers = loop.time(), 0, count()
    while (elapsed := loop.time() - began) < seconds:
        some: list[Seen | Gone] = []
        while sent < elapsed * rate:
            sent += 1
            each = next(devices)
            if sent % COMES_EVERY:
                other = "down" if each.attributes["state"] == "up" else "up"
                state = other if sent % 3 == 0 else each.attributes["state"]
                some.append(_seen(each, {"state": state, "bench_number": sent}))
            elif len(came) < ALIVE:
                came.append(_new(each, next(numbers)))
                some.append(Seen(SCOPE, (came[-1],)))
            else:
                gone = came.popleft()
                some.append(Gone(SCOPE, ((gone.id, gone.facet),)))
        if some:
            await site.writer.put(some)
        await asyncio.sleep(0.005)
    await site.writer.settled()
    return sent, loop.time() - began


def _seen(each: Record, more: dict[str, object]) -> Seen:
    return Seen(SCOPE, (Record(each.id, each.facet, each.type, each.attributes | more),))


def _new(like: Record, number: int) -> Record:
    """A device that was not there, beside one that is."""
    own = {"name": f"bench{number}", "ifindex": 100_000 + number, "mac": f"0a:00:00:{number >> 16 & 255:02x}:00:01"}
    taken = {name: value for name, value in like.attributes.items() if name not in ("master", "peer_ifindex")}
    return Record(f"{like.attributes['netns']}/dev:bench{number}", like.facet, "device", taken | own)
