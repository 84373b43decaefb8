"""The verb `diff`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Annotated

import typer

from calipso.cli import render
from calipso.cli.calling import NEGATIVE, call
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output, console
from calipso.operations.causes import Cause
from calipso.operations.differences import DiffView, LinkChange, ObjectDifference
from calipso.runtime.home import LOCAL, Home

SIGNS = {"added": "+", "removed": "-", "changed": "~"}
STYLES = {"added": "green", "removed": "red", "changed": "yellow"}


def register(app: typer.Typer) -> None:
    app.command("diff")(diff)


def diff(
    start: Annotated[str, typer.Option("--from", help="The earlier moment: -10m, 2026-01-31T14:05:00Z.")],
    end: Annotated[str, typer.Option("--to", help="The later moment; now without it.")] = "now",
    id: Annotated[str, typer.Argument(help="An object and what belongs to it; everything without it.")] = "",
    clique: Annotated[str, typer.Option(help="Only the clique of this object, as it was or is.")] = "",
    query: Annotated[str, typer.Option(help="Only what this query finds then or now.")] = "",
    env: Environment = LOCAL,
    output: Out = Output.table,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 when there are differences.")] = False,
) -> None:
    """What changed between two moments, by host and kind, field by field, and which look or event brought it.

    Examples: `calipso diff --from -10m` · `calipso diff --from -1h --to -30m h1 --env plain -o json` ·
    `calipso diff --from -1h --clique vm-b --env plain` · `calipso diff --from -1h --query "G.V().Has('Type', 'veth')"`
    """
    asked = {"start": start, "end": end, "id": id, "clique": clique, "query": query, "environment": env}
    found: DiffView = call(Home.default(), "get_diff", **asked)
    text = render.structured(found, output)
    if text is not None:
        print(text)
    elif output is Output.csv:
        render.rows(_rows(found), ("what", "host", "kind", "id", "how", "brought"), output)
    else:
        _print(found)
    render.freshness(found.freshness)
    if exit_code and (found.objects or found.links):
        raise typer.Exit(NEGATIVE)


def _rows(found: DiffView) -> Iterator[tuple[str, ...]]:
    for each in found.objects:
        yield each.op, each.host, each.kind, each.id, ", ".join(map(render.field, each.fields)), _brought(each)
    for link in found.links:
        yield link.op, "", link.type, f"{link.source} – {link.target}", "", _brought(link)


def _print(found: DiffView) -> None:
    out = console()
    counts = {(each.host, each.kind): each for each in found.groups}
    for place, objects in groupby(found.objects, key=lambda each: (each.host, each.kind)):
        of = counts[place]
        said = f"+{of.added} -{of.removed} ~{of.changed}"
        out.print(f"{place[0] or 'no host'} · {place[1]}  {said}", style="bold", markup=False)
        for each in objects:
            out.print(f"  {SIGNS[each.op]} {each.id}", style=STYLES[each.op], markup=False, soft_wrap=True)
            for field in each.fields:
                out.print(f"      {render.field(field)}", markup=False, soft_wrap=True)
            _print_brought(each.brought)
    if found.links:
        out.print(f"links  {len(found.links)}", style="bold")
    for link in found.links:
        line = f"  {SIGNS[link.op]} {link.type} {link.source} – {link.target}"
        out.print(line, style=STYLES[link.op], markup=False, soft_wrap=True)
        _print_brought(link.brought)


def _print_brought(causes: list[Cause]) -> None:
    for cause in causes:
        console().print(f"      {_cause(cause)}", style="dim", markup=False, soft_wrap=True)


def _brought(each: ObjectDifference | LinkChange) -> str:
    return "; ".join(map(_cause, each.brought))


def _cause(cause: Cause) -> str:
    if cause.by == "run":
        return f"{cause.at} by the run of {cause.scope} begun {cause.began} ({cause.status})"
    if cause.by == "event":
        return f"{cause.at} by an event of {cause.scope}"
    return f"{cause.at} derived" + (f" from what {cause.scope} said" if cause.scope else "")
