"""The scans of all environments: one at a time in each, the others wait in line; kept, also over a restart."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec
import structlog

from calipso.errors import CalipsoError, Conflict, NotFound, StoreError
from calipso.model.record import RunEnded, RunError
from calipso.operations.context import AgentState
from calipso.operations.scan_documents import ENDED, Plan, ScanDocument
from calipso.runtime.collect import Collection
from calipso.runtime.scanning import Limits, Scanning, failed, places
from calipso.runtime.shelf import Shelf
from calipso.runtime.site import Site

COLLECTION = "scans"
TELL_EVERY = 0.25
"""Seconds between two words on the progress of a scan."""
LOOKS = 50_000
"""Looks of ended scans that an environment keeps: of 200 hosts with ten sources, 25 scans."""
SETTLE = 5.0
"""Seconds that a cancelled scan waits until what it says of its end is kept."""
DIED = "the process that ran it ended before it was done"
STOPPED = "the server was stopped"

log = structlog.get_logger()
Told = Callable[[ScanDocument], None]


class Surroundings(Protocol):
    """What scans need of the system."""

    def site(self, environment: str) -> Site: ...

    def looking(self, environment: str) -> AbstractAsyncContextManager[Collection]:
        """The sources of an environment: those that watch it, or for this once."""
        ...

    def agents(self) -> list[AgentState]: ...


class _Line:
    """The scans of one environment: which one runs, which wait."""

    def __init__(self, shelf: Shelf[ScanDocument]) -> None:
        self.shelf = shelf
        self.waiting: list[str] = []
        self.running: str = ""
        self.scanning: Scanning | None = None
        self.task: asyncio.Task[None] | None = None
        self.reason = ""
        """Why the running one is ended, "" while it is not."""
        self.ended = asyncio.Condition()


class Scans:
    """Implements `operations.scan_documents.Scans`. `told` is called with every change, also of progress."""

    def __init__(self, surroundings: Surroundings, limits: Limits, clock: Callable[[], int], told: Told) -> None:
        self._surroundings = surroundings
        self._limits = limits
        self._clock = clock
        self._told = told
        self._lines: dict[str, _Line] = {}

    # ── an environment comes and goes ────────────────────────────────────────────────────────────────────────────

    async def open(self, environment: str) -> None:
        """Read what is kept. A scan that ran when its process died did not end well, and neither did its looks."""
        site = self._surroundings.site(environment)
        line = self._lines[environment] = _Line(
            Shelf(site.writer, COLLECTION, ScanDocument, site.store.documents(COLLECTION))
        )
        for document in line.shelf.all():
            if document.status == "running":
                line.shelf.put(failed(self._ended(document), "aborted", DIED))
                await self._cut_short(site)
        await line.shelf.flush()

    async def _cut_short(self, site: Site) -> None:
        agents = {name for name, host in site.config.hosts.items() if host.agent}
        open_ = [
            state.scope for state in site.scopes()
            if state.status == "running" and state.scope.reporter not in agents
        ]  # fmt: skip
        await site.put([RunEnded(scope, "aborted", (RunError(scope.key, DIED),)) for scope in open_])

    def resume(self, environment: str) -> None:
        """Go on with those that waited when the process before this one ended."""
        line = self._lines[environment]
        line.waiting = [document.id for document in line.shelf.all() if document.status == "pending"]
        self._next(environment)

    async def end(self, environment: str, reason: str) -> None:
        """End the running scan and begin no other; the waiting ones stay as they are kept."""
        line = self._lines.get(environment)
        if line is None:
            return
        line.waiting.clear()
        if line.task is not None:
            line.reason = reason
            line.task.cancel()
            await asyncio.gather(line.task, return_exceptions=True)

    async def forget(self, environment: str, reason: str) -> None:
        await self.end(environment, reason)
        line = self._lines.pop(environment, None)
        if line is not None:
            await _tell_waiting(line)

    async def close(self) -> None:
        for environment in list(self._lines):
            await self.forget(environment, STOPPED)

    # ── what operations ask for ──────────────────────────────────────────────────────────────────────────────────

    def all(self, environment: str) -> list[ScanDocument]:
        line = self._line(environment)
        return [self._newest(line, document) for document in reversed(line.shelf.all())]

    def one(self, environment: str, id: str) -> ScanDocument:
        line = self._line(environment)
        return self._newest(line, line.shelf.one(id, "scan"))

    async def start(
        self, environment: str, plan: Plan, *, queue: bool = False, draft: bool = False, schedule: str = ""
    ) -> ScanDocument:
        line = self._line(environment)
        if plan.object_id:
            places(self._surroundings.site(environment).graph(), plan.object_id)
        if not draft:
            self._admit(line, queue)
        document = line.shelf.put(ScanDocument(
            id=line.shelf.new_id(), environment=environment, status="draft" if draft else "pending", plan=plan,
            schedule=schedule, submitted=self._clock(),
        ))  # fmt: skip
        return await self._submitted(line, document)

    async def submit(self, environment: str, id: str, *, queue: bool = False) -> ScanDocument:
        line = self._line(environment)
        document = line.shelf.one(id, "scan")
        if document.status != "draft":
            raise Conflict(f"scan {id} is {document.status}, not a draft", hint="start a new one")
        self._admit(line, queue)
        return await self._submitted(line, line.shelf.put(_with(document, status="pending", submitted=self._clock())))

    async def cancel(self, environment: str, id: str, reason: str) -> ScanDocument:
        line = self._line(environment)
        document = line.shelf.one(id, "scan")
        if document.status in ENDED:
            raise Conflict(f"scan {id} has ended: it is {document.status}")
        if line.running == id and line.task is not None:
            line.reason = reason
            line.task.cancel()
            return await self.finished(environment, id)
        if id in line.waiting:
            line.waiting.remove(id)
        document = line.shelf.put(_with(self._ended(document), status="aborted", reason=reason))
        await self._keep(line, document)
        await _tell_waiting(line)
        return document

    async def finished(self, environment: str, id: str) -> ScanDocument:
        line = self._line(environment)

        def over() -> bool:
            gone = self._lines.get(environment) is not line
            return gone or line.shelf.one(id, "scan").status in (*ENDED, "draft")

        async with line.ended:
            await line.ended.wait_for(over)
        if line.shelf.one(id, "scan").status == "pending":
            raise NotFound(f"{environment} was ended before scan {id} began")
        return line.shelf.one(id, "scan")

    # ── one after another ────────────────────────────────────────────────────────────────────────────────────────

    def _admit(self, line: _Line, queue: bool) -> None:
        if line.running and not queue:
            raise Conflict(
                f"scan {line.running} is running in this environment: one at a time",
                hint=f"wait for it, cancel it (`calipso scans cancel {line.running}`), or put this one in the queue",
            )

    async def _submitted(self, line: _Line, document: ScanDocument) -> ScanDocument:
        if document.status == "pending":
            line.waiting.append(document.id)
            self._next(document.environment)
            document = self._newest(line, line.shelf.one(document.id, "scan"))
        await self._keep(line, document)
        return document

    def _next(self, environment: str) -> None:
        line = self._lines.get(environment)
        if line is None or line.running or not line.waiting:
            return
        document = line.shelf.one(line.waiting.pop(0), "scan")
        line.running, line.reason = document.id, ""
        document = line.shelf.put(_with(document, status="running", started=self._clock()))
        line.task = asyncio.create_task(self._run(line, document), name=f"scan {document.id} of {environment}")

    async def _run(self, line: _Line, document: ScanDocument) -> None:
        environment = document.environment
        try:
            document = await self._outcome(line, document)
        finally:
            line.shelf.put(self._ended(document))
            line.scanning, line.task, line.running = None, None, ""
            self._prune(line)
            await self._keep(line, line.shelf.one(document.id, "scan"))
            await _tell_waiting(line)
            self._next(environment)

    async def _outcome(self, line: _Line, document: ScanDocument) -> ScanDocument:
        """The document a scan ends as. The run boundary: what is raised in its work becomes its reason."""
        telling: asyncio.Task[None] | None = None
        try:
            await self._keep(line, document)
            async with self._surroundings.looking(document.environment) as collection:
                scanning = line.scanning = Scanning(
                    document, self._surroundings.site(document.environment), collection, self._surroundings.agents,
                    self._limits,
                )  # fmt: skip
                telling = asyncio.create_task(self._progress(scanning))
                return await scanning.work()
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError, NotFound):  # a store in trouble keeps nobody from ending
                async with asyncio.timeout(SETTLE):
                    await self._surroundings.site(document.environment).writer.settled()
            return failed(self._newest(line, document), "aborted", line.reason or STOPPED)
        except CalipsoError as error:
            return failed(self._newest(line, document), "failed", error.message)
        except Exception as error:
            log.error("scan failed", environment=document.environment, id=document.id, exc_info=error)
            return failed(self._newest(line, document), "failed", f"{type(error).__name__}: {error}")
        finally:
            if telling is not None:
                telling.cancel()

    async def _progress(self, scanning: Scanning) -> None:
        before = None
        while True:
            await asyncio.sleep(TELL_EVERY)
            document = scanning.document
            if document.looks != before:
                before = document.looks
                self._told(document)

    def _prune(self, line: _Line) -> None:
        """Drop the oldest of those that ended: more than are kept, or with more looks than are held in memory."""
        ended = [document for document in line.shelf.all() if document.status in ENDED]
        looks = sum(len(document.looks) for document in ended)
        left = len(ended)
        for document in ended[:-1]:
            if left <= self._limits.keep and looks <= LOOKS:
                break
            line.shelf.drop(document.id)
            left, looks = left - 1, looks - len(document.looks)

    async def _keep(self, line: _Line, document: ScanDocument) -> None:
        self._told(document)
        try:
            await line.shelf.flush()
        except StoreError as error:
            log.error("scan not kept yet", id=document.id, reason=error.message)

    def _ended(self, document: ScanDocument) -> ScanDocument:
        return _with(document, ended=self._clock())

    def _newest(self, line: _Line, document: ScanDocument) -> ScanDocument:
        """A document with its progress."""
        running = line.scanning if line.running == document.id else None
        return document if running is None else running.document

    def _line(self, environment: str) -> _Line:
        self._surroundings.site(environment)
        line = self._lines.get(environment)
        if line is None:
            raise NotFound(f"{environment} is being ended")
        return line


async def _tell_waiting(line: _Line) -> None:
    """Have those who wait for the end of a scan look again."""
    async with line.ended:
        line.ended.notify_all()


def _with(document: ScanDocument, **changes: Any) -> ScanDocument:
    return msgspec.structs.replace(document, **changes)
