"""What an agent answers when its server asks: these questions and no others, whatever the server wants to know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calipso.errors import AuthFailed, CalipsoError
from calipso.model.flow import FlowPacket
from calipso.runtime import feed
from calipso.runtime.packet_shelf import PacketShelf
from calipso.runtime.tracked import tracked
from calipso.seams import Transport

MOST = 4 << 20
"""Octets of packets in one answer: the next ones are asked for by where it ended."""


class AgentAnswers:
    """reach: the way to this host; shelf: the packets that it keeps."""

    def __init__(self, reach: Callable[[], Transport], shelf: PacketShelf) -> None:
        self._reach, self._shelf = reach, shelf

    async def answer(self, ask: feed.Ask) -> feed.Answer:
        """What is known; why not, in the answer's words."""
        try:
            if ask.tracked is not None:
                return feed.Answer(ask.number, await self._tracked(ask.tracked))
            return feed.Answer(ask.number, await asyncio.to_thread(self._packets, ask))
        except CalipsoError as error:
            return feed.Answer(ask.number, error=error.message, denied=isinstance(error, AuthFailed))

    async def _tracked(self, asked: feed.Tracked) -> bytes:
        transport = self._reach()
        try:
            return feed.packed(await tracked(transport, asked.netns, asked.path, asked.address))
        finally:
            await transport.close()

    def _packets(self, ask: feed.Ask) -> bytes:
        """At least one packet, so that asking on comes to an end."""
        found: list[FlowPacket] = []
        octets = 0
        for packet in self._shelf.of(ask.flows):
            if ask.after is not None and packet.place <= ask.after:
                continue
            octets += len(packet.frame)
            if found and octets > MOST:
                break
            found.append(packet)
        return feed.packed(found)
