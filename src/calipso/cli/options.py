"""Options that many verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

from calipso.cli.render import Output


def complete_kind(incomplete: str) -> list[str]:
    from calipso.operations.inventory import INTERFACE, KINDS, TYPES

    return sorted(word for word in {*KINDS, *TYPES, INTERFACE} if word.startswith(incomplete))


def complete_environment(incomplete: str) -> list[str]:
    from calipso.runtime.home import Home

    home = Home.default()
    return [name for name in home.configured() if name.startswith(incomplete)]


Environment = Annotated[
    str,
    typer.Option("--env", "-e", help="The environment; this machine without it.", autocompletion=complete_environment),
]
Out = Annotated[Output, typer.Option("--output", "-o", help="How to print the answer.")]
At = Annotated[str, typer.Option("--at", help="As of a moment: 2026-01-31T14:05:00Z, -5m, -2h.")]
Kind = Annotated[
    str,
    typer.Argument(
        help="A kind (vnic, host_pnic, instance …), a type (veth, bridge …), or `interface`.",
        autocompletion=complete_kind,
    ),
]
