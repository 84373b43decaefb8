"""`calipso messages`: what went wrong and what was found."""

from __future__ import annotations

from typing import Annotated

import typer

from calipso.cli import render
from calipso.cli.calling import call
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output, console
from calipso.runtime.home import LOCAL, Home

HELP = """Messages: what went wrong and what was found, each said once and counted.

Examples: `calipso messages list` · `calipso messages list --open --at-least warn` · `calipso messages viewed 3 4`
"""
messages = typer.Typer(help=HELP, no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(messages, name="messages")


@messages.command("list")
def list_them(
    env: Annotated[str, typer.Option("--env", "-e", help="Only of this environment.")] = "",
    level: Annotated[list[str] | None, typer.Option(help="Only this severity; may be given again.")] = None,
    at_least: Annotated[str, typer.Option(help="This severity and worse.")] = "debug",
    object_: Annotated[str, typer.Option("--object", help="Only about this object.")] = "",
    text: Annotated[str, typer.Option(help="Part of the message.")] = "",
    open_: Annotated[bool, typer.Option("--open", help="Only what holds now.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Only what was not viewed.")] = False,
    since: Annotated[str, typer.Option(help="Said since: 2026-01-31T14:05, -2h.")] = "",
    limit: Annotated[int, typer.Option(help="The newest so many; 0 for all.", min=0)] = 50,
    output: Out = Output.table,
) -> None:
    """Messages, the newest first.

    Examples: `calipso messages list` · `calipso messages list --env plain --open -o json`
    """
    found = call(
        Home.default(), "get_messages", environment=env, level=tuple(level or ()), at_least=at_least,
        related_object=object_, text=text, open="yes" if open_ else "", viewed="no" if new else "", since=since,
        limit=limit,
    )  # fmt: skip
    out = render.structured(found.items, output)
    if out is not None:
        print(out)
        return
    rows = [
        (
            each.environment, each.id, each.level, each.received_timestamp, each.count,
            "over" if each.finished_timestamp else "holds", "" if each.viewed else "new", each.message,
        )
        for each in found.items
    ]  # fmt: skip
    render.rows(rows, ("env", "id", "level", "last", "times", "now", "viewed", "message"), output)


@messages.command("viewed")
def viewed(
    ids: Annotated[list[str] | None, typer.Argument(help="Numbers of messages; all without.")] = None,
    env: Environment = LOCAL,
    undo: Annotated[bool, typer.Option("--undo", help="Mark them as new again.")] = False,
) -> None:
    """Mark messages as viewed.

    Examples: `calipso messages viewed 3 4` · `calipso messages viewed --env plain`
    """
    done = call(Home.default(), "view_messages", environment=env, ids=tuple(ids or ()), viewed=not undo)
    console(stderr=True).print(f"{done.changed} changed")


@messages.command("delete")
def delete(
    ids: Annotated[list[str] | None, typer.Argument(help="Numbers of messages.")] = None,
    env: Environment = LOCAL,
    level: Annotated[list[str] | None, typer.Option(help="All of a severity; may be given again.")] = None,
) -> None:
    """Delete messages.

    Examples: `calipso messages delete 3` · `calipso messages delete --level info --env plain`
    """
    done = call(Home.default(), "delete_messages", environment=env, ids=tuple(ids or ()), level=tuple(level or ()))
    console(stderr=True).print(f"{done.changed} deleted")
