"""An agent: looks at its host, keeps what it saw on disk, and delivers it to a server, each part once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator, Sequence

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from calipso.errors import AuthFailed, CalipsoError, ConfigError
from calipso.following import ended
from calipso.model.environment import Environment
from calipso.model.record import Observation, RunEnded, Scope
from calipso.runtime import feed
from calipso.runtime.agent_packets import AgentPackets
from calipso.runtime.collect import Collection, Transports
from calipso.runtime.cost import Meter, resident
from calipso.runtime.delivery import Delivery
from calipso.runtime.runs import Runs
from calipso.runtime.spool import Spool, SpoolFull
from calipso.runtime.turn import insisted
from calipso.seams import Source
from calipso.version import VERSION

GATHER = 0.05
"""Seconds in which observations are gathered into one part."""
BUFFER = 5_000
FIRST_DELAY, LONGEST_DELAY = 0.5, 15.0
COST_EVERY = 5.0
WELCOME = "welcome"

log = structlog.get_logger()


class Refused(CalipsoError):
    """The server does not take this agent; trying again changes nothing."""


class Server(msgspec.Struct, frozen=True):
    """How the server is reached. url: http or https. tls: for https, with the agent's certificate if it has one."""

    url: str
    token: str = ""
    tls: ssl.SSLContext | None = None

    @property
    def address(self) -> str:
        return self.url.rstrip("/").replace("http", "ws", 1) + "/api/v1/ingest"


