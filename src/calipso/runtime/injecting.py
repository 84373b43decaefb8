"""Injections of an environment: who may send what to where, and the packets on their way."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Annotated

import msgspec

from calipso.errors import CalipsoError, Conflict, Forbidden, NotFound, Unreachable
from calipso.flows import forge, naming
from calipso.flows import record as r
from calipso.flows.decode import decode
from calipso.operations.context import InjectionOrder, InjectionState, Token
from calipso.runtime.agents import Agents
from calipso.runtime.at import now
from calipso.runtime.capturing import Captures
from calipso.runtime.pace import BURST, Pace
from calipso.runtime.site import Site
from calipso.seams import FrameSender, Injector

KEPT = 1000
AT_ONCE = 32
AGENTS_SHARE = 0.8
"""Of what an agent allows itself: its clock and the way there are not even, and what is beyond it refuses."""
_TRACKED = 100
_PAUSE = 0.01
"""Seconds until it is looked again whether a packet is due, at the least."""
ADMIN, WRITE = "admin", "write"
Positive = Annotated[int, msgspec.Meta(ge=0)]


class Allowance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a role may send. anywhere: to every address, else only to those of objects and of the networks `to`.

    packets_per_second: of all injections of the role together, 0 for none at all. packets: of one injection.
    """

    anywhere: bool = False
    to: tuple[str, ...] = ()
    packets_per_second: Positive = 100
    packets: Positive = 10_000

    def __post_init__(self) -> None:
        for network in self.to:
            ipaddress.ip_network(network, strict=False)


