"""`calipso env`: environments taken over, shown, edited, tried, ended."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
import yaml

from calipso.cli import render
from calipso.cli.calling import NEGATIVE, PARTIAL, call, fail, run, with_calls
from calipso.cli.options import Out, complete_environment
from calipso.cli.render import Output, console
from calipso.errors import CalipsoError, ConfigError, NotFound
from calipso.model.environment import Environment
from calipso.model.original import not_used_yet
from calipso.model.secrecy import masked_struct, masked_text
from calipso.runtime.home import LOCAL, Home, environment_of
from calipso.runtime.secrets import shape_of

HELP = """Environments: add, list, show, edit, test, remove, and which are supported.

Examples: `calipso env add plain.yaml` · `calipso env test plain`
"""
env = typer.Typer(help=HELP, no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The environment's name.", autocompletion=complete_environment)]
File = Annotated[
    Path,
    typer.Argument(help="An environment's file: YAML, or a document of the original.", exists=True, dir_okay=False),
]


def register(app: typer.Typer) -> None:
    app.add_typer(env, name="env")
    app.command("add")(add)
    app.command("environments")(list_them)
    app.command("demo")(demo)


@env.command("add")
def add(
    file: File,
    test: Annotated[bool, typer.Option("--test", help="Only if all its connections can be made.")] = False,
) -> None:
    """Take an environment over from a file, or change the one of its name; a running server goes on with it at once.

    Examples: `calipso env add plain.yaml` · `calipso env add cloud.json --test`
    """
    _put(file.read_text(), str(file), test)


def _put(text: str, where: str, test: bool = False) -> None:
    try:
        environment_of(shape_of(text), where)  # errors name the file the user knows
    except CalipsoError as error:
        fail(error)
    taken = call(Home.default(), "put_environment", text=text, test=test)
    console(stderr=True).print(f"environment {taken.name} is known; `calipso env test {taken.name}` tries it")
    _remark(taken.config)


def _remark(environment: Environment) -> None:
    """What is said of an environment without being refused."""
    for remark in environment.remarks():
        console(stderr=True).print(f"{remark.level}: {remark}", style="yellow", markup=False)
    unused = not_used_yet(environment.original)
    if unused:
        console(stderr=True).print(f"not used yet: {', '.join(unused)}", markup=False)


@env.command("list")
def list_them(output: Out = Output.table) -> None:
    """The environments there are.

    Examples: `calipso env list` · `calipso env list -o json`
    """
    found = Home.default().configured()
    text = render.structured([masked_struct(each) for each in found.values()], output)
    if text is not None:
        print(text)
        return
    rows = [(each.name, each.type, ", ".join(each.hosts) or "this machine") for each in found.values()]
    render.rows(rows, ("name", "type", "hosts"), output)


@env.command("show")
def show(name: Name, output: Out = Output.yaml) -> None:
    """An environment's file as it was written; with `-o json` all its options.

    Examples: `calipso env show plain` · `calipso env show plain -o json`
    """
    home = Home.default()
    text = _text(home, name)
    if output is Output.json:
        text = msgspec.json.format(msgspec.json.encode(masked_struct(home.configured()[name]))).decode()
    print(text.rstrip())
    _remark(home.configured()[name])


def _text(home: Home, name: str) -> str:
    configured = home.configured()
    if name not in configured:
        fail(NotFound(f"no environment {name!r}", hint=f"there are: {', '.join(configured)}"))
    return masked_text(home.text(name)) or yaml.safe_dump({"name": name}, sort_keys=False)


@env.command("edit")
def edit(name: Name) -> None:
    """Change an environment in $EDITOR; nothing changes until what was written is right.

    Example: `EDITOR=nano calipso env edit plain`
    """
    before = _text(Home.default(), name)
    with tempfile.NamedTemporaryFile("w+", suffix=f"-{name}.yaml") as file:
        file.write(before)
        file.flush()
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        try:
            subprocess.run([*editor, file.name], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            fail(ConfigError(f"the editor failed: {error}", where="EDITOR", hint="set EDITOR to one that is installed"))
        after = Path(file.name).read_text()
    if after == before:
        console(stderr=True).print("nothing changed")
        return
    _put(after, name)


@env.command("test")
def test(
    name: Annotated[str, typer.Argument(help="An environment's name, or the file of one that is not added yet.")],
    only: Annotated[
        bool, typer.Option("--connections", "-c", help="Only its connections, section by section.")
    ] = False,
    output: Out = Output.table,
) -> None:
    """Let every source look once at every host, keep nothing, and say what works, how fast, and why not.

    With --connections only whether each section can be reached and lets us in.

    Examples: `calipso env test plain` · `calipso env test new.yaml -o json` · `calipso env test cloud --connections`
    """
    file = Path(name)
    said = {"text": file.read_text()} if file.is_file() else {"environment": name}
    if only:
        connections(said, output)
        return

    async def once(invoke: Any) -> Any:
        return await invoke("try_environment", **said)

    with console(stderr=True).status(f"trying {name} …"):
        result = run(with_calls(Home.default(), said.get("environment", LOCAL), once))
    text = render.structured(result.items, output)
    if text is not None:
        print(text)
    else:
        rows = [
            (
                each.host, each.source, each.status, f"{each.seconds:.2f} s", each.records,
                "; ".join(dict.fromkeys(error.message for error in each.errors)),
            )
            for each in result.items
        ]  # fmt: skip
        render.rows(rows, ("host", "source", "status", "took", "records", "why"), output)
    _remark(environment_of(shape_of(file.read_text()), name) if file.is_file() else Home.default().configured()[name])
    if result.status != "ok":
        raise typer.Exit(PARTIAL if result.status == "partial" else NEGATIVE)


def connections(said: dict[str, str], output: Output) -> None:
    """What came of every section's connection test."""
    with console(stderr=True).status("connecting …"):
        result = call(Home.default(), "test_connections", **said)
    text = render.structured(result.items, output)
    if text is not None:
        print(text)
    else:
        rows = [
            (each.target, each.place, each.status, f"{each.seconds:.2f} s", each.error, each.field, each.reason)
            for each in result.items
        ]
        render.rows(rows, ("section", "place", "status", "took", "error", "field", "reason"), output)
    if result.status != "ok":
        raise typer.Exit(PARTIAL if result.status == "partial" else NEGATIVE)


