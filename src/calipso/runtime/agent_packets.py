"""What an agent does with packets: captures that its server ordered, and frames that it sends for it.

Orders are kept beside the flows on disk, so that captures go on after a restart though the server is away. Flows wait
in a queue of their own: those of a long absence never push out what was seen of the network. Where it is full the
oldest go, and are counted.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection

from calipso.errors import AuthFailed, CalipsoError, ParseError, StoreError
from calipso.model.environment import Host
from calipso.model.flow import Flow
from calipso.runtime import feed
from calipso.runtime.agent_answers import AgentAnswers
from calipso.runtime.at import now
from calipso.runtime.capture_budgets import Budgets, Spent
from calipso.runtime.capture_host import CaptureHost
from calipso.runtime.delivery import Delivery
from calipso.runtime.orders import Ability, Order, ability
from calipso.runtime.pace import Pace
from calipso.runtime.packet_shelf import PacketShelf
from calipso.runtime.spool import Spool
from calipso.runtime.transports import transport_to
from calipso.seams import CaptureEngine, FrameSender, Injector

T = TypeVar("T")
EVERY = 1.0
"""Seconds between looks at what was counted."""
GATHER, SHORT = 5.0, 5
"""Seconds for which flows are gathered into one part while more than so many parts wait: the newest state counts."""
ORDERS, LOST, SPENT = "orders", "flows lost", "budgets spent"
FILES = "captures"
"""The folder for files of packets."""
MOST_SENDERS = 64

log = structlog.get_logger()


class Limits(msgspec.Struct, frozen=True):
    """What the host's administrator allows. rate: packets sent a second, whatever the server wants."""

    captures: bool = True
    sends: bool = True
    rate: int = 1000


