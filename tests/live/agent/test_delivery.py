"""Between an agent and its server everything may break: what was seen arrives, and arrives once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from calipso.errors import CalipsoError
from calipso.model.environment import Environment, Host
from calipso.model.record import Gone, Observation, Record, RunBegan, RunEnded, Scope, Seen
from calipso.runtime.agent import Agent
from calipso.runtime.agent import Server as Reached
from calipso.runtime.home import Home
from calipso.runtime.spool import Spool
from calipso.runtime.tokens import admin_token
from calipso.seams import Manifest, SourceConfig, Transport
from calipso.stores.sqlite.store import SqliteStore
from calipso.transports.local import LocalTransport
from tests.support.waiting import until

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]
HOST, ESTATE = "h1", "estate"
CHANGES, LIVING = 10_000, 50


class Counting:
    """Says that thing after thing comes, and goes some time later; then it looks at all once more."""

    manifest = Manifest(name="counting", title="test", facets=("netlink",), types=("tun",), watches=True)

    def __init__(self, pause: float = 0.0005) -> None:
        self.said = 0
        self.pause = pause
        self.begun = 0

    def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        return self.watch(transport, config)

    async def watch(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        scope = Scope("counting", config.host)
        self.begun += 1
        yield RunBegan(scope)
        yield Seen(scope, tuple(self.record(n) for n in self.living))
        yield RunEnded(scope, "completed")
        while self.said < CHANGES:
            self.said += 1
            yield Seen(scope, (self.record(self.said),))
            if self.said > LIVING:
                yield Gone(scope, ((self.record(self.said - LIVING).id, "netlink"),))
            if self.said % 20 == 0:
                await asyncio.sleep(20 * self.pause)
            if self.said % 1000 == 0:  # a look in the middle of it all, that a break may fall into
                yield RunBegan(scope)
                for n in self.living:
                    yield Seen(scope, (self.record(n),))
                    await asyncio.sleep(0.002)
                yield RunEnded(scope, "completed")
        await asyncio.Event().wait()

    @property
    def living(self) -> range:
        return range(max(1, self.said - LIVING + 1), self.said + 1)

    @staticmethod
    def record(n: int) -> Record:
        attributes = {"name": f"t{n}", "host": HOST, "netns": HOST, "ifindex": n}
        return Record(f"{HOST}/dev:t{n}", "netlink", "tun", attributes)


class Wire:
    """A TCP connection to the server that can be cut, refused and slow."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.up = True
        self.open: set[asyncio.StreamWriter] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self.up:
                return
            there = await asyncio.open_connection("127.0.0.1", self.to)
            self.open |= {writer, there[1]}
            await asyncio.gather(self.pass_on(reader, there[1]), self.pass_on(there[0], writer))
        except OSError:
            pass
        finally:
            writer.close()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        for writer in self.open:
            writer.transport.abort()
        self.open.clear()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Server:
    """`calipso up` in a process of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        env = {**os.environ, "CALIPSO_HOME": str(self.home), "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "calipso", "up", "--port", str(self.port)], env=env,
            stdout=subprocess.DEVNULL, stderr=(self.home / "server.log").open("ab"),
        )  # fmt: skip

    async def start(self) -> None:
        self.begin()
        for _ in range(1200):
            await asyncio.sleep(0.05)
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
        raise AssertionError((self.home / "server.log").read_text())

    def end(self, how: int) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(20)


@asynccontextmanager
async def delivering(tmp_path: Path, source: Counting) -> AsyncIterator[tuple[Server, Wire, Agent]]:
    home = Home(tmp_path / "server")
    home.prepare()
    (home.environments / f"{ESTATE}.yaml").write_text(f"name: {ESTATE}\nhosts: {{{HOST}: {{agent: true}}}}\n")
    token = admin_token(home.token)
    server = Server(home.path, free_port())
    await server.start()
    wire = Wire(server.port)
    listening = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    spool = Spool(tmp_path / "spool.db")
    agent = Agent(
        Reached(f"http://127.0.0.1:{port}", token),
        ESTATE,
        HOST,
        spool,
        {"counting": source},
        lambda _: LocalTransport(),
    )
    running = asyncio.create_task(agent.run())
    try:
        yield server, wire, agent
        if running.done():
            running.result()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        listening.close()
        wire.cut()
        spool.close()
        server.end(signal.SIGTERM)


async def until_delivered(source: Counting, agent: Agent, seconds: float = 120.0) -> None:
    await until(lambda: source.said >= CHANGES and agent.acked >= agent.spool.last, seconds)
    await asyncio.sleep(0.3)
    assert agent.acked == agent.spool.last and len(agent.spool) == 0


def assert_each_came_and_went_once(home: Path) -> None:
    store = SqliteStore(home / "graphs" / f"{ESTATE}.db", Environment(name=ESTATE, hosts={HOST: Host(agent=True)}))
    try:
        came: Counter[str] = Counter()
        went: Counter[str] = Counter()
        for change in store.changes(0, 2**62):
            if change.what == "head" and "/dev:t" in (id := store.id_of(change.ord)):
                (went if change.body is None else came)[id] += 1
        graph = store.load()
    finally:
        store.close()
    expected = {f"{HOST}/dev:t{n}" for n in range(CHANGES - LIVING + 1, CHANGES + 1)}
    assert {head.id for head in graph.objects() if "/dev:t" in head.id} == expected
    assert set(came.values()) == {1}, "nothing came twice"
    assert set(went.values()) == {1}, "nothing went twice"
    assert expected <= came.keys() and not expected & went.keys()


def test_a_wire_that_breaks_again_and_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        source, pick = Counting(), random.Random(7)
        async with delivering(tmp_path, source) as (_, wire, agent):
            while source.said < CHANGES:
                await asyncio.sleep(pick.uniform(0.1, 0.7))
                wire.up = pick.random() < 0.6
                wire.cut()
            wire.up = True
            await until_delivered(source, agent)
            assert agent.lost == 0 and source.begun == 1

    asyncio.run(scenario())
    assert_each_came_and_went_once(tmp_path / "server")


def test_a_server_that_is_killed_again_and_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = Counting()
        async with delivering(tmp_path, source) as (server, _, agent):
            for _ in range(3):
                await asyncio.sleep(1.5)
                await asyncio.to_thread(server.end, signal.SIGKILL)
                await asyncio.sleep(0.5)
                await server.start()
            await until_delivered(source, agent)

    asyncio.run(scenario())
    assert_each_came_and_went_once(tmp_path / "server")


def test_what_does_not_fit_on_the_disk_is_said_and_looked_at_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = Counting()
        async with delivering(tmp_path, source) as (_, wire, agent):
            await until(lambda: agent.acked > 0)
            wire.up = False
            wire.cut()
            agent.spool.largest = 20_000
            await until(lambda: agent.lost)
            wire.up = True
            agent.spool.largest = 1 << 20
            await until_delivered(source, agent)
            assert source.begun > 1, "it looked at everything anew"

    asyncio.run(scenario())
    home = tmp_path / "server" / "graphs" / f"{ESTATE}.db"
    store = SqliteStore(home, Environment(name=ESTATE, hosts={HOST: Host(agent=True)}))
    living = {head.id for head in store.load().objects() if "/dev:t" in head.id}
    store.close()
    assert living == {f"{HOST}/dev:t{n}" for n in range(CHANGES - LIVING + 1, CHANGES + 1)}


def test_an_agent_nobody_declared_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with delivering(tmp_path, Counting()) as (server, _, agent):
            await until(lambda: agent.connected)
            token = agent.server.token
            url = f"http://127.0.0.1:{server.port}"
            for number, (reached, host, message, hint) in enumerate((
                (Reached(url, token), "h9", "no host 'h9' with an agent", "agent: true"),
                (Reached(url, "wrong"), HOST, "refuses the token", "token"),
                (Reached(url, token), HOST, "another agent speaks for h1", "end that one"),
            )):  # fmt: skip
                spool = Spool(tmp_path / f"other{number}.db")
                other = Agent(reached, ESTATE, host, spool, {}, lambda _: LocalTransport())
                with pytest.raises(CalipsoError, match=message) as error:
                    await asyncio.wait_for(other.run(), 10)
                assert hint in error.value.hint
                spool.close()

    asyncio.run(scenario())


def test_the_server_tells_who_is_there_and_what_it_costs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with delivering(tmp_path, Counting()) as (server, wire, agent):
            env = {**os.environ, "CALIPSO_HOME": str(server.home)}

            async def agents() -> list[dict[str, object]]:
                command = [sys.executable, "-m", "calipso", "agents", "-o", "json"]
                said = await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, check=True)
                return list(json.loads(said.stdout))

            await until(lambda: agent.connected)
            await asyncio.sleep(0.2)
            (mine,) = await agents()
            assert mine["connected"] and mine["host"] == HOST and mine["lost"] == 0
            assert isinstance(mine["memory"], int) and mine["memory"] > 1 << 20
            wire.up = False
            wire.cut()
            await asyncio.sleep(0.5)
            (mine,) = await agents()
            assert not mine["connected"]

    asyncio.run(scenario())