@env.command("supported")
def supported(
    distribution: Annotated[str, typer.Argument(help="Only this distribution.")] = "",
    version: Annotated[str, typer.Option("--version", help="Only this version of it.")] = "",
    mechanism: Annotated[str, typer.Option("--mechanism", "-m", help="Only this mechanism driver.")] = "",
    kind: Annotated[str, typer.Option("--type", "-t", help="OpenStack, Kubernetes, Docker or Plain.")] = "",
    evidence: Annotated[
        str, typer.Option("--evidence", help="lab or recording; declared only: known, not supported; any.")
    ] = "",
    output: Out = Output.table,
) -> None:
    """The environments that are supported: distribution, version, drivers, features, and what proves each.

    Examples: `calipso env supported Kolla` · `calipso env supported --mechanism OVN -o json`
    """
    found = call(
        Home.default(), "get_supported_environments", distribution=distribution, version=version,
        mechanism_driver=mechanism, type=kind, evidence=evidence,
    )  # fmt: skip
    text = render.structured(found.items, output)
    if text is not None:
        print(text)
        return
    if not found.items and not evidence:
        console(stderr=True).print("none is supported; `--evidence any` lists also what is known by name", markup=False)
        return
    rows = [
        (
            each.type, each.distribution, each.version, each.mechanism_driver, each.type_driver,
            ", ".join(each.features), f"{each.evidence} {each.proof}".strip(),
        )
        for each in found.items
    ]  # fmt: skip
    render.rows(rows, ("type", "distribution", "version", "mechanism", "type driver", "features", "evidence"), output)


@env.command("remove")
def remove(
    name: Name,
    purge: Annotated[bool, typer.Option("--purge", help="Its history too; it cannot be brought back.")] = False,
) -> None:
    """End an environment. Its history stays, so that adding it again goes on with it, unless it is purged.

    Examples: `calipso env remove plain` · `calipso env remove plain --purge`
    """
    removed = call(Home.default(), "remove_environment", environment=name, purge=purge)
    console(stderr=True).print(f"environment {name} is ended" + (", its history is gone" if removed.purged else ""))


def demo() -> None:
    """Open the demo: a recorded cloud with a day of history and one fault to find. Nothing is contacted.

    Examples: `calipso demo` · `calipso messages list --env demo` · `calipso env remove demo`
    """
    opened = call(Home.default(), "open_demo")
    said = f"environment {opened.name} is open; `calipso up` shows it, `calipso env remove {opened.name}` removes it"
    console(stderr=True).print(said)
