"""The demo: a recorded cloud and a day of its life, told again so that it ends now. Nothing is contacted.

`demo.jsonl` holds what sources said and when (`tests/replay/openstack/demo.py` made it). It goes the way of everything
that is said, through a writer whose clock shows the time of the story; so history, scopes and messages are as they
would be had it been watched.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

import msgspec

from calipso.errors import Conflict, ParseError
from calipso.graph.protocol import GraphReader
from calipso.model.environment import Environment
from calipso.model.record import Observation
from calipso.operations.message_documents import Message
from calipso.runtime.at import now
from calipso.runtime.demo_traffic import flows
from calipso.runtime.flow_keeping import placed
from calipso.runtime.home import Home
from calipso.runtime.loading import loaded
from calipso.runtime.messages import Messages, Retention
from calipso.runtime.site import Site
from calipso.runtime.writer import DAY, Writer
from calipso.stores.duckdb import DuckFlowStore
from calipso.stores.sqlite.store import SqliteStore

DEMO = "demo"
FILE = Path(__file__).with_name("demo.jsonl")
FORMAT, VERSION = "calipso-history", 1
DRAFT = ".demo.draft"
"""Its store while it is being told: a name that no environment can have."""
SECOND = 1_000_000
"""µs."""
DECLARED = f"""\
# A recorded cloud: OpenStack with Open vSwitch on three hosts. Nothing is looked at.
name: {DEMO}
recorded: true
type: OpenStack
mechanism_drivers: [OVS]
type_drivers: [vxlan, vlan, flat]
history_days: 3650
flow_days: 3650
"""


class Header(msgspec.Struct, frozen=True):
    """The first line of a recorded history."""

    format: str
    version: int
    moments: int


class Moment(msgspec.Struct, frozen=True):
    """What was said at a time, in seconds before the end: not above 0, and rising."""

    at: float
    said: list[Observation]


class Surroundings(Protocol):
    """What the demo needs of the system."""

    home: Home

    async def put_environment(self, text: str) -> Environment: ...


class Demo:
    """Opens the demo, once."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._opening = asyncio.Lock()

    async def open(self) -> Environment:
        """The environment `demo`, told anew unless it is there. Raises `Conflict` when another has its name."""
        async with self._opening:
            home = self._surroundings.home
            known = home.configured().get(DEMO)
            if known is not None and known.recorded:
                return known
            if known is not None or home.store(DEMO).exists():
                raise Conflict(
                    f"there is an environment {DEMO!r} or its history, which is not the demo",
                    hint=f"give it another name, or purge it: calipso env remove {DEMO} --purge",
                )
            environment, _ = home.environment(DECLARED, DEMO)
            draft = home.graphs / DRAFT
            await asyncio.to_thread(_clear, draft)
            end = now()
            history = moments(await asyncio.to_thread(FILE.read_bytes))
            await tell(history, environment, draft, end, home.flows(DEMO))
            await asyncio.to_thread(draft.rename, home.store(DEMO))
            await asyncio.to_thread(_clear, draft)
            return await self._surroundings.put_environment(DECLARED)


def _clear(draft: Path) -> None:
    """Take away what telling left behind, now or in a process that ended meanwhile."""
    for file in draft.parent.glob(f"{draft.name}*"):
        file.unlink()


def _let_talk(path: Path, end: int, graph: GraphReader) -> None:
    """Write the flows of its workloads, which end at `end` (µs since the epoch), into a new store of flows."""
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    store = DuckFlowStore(path)
    try:
        store.add(placed(flows(end), graph))
    finally:
        store.close()


def moments(text: bytes) -> list[Moment]:
    """A recorded history. Raises `ParseError` for anything that is not one of this version."""
    lines = text.splitlines()
    try:
        header = msgspec.json.decode(lines[0] if lines else b"", type=Header)
        found = [msgspec.json.decode(line, type=Moment) for line in lines[1:]]
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ParseError("history", str(error)) from error
    if (header.format, header.version, header.moments) != (FORMAT, VERSION, len(found)):
        raise ParseError("history", f"this reads {FORMAT} version {VERSION}, whole", line=1)
    return found


class _Clock:
    """Shows the time of the story."""

    def __init__(self) -> None:
        self.time = 0

    def __call__(self) -> int:
        return self.time


class _Alone:
    """Surroundings of the messages of the one environment that is told."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def site(self, environment: str) -> Site:
        return self._site


async def tell(history: list[Moment], environment: Environment, path: Path, end: int, talk: Path | None = None) -> None:
    """Write a history into a new store so that it ends at `end` (µs since the epoch). Raises `StoreError`.

    talk: where the flows of the demo's workloads are kept; None for none.
    """
    store = await asyncio.to_thread(SqliteStore, path, environment)
    graph = await asyncio.to_thread(loaded, store, environment)
    clock = _Clock()
    writer = Writer(store, graph, int(environment.history_days * DAY), clock)
    try:
        messages = Messages(_Alone(Site(environment, writer)), Retention(), clock, _unheard)
        messages.open(environment.name)
        for moment in history:
            clock.time = end + int(moment.at * SECOND)
            await writer.tick(moment.said)
        await messages.close()
        await asyncio.to_thread(store.index_text, writer.graph)
        if talk is not None:
            await asyncio.to_thread(_let_talk, talk, end, writer.graph)
    finally:
        await writer.close()


def _unheard(message: Message) -> None:
    """Nobody listens yet: the message is kept."""
