"""The command line: every verb with examples in its --help."""

from __future__ import annotations

import sys
import traceback

import typer

from calipso.cli import (
    access,
    agent,
    alerts,
    asking,
    capturing,
    declaring,
    differences,
    environments,
    injecting,
    messages,
    packets,
    querying,
    running,
    scans,
    secrets,
    sql,
    transcripts,
    workflows,
)
from calipso.cli.calling import BUG
from calipso.runtime.log import configure
from calipso.version import VERSION

app = typer.Typer(
    name="calipso",
    help="Shows, follows, proves and shapes virtual networks.\n\nWithout --env the verbs speak of this machine.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
asking.register(app)
differences.register(app)
querying.register(app)
sql.register(app)
running.register(app)
scans.register(app)
messages.register(app)
transcripts.register(app)
packets.register(app)
capturing.register(app)
injecting.register(app)
agent.register(app)
environments.register(app)
declaring.register(app)
alerts.register(app)
workflows.register(app)
access.register(app)
secrets.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"calipso {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Shows, follows, proves and shapes virtual networks."""


def main() -> None:
    """Entry point: a bug is told apart from a negative answer by its exit code. Only answers go to standard output."""
    configure("warning")
    try:
        app()
    except Exception:  # noqa: BLE001  (the outermost boundary: the exit code says it is a bug)
        traceback.print_exc()
        sys.stderr.write("calipso: this is a bug; the lines above say where\n")
        raise SystemExit(BUG) from None
