"""The verbs of users: people who sign in with a password."""

from __future__ import annotations

from typing import Annotated

import typer

from calipso.cli import render
from calipso.cli.calling import call
from calipso.cli.options import Out
from calipso.cli.render import Output, console
from calipso.operations.user_documents import Role
from calipso.operations.users import MadePassword, UserView
from calipso.runtime.home import Home

Name = Annotated[str, typer.Argument(help="What the user signs in as.")]


def register(app: typer.Typer) -> None:
    users = typer.Typer(
        name="user",
        help="Users: people who sign in with a password.\n\nExample: `calipso user add alice --role operator`",
        no_args_is_help=True,
    )
    users.command("add")(add)
    users.command("list")(listed)
    users.command("role")(role)
    users.command("reset")(reset)
    users.command("remove")(remove)
    app.add_typer(users)


def add(
    name: Name,
    role: Annotated[
        Role, typer.Option(help="viewer looks; operator also scans and captures; admin does everything.")
    ] = "viewer",
    output: Out = Output.table,
) -> None:
    """Let somebody sign in. The password is shown this once, and is good for choosing one's own.

    Example: `calipso user add alice --role operator`
    """
    _made(call(Home.default(), "create_user", name=name, role=role), output)


def reset(name: Name, output: Out = Output.table) -> None:
    """Make a user another password, as when it was forgotten; the old one and all sessions end.

    Example: `calipso user reset alice`
    """
    _made(call(Home.default(), "reset_password", name=name), output)


def listed(output: Out = Output.table) -> None:
    """The users there are.

    Example: `calipso user list`
    """
    _show(call(Home.default(), "get_users").items, output)


def role(
    name: Name,
    role: Annotated[Role, typer.Argument(help="viewer, operator or admin.")],
    output: Out = Output.table,
) -> None:
    """Let a user do more or less; sessions end, and the user signs in again.

    Example: `calipso user role alice admin`
    """
    _show(call(Home.default(), "change_role", name=name, role=role).items, output)


def remove(name: Name, output: Out = Output.table) -> None:
    """End a user and all sessions; tokens that the user made stay.

    Example: `calipso user remove alice`
    """
    _show(call(Home.default(), "remove_user", name=name).items, output)


def _made(made: MadePassword, output: Output) -> None:
    text = render.structured(made, output)
    print(text if text is not None else made.password)
    if text is None:
        console(stderr=True).print(
            f"{made.about.name}, {made.about.role}: good until {made.about.once}, to choose a password with; "
            "it is not shown again",
            markup=False,
        )


def _show(items: list[UserView], output: Output) -> None:
    text = render.structured(items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (
            each.name, each.role, each.created, each.seen or "never", str(each.sessions),
            f"has until {each.once} to choose a password" if each.once else "chosen",
        )
        for each in items
    ]  # fmt: skip
    render.rows(rows, ("name", "role", "made", "signed in", "sessions", "password"), output)
