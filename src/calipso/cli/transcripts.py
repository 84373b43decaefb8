"""Verbs for transcripts: record what sources ask and are told, replay it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from calipso.cli import render
from calipso.cli.calling import PARTIAL, run, server_of
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output, console
from calipso.errors import Conflict
from calipso.model.environment import Environment as Config
from calipso.runtime.home import LOCAL, Home


def register(app: typer.Typer) -> None:
    for verb in (record, replay):
        app.command(verb.__name__)(verb)


def record(
    folder: Annotated[Path, typer.Argument(help="Where the transcripts go: one file for each source and host.")],
    env: Environment = LOCAL,
) -> None:
    """Look once at an environment and write down what was asked and answered, secrets masked.

    Examples: `calipso record transcripts` · `calipso record case-17 --env plain`
    """

    from calipso.runtime.recording import record as write_transcripts
    from calipso.runtime.system import opened

    async def once() -> list[Path]:
        home = Home.default()
        if server_of(home) is not None:
            raise Conflict("a server has this folder", hint="stop it, or record with another CALIPSO_HOME")
        async with opened(home, env) as system:
            return await write_transcripts(system, env, folder)

    for file in run(once()):
        print(file)


def replay(
    files: Annotated[list[Path], typer.Argument(help="Transcripts, as linux@h1.jsonl.", exists=True, dir_okay=False)],
    instances: Annotated[bool, typer.Option(help="Named namespaces are instances.")] = False,
    output: Out = Output.table,
) -> None:
    """Show what sources make of transcripts now; nothing is kept.

    Examples: `calipso replay transcripts/linux@h1.jsonl` · `calipso replay case-17/*.jsonl -o json`
    """
    from calipso.runtime.recording import replay_all

    config = Config(name="replay", namespaces="instances" if instances else "plain")
    found = run(replay_all(files, config))
    graph = found.graph
    text = render.structured(
        [{"id": head.id, "kind": head.kind, "type": head.type, "name": head.name, "host": head.host,
          "attributes": graph.attributes(head)} for head in sorted(graph.objects(), key=lambda head: head.id)],
        output,
    )  # fmt: skip
    if text is not None:
        print(text)
    else:
        counts = Counter(head.kind for head in graph.objects())
        render.rows(sorted(counts.items()), ("kind", "objects"), output)
    for error in found.errors:
        console(stderr=True).print(f"{error.where}: {error.message}", style="yellow", markup=False)
    if found.errors:
        raise typer.Exit(PARTIAL)