class Agent:
    """Runs until cancelled. Raises `Refused` when the server does not want it, `StoreError` when the disk fails."""

    def __init__(
        self, server: Server, environment: str, host: str, spool: Spool, sources: dict[str, Source],
        transports: Transports, *, cpu_limit: float = 0.0, packets: AgentPackets | None = None,
    ) -> None:  # fmt: skip
        self.server = server
        self.environment = environment
        self.host = host
        self.spool = spool
        self.meter = Meter(cpu_limit)
        self.packets = packets
        self.lost = 0
        self.connected = False
        self._welcomed = False
        """Whether the server took this agent since it started: then a refusal is waited out."""
        self._sources = sources
        self._transports = transports
        self._runs = Runs()
        self._buffer: list[Observation] = []
        self._changes = Delivery(spool)
        self._room = asyncio.Event()
        self._room.set()
        self._again = asyncio.Event()
        """Look at everything anew: the configuration changed, or something was lost."""
        self._welcome = _remembered(spool)
        if self._welcome is not None:
            self._again.set()

    @property
    def acked(self) -> int:
        """Up to which number what was seen is durable at the server."""
        return self._changes.acked

    async def run(self) -> None:
        ended: list[CalipsoError] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(insisted(self._keep()), name="spool")
                tasks.create_task(insisted(self._collect()), name="collect")
                tasks.create_task(insisted(self._deliver()), name="deliver")
                if self.packets is not None:
                    tasks.create_task(insisted(self.packets.run(self.meter.pace)), name="captures")
        except* CalipsoError as errors:
            ended += [each for each in errors.exceptions if isinstance(each, CalipsoError)]
        if ended:  # raised in the block, Python up to 3.11.3 makes a group of it (gh-103590)
            raise ended[0]

    # ── what is seen ─────────────────────────────────────────────────────────────────────────────────────────────

    async def put(self, observations: Sequence[Observation]) -> None:
        """Take observations of a source; waits while too many are not on disk yet."""
        await self._room.wait()
        self._buffer += observations
        if len(self._buffer) >= BUFFER:
            self._room.clear()

    async def settled(self) -> None:
        """Put all that was taken on disk now."""
        if self._buffer:
            taken, self._buffer = self._buffer, []
            self._room.set()
            self._spool(taken)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(GATHER)
            if self._buffer:
                taken, self._buffer = self._buffer, []
                self._room.set()
                self._spool(taken)
                await self.meter.pace()

    def _spool(self, observations: Sequence[Observation]) -> None:
        try:
            seq = self.spool.put(feed.pack(observations))
        except SpoolFull as error:
            self.lost += self.spool.clear() + 1
            self._runs.clear()
            self._again.set()
            log.warning("dropped what could not be delivered, looking at everything anew", reason=error.message)
            return
        self._runs.note(seq, observations)
        self._changes.refresh()

    async def _collect(self) -> None:
        """Watch as the server wants it, from its first welcome on; anew when it wants something else."""
        while True:
            await self._again.wait()
            self._again.clear()
            if self._welcome is None:
                continue
            config, known = self._welcome.config, self._welcome.known
            scopes = [Scope(source, self.host, part) for source, part in known]
            try:
                collection = Collection(config, self._sources, self._transports, this_host=self.host, known=scopes)
            except ConfigError as error:
                log.error("cannot look as the server wants it", reason=error.message)
                continue
            watching = asyncio.create_task(collection.watch(self))
            changed = asyncio.create_task(self._again.wait())
            try:
                await asyncio.wait((watching, changed), return_when=asyncio.FIRST_COMPLETED)
            finally:
                await asyncio.gather(ended(watching), ended(changed))
                await collection.close()

    # ── what is delivered ────────────────────────────────────────────────────────────────────────────────────────

    async def _deliver(self) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                await self._converse()
                delay = FIRST_DELAY
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError) as error:
                if self.connected:
                    delay = FIRST_DELAY
                log.info("server is away", url=self.server.url, reason=str(error) or type(error).__name__)
            except (Refused, AuthFailed) as error:
                if not self._welcomed:
                    raise
                delay = LONGEST_DELAY
                log.error("server refuses this agent", reason=error.message, next_step=error.hint)
            self.connected = False
            await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311  (jitter)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _converse(self) -> None:
        headers = {"Authorization": f"Bearer {self.server.token}"} if self.server.token else {}
        async with self._connected(headers) as socket:
            await self._greet(socket)
            works = [self._changes.send(socket), self._tell_cost(socket), self._hear(socket)]
            if self.packets is not None:
                works += self.packets.works(socket)
            tasks = [asyncio.create_task(work) for work in works]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                await asyncio.gather(*map(ended, tasks))
                await asyncio.gather(*tasks, return_exceptions=True)  # what they raised is known

    @contextlib.asynccontextmanager
    async def _connected(self, headers: dict[str, str]) -> AsyncIterator[ClientConnection]:
        try:
            socket = await connect(
                self.server.address, additional_headers=headers, ssl=self.server.tls, max_size=feed.LARGEST_PART,
                proxy=None,
            )  # fmt: skip
        except InvalidStatus as error:
            if error.response.status_code in (401, 403):
                raise AuthFailed(
                    f"{self.server.url} refuses the token", hint="make one: `calipso token create`"
                ) from error
            raise
        try:
            yield socket
        finally:
            await socket.close()

    async def _greet(self, socket: ClientConnection) -> None:
        able = self.packets.ability() if self.packets is not None else None
        hello = feed.Hello(self.environment, self.host, self.spool.id, VERSION, ability=able)
        await socket.send(msgspec.json.encode(hello).decode())
        async with asyncio.timeout(30.0):
            answer = msgspec.json.decode(await socket.recv())
        if "error" in answer:
            error = AuthFailed if answer.get("status") == 401 else Refused
            raise error(answer["error"], hint=answer.get("hint", ""))
        welcome = msgspec.convert(answer, feed.Welcome)
        resumed = self._runs.resume(welcome.acked)
        self._note(welcome.acked)
        if resumed:
            await socket.send(feed.frame(0, feed.pack(resumed)))
        before, self._welcome = self._welcome, welcome
        self.spool.remember(WELCOME, msgspec.json.encode(welcome).decode())
        self.connected = self._welcomed = True
        if before is None or before.config != welcome.config:
            self._again.set()
        elif self._runs.whole:  # nothing was missed: what was said before the break still holds
            await self.put([RunEnded(scope, "completed") for scope in sorted(self._runs.whole)])

    async def _hear(self, socket: ClientConnection) -> None:
        async for said in socket:
            told = msgspec.json.decode(said, type=feed.Told)
            if told.acked is not None:
                self._note(told.acked)
            if self.packets is not None:
                self.packets.hear(told)

    def _note(self, acked: int) -> None:
        self._changes.note(acked)
        self._runs.delivered(acked)

    async def _tell_cost(self, socket: ClientConnection) -> None:
        while True:
            await socket.send(msgspec.json.encode(self.cost()).decode())
            await asyncio.sleep(COST_EVERY)

    def cost(self) -> feed.Cost:
        """What this agent uses now."""
        return feed.Cost(
            round(self.meter.read(), 4), resident(), len(self.spool), self.spool.size, self.lost, self.meter.limit
        )


def _remembered(spool: Spool) -> feed.Welcome | None:
    """How the server wanted this agent to look when they last spoke: enough to begin while it is away."""
    said = spool.recall(WELCOME)
    try:
        return msgspec.json.decode(said, type=feed.Welcome) if said else None
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None  # of another version


def only(environment: Environment, host: str) -> Environment:
    """An environment as the agent of one of its hosts is to look at it."""
    mine = msgspec.structs.replace(environment.hosts[host], agent=False)
    return msgspec.structs.replace(environment, hosts={host: mine})
