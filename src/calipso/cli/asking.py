"""Verbs that ask: get, tree, clique, history, diff, sources, export, import."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from calipso.cli import original, render
from calipso.cli.calling import NEGATIVE, USAGE, call, fail, run, with_calls
from calipso.cli.options import At, Environment, Kind, Out
from calipso.cli.render import Output, console
from calipso.errors import QueryError
from calipso.operations.conversations import Conversation
from calipso.operations.inventory import Objects
from calipso.runtime.home import LOCAL, Home

REFRESH = 1.0


def register(app: typer.Typer) -> None:
    for verb in (get, tree, clique, links, history, sources, schedule, export, import_):
        app.command(verb.__name__.rstrip("_"))(verb)


def get(
    kind: Kind = "",
    id: Annotated[str, typer.Argument(help="An id, an alias or a name.")] = "",
    env: Environment = LOCAL,
    output: Out = Output.table,
    at: At = "",
    host: Annotated[str, typer.Option(help="Only of this host.")] = "",
    state: Annotated[str, typer.Option(help="Only in this state: up, down, unknown.")] = "",
    facets: Annotated[bool, typer.Option(help="With what each source says.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Print again whenever the answer changes.")] = False,
) -> None:
    """Objects by kind, type or name; without a kind, how many there are of each.

    Examples: `calipso get interface` · `calipso get vnic -o json` · `calipso get host_pnic eth0` ·
    `calipso get instance --env plain --at -5m`
    """
    if not kind and not id:
        _counts(env, output, at)
        return
    asked = {
        "kind": kind, "id": id, "environment": env, "at": at, "host": host, "state": state,
        "facets": facets or (bool(id) and output in (Output.json, Output.yaml)),
    }  # fmt: skip
    if watch:
        run(_watch(env, asked, output))
        return
    _print_objects(call(Home.default(), "get_objects", **asked), kind, bool(id), output)


def _print_objects(found: Objects, kind: str, single: bool, output: Output) -> None:
    text = render.structured(found.items[0] if single and len(found.items) == 1 else found.items, output)
    if text is not None:
        print(text)
    else:
        render.objects(found.items, kind, output)
    render.freshness(found.freshness)
    if not found.items:
        console(stderr=True).print("nothing of that kind", style="dim")
        if found.freshness.revision == 0:
            console(stderr=True).print(
                "nothing has been looked at yet: `calipso scan` does, `calipso up` keeps looking"
            )
        raise typer.Exit(NEGATIVE)


def _counts(env: str, output: Output, at: str) -> None:
    found = call(Home.default(), "count_objects", environment=env, at=at)
    text = render.structured(found, output)
    if text is not None:
        print(text)
        return
    render.rows([(kind, count) for kind, count in found.kinds.items()], ("kind", "objects"), output)
    render.freshness(found.freshness)


async def _watch(env: str, asked: dict[str, Any], output: Output) -> None:
    async def repeat(invoke: Any) -> None:
        last: list[Any] | None = None
        while True:
            found = await invoke("get_objects", **asked)
            if found.items != last:
                last = found.items
                text = render.structured(found.items, output)
                print(text) if text is not None else render.objects(found.items, asked["kind"], output)
                sys.stdout.flush()
            await asyncio.sleep(REFRESH)

    await with_calls(Home.default(), env, repeat)


def tree(
    root: Annotated[str, typer.Argument(help="Whose subtree; the whole environment without it.")] = "",
    depth: Annotated[int, typer.Option(help="Levels to show; 0 for all.")] = 0,
    env: Environment = LOCAL,
    output: Out = Output.table,
    at: At = "",
) -> None:
    """What contains what: hosts, their namespaces and switches, their devices and ports.

    Examples: `calipso tree` · `calipso tree h1 --env plain --depth 2` · `calipso tree -o json --at -1h`
    """
    found = call(Home.default(), "get_tree", root=root, depth=depth, environment=env, at=at)
    text = render.structured(found.root, output)
    if text is not None:
        print(text)
    else:
        render.tree(found.root)
    render.freshness(found.freshness)


def clique(
    id: Annotated[str, typer.Argument(help="The focal object: an instance, service, container or network.")],
    type: Annotated[str, typer.Option("--type", "-t", help="A clique type, as `reach`.")] = "",
    network: Annotated[list[str] | None, typer.Option(help="Keep to this network; may be given again.")] = None,
    peer: Annotated[str, typer.Option(help="The other end: tell whether a tunnel joins both, also one gone.")] = "",
    env: Environment = LOCAL,
    output: Out = Output.table,
    at: At = "",
) -> None:
    """What an instance or service depends on, link by link; with --type reach all that shares its networks.

    Examples: `calipso clique vm-b --env plain` · `calipso clique vm-b --env plain --peer vm-d`
    """
    asked = {"id": id, "type": type, "network": tuple(network or ()), "peer": peer, "environment": env, "at": at}
    found = call(Home.default(), "get_clique", **asked)
    text = render.structured(found, output)
    if text is not None:
        print(text)
    else:
        rows = [
            (link.type, link.source, link.target, link.state, " ".join(link.through), _carried(link.network))
            for link in found.links
        ]
        render.rows(rows, ("link", "source", "target", "state", "through", "network"), output)
        err = console(stderr=True)
        for each in found.unknown:
            err.print(
                f"unknown: {each.type} {each.source} – {each.target}: {each.reason}", style="yellow", markup=False
            )
        if found.note:
            err.print(found.note, style="yellow", markup=False)
        if found.conversation is not None:
            print(_joined(found.conversation))
    render.freshness(found.freshness)


def _joined(both: Conversation) -> str:
    """What joins both ends, in a line."""
    if both.tunnel is None:
        return f"to {both.peer}: {both.note}"
    since = f", since {both.tunnel.lost[0].until}" if both.tunnel.lost else ""
    return f"to {both.peer}: tunnel {both.tunnel.state}: {both.tunnel.evidence}{since}"


def _carried(network: list[str] | None) -> str:
    return "" if network is None else ", ".join(network) or "none"


def links(
    id: Annotated[str, typer.Argument(help="Whose links; all without it.")] = "",
    type: Annotated[str, typer.Option("--type", "-t", help="A link type, or a relation such as layer2.")] = "",
    implicit: Annotated[bool, typer.Option(help="Also what its links lead to on a common network.")] = False,
    env: Environment = LOCAL,
    output: Out = Output.table,
    at: At = "",
) -> None:
    """Links of an object, and what they go through.

    Examples: `calipso links eth0` · `calipso links h1/ovs --env plain -t vedge-host_pnic`
    """
    found = call(Home.default(), "get_links", id=id, type=type, implicit=implicit, environment=env, at=at)
    text = render.structured(found.items, output)
    if text is not None:
        print(text)
    else:
        rows = [(link.type, link.source, link.target, " ".join(link.through)) for link in found.items]
        render.rows(rows, ("link", "source", "target", "through"), output)
    render.freshness(found.freshness)


def history(
    id: Annotated[str, typer.Argument(help="The id or name of an object that is or was.")],
    since: Annotated[str, typer.Option(help="How far back: -1h, or a moment.")] = "",
    until: Annotated[str, typer.Option(help="To when; now without it.")] = "",
    env: Environment = LOCAL,
    output: Out = Output.table,
) -> None:
    """Everything that happened to an object, also to one that is gone.

    Examples: `calipso history eth0` · `calipso history h1/netns:vm-a --env plain --since -10m -o json`
    """
    found = call(Home.default(), "get_history", id=id, since=since, until=until, environment=env)
    text = render.structured(found, output)
    if text is not None:
        print(text)
        return
    rows = [(event.at, event.op, event.source, _told(event)) for event in found.events]
    render.rows(rows, ("at", "what", "source", "how"), output)


def _told(event: Any) -> str:
    if event.link:
        return f"{event.link} {'→' if event.outgoing else '←'} {event.other}"
    return ", ".join(render.field(each) for each in event.fields)


def sources(env: Environment = LOCAL, output: Out = Output.table, at: At = "") -> None:
    """What each source last saw, when, and what went wrong.

    Examples: `calipso sources` · `calipso sources --env plain -o json`
    """
    found = call(Home.default(), "get_sources", environment=env, at=at)
    text = render.structured(found.items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (each.scope, each.status, each.seen, each.completed, "; ".join(error.message for error in each.errors))
        for each in found.items
    ]
    render.rows(rows, ("scope", "status", "seen", "completed", "errors"), output)


def schedule(env: Environment = LOCAL, output: Out = Output.table) -> None:
    """What each source does on each host of the running server, and when it looks next.

    Examples: `calipso schedule` · `calipso schedule --env plain -o json`
    """
    found = call(Home.default(), "get_schedule", environment=env)
    text = render.structured(found.items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (each.host, each.source, each.mode, each.state, each.failures, each.next, each.error) for each in found.items
    ]
    render.rows(rows, ("host", "source", "mode", "state", "failures", "next", "error"), output)


def export(
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output without it.")] = None,
    format: Annotated[str, typer.Option(help="records, or calipso-json: the original's documents.")] = "records",
    env: Environment = LOCAL,
    at: At = "",
) -> None:
    """Every record as a line of JSON, behind a header; `import` takes it back.

    With --format calipso-json the documents of the original's collections: a file for each in a folder, or all in one.

    Examples: `calipso export before.jsonl` · `calipso export --env plain --at -1h > then.jsonl` ·
    `calipso export --format calipso-json documents/ --env plain`
    """
    if format not in ("records", "calipso-json"):
        fail(QueryError(f"no format {format!r}", hint="there are: records, calipso-json"))
    if format == "calipso-json":
        original.write(file, env, at)
        return
    found = call(Home.default(), "export", environment=env, at=at)
    text = "".join(line + "\n" for line in found.lines)
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text)


def import_(
    file: Annotated[Path, typer.Argument(help="What `export` wrote.", exists=True, dir_okay=False)],
    env: Environment = LOCAL,
) -> None:
    """Take over what `export` wrote.

    Example: `calipso import before.jsonl --env restored`
    """
    try:
        lines = file.read_text().splitlines()
    except UnicodeDecodeError:
        console(stderr=True).print(f"calipso: {file} is not text", style="red")
        raise typer.Exit(USAGE) from None
    found = call(Home.default(), "import", lines=lines, environment=env)
    console(stderr=True).print(f"{found.records} records, {found.objects} objects")
