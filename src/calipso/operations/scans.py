"""Scans: started, followed, cancelled; and scheduled ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from calipso.errors import QueryError
from calipso.graph.validate import Finding
from calipso.model.moments import rfc3339, to_come, zone_of
from calipso.model.record import RunError
from calipso.operations.context import Context
from calipso.operations.inventory import between
from calipso.operations.paging import Limit
from calipso.operations.scan_documents import (
    LookView,
    Only,
    Plan,
    Recurrence,
    ScanDocument,
    ScanError,
    ScanStatus,
    ScheduleDocument,
)

Name = Annotated[str, msgspec.Meta(max_length=200)]
CANCELLED = "it was cancelled"


class Scan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """object_id: look only at what is known of this object and what it owns.

    only: `inventory` looks and leaves links unchecked; `links` derives all links anew from what is known; `cliques`
    counts them; both without looking. clear: also end what nothing looks at any more; nothing is ended after an error.
    inventory: a name for the moment the scan ends at. queue: wait for a running scan instead of refusing.
    """

    environment: str = "local"
    object_id: str = ""
    only: Only = ""
    clear: bool = False
    inventory: Name = ""
    queue: bool = False


class ScanResult(msgspec.Struct, frozen=True):
    """status: completed, completed_with_errors with the errors verbatim, failed or aborted. id: of the scan."""

    environment: str
    status: str
    objects: int
    errors: list[RunError]
    id: str = ""
    reason: str = ""


class StartScan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As for `scan`. draft: only write it down. id: start this draft, as it was written down."""

    environment: str = "local"
    object_id: str = ""
    only: Only = ""
    clear: bool = False
    inventory: Name = ""
    queue: bool = False
    draft: bool = False
    id: str = ""