class Allowances(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By role: `admin` of tokens that may do everything, `write` of all others."""

    admin: Allowance = Allowance(anywhere=True, packets_per_second=100_000, packets=1_000_000)
    write: Allowance = Allowance()


class Paces:
    """The paces of the roles; one for all environments."""

    def __init__(self, allowances: Allowances) -> None:
        self.allowances = allowances
        self._of = {ADMIN: Pace(allowances.admin.packets_per_second), WRITE: Pace(allowances.write.packets_per_second)}

    def allowance(self, role: str) -> Allowance:
        return self.allowances.admin if role == ADMIN else self.allowances.write

    def take(self, role: str, wanted: int) -> int:
        return self._of[role].take(wanted)


class Injections:
    """All of a site. Implements `operations.context.Injections`."""

    def __init__(
        self, site: Site, captures: Captures, engine: Injector, paces: Paces, tokens: Callable[[], list[Token]],
        agents: Agents,
    ) -> None:  # fmt: skip
        self._site, self._captures, self._engine, self._paces, self._tokens = site, captures, engine, paces, tokens
        self._agents = agents
        self._states: dict[str, InjectionState] = {}
        self._tasks: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}

    async def start(self, order: InjectionOrder, who: str) -> InjectionState:
        """Raises `Forbidden`, `Unreachable`, `AuthFailed`, `ConfigError`; `Conflict` for an id that is taken."""
        if order.id in self._states:
            raise Conflict(f"there is an injection {order.id!r}", hint="remove it first, or choose another id")
        role = self._role(who)
        await asyncio.to_thread(self._permitted, order, role)
        if len(self._tasks) >= AT_ONCE:
            raise Forbidden(f"{AT_ONCE} injections are running", hint="wait for one to end, or remove it")
        sender, own = await asyncio.to_thread(self._open, order)
        state = InjectionState(id=order.id or secrets.token_hex(6), order=order, who=who, state="running", began=now())
        state.tracking_ids = (tracking_of(next(_made(order))),)
        self._states[state.id] = state
        for old in [each.id for each in self._states.values() if each.id not in self._tasks][: -KEPT - 1]:
            del self._states[old]
        ending = asyncio.Event()
        task = asyncio.create_task(
            self._run(state, sender, self._pacing(role, own), ending), name=f"injection {state.id}"
        )
        self._tasks[state.id] = task, ending
        return state

    def states(self) -> list[InjectionState]:
        return list(self._states.values())

    async def remove(self, id: str) -> InjectionState:
        """Raises `NotFound`."""
        if id not in self._states:
            raise NotFound(f"no injection {id!r}", hint="`calipso injections` tells those there were.")
        there = self._tasks.get(id)
        if there is not None:
            there[1].set()
            await asyncio.gather(there[0], return_exceptions=True)
        return self._states.pop(id)

    async def close(self) -> None:
        for id in list(self._tasks):
            await self.remove(id)

    def _role(self, who: str) -> str:
        """That of a token by its name; who is nobody's token writes only."""
        mine = next((token for token in self._tokens() if token.name == who), None)
        return ADMIN if who == ADMIN or (mine is not None and mine.may("admin")) else WRITE

    def _permitted(self, order: InjectionOrder, role: str) -> None:
        """Raises `Forbidden`."""
        allowed = self._paces.allowance(role)
        if not allowed.packets_per_second:
            raise Forbidden(f"the role {role} may not send packets", hint=f"`injections: {role}:` in config.yaml")
        if order.count > allowed.packets:
            raise Forbidden(f"the role {role} may send {allowed.packets} packets at a time, not {order.count}",
                            hint=f"`injections: {role}: packets:` in config.yaml")  # fmt: skip
        if allowed.anywhere:
            return
        networks = [ipaddress.ip_network(each, strict=False) for each in allowed.to]
        for address, what in {each for ends in _ends(order) for each in zip(ends, ("from", "to"), strict=True)}:
            if not self._known(address) and not _within(address, networks):
                raise Forbidden(f"the role {role} may not send {what} {address or 'what has no address'}: it is of no "
                                "object of the environment",
                                hint=f"`injections: {role}: to:` in config.yaml allows networks")  # fmt: skip
        for mac in order.given_macs:
            if not list(self._site.graph().find("mac", mac.lower())):
                raise Forbidden(f"the role {role} may not send from or to {mac}: it is of no object",
                                hint="leave MACs to routes and neighbours")  # fmt: skip

    def _known(self, address: str) -> bool:
        return bool(address) and bool(list(self._site.graph().find("ip", address)))

    def _open(self, order: InjectionOrder) -> tuple[FrameSender, Pace | None]:
        """With the pace that an agent allows."""
        place = self._captures.locate(order.device)
        if isinstance(place, str):
            raise Unreachable(f"packets cannot be sent from {order.device}: {place}",
                              hint="what is on this machine or on a host with an agent can send")  # fmt: skip
        if place.agent:
            environment, host = self._site.config.name, place.point.host
            rate = self._agents.sends_at_most(environment, host)
            return self._agents.sender(environment, place.point), Pace(max(1, int(rate * AGENTS_SHARE)))
        if reason := self._engine.reason():
            raise Unreachable(reason)
        return self._engine.open(place.point), None

    def _pacing(self, role: str, own: Pace | None) -> Callable[[int], int]:
        """How many of those that are due may be sent now."""
        return lambda due: self._paces.take(role, own.take(due) if own is not None else due)

    async def _run(
        self, state: InjectionState, sender: FrameSender, take: Callable[[int], int], ending: asyncio.Event
    ) -> None:
        try:
            await self._send(state, sender, take, ending)
            whole = state.sent + state.errors >= state.order.count
            state.state = "stopped" if not whole else "done" if state.sent else "failed"
        except CalipsoError as error:
            state.state, state.error = "failed", error.message
        finally:
            state.ended = now()
            self._tasks.pop(state.id, None)
            sender.close()

    async def _send(
        self, state: InjectionState, sender: FrameSender, take: Callable[[int], int], ending: asyncio.Event
    ) -> None:
        """Every packet when it is due, and no sooner than the paces let it."""
        made, interval = _made(state.order), state.order.interval / 1000
        tracked = dict.fromkeys(state.tracking_ids)
        began, handed = time.monotonic(), 0
        while handed < state.order.count and not ending.is_set():
            passed = time.monotonic() - began
            due = min(BURST, int(passed / interval) + 1 - handed if interval else BURST, state.order.count - handed)
            batch = list(islice(made, take(due))) if due > 0 else []
            if not batch:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(_PAUSE, began + handed * interval - time.monotonic())):
                        await ending.wait()
                continue
            if len(tracked) < _TRACKED:
                tracked |= dict.fromkeys(tracking_of(frame) for frame in batch)
                state.tracking_ids = tuple(list(tracked)[:_TRACKED])
            failed = await asyncio.to_thread(sender.send, batch)
            handed += len(batch)
            state.sent += len(batch) - len(failed)
            state.errors += len(failed)
            state.error = failed[-1] if failed else state.error


def _made(order: InjectionOrder) -> Iterator[bytes]:
    return forge.frames(order.frames, secrets.randbits(64)) if order.frames is not None else iter(order.replay)


def _ends(order: InjectionOrder) -> Iterator[tuple[str, str]]:
    """From where to where: of every frame of a file; ("", "") for one that has no addresses."""
    if order.frames is not None:
        yield order.frames.source_ip, order.frames.target_ip
    for frame in order.replay:
        yield forge.ends_of(frame) or ("", "")


def _within(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return bool(address) and any(ipaddress.ip_address(address) in network for network in networks)


def tracking_of(frame: bytes) -> str:
    """The tracking id of the flow that captures see of a frame: of what is innermost."""
    layers = decode(frame, len(frame))
    if not layers:
        return ""
    key = r.unpack_key(layers[-1].key)
    return naming.tracking(key, link=key.family == r.LINK)
