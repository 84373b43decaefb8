"""The verbs of alerts."""

from __future__ import annotations

from typing import Annotated

import typer

from calipso.cli import render
from calipso.cli.calling import call
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output
from calipso.operations.alerts import AlertView
from calipso.runtime.home import LOCAL, Home

Id = Annotated[str, typer.Argument(help="The alert's id.")]


def register(app: typer.Typer) -> None:
    alerts = typer.Typer(
        name="alert",
        help="Alerts: a query that is asked as things change, and what is done when it has a new answer.\n\n"
        "Example: `calipso alert add \"G.V().Has('Type', 'veth', 'State', 'DOWN')\" --name cables`",
        no_args_is_help=True,
    )
    alerts.command("add")(add)
    alerts.command("list")(listed)
    alerts.command("show")(show)
    alerts.command("remove")(remove)
    app.add_typer(alerts)


def add(
    expression: Annotated[str, typer.Argument(help="A query; it goes off when the answer is new and not empty.")],
    name: Annotated[str, typer.Option(help="What it is called.")] = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    trigger: Annotated[str, typer.Option(help="change, or every:30s.")] = "change",
    action: Annotated[str, typer.Option(help="http(s)://… or script:NAME; a message alone without it.")] = "",
    env: Environment = LOCAL,
    output: Out = Output.table,
) -> None:
    """Set an alert up.

    Examples: `calipso alert add "G.V().Has('State', 'DOWN')" --action https://example.org/hook` ·
    `calipso alert add "G.V().Has('Type', 'host').Count()" --trigger every:60s --action script:page`
    """
    made = call(
        Home.default(), "put_alert", expression=expression, name=name, description=description, trigger=trigger,
        action=action, environment=env,
    )  # fmt: skip
    text = render.structured(made, output)
    print(text if text is not None else made.id)


def listed(env: Environment = LOCAL, output: Out = Output.table) -> None:
    """The alerts there are, and whether they went off.

    Example: `calipso alert list`
    """
    _table(call(Home.default(), "get_alerts", environment=env).items, output)


def show(
    alert: Id,
    env: Environment = LOCAL,
    limit: Annotated[int, typer.Option(help="The newest so many times it went off.", min=1, max=200)] = 10,
    output: Out = Output.table,
) -> None:
    """One alert, and when it went off.

    Example: `calipso alert show 3bf1d5b6-ab6e-4987-b3f4-3b761b1c6021`
    """
    (found,) = call(Home.default(), "get_alerts", id=alert, environment=env).items
    firings = call(Home.default(), "get_firings", alert=alert, limit=limit, environment=env).items
    text = render.structured({"alert": found, "firings": firings}, output)
    if text is not None:
        print(text)
        return
    _table([found], output)
    rows = [(each.at, str(each.total), each.outcome) for each in firings]
    render.rows(rows, ("went off", "answers", "action"), output)


def remove(alert: Id, env: Environment = LOCAL) -> None:
    """End an alert.

    Example: `calipso alert remove 3bf1d5b6-ab6e-4987-b3f4-3b761b1c6021`
    """
    print(call(Home.default(), "remove_alert", id=alert, environment=env).id)


def _table(items: list[AlertView], output: Output) -> None:
    text = render.structured(items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (each.id, each.name, each.expression, each.trigger, each.action or "message",
         "armed" if each.armed else "off", str(each.fired), each.last or "never", each.problem)
        for each in items
    ]  # fmt: skip
    titles = ("id", "name", "expression", "trigger", "action", "state", "fired", "last", "problem")
    render.rows(rows, titles, output)