class GetScans(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """environment: "" for all. inventory: only the scans of this name. since, until: submitted within.

    limit: the newest so many, 0 for all.
    """

    environment: str = ""
    status: tuple[ScanStatus, ...] = ()
    object_id: str = ""
    inventory: str = ""
    since: str = ""
    until: str = ""
    limit: Limit = 100


class OneScan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: as `get_scans` tells it; without it the newest."""

    environment: str = "local"
    id: str = ""


class CancelScan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """id: of a scan that is a draft, pending or running; without it the running one."""

    environment: str = "local"
    id: str = ""


class Progress(msgspec.Struct, frozen=True):
    """done of total looks, a look being one source at one host."""

    done: int
    total: int
    seconds: float
    looks: list[LookView]


class ScanView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A scan. Times as RFC 3339, "" for not yet. as_of: the moment of its graph, to be given as `at` elsewhere.

    corrected: derived objects and links that a scan of links found otherwise. cleared: scopes that were ended.
    scopes: those that a scan of one object looked at; all others are as old as they were.
    links, kinds, objects: what there is; cliques: focal objects by clique type, of a scan of cliques.
    """

    id: str
    environment: str
    status: ScanStatus
    submit_timestamp: str
    start_timestamp: str = ""
    end_timestamp: str = ""
    object_id: str = ""
    only: str = ""
    clear: bool = False
    inventory: str = ""
    schedule: str = ""
    reason: str = ""
    progress: Progress | None = None
    errors: list[ScanError] = []
    findings: list[Finding] = []
    as_of: str = ""
    objects: int = 0
    links: int = 0
    kinds: dict[str, int] = {}
    cliques: dict[str, int] = {}
    corrected: int = 0
    cleared: list[str] = []
    scopes: list[str] = []


class ScanList(msgspec.Struct, frozen=True):
    """total: how many there are without the limit."""

    items: list[ScanView]
    total: int


class GetScanSchedules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """environment: "" for all."""

    environment: str = ""


class PutScanSchedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scheduled scan, added; or with an `id` changed to what is given here.

    at: when it runs first, which the other runs are counted from: a moment, or as the clocks of the zone show it,
    `2026-01-31 02:30`, or `02:30` for the next time they do, or `+2h`. zone: whose days and hours. cron: with
    recurrence `cron`, five fields. The rest as for `scan`.
    """

    recurrence: Recurrence
    environment: str = "local"
    id: str = ""
    at: str = "now"
    cron: str = ""
    zone: str = "UTC"
    enabled: bool = True
    object_id: str = ""
    only: Only = ""
    clear: bool = False
    inventory: Name = ""


class EnableScanSchedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """enabled: false has it rest until it is enabled again; what was due meanwhile is not made up for."""

    id: str
    environment: str = "local"
    enabled: bool = True


class RemoveScanSchedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    environment: str = "local"


class ScanScheduleView(msgspec.Struct, frozen=True, omit_defaults=True):
    """scheduled_timestamp: the next run, "" for none. skipped: times that the scan before had not ended yet."""

    id: str
    environment: str
    recurrence: Recurrence
    submit_timestamp: str
    scheduled_timestamp: str = ""
    at: str = ""
    cron: str = ""
    zone: str = "UTC"
    enabled: bool = True
    last_timestamp: str = ""
    last_scan: str = ""
    runs: int = 0
    skipped: int = 0
    object_id: str = ""
    only: str = ""
    clear: bool = False
    inventory: str = ""


class ScanScheduleList(msgspec.Struct, frozen=True):
    items: list[ScanScheduleView]


async def scan(context: Context, request: Scan) -> ScanResult:
    """Scan an environment and wait for the end. Raises `Conflict` while another scan runs, unless it may wait."""
    begun = await context.scans.start(request.environment, _plan(request), queue=request.queue)
    done = await context.scans.finished(request.environment, begun.id)
    errors = [RunError(each.where, each.message) for each in done.errors]
    objects = len(context.site(request.environment).graph())
    return ScanResult(request.environment, done.status, objects, errors, done.id, done.reason)


async def start_scan(context: Context, request: StartScan) -> ScanView:
    """Start a scan and go on at once; `show_scan` tells how far it is. Raises `Conflict` while another one runs."""
    if request.id:
        if _plan(request) != Plan() or request.draft:
            raise QueryError("a draft is started as it was written down", hint="give only environment and id")
        return scan_view(await context.scans.submit(request.environment, request.id, queue=request.queue))
    return scan_view(
        await context.scans.start(request.environment, _plan(request), queue=request.queue, draft=request.draft)
    )


def _plan(request: Scan | StartScan | PutScanSchedule) -> Plan:
    """Raises `QueryError` for what does not go together."""
    if request.object_id and (request.clear or request.only in ("links", "cliques")):
        raise QueryError("one object can be looked at, not cleared or derived alone", hint="leave out object_id")
    if request.clear and request.only in ("links", "cliques"):
        raise QueryError("only a scan that looks can clear", hint="leave out clear")
    return Plan(object_id=request.object_id, only=request.only, clear=request.clear, inventory=request.inventory)


async def get_scans(context: Context, request: GetScans) -> ScanList:
    """Scans, the newest first, without their looks; `show_scan` tells all of one."""
    since, until = between(context, request.since, request.until)
    found = [
        each
        for name in _environments(context, request.environment)
        for each in context.scans.all(name)
        if since <= each.submitted <= until
        and (not request.status or each.status in request.status)
        and request.object_id in ("", each.plan.object_id)
        and request.inventory in ("", each.plan.inventory)
    ]
    found.sort(key=lambda each: (-each.submitted, each.environment))
    shown = found[: request.limit] if request.limit else found
    return ScanList([scan_view(each, whole=False) for each in shown], len(found))


async def show_scan(context: Context, request: OneScan) -> ScanView:
    """A scan: how far it is or how it ended, its errors verbatim, what its validators found."""
    if not request.id:
        there = context.scans.all(request.environment)
        if there:
            return scan_view(there[0])
    return scan_view(context.scans.one(request.environment, request.id))


async def cancel_scan(context: Context, request: CancelScan) -> ScanView:
    """End a scan: what it has found stays, what it was in the middle of is stale.

    Raises `Conflict` when it has ended.
    """
    id = request.id
    if not id:
        running = [each.id for each in context.scans.all(request.environment) if each.status == "running"]
        if not running:
            raise QueryError("no scan runs in this environment", hint="say the id of one that waits")
        id = running[0]
    return scan_view(await context.scans.cancel(request.environment, id, CANCELLED))


async def get_scan_schedules(context: Context, request: GetScanSchedules) -> ScanScheduleList:
    """Scheduled scans and when each runs next."""
    names = _environments(context, request.environment)
    return ScanScheduleList([_schedule_view(each) for name in names for each in context.scan_schedules.all(name)])


async def put_scan_schedule(context: Context, request: PutScanSchedule) -> ScanScheduleView:
    """Add or change a scheduled scan; it runs while a server does. Raises `QueryError`, `NotFound`."""
    known = [each for each in context.scan_schedules.all(request.environment) if request.id and each.id == request.id]
    now = context.moment("now")
    before = known[0] if known else None
    schedule = ScheduleDocument(
        id=request.id, environment=request.environment, recurrence=request.recurrence, at=_first(context, request),
        cron=request.cron, zone=request.zone, plan=_plan(request), enabled=request.enabled,
        submitted=before.submitted if before else now, last=before.last if before else 0,
        last_scan=before.last_scan if before else "", runs=before.runs if before else 0,
        skipped=before.skipped if before else 0,
    )  # fmt: skip
    return _schedule_view(await context.scan_schedules.put(schedule))


def _first(context: Context, request: PutScanSchedule) -> int:
    found = to_come(request.at, zone_of(request.zone), context.moment("now"))
    return context.moment(request.at) if found is None else max(0, found)


async def enable_scan_schedule(context: Context, request: EnableScanSchedule) -> ScanScheduleView:
    """Have a scheduled scan run or rest."""
    schedule = context.scan_schedules.one(request.environment, request.id)
    return _schedule_view(await context.scan_schedules.put(msgspec.structs.replace(schedule, enabled=request.enabled)))


async def remove_scan_schedule(context: Context, request: RemoveScanSchedule) -> ScanScheduleView:
    """End a scheduled scan; the scans it started stay."""
    return _schedule_view(await context.scan_schedules.remove(request.environment, request.id))


def _environments(context: Context, wanted: str) -> list[str]:
    return [wanted] if wanted else [each.name for each in context.environments()]


def _at(ts: int) -> str:
    return rfc3339(ts) if ts else ""


def _as_of(ts: int) -> str:
    """To the microsecond, and one later: read back as a moment it may not come before the graph."""
    if not ts:
        return ""
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=ts + 1)).isoformat().replace("+00:00", "Z")


def scan_view(document: ScanDocument, *, whole: bool = True) -> ScanView:
    """A scan as users see it; not `whole`: how far, without each look."""
    results, plan = document.results, document.plan
    return ScanView(
        id=document.id, environment=document.environment, status=document.status,
        submit_timestamp=_at(document.submitted), start_timestamp=_at(document.started),
        end_timestamp=_at(document.ended), object_id=plan.object_id, only=plan.only, clear=plan.clear,
        inventory=plan.inventory, schedule=document.schedule, reason=document.reason,
        progress=_progress(document, whole), errors=document.errors, findings=document.findings,
        as_of=_as_of(results.as_of), objects=results.objects, links=results.links, kinds=results.kinds,
        cliques=results.cliques, corrected=results.corrected, cleared=results.cleared,
        scopes=results.scopes,
    )  # fmt: skip


def _progress(document: ScanDocument, whole: bool) -> Progress | None:
    if not document.started:
        return None
    done = sum(look.status not in ("waiting", "running") for look in document.looks)
    seconds = (document.ended - document.started) / 1e6 if document.ended else 0.0
    return Progress(done, len(document.looks), round(seconds, 3), document.looks if whole else [])


def _schedule_view(each: ScheduleDocument) -> ScanScheduleView:
    plan = each.plan
    return ScanScheduleView(
        id=each.id, environment=each.environment, recurrence=each.recurrence, submit_timestamp=_at(each.submitted),
        scheduled_timestamp=_at(each.next), at=_at(each.at), cron=each.cron, zone=each.zone, enabled=each.enabled,
        last_timestamp=_at(each.last), last_scan=each.last_scan, runs=each.runs, skipped=each.skipped,
        object_id=plan.object_id, only=plan.only, clear=plan.clear, inventory=plan.inventory,
    )  # fmt: skip
