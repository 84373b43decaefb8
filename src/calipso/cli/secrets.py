"""`calipso secrets`: the key that secrets of environments are sealed with."""

from __future__ import annotations

import typer

from calipso.cli.calling import call
from calipso.cli.render import console
from calipso.runtime.home import Home


def register(app: typer.Typer) -> None:
    secrets = typer.Typer(
        name="secrets",
        help="The key that secrets of environments are sealed with.\n\nExample: `calipso secrets rotate`",
        no_args_is_help=True,
    )
    secrets.callback()(_about)
    secrets.command("rotate")(rotate)
    app.add_typer(secrets)


def _about() -> None:
    """The key that secrets of environments are sealed with."""


def rotate() -> None:
    """Seal every secret anew with a new key; the old one is good for nothing then.

    Where CALIPSO_KEY gives the key, set it to the new one and CALIPSO_OLD_KEY to the old one first.

    Example: `calipso secrets rotate`
    """
    done = call(Home.default(), "rotate_secrets")
    names = ", ".join(done.environments) or "no environment holds any"
    console(stderr=True).print(f"sealed with the key {done.key}: {names}", markup=False)
