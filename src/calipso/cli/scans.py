"""`calipso scan` and `calipso scans`: started, followed, cancelled, scheduled."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from calipso.cli import render
from calipso.cli.calling import NEGATIVE, PARTIAL, Call, call, run, with_calls
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output, console
from calipso.errors import QueryError
from calipso.operations.scan_documents import ENDED
from calipso.operations.scans import ScanScheduleView, ScanView
from calipso.runtime.home import LOCAL, Home

POLL = 0.2
HELP = """Scans: list, show, cancel, and those that are scheduled.

Examples: `calipso scans list` · `calipso scans show 3 --env plain` · `calipso scans schedule add daily --at 02:30`
"""
scans = typer.Typer(help=HELP, no_args_is_help=True)
schedule = typer.Typer(help="Scheduled scans.\n\nExample: `calipso scans schedule list`", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="The scan's number.")]
ScheduleId = Annotated[str, typer.Argument(help="The scheduled scan's number.")]
Object = Annotated[str, typer.Option("--object", help="Only this object, by id, and what it owns.")]
Inventory = Annotated[str, typer.Option("--inventory", "-y", help="A name for the moment the scan ends at.")]
Clear = Annotated[bool, typer.Option("--clear", help="Also end what nothing looks at any more.")]
InventoryOnly = Annotated[bool, typer.Option("--inventory-only", help="Look, and leave links unchecked.")]
LinksOnly = Annotated[bool, typer.Option("--links-only", help="Derive all links anew without looking.")]
CliquesOnly = Annotated[bool, typer.Option("--cliques-only", help="Count cliques without looking.")]


def register(app: typer.Typer) -> None:
    app.command("scan")(scan)
    scans.add_typer(schedule, name="schedule")
    app.add_typer(scans, name="scans")


def _only(inventory: bool, links: bool, cliques: bool) -> str:
    """Raises `QueryError` when more than one is chosen."""
    chosen = [name for name, on in (("inventory", inventory), ("links", links), ("cliques", cliques)) if on]
    if len(chosen) > 1:
        raise QueryError(f"--{chosen[0]}-only and --{chosen[1]}-only exclude each other")
    return chosen[0] if chosen else ""


def scan(
    env: Environment = LOCAL,
    object_: Object = "",
    inventory_only: InventoryOnly = False,
    links_only: LinksOnly = False,
    cliques_only: CliquesOnly = False,
    clear: Clear = False,
    inventory: Inventory = "",
    queue: Annotated[bool, typer.Option("--queue", help="Wait for a running scan instead of refusing.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Only write it down.")] = False,
    output: Out = Output.table,
) -> None:
    """Look once at everything in an environment, or at one object, and keep what is found.

    Examples: `calipso scan` · `calipso scan --env plain -o json` · `calipso scan --env plain --object h1/ovs`
    """

    async def once(invoke: Call) -> Any:
        only = _only(inventory_only, links_only, cliques_only)
        begun = await invoke(
            "start_scan", environment=env, object_id=object_, only=only, clear=clear, inventory=inventory, queue=queue,
            draft=draft,
        )  # fmt: skip
        return begun if draft else await _followed(invoke, begun)

    _ended(run(with_calls(Home.default(), env, once)), output)


async def _followed(invoke: Call, begun: ScanView) -> ScanView:
    """A scan at its end, with a bar meanwhile. It is cancelled when this is."""
    about = {"environment": begun.environment, "id": begun.id}
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[at]}"), console=console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(f"scan {begun.id} of {begun.environment}", total=None, at="")
        try:
            while True:
                now: ScanView = await invoke("show_scan", **about)
                if now.progress is not None:
                    at = ", ".join(_place(look) for look in now.progress.looks if look.status == "running")
                    bar.update(task, completed=now.progress.done, total=now.progress.total or None, at=at[:80])
                if now.status in ENDED:
                    return now
                await asyncio.sleep(POLL)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await invoke("cancel_scan", **about)
            raise


def _place(look: Any) -> str:
    parts = f" {look.done}/{look.total}" if look.total else ""
    return f"{look.source}@{look.host}{parts}" + (f" {look.current}" if look.current else "")


def _ended(view: ScanView, output: Output) -> None:
    """Print how a scan ended; the exit code says whether all is well."""
    text = render.structured(view, output)
    if text is not None:
        print(text)
    else:
        counts = view.cliques if view.only == "cliques" else view.kinds
        render.rows(sorted(counts.items()), ("clique" if view.only == "cliques" else "kind", "objects"), output)
    _said(view)
    if view.status not in ("completed", "draft", "pending"):
        raise typer.Exit(PARTIAL if view.status == "completed_with_errors" else NEGATIVE)


def _said(view: ScanView) -> None:
    err = console(stderr=True)
    for error in view.errors:
        err.print(f"{error.where}: {error.message}", style="yellow", markup=False)
    for finding in view.findings:
        err.print(f"{finding.check}: {finding.message}", style="yellow", markup=False)
    reason = f": {view.reason}" if view.reason else ""
    err.print(f"scan {view.id} {view.status}{reason or f': {view.objects} objects, {view.links} links'}", markup=False)


@scans.command("list")
def list_them(
    env: Annotated[str, typer.Option("--env", "-e", help="Only of this environment.")] = "",
    status: Annotated[list[str] | None, typer.Option(help="Only with this status; may be given again.")] = None,
    inventory: Inventory = "",
    limit: Annotated[int, typer.Option(help="The newest so many; 0 for all.", min=0)] = 20,
    output: Out = Output.table,
) -> None:
    """Scans, the newest first.

    Examples: `calipso scans list` · `calipso scans list --env plain --status failed -o json`
    """
    found = call(
        Home.default(), "get_scans", environment=env, status=tuple(status or ()), inventory=inventory, limit=limit
    )  # fmt: skip
    text = render.structured(found.items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (
            each.environment, each.id, each.status, each.only or ("object" if each.object_id else "full"),
            each.start_timestamp or each.submit_timestamp, f"{each.progress.seconds:.1f} s" if each.progress else "",
            each.objects, len(each.errors), len(each.findings), each.inventory, each.reason,
        )
        for each in found.items
    ]  # fmt: skip
    names = ("env", "id", "status", "what", "began", "took", "objects", "errors", "findings", "inventory", "reason")
    render.rows(rows, names, output)


@scans.command("show")
def show(id: Annotated[str, typer.Argument(help="The scan's number; the newest without.")] = "",
         env: Environment = LOCAL, output: Out = Output.table) -> None:  # fmt: skip
    """A scan: each source on each host, errors verbatim, what the validators found.

    Examples: `calipso scans show --env plain` · `calipso scans show 3 -o json`
    """
    view = call(Home.default(), "show_scan", environment=env, id=id)
    text = render.structured(view, output)
    if text is not None:
        print(text)
        return
    looks = view.progress.looks if view.progress is not None else []
    rows = [
        (each.host, each.source, each.status, f"{each.done}/{each.total}", each.records, f"{each.seconds:.2f} s")
        for each in looks
    ]
    render.rows(rows, ("host", "source", "status", "parts", "records", "took"), output)
    _said(view)


@scans.command("cancel")
def cancel(id: Annotated[str, typer.Argument(help="The scan's number; the running one without.")] = "",
           env: Environment = LOCAL) -> None:  # fmt: skip
    """End a scan; what it has found stays.

    Example: `calipso scans cancel --env plain`
    """
    view = call(Home.default(), "cancel_scan", environment=env, id=id)
    console(stderr=True).print(f"scan {view.id} is {view.status}", markup=False)


@scans.command("start")
def start(id: Id, env: Environment = LOCAL, output: Out = Output.table) -> None:
    """Start a scan that was only written down, and follow it.

    Example: `calipso scans start 4 --env plain`
    """

    async def once(invoke: Call) -> Any:
        return await _followed(invoke, await invoke("start_scan", environment=env, id=id))

    _ended(run(with_calls(Home.default(), env, once)), output)


@schedule.command("add")
def add(
    recurrence: Annotated[str, typer.Argument(help="once, hourly, daily, weekly, monthly, yearly or cron.")],
    env: Environment = LOCAL,
    at: Annotated[str, typer.Option(help="The first run: 02:30, 2026-01-31T02:30, +2h; now without it.")] = "now",
    cron: Annotated[str, typer.Option(help="With cron: minute hour day month weekday.")] = "",
    zone: Annotated[str, typer.Option(help="Whose days and hours, as Europe/Berlin.")] = "UTC",
    object_: Object = "",
    inventory_only: InventoryOnly = False,
    links_only: LinksOnly = False,
    cliques_only: CliquesOnly = False,
    clear: Clear = False,
    inventory: Inventory = "",
    output: Out = Output.table,
) -> None:
    """Have an environment scanned again and again; it is done while a server runs.

    Examples: `calipso scans schedule add daily --at 2026-02-01T02:30 --zone Europe/Berlin` ·
    `calipso scans schedule add cron --cron "30 2 * * 1-5" --env plain`
    """

    async def once(invoke: Call) -> Any:
        only = _only(inventory_only, links_only, cliques_only)
        return await invoke(
            "put_scan_schedule", environment=env, recurrence=recurrence, at=at, cron=cron, zone=zone, object_id=object_,
            only=only, clear=clear, inventory=inventory,
        )  # fmt: skip

    _schedules([run(with_calls(Home.default(), env, once))], output)


@schedule.command("list")
def schedules(
    env: Annotated[str, typer.Option("--env", "-e", help="Only of this environment.")] = "",
    output: Out = Output.table,
) -> None:
    """Scheduled scans and when each runs next.

    Example: `calipso scans schedule list`
    """
    _schedules(call(Home.default(), "get_scan_schedules", environment=env).items, output)


@schedule.command("enable")
def enable(id: ScheduleId, env: Environment = LOCAL, output: Out = Output.table) -> None:
    """Have a scheduled scan run again.

    Example: `calipso scans schedule enable 1`
    """
    _schedules([call(Home.default(), "enable_scan_schedule", environment=env, id=id)], output)


@schedule.command("disable")
def disable(id: ScheduleId, env: Environment = LOCAL, output: Out = Output.table) -> None:
    """Have a scheduled scan rest.

    Example: `calipso scans schedule disable 1`
    """
    _schedules([call(Home.default(), "enable_scan_schedule", environment=env, id=id, enabled=False)], output)


@schedule.command("remove")
def remove(id: ScheduleId, env: Environment = LOCAL) -> None:
    """End a scheduled scan; the scans it started stay.

    Example: `calipso scans schedule remove 1`
    """
    gone = call(Home.default(), "remove_scan_schedule", environment=env, id=id)
    console(stderr=True).print(f"scheduled scan {gone.id} is ended", markup=False)


def _schedules(items: list[ScanScheduleView], output: Output) -> None:
    text = render.structured(items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (
            each.environment, each.id, each.cron or each.recurrence, each.scheduled_timestamp or "never",
            "yes" if each.enabled else "no", each.runs, each.skipped, each.last_scan,
        )
        for each in items
    ]  # fmt: skip
    render.rows(rows, ("env", "id", "when", "next", "enabled", "runs", "skipped", "last scan"), output)
