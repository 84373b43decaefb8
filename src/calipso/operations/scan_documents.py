"""Scans and their schedules as they are kept, with the original's statuses; what operations need of those who run them.

Times are µs since the epoch, 0 for never.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from calipso.graph.validate import Finding

ScanStatus = Literal["draft", "pending", "running", "completed", "completed_with_errors", "failed", "aborted"]
Only = Literal["", "inventory", "links", "cliques"]
Recurrence = Literal["once", "hourly", "daily", "weekly", "monthly", "yearly", "cron"]
LookStatus = Literal["waiting", "running", "completed", "partial", "failed", "aborted"]

ENDED: tuple[ScanStatus, ...] = ("completed", "completed_with_errors", "failed", "aborted")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan is to do.

    object_id: only what is known of this object and what it owns. only: a part of the work. clear: end what nothing
    looks at any more. inventory: a name for the moment the scan ends at.
    """

    object_id: str = ""
    only: Only = ""
    clear: bool = False
    inventory: str = ""


class ScanError(msgspec.Struct, frozen=True):
    """What went wrong, verbatim. place: the part of the host that was looked at, "" for all of it."""

    source: str
    host: str
    place: str
    where: str
    message: str


class LookView(msgspec.Struct, frozen=True):
    """One source's look at one host. done of total: parts, as far as they are known; current: the part it is at."""

    source: str
    host: str
    status: LookStatus
    done: int = 0
    total: int = 0
    current: str = ""
    seconds: float = 0.0
    records: int = 0


class Results(msgspec.Struct, frozen=True):
    """What there is when a scan has ended. as_of: µs, the graph's moment, which every reading operation takes as `at`.

    corrected: derived objects and links that were otherwise (of a scan of links). cleared: scopes that were ended.
    cliques: focal objects by clique type (of a scan of cliques). scopes: those that were looked at (of a scan of one
    object): only they are new.
    """

    as_of: int = 0
    objects: int = 0
    links: int = 0
    kinds: dict[str, int] = {}
    cliques: dict[str, int] = {}
    corrected: int = 0
    cleared: list[str] = []
    scopes: list[str] = []


class ScanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A scan. reason: why it failed or was aborted. schedule: the one that started it, "" when somebody did."""

    id: str
    environment: str
    status: ScanStatus
    plan: Plan = Plan()
    schedule: str = ""
    submitted: int = 0
    started: int = 0
    ended: int = 0
    reason: str = ""
    looks: list[LookView] = []
    errors: list[ScanError] = []
    findings: list[Finding] = []
    results: Results = Results()


class ScheduleDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled scan. at: the first run, which the others are counted from. cron: with recurrence `cron` only.

    zone: whose days and months they are. next: 0 when there is none. last_scan: id of the scan it started last.
    """

    id: str
    environment: str
    recurrence: Recurrence
    at: int
    cron: str = ""
    zone: str = "UTC"
    plan: Plan = Plan()
    enabled: bool = True
    submitted: int = 0
    next: int = 0
    last: int = 0
    last_scan: str = ""
    runs: int = 0
    skipped: int = 0


class Scans(Protocol):
    """The scans of all environments. Everything raises `NotFound` for an environment or a scan that is not there."""

    def all(self, environment: str) -> list[ScanDocument]:
        """Newest first."""
        ...

    def one(self, environment: str, id: str) -> ScanDocument: ...

    async def start(
        self, environment: str, plan: Plan, *, queue: bool = False, draft: bool = False, schedule: str = ""
    ) -> ScanDocument:
        """Raises `Conflict` while another runs, unless it may wait in the queue or is only written down."""
        ...

    async def submit(self, environment: str, id: str, *, queue: bool = False) -> ScanDocument:
        """Start a draft. Raises `Conflict` when it is none."""
        ...

    async def cancel(self, environment: str, id: str, reason: str) -> ScanDocument:
        """Raises `Conflict` when it has ended."""
        ...

    async def finished(self, environment: str, id: str) -> ScanDocument:
        """Wait for the end of a scan."""
        ...


class Schedules(Protocol):
    """The scheduled scans of all environments. Raises `NotFound` as `Scans` does."""

    def all(self, environment: str) -> list[ScheduleDocument]: ...

    def one(self, environment: str, id: str) -> ScheduleDocument: ...

    async def put(self, schedule: ScheduleDocument) -> ScheduleDocument:
        """Add one (its id is given by this) or change the one of its id. Raises `QueryError`."""
        ...

    async def remove(self, environment: str, id: str) -> ScheduleDocument: ...
