"""The message bus as it is listened to: what came and is not settled, how the queue stands, what is wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from calipso.errors import ParseError, TransportError
from calipso.seams import Amqp, Transport
from calipso.sources.openstack.parse_notifications import (
    PARSER,
    Concern,
    ServerState,
    concerns,
    parse_notification,
    state_told,
)

FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
"""Seconds until a bus that went away is tried again."""
EXCHANGES = ("nova", "neutron", "keystone", "glance", "openstack")
"""Where services publish unless told otherwise (`control_exchange`)."""
TOPICS = ("notifications", "versioned_notifications")


class Delivery(msgspec.Struct, frozen=True):
    """A message with its number: what it concerns and what it tells itself, or why it is not understood."""

    number: int
    concerns: tuple[Concern, ...] = ()
    odd: str = ""
    state: ServerState | None = None


class Standing(msgspec.Struct, frozen=True):
    """How the queue stands, see `seams.Amqp`. `trouble`: why it is not listened to, empty while it is."""

    bound: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    waiting: int = 0
    dead: int = 0
    trouble: str = ""


class Bus:
    """Listens, and listens again after a break; `woken` is set when something came or changed."""

    def __init__(self, transport: Transport, request: Amqp, woken: asyncio.Event) -> None:
        self._transport = transport
        self.request = request
        self._woken = woken
        self._inbox: list[Delivery] = []
        self.standing: Standing | None = None
        """None until the first word."""
        self.bound_anew = False
        """Something may have been missed before: everything has to be looked at."""

    def take(self) -> list[Delivery]:
        """What came since it was asked last."""
        taken, self._inbox = self._inbox, []
        return taken

    async def run(self) -> None:
        """Until cancelled."""
        delay = FIRST_DELAY
        while True:
            try:
                await self._listen()
            except (TransportError, ParseError) as error:
                if self.standing is None or not self.standing.trouble:
                    delay = FIRST_DELAY
                self.standing = Standing(trouble=error.message)
                self._inbox.clear()  # the bus tells them again
                self._woken.set()
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)

    async def _listen(self) -> None:
        stream = self._transport.listen(self.request)
        try:
            async for reply in stream:
                said = _decoded(reply.body)
                if "number" in said:
                    self._inbox.append(_delivery(said))
                else:
                    self._stands(said)
                self._woken.set()
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    def _stands(self, said: Mapping[str, Any]) -> None:
        now = msgspec.convert(said, Standing)
        if self.standing is None or self.standing.trouble or set(now.bound) - set(self.standing.bound):
            self.bound_anew = True
        self.standing = now


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ParseError(PARSER, f"what the bus tells: {error}", excerpt=body[:120].decode(errors="replace")) from None


def _delivery(said: Mapping[str, Any]) -> Delivery:
    number = int(said["number"])
    try:
        notification = parse_notification(str(said.get("body", "")))
        return Delivery(number, concerns(notification), state=state_told(notification))
    except ParseError as error:
        return Delivery(number, odd=error.message)
