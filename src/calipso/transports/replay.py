"""A transport that answers from a transcript; `transports/transcript.py` describes the lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import get_args

from calipso.errors import ParseError, TransportError, Unreachable
from calipso.seams import Reply, Request
from calipso.transports.transcript import NAME, decode_header, decode_line, request_key

Answer = Reply | TransportError


class ReplayTransport:
    """Answers as it was answered then. Raises `ParseError` when the lines are no transcript.

    A request asked several times gets its answers in turn, and the last one ever after. One that was never asked is
    `Unreachable`. A stream gives its replies and then waits, as the recorded one did, until it is closed.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._answers: dict[str, list[Answer]] = {}
        self._streams: dict[str, list[Answer]] = {}
        self._given: dict[str, int] = {}
        kinds: set[str] = set()
        seen = 0
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            seen += 1
            if seen == 1:
                decode_header(line)
                continue
            found = decode_line(line, number)
            kinds.add(found.kind)
            (self._streams if found.stream else self._answers).setdefault(found.key, []).append(found.answer)
        if not seen:
            raise ParseError(NAME, "it is empty")
        self.answers: frozenset[type[Request]] = frozenset(each for each in get_args(Request) if each.__name__ in kinds)

    async def ask(self, request: Request) -> Reply:
        """Raises what was raised then; `Unreachable` for what was not asked."""
        key = request_key(request)
        answers = self._answers.get(key)
        if not answers:
            raise Unreachable(f"not in the transcript: {key[:200]}", hint="Record it again with this version.")
        turn = self._given.get(key, 0)
        self._given[key] = turn + 1
        return _given(answers[min(turn, len(answers) - 1)])

    async def listen(self, request: Request) -> AsyncIterator[Reply]:
        for answer in self._streams.get(request_key(request), ()):
            yield _given(answer)
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is open."""


def _given(answer: Answer) -> Reply:
    if isinstance(answer, TransportError):
        raise answer
    return answer
