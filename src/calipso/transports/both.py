"""Two ways to one place: each request goes to the one that has an answer to its kind."""

from __future__ import annotations

from collections.abc import AsyncIterator

from calipso.errors import TransportError
from calipso.seams import Reply, Request, Transport


class BothTransport:
    """Answers what the first answers, and of the rest what the second does. Closing closes both."""

    def __init__(self, first: Transport, second: Transport) -> None:
        self._ways = (first, second)
        self.answers: frozenset[type[Request]] = first.answers | second.answers

    async def ask(self, request: Request) -> Reply:
        """Raises what the way raises that is taken; `TransportError` when neither answers such a request."""
        return await self._way(request).ask(request)

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        return self._way(request).listen(request)

    async def close(self) -> None:
        for way in self._ways:
            await way.close()

    def _way(self, request: Request) -> Transport:
        for way in self._ways:
            if type(request) in way.answers:
                return way
        raise TransportError(f"nothing here answers {type(request).__name__}")
