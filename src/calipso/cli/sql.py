"""The verb `sql`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from calipso.cli import render
from calipso.cli.calling import NEGATIVE, call
from calipso.cli.options import At, Environment, Out
from calipso.cli.render import Output, console
from calipso.operations.sql import SqlAnswer
from calipso.operations.sql.views import VIEWS
from calipso.runtime.home import LOCAL, Home


def register(app: typer.Typer) -> None:
    app.command("sql")(sql)


def sql(
    text: Annotated[str, typer.Argument(metavar="[SELECT]", help="One SELECT; the views without it.")] = "",
    env: Environment = LOCAL,
    output: Out = Output.table,
    at: At = "",
    limit: Annotated[int, typer.Option(help="Rows at most.")] = 10_000,
    timeout: Annotated[float, typer.Option(help="Seconds it may take.")] = 10.0,
) -> None:
    """Ask in SQL: read-only views of objects, links, changes and runs, now or at a moment.

    Examples: `calipso sql` · `calipso sql "SELECT kind, count(*) FROM objects GROUP BY 1"` ·
    `calipso sql "SELECT id, attributes ->> 'driver' AS driver FROM objects AT '-1h' WHERE mtu <> 1500" --env plain` ·
    `calipso sql "SELECT at, op, id FROM changes('-10m') WHERE what = 'object'" -o csv`
    """
    if not text:
        rows = [(view.name, each.name, each.type, each.doc) for view in VIEWS for each in view.columns]
        render.rows(rows, ("view", "column", "type", "what"), output if output is Output.csv else Output.table)
        return
    asked = {"sql": text, "environment": env, "at": at, "limit": limit, "timeout": timeout}
    found: SqlAnswer = call(Home.default(), "sql", **asked)
    shown = render.structured([dict(zip(found.columns, row, strict=True)) for row in found.rows], output)
    if shown is not None:
        print(shown)
    else:
        render.rows([[_cell(value) for value in row] for row in found.rows], found.columns, output)
    render.freshness(found.freshness)
    if found.truncated:
        console(stderr=True).print(f"there is more: only the first {limit} are shown (--limit)", style="yellow")
    if not found.rows:
        raise typer.Exit(NEGATIVE)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
