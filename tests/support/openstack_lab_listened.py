"""labs/openstack listened to: a system that watches its APIs, and a witness beside it that hears what it hears."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from calipso.graph.protocol import GraphReader
from calipso.model import ids
from calipso.model.environment import AmqpAccess
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened
from calipso.seams import Amqp, AmqpSettle
from calipso.sources.openstack.bus import EXCHANGES, TOPICS
from calipso.transports.amqp import AmqpTransport
from labs.openstack import declaration as d
from labs.openstack.environment import API, NAME, SECRET, environment
from labs.openstack.running import OUTSIDE, Running
from tests.support.openstack_lab import scanned
from tests.support.waiting import until

FACETS = ("keystone", "nova", "neutron", "placement", "quotas")
BUS = f"openstack@{API}:bus"
Facets = dict[tuple[str, str], dict[str, Any]]


class Operation(NamedTuple):
    """What the cloud did, `cloud/operations.py` says how. `answered`: seconds since the epoch."""

    did: str
    event: str
    id: str
    about: str
    shows: dict[str, Any] | None
    answered: float


class Notified(NamedTuple):
    """A notification as its sender dated it, in seconds since the epoch; `text`: all of it."""

    event: str
    at: float
    text: str


def home_listening(lab: Running, folder: Path) -> Home:
    """A folder of Calipso's whose full looks are an hour apart: what it sees in between, events told it."""
    home = Home(folder)
    home.prepare()
    said = yaml.safe_load(environment(lab))
    queue = f"calipso-{folder.name}"
    said["sources"] = {"openstack": {"interval": 3600, "queue": queue}}
    (home.environments / f"{NAME}.yaml").write_text(yaml.safe_dump(said))
    return home


def facets_of(graph: GraphReader) -> Facets:
    """All that the APIs say: (id, facet) → attributes."""
    return {
        (head.id, facet.name): json.loads(json.dumps([facet.type, facet.attributes], sort_keys=True))
        for head in graph.objects()
        for facet in graph.facets(head)
        if facet.name.partition("@")[0] in FACETS
    }


def different(one: Facets, other: Facets) -> list[str]:
    """Record by record what is otherwise, attribute by attribute."""
    out = []
    for place in sorted({*one, *other}):
        listened, fresh = one.get(place), other.get(place)
        if listened != fresh:
            out.append(f"{place}: listened {_only(listened, fresh)}, afresh {_only(fresh, listened)}")
    return out


def _only(said: Any, beside: Any) -> Any:
    if said is None or beside is None:
        return "has none" if said is None else said
    return {name: value for name, value in said[1].items() if beside[1].get(name) != value}


async def fresh(lab: Running, folder: Path) -> Facets:
    """What one full scan into a new folder sees."""
    home = home_listening(lab, folder)
    return facets_of(await asyncio.to_thread(scanned, home))


@contextlib.asynccontextmanager
async def watching(home: Home) -> AsyncIterator[System]:
    """A system that listens to the lab and has looked at all of it once."""
    async with opened(home, NAME) as system:
        system.watch(NAME)
        await until(lambda: bool(facets_of(system.site(NAME).graph())) and standing(system) == "completed", 60)
        yield system


def standing(system: System) -> str:
    """How the scope stands that stands for the bus, "" before it is known."""
    return next((each.status for each in system.site(NAME).scopes() if each.scope.key == BUS), "")


class Shown:
    """The last graphs with the moment each was published: an operation is often seen before its client is answered."""

    def __init__(self, system: System) -> None:
        writer = system.site(NAME).writer
        self._graphs: deque[tuple[float, GraphReader]] = deque([(time.time(), writer.graph)], maxlen=500)
        writer.listen(lambda old, new, delta: self._graphs.append((time.time(), new)))

    def since(self, operation: Operation) -> float:
        """Since when what an operation did is visible, now that it is: seconds since the epoch."""
        moment = self._graphs[-1][0]
        for at, graph in reversed(self._graphs):
            if not visible(graph, operation):
                break
            moment = at
        return moment


class Witness:
    """Hears every notification of the cloud by a queue of its own."""

    def __init__(self) -> None:
        self.heard: list[Notified] = []

    def told(self, operation: Operation, since: float) -> float | None:
        """When the notification of an operation was sent, the first since a moment; of none, when it was answered."""
        if not operation.event:
            return operation.answered
        found = (
            each.at for each in self.heard
            if each.event == operation.event and each.at >= since and operation.about in each.text
        )  # fmt: skip
        return next(found, None)


@contextlib.asynccontextmanager
async def witnessing(lab: Running) -> AsyncIterator[Witness]:
    access = AmqpAccess(host=d.CTL.address, user=d.LISTENER, password=f"file:{lab.state / SECRET}")
    transport = AmqpTransport(access, lab.holders[OUTSIDE].first)
    witness, ready, request = Witness(), asyncio.Event(), Amqp("calipso-witness", EXCHANGES, TOPICS)

    async def hear() -> None:
        async for reply in transport.listen(request):
            ready.set()
            said = json.loads(reply.body)
            if "number" in said:
                await transport.ask(AmqpSettle(request.queue, (said["number"],)))
                witness.heard.append(_notified(said["body"]))

    task = asyncio.create_task(hear())
    try:
        async with asyncio.timeout(30):
            await ready.wait()
        yield witness
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await transport.close()


def _notified(body: str) -> Notified:
    said = json.loads(body)
    said = json.loads(said["oslo.message"]) if "oslo.message" in said else said
    at = datetime.fromisoformat(said["timestamp"]).replace(tzinfo=UTC)
    return Notified(said["event_type"], at.timestamp(), json.dumps(said))


async def operations(lab: Running, seed: int, number: int, *, servers: bool = True) -> AsyncGenerator[Operation, None]:
    """Random operations as the cloud does them, and after that their end. Raises `AssertionError` when one fails."""
    module = ("env", f"PYTHONPATH={Path(__file__).parents[2]}", "python", "-m", "labs.openstack.cloud.operations")
    process = await asyncio.create_subprocess_exec(
        *lab.enter(OUTSIDE, *module, str(seed), str(number), *(() if servers else ("none",))),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    try:
        async for line in process.stdout:
            said = json.loads(line)
            kind, uuid = said["kind"], said["id"]
            id = ids.instance(uuid) if kind == "server" else ids.by_uuid(kind, uuid)
            yield Operation(said["did"], said["event"], id, said["about"], said["shows"], said["at"])
            process.stdin.write(b"\n")
        trouble = (await process.stderr.read()).decode(errors="replace")
        assert await process.wait() == 0, trouble[-2000:]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def visible(graph: GraphReader, operation: Operation) -> bool:
    """Whether a graph shows what an operation did. Of a list it is enough that it has what was added."""
    head = graph.resolve(operation.id)
    if operation.shows is None or head is None:
        return operation.shows is None and head is None
    there = graph.attributes(head)
    for name, value in operation.shows.items():
        now = there.get(name)
        if now != value and not (isinstance(now, list) and isinstance(value, str) and value in str(now)):
            return False
    return True