class AgentPackets:
    """See the module. All but what engines do runs in the event loop."""

    def __init__(
        self, engines: Sequence[CaptureEngine], injector: Injector, spool: Spool, limits: Limits = Limits()  # noqa: B008
    ) -> None:  # fmt: skip
        self.shelf = PacketShelf(spool.path.with_name(f"{spool.path.name}.packets"))
        self._budgets = Budgets(_recalled(spool, SPENT, dict[str, Spent]) or {})
        self._kept = dict(self._budgets.spent)
        self.host = CaptureHost(engines, self.shelf, self._budgets, spool.path.parent / FILES)
        self._answers = AgentAnswers(lambda: transport_to(Host()), self.shelf)
        self._asks: asyncio.Queue[feed.Ask] = asyncio.Queue()
        self.flows_lost = int(spool.recall(LOST) or 0)
        self.limits = limits
        self._injector, self._spool = injector, spool
        self._delivery = Delivery(spool, feed.FLOWS)
        self._waiting: dict[tuple[str, int], Flow] = {}
        self._gathered = 0.0
        self._batches: asyncio.Queue[feed.Batch] = asyncio.Queue()
        self._senders: dict[str, FrameSender] = {}
        self._pace = Pace(limits.rate)
        if limits.captures:
            self.host.want(_recalled(spool, ORDERS, list[Order]) or [])

    def ability(self) -> Ability:
        return ability(
            self.host.engines, self._injector, captures=self.limits.captures, sends=self.limits.sends,
            rate=self.limits.rate,
        )  # fmt: skip

    def hear(self, told: feed.Told) -> None:
        """Take in what the server says."""
        if told.flows is not None:
            self._delivery.note(told.flows)
        if told.captures is not None and self.limits.captures:
            ahead = now() - told.captures.now  # the server's clock may differ: what counts is how long it is from now
            orders = [
                msgspec.structs.replace(each, until=each.until + ahead) if each.until else each
                for each in told.captures.orders
            ]
            self._spool.remember(ORDERS, msgspec.json.encode(orders).decode())
            self.host.want(orders)
        for batch in told.frames:
            self._batches.put_nowait(batch)
        for ask in told.asks:
            self._asks.put_nowait(ask)

    # ── captures ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self, pace: Callable[[], Awaitable[None]]) -> None:
        """Capture until cancelled, whether the server is there or not. `pace` waits while too much is used."""
        try:
            while True:
                if self.host.busy or self._waiting:
                    self._gather(await asyncio.to_thread(self.host.turn))
                    self._note_spent()
                    await pace()
                await asyncio.sleep(EVERY)
        finally:
            self._gather(self.host.close(), at_once=True)
            self.shelf.save()

    def _note_spent(self) -> None:
        """Keep what budgets are used up: an agent that begins anew does not begin them anew."""
        if self._kept != self._budgets.spent:
            self._kept = dict(self._budgets.spent)
            with contextlib.suppress(StoreError):
                self._spool.remember(SPENT, msgspec.json.encode(self._kept).decode())

    def _gather(self, flows: Sequence[Flow], *, at_once: bool = False) -> None:
        """Each delta of a flow is kept, and of states with the same delta the newest."""
        self._waiting |= {(flow.uuid, flow.last_update.last): flow for flow in flows}
        clock = asyncio.get_running_loop().time()
        due = at_once or clock - self._gathered >= GATHER or len(self._spool) < SHORT
        if not self._waiting or not due:
            return
        self._gathered = clock
        taken, self._waiting = list(self._waiting.values()), {}
        body = feed.pack(taken)
        try:
            self._shed(len(body))
            self._spool.put(body)
        except StoreError as error:  # also one part that is larger than all there may be
            self._lose(len(taken))
            log.warning("flows are lost", reason=error.message, flows=len(taken))
        self._delivery.refresh()

    def _shed(self, octets: int) -> None:
        for body in self._spool.shed(octets):
            with contextlib.suppress(ParseError):
                self._lose(len(feed.unpack_flows(body)))

    def _lose(self, flows: int) -> None:
        if not flows:
            return
        self.flows_lost += flows
        with contextlib.suppress(StoreError):
            self._spool.remember(LOST, str(self.flows_lost))

    # ── one conversation with the server ─────────────────────────────────────────────────────────────────────────

    def works(self, socket: ClientConnection) -> list[Coroutine[Any, Any, None]]:
        """What is to be done as long as the connection lasts."""
        return [self._delivery.send(socket), self._report(socket), self._send_frames(socket), self._answer_asks(socket)]

    async def _report(self, socket: ClientConnection) -> None:
        """Tell how captures go, when that has changed."""
        told = None
        while True:
            report = feed.Report(tuple(self.host.reports()), self.flows_lost)
            if report != told:
                await socket.send(msgspec.json.encode(report).decode())
                told = report
            await asyncio.sleep(EVERY)

    async def _answer_asks(self, socket: ClientConnection) -> None:
        """One after another; what was asked in a conversation that has ended nobody waits for."""
        try:
            while True:
                said = await self._answers.answer(await self._asks.get())
                await socket.send(msgspec.json.encode(said).decode())
        finally:
            while not self._asks.empty():
                self._asks.get_nowait()

    async def _send_frames(self, socket: ClientConnection) -> None:
        """Send what the server hands over; when it is gone nothing more is sent."""
        async with asyncio.TaskGroup() as tasks:
            try:
                while True:
                    tasks.create_task(self._answer(await self._batches.get(), socket))
            finally:
                while not self._batches.empty():
                    self._batches.get_nowait()
                for sender in self._senders.values():
                    sender.close()
                self._senders.clear()

    async def _answer(self, batch: feed.Batch, socket: ClientConnection) -> None:
        try:
            sent = feed.Sent(batch.number, tuple(await self._sent(batch)))
        except CalipsoError as error:
            sent = feed.Sent(batch.number, error=error.message, denied=isinstance(error, AuthFailed))
        await socket.send(msgspec.json.encode(sent).decode())

    async def _sent(self, batch: feed.Batch) -> list[str]:
        """Why, for each frame that was not sent. Raises `AuthFailed`, `Unreachable`."""
        sender = self._senders.get(batch.sender)
        if sender is None and not batch.last:
            sender = await asyncio.to_thread(self._opened, batch)
            self._senders[batch.sender] = sender
        allowed = self._pace.take(len(batch.frames)) if batch.frames else 0
        failed = await asyncio.to_thread(sender.send, batch.frames[:allowed]) if sender and allowed else []
        if batch.last and (there := self._senders.pop(batch.sender, None)) is not None:
            there.close()
        why = f"the agent's own limit is {self.limits.rate} packets a second (--inject-rate)"
        return failed + [why] * (len(batch.frames) - allowed)

    def _opened(self, batch: feed.Batch) -> FrameSender:
        """Raises `AuthFailed`, `Unreachable`."""
        if not self.limits.sends:
            raise AuthFailed("the agent's configuration says no (--no-inject)")
        if len(self._senders) >= MOST_SENDERS:
            raise AuthFailed(f"the agent sends by {MOST_SENDERS} devices at most at a time")
        if reason := self._injector.reason():
            raise AuthFailed(reason)
        return self._injector.open(batch.point)


def _recalled(spool: Spool, what: str, type: type[T]) -> T | None:
    """What was kept before; None also for what another version kept."""
    said = spool.recall(what)
    try:
        return msgspec.json.decode(said, type=type) if said else None
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
