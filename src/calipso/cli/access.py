"""The verbs of tokens, and of the journal of writes."""

from __future__ import annotations

from typing import Annotated

import typer

from calipso.cli import render
from calipso.cli.calling import call
from calipso.cli.options import Out
from calipso.cli.render import Output, console
from calipso.operations.access import TokenView
from calipso.runtime.home import Home


def register(app: typer.Typer) -> None:
    tokens = typer.Typer(
        name="token",
        help="Tokens: who may do what, and until when.\n\nExample: `calipso token create grafana`",
        no_args_is_help=True,
    )
    tokens.command("create")(create)
    tokens.command("list")(listed)
    tokens.command("revoke")(revoke)
    app.add_typer(tokens)
    app.command("audit")(audit)


def create(
    name: Annotated[str, typer.Argument(help="Who it is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="read (default), write, admin or agent; may be given again.")
    ] = None,
    expires: Annotated[str, typer.Option(help="How long it lasts (30d, 12h) or until when; empty for ever.")] = "",
    output: Out = Output.table,
) -> None:
    """Make a token. It is shown this once; only its digest is kept.

    Examples: `calipso token create grafana` · `calipso token create host-a --scope agent --expires 365d`
    """
    made = call(Home.default(), "create_token", name=name, scopes=tuple(scope or ("read",)), expires=expires)
    text = render.structured(made, output)
    print(text if text is not None else made.token)
    if text is None:
        ends = f"until {made.about.expires}" if made.about.expires else "without an end"
        console(stderr=True).print(f"{name} may {', '.join(made.about.scopes)}, {ends}; keep it: it is not shown again")


def listed(output: Out = Output.table) -> None:
    """The tokens there are, without their secrets.

    Example: `calipso token list`
    """
    _show(call(Home.default(), "get_tokens").items, output)


def revoke(name: Annotated[str, typer.Argument(help="Whose token ends.")], output: Out = Output.table) -> None:
    """End a token at once.

    Example: `calipso token revoke grafana`
    """
    _show(call(Home.default(), "revoke_token", name=name).items, output)


def _show(items: list[TokenView], output: Output) -> None:
    text = render.structured(items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (
            each.name,
            ", ".join(each.scopes),
            each.created,
            each.expires or "never",
            "expired" if each.expired else "good",
        )
        for each in items
    ]
    render.rows(rows, ("name", "may", "created", "expires", "state"), output)


def audit(
    who: Annotated[str, typer.Option(help="Only of this token.")] = "",
    what: Annotated[str, typer.Option(help="Only this operation.")] = "",
    since: Annotated[str, typer.Option(help="Only from this moment on, as -1h.")] = "",
    until: Annotated[str, typer.Option(help="Only until this moment.")] = "",
    limit: Annotated[int, typer.Option(help="The newest so many; 0 for all.", min=0)] = 50,
    output: Out = Output.table,
) -> None:
    """Who wrote what, when, and how it ended; also what was refused.

    Examples: `calipso audit` · `calipso audit --since -1d --who grafana -o json`
    """
    found = call(Home.default(), "get_audit", who=who, what=what, since=since, until=until, limit=limit)
    text = render.structured(found.items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (each.at, each.who or "–", each.what, each.outcome, ", ".join(f"{k}={v}" for k, v in each.about.items()))
        for each in found.items
    ]
    render.rows(rows, ("at", "who", "what", "outcome", "about"), output)
