"""The verbs of workflows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from calipso.cli import render
from calipso.cli.calling import NEGATIVE, call, fail
from calipso.cli.declaring import metadata
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output, console
from calipso.errors import CalipsoError, ConfigError
from calipso.operations.context import Ran
from calipso.operations.workflows import Workflow, workflow_of
from calipso.runtime.home import LOCAL, Home


def register(app: typer.Typer) -> None:
    workflows = typer.Typer(
        name="workflow",
        help="Workflows: sequences of operations in Python, kept and run in a sandbox.\n\n"
        "Example: `calipso workflow run check_mtu source=h1/dev:eth0 target=h2/dev:eth0`",
        no_args_is_help=True,
    )
    workflows.command("list")(listed)
    workflows.command("run")(run)
    workflows.command("add")(add)
    workflows.command("remove")(remove)
    app.add_typer(workflows)


def listed(env: Environment = LOCAL, output: Out = Output.table) -> None:
    """The workflows there are, and what they need.

    Example: `calipso workflow list`
    """
    found: list[Workflow] = call(Home.default(), "get_workflows", environment=env).items
    text = render.structured(found, output)
    if text is not None:
        print(text)
        return
    rows = [
        (each.name, ", ".join(parameter.name for parameter in each.parameters), each.abstract or each.title,
         "Calipso" if each.shipped else "here", each.id)
        for each in found
    ]  # fmt: skip
    render.rows(rows, ("name", "parameters", "what it does", "from", "id"), output)


def run(
    name: Annotated[str, typer.Argument(help="The workflow's name or id.")],
    pairs: Annotated[list[str] | None, typer.Argument(help="Parameters as NAME=VALUE.")] = None,
    seconds: Annotated[float, typer.Option(help="It may take at most.", min=0.1, max=300)] = 30.0,
    env: Environment = LOCAL,
) -> None:
    """Run a workflow; its result is printed as JSON, its log on the side.

    Example: `calipso workflow run check_connectivity source=h1/dev:eth0 target=h2/dev:eth0`
    """
    ran: Ran = call(
        Home.default(), "call_workflow", id=name, parameters=metadata(pairs), seconds=seconds, environment=env
    )
    err = console(stderr=True)
    for line in ran.log:
        err.print(line, markup=False)
    if ran.status != "done":
        err.print(f"{name}: {ran.error}" + (f" (line {ran.line})" if ran.line else ""), style="red", markup=False)
        raise typer.Exit(NEGATIVE)
    print(json.dumps(ran.result, indent=2, ensure_ascii=False))


def add(
    file: Annotated[Path, typer.Argument(help="YAML with name, parameters and source.")],
    env: Environment = LOCAL,
) -> None:
    """Keep a workflow, or change the one of its id.

    Example: `calipso workflow add check_lab.yaml`
    """
    try:
        said = msgspec.structs.asdict(workflow_of(file.read_text()))
    except (OSError, UnicodeDecodeError) as error:
        fail(ConfigError(str(error), where=str(file)))
    except CalipsoError as error:
        fail(error)
    said.pop("shipped")
    print(call(Home.default(), "put_workflow", **said, environment=env).id)


def remove(name: Annotated[str, typer.Argument(help="The workflow's name or id.")], env: Environment = LOCAL) -> None:
    """Remove a workflow of one's own.

    Example: `calipso workflow remove check_lab`
    """
    print(call(Home.default(), "remove_workflow", id=name, environment=env).id)
