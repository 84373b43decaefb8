"""The command line: every verb with examples in its --help."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, NoReturn

import typer

BUG = 70
"""Exit code of what is neither an answer nor an error that was foreseen (DESIGN §8, EX_SOFTWARE of sysexits.h)."""
PARTIAL = 3
"""Exit code when only a part of the answer could be had, or written."""
MODULES: Mapping[str, tuple[str, ...]] = {
    "asking": ("get", "tree", "clique", "links", "history", "sources", "schedule", "export", "import"),
    "differences": ("diff",),
    "querying": ("query",),
    "sql": ("sql",),
    "running": ("up", "watch"),
    "scans": ("scan", "scans"),
    "messages": ("messages",),
    "transcripts": ("record", "replay"),
    "packets": ("pcap",),
    "capturing": ("flows", "capture"),
    "injecting": ("inject", "injections"),
    "agent": ("agent", "agents"),
    "environments": ("add", "environments", "env", "demo"),
    "declaring": ("topology",),
    "alerts": ("alert",),
    "workflows": ("workflow",),
    "access": ("audit", "token"),
    "users": ("user",),
    "secrets": ("secrets",),
}
"""Module → its verbs: only that of the verb in hand is loaded, all of them for help and completion."""
WITHOUT_LOG = frozenset({"packets"})
"""Modules that read files alone: what keeps the log takes longer to load than they do."""


def _version(wanted: bool) -> None:
    if wanted:
        from calipso.version import VERSION  # looking it up takes longer than many a verb's module

        typer.echo(f"calipso {VERSION}")
        raise typer.Exit


def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Shows, follows, proves and shapes virtual networks."""


def app_of(modules: Iterable[str]) -> typer.Typer:
    """The command line with the verbs of some modules."""
    app = typer.Typer(
        name="calipso",
        help="Shows, follows, proves and shapes virtual networks.\n\nWithout --env the verbs speak of this machine.",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    for module in modules:
        import_module(f"calipso.cli.{module}").register(app)
    app.callback()(root)
    return app


def __getattr__(name: str) -> Any:
    """`app`: the whole command line, made when it is asked for."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = app_of(MODULES)
    return globals()["app"]


def main() -> None:
    """Entry point: a bug is told apart from a negative answer by its exit code. Only answers go to standard output."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    modules = [module for module, verbs in MODULES.items() if verb in verbs or verb == "--version"][:1] or list(MODULES)
    if not WITHOUT_LOG.issuperset(modules):
        from calipso.runtime.log import configure

        configure("warning")
    try:
        app_of(modules)()
    except Exception as error:  # noqa: BLE001  (the outermost boundary: the exit code says it is a bug)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # where the state is kept it is told before
            _cannot_write(error)
        traceback.print_exc()
        sys.stderr.write("calipso: this is a bug; the lines above say where\n")
        raise SystemExit(BUG) from None
    finally:
        _flush()


def _flush() -> None:
    """Whoever reads may have had enough, as `head`: the interpreter would complain of what is left to write."""
    out = sys.__stdout__
    try:
        if out is not None and not out.closed:
            out.flush()
    except BrokenPipeError:
        _discard()
    except OSError as error:
        _cannot_write(error)


def _cannot_write(error: OSError) -> NoReturn:
    _discard()
    sys.stderr.write(f"calipso: the answer could not be written: {error.strerror}\n")
    raise SystemExit(PARTIAL) from None


def _discard() -> None:
    """What is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
