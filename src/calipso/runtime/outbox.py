"""What a server hands to one agent and waits to hear of: each message has a number, by which it is answered."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDone
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from calipso.errors import AuthFailed, Unreachable

PATIENCE = 30.0
"""Seconds until an agent that does not answer is given up."""


class Message(Protocol):
    @property
    def number(self) -> int: ...


class Answered(Protocol):
    """error: why it could not be done, "" when it was; denied: for lack of a privilege."""

    @property
    def error(self) -> str: ...
    @property
    def denied(self) -> bool: ...


M = TypeVar("M", bound=Message)
A = TypeVar("A", bound=Answered)


class Outbox(Generic[M, A]):
    """Messages on their way to the agent of a host. `say` hands one to its connection, in the event loop."""

    def __init__(self, host: str, say: Callable[[M], None]) -> None:
        self._host, self._say = host, say
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._open: dict[int, Future[A]] = {}
        self._gone = False

    def hand(self, message: M, patience: float = PATIENCE) -> A:
        """Hand a message over and wait for what became of it; for a thread. Raises `Unreachable`, `AuthFailed`."""
        try:
            return self._done(self.tell(message).result(patience))
        except NotDone as error:
            raise Unreachable(f"the agent of {self._host} does not answer") from error

    async def ask(self, message: M, patience: float = PATIENCE) -> A:
        """The same in the event loop."""
        try:
            async with asyncio.timeout(patience):
                return self._done(await asyncio.wrap_future(self.tell(message)))
        except TimeoutError as error:
            raise Unreachable(f"the agent of {self._host} does not answer") from error

    def _done(self, answer: A) -> A:
        if answer.error:
            raise (AuthFailed if answer.denied else Unreachable)(f"the agent of {self._host}: {answer.error}")
        return answer

    def tell(self, message: M) -> Future[A]:
        """Hand a message over. From any thread."""
        done: Future[A] = Future()
        self._loop.call_soon_threadsafe(self._begin, _numbered(message, next(self._numbers)), done)
        return done

    def _begin(self, message: M, done: Future[A]) -> None:
        if self._gone:
            done.set_exception(Unreachable(f"the agent of {self._host} is away"))
            return
        self._open[message.number] = done
        self._say(message)

    def answer(self, number: int, answer: A) -> None:
        done = self._open.pop(number, None)
        if done is not None and not done.done():
            done.set_result(answer)

    def close(self) -> None:
        """The agent is gone: whoever waits learns it."""
        self._gone = True
        for done in self._open.values():
            if not done.done():
                done.set_exception(Unreachable("the agent went away"))
        self._open.clear()


def _numbered(message: Any, number: int) -> Any:
    return msgspec.structs.replace(message, number=number)
