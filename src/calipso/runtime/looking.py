"""One source's look at one host as part of a scan: counted, bounded in time, ended in words when it is cut short."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from calipso.following import ended
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, Scope, ScopeGone, ScopeState, Seen
from calipso.operations.scan_documents import LookStatus, LookView, ScanError
from calipso.runtime.collect import ATTEMPT, Collection, Post, Sink

AGENT_PATIENCE, AGENT_QUIET, AGENT_PAUSE = 15.0, 1.0, 0.2
"""Seconds an agent has to come and to end its looks, it has to begin none to be done, between two glances at it."""
WHOLE = "whole"
"""The current part, where the look is not divided."""


class Look(Protocol):
    """A part of a scan's work."""

    host: str

    @property
    def view(self) -> LookView: ...

    @property
    def errors(self) -> list[ScanError]: ...

    async def run(self, patience: float) -> None: ...


class PostLook:
    """A look by a source of this process, at all that it sees or at some parts. It is also the sink that hands on what
    the source says.
    """

    def __init__(
        self, collection: Collection, post: Post, sink: Sink, known: int, parts: frozenset[str] | None = None
    ) -> None:
        self.host = post.host
        self.source = post.source.manifest.name
        self.touched: set[Scope] = set()
        """Scopes that were looked at."""
        self._collection = collection
        self._post = post
        self._sink = sink
        self._known = known if parts is None else len(parts)
        self._parts = parts
        self._open: set[Scope] = set()
        self._ended: set[Scope] = set()
        self._wrong: dict[Scope, tuple[RunError, ...]] = {}
        self._current = ""
        self._records = 0
        self._began = self._took = 0.0
        self._status: LookStatus = "waiting"

    async def put(self, observations: Sequence[Observation]) -> None:
        for each in observations:
            self._note(each)
        await self._sink.put(observations)

    async def settled(self) -> None:
        await self._sink.settled()

    def _note(self, each: Observation) -> None:
        if isinstance(each, RunBegan):
            self._open.add(each.scope)
            self.touched.add(each.scope)
            self._current = each.scope.part or WHOLE
        elif isinstance(each, Seen):
            self._records += len(each.records)
        elif isinstance(each, RunEnded):
            self._open.discard(each.scope)
            self._ended.add(each.scope)
            self.touched.add(each.scope)
            self._wrong[each.scope] = each.errors
        elif isinstance(each, ScopeGone):
            self._open.discard(each.scope)
            self._wrong.pop(each.scope, None)

    async def run(self, patience: float) -> None:
        """Look, alone and for so many seconds at most. What it was in the middle of is ended in words."""
        async with self._post.turn.scan():
            self._began, self._status = time.monotonic(), "running"
            looking = asyncio.create_task(self._collection.look(self._post, self, self._parts))
            try:
                done, _ = await asyncio.wait({looking}, timeout=patience)
                if not done:
                    await ended(looking)
                    await self._cut("failed", f"not done within {patience:g} s")
                for look in done:
                    look.result()
            except asyncio.CancelledError:
                await ended(looking)
                await self._cut("aborted", "the scan was ended before it was done")
                raise
            finally:
                self._took, self._current = time.monotonic() - self._began, ""
        if self._status == "running":
            self._status = self._outcome()

    async def _cut(self, status: Literal["failed", "aborted"], reason: str) -> None:
        self._status = status
        error = RunError(f"{self.source}@{self.host}", reason)
        if status == "failed" and not self._open:
            await self._collection.fail(Scope(self.source, self.host, ATTEMPT), error, self)
        await self.put([RunEnded(scope, status, (error,)) for scope in sorted(self._open)])

    def _outcome(self) -> LookStatus:
        if not any(self._wrong.values()):
            return "completed"
        whole = any(not errors for scope, errors in self._wrong.items() if scope.part != ATTEMPT)
        return "partial" if whole or self._records else "failed"

    @property
    def view(self) -> LookView:
        done = sum(scope.part != ATTEMPT for scope in self._ended)
        seconds = self._took or (time.monotonic() - self._began if self._began else 0.0)
        total = done if self._status == "completed" else max(self._known, len(self.touched), done)
        return LookView(
            self.source, self.host, self._status, done, total, self._current, round(seconds, 3), self._records
        )

    @property
    def errors(self) -> list[ScanError]:
        return [
            ScanError(self.source, self.host, "" if scope.part == ATTEMPT else scope.part, each.where, each.message)
            for scope in sorted(self._wrong)
            for each in self._wrong[scope]
        ]


class BrokenLook:
    """A host that cannot be looked at as it is declared."""

    def __init__(self, collection: Collection, host: str, sink: Sink) -> None:
        self.host = host
        self._collection = collection
        self._sink = sink
        self._reason = collection.broken[host].message
        self._status: LookStatus = "waiting"

    async def run(self, patience: float) -> None:
        await self._collection.tell_broken(self.host, self._sink)
        self._status = "failed"

    @property
    def view(self) -> LookView:
        return LookView("", self.host, self._status, 0, 1)

    @property
    def errors(self) -> list[ScanError]:
        return [ScanError("", self.host, "", self.host, self._reason)] if self._status == "failed" else []


class AgentLook:
    """A host whose agent delivers what it sees as it happens: there is nothing to ask for, only to wait for."""

    def __init__(self, host: str, scopes: Callable[[], list[ScopeState]], here: Callable[[], bool]) -> None:
        self.host = host
        self._scopes = scopes
        self._here = here
        self._began = self._took = 0.0
        self._status: LookStatus = "waiting"
        self._away = False

    async def run(self, patience: float) -> None:
        """Wait until the agent is here and has ended every look it began."""
        self._began, self._status = time.monotonic(), "running"
        try:
            async with asyncio.timeout(min(patience, AGENT_PATIENCE)):
                quiet = 0.0
                while quiet < AGENT_QUIET:
                    before = len(self._scopes())
                    await asyncio.sleep(AGENT_PAUSE)
                    calm = self._here() and self._settled() and before == len(self._scopes())
                    quiet = quiet + AGENT_PAUSE if calm else 0.0
        except TimeoutError:
            self._away = True
        except asyncio.CancelledError:
            self._status = "aborted"
            raise
        finally:
            self._took = time.monotonic() - self._began
        self._status = "completed" if not self.errors else "partial" if not self._away else "failed"

    def _settled(self) -> bool:
        scopes = self._scopes()
        return bool(scopes) and all(state.status != "running" for state in scopes)

    @property
    def view(self) -> LookView:
        scopes = self._scopes()
        done = sum(state.status == "completed" for state in scopes)
        seconds = self._took or (time.monotonic() - self._began if self._began else 0.0)
        records = sum(state.seen for state in scopes)
        return LookView("agent", self.host, self._status, done, len(scopes), "", round(seconds, 3), records)

    @property
    def errors(self) -> list[ScanError]:
        where = f"agent@{self.host}"
        if self._away:
            reason = "the agent has not ended its look" if self._here() else "the agent is away"
            return [ScanError("agent", self.host, "", where, reason)]
        return [
            ScanError(state.scope.source, self.host, state.scope.part, each.where, each.message)
            for state in self._scopes()
            if state.stale
            for each in state.errors
        ]
