"""What a server asks agents for when somebody wants it: translated addresses, packets kept of flows.

Neither is told by itself: connections come and go by the thousand, and packets are wanted seldom.
"""

from __future__ import annotations

from collections.abc import Sequence

from calipso.flows.translation import Translation
from calipso.model.flow import FlowPacket
from calipso.runtime import feed
from calipso.runtime.feed import Answer, Ask, Tracked
from calipso.runtime.outbox import Outbox

SECONDS = 10.0
"""Until an agent that does not answer is passed over: somebody waits."""


async def tracked(asks: Outbox[Ask, Answer], netns: str, path: str, address: str) -> list[Translation]:
    """Translated connections with an address in a namespace. Raises `Unreachable`, `AuthFailed`, `ParseError`."""
    answer = await asks.ask(Ask(tracked=Tracked(netns, path, address)), SECONDS)
    return list(feed.unpack_translations(answer.said))


def kept(asks: Outbox[Ask, Answer], flows: Sequence[str], octets: int) -> list[FlowPacket]:
    """The packets kept of flows (uuids), by time, as many as come with so many octets; for a thread.

    Raises `Unreachable`, `AuthFailed`, `ParseError`.
    """
    found: list[FlowPacket] = []
    after: tuple[int, str, int] | None = None
    while octets > 0:
        more = feed.unpack_packets(asks.hand(Ask(flows=tuple(flows), after=after), SECONDS).said)
        if not more:
            break
        found += more
        octets -= sum(len(each.frame) for each in more)
        after = more[-1].place
    return found
