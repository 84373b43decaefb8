"""Verbs that run: up, watch."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.live import Live
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from calipso.cli.calling import fail, run, server_of
from calipso.cli.options import Environment, Out
from calipso.cli.render import Output, console
from calipso.errors import ConfigError, Conflict, Unreachable
from calipso.query.standing import standing
from calipso.runtime.home import LOCAL, Home
from calipso.runtime.log import configure
from calipso.runtime.tokens import admin_token

if TYPE_CHECKING:  # only `up` needs a web server: the others start sooner without
    from calipso.web.server import Server, Tls

PORT = 8082
SETTLE = 2.0
"""Seconds after which what is found is worth a line."""
LARGEST_FRAME = 1 << 30


def register(app: typer.Typer) -> None:
    for verb in (up, watch):
        app.command(verb.__name__)(verb)


def up(
    listen: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any free one.")] = PORT,
    public_name: Annotated[
        list[str] | None, typer.Option(help="A name others reach this server by; may be given several times.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Serve HTTPS with this certificate.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key.")] = None,
    client_ca: Annotated[
        Path | None, typer.Option(help="Agents may show certificates of these authorities instead of a token.")
    ] = None,
    log: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "warning",
) -> None:
    """Start everything: server, collection on this machine and of all environments, and the store.

    Examples: `calipso up` · `calipso up --port 9000 --log info`
    """
    from calipso.web.serve import serve

    configure(log)
    home = Home.default()

    async def started_and_served() -> None:
        tasks: list[asyncio.Task[None]] = []

        def started(server: Server) -> None:
            err = console(stderr=True)
            err.print(f"calipso listens on {server.url}", markup=False)
            err.print(f"admin token: {home.token}", markup=False)
            if sys.stderr.isatty():  # never into a log: whoever has this address is signed in
                err.print(f"open {server.url}/#token={admin_token(home.token)}", markup=False, soft_wrap=True)
            tasks.append(asyncio.get_running_loop().create_task(_progress(server)))

        await serve(home, listen, port, started, public_names=public_name or (), tls=_tls(tls_cert, tls_key, client_ca))

    run(started_and_served())


def _tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> Tls | None:
    from calipso.web.server import Tls

    if certificate is None:
        if key is not None or client_ca is not None:
            raise ConfigError("needs a certificate", where="--tls-key, --client-ca", hint="give --tls-cert too")
        return None
    for file in (certificate, key, client_ca):
        if file is not None and not file.is_file():
            raise ConfigError("no such file", where=str(file))
    return Tls(certificate, key or certificate, client_ca)


async def _progress(server: Server) -> None:
    """A line on what has been found: redrawn on a terminal, once it settles elsewhere."""
    out = console(stderr=True)
    if not out.is_terminal:
        await asyncio.sleep(SETTLE)
        out.print(_found(server), markup=False)
        return
    with Live(_found(server), console=out, refresh_per_second=2, transient=False) as live:
        while True:
            live.update(_found(server))
            await asyncio.sleep(0.5)


def _found(server: Server) -> str:
    parts = []
    for name, site in server.system.sites.items():
        kinds = site.graph().values("kind")
        most = sorted(((len(list(ords)), kind) for kind, ords in kinds.items()), reverse=True)[:5]
        shown = ", ".join(f"{count} {kind}" for count, kind in most)
        stale = sum(state.stale for state in site.scopes())
        parts.append(f"{name}: {len(site.graph())} objects ({shown})" + (f", {stale} scopes stale" if stale else ""))
    return "found " + " · ".join(parts)


def watch(
    key: Annotated[
        str, typer.Argument(help="Only objects with this key, as kind:vnic, or what a query answers; all without.")
    ] = "",
    env: Environment = LOCAL,
    output: Out = Output.table,
    count: Annotated[int, typer.Option(help="Stop after so many changes; 0 for never.")] = 0,
) -> None:
    """Changes as they happen, until stopped.

    Examples: `calipso watch` · `calipso watch kind:vnic --env plain -o json` ·
    `calipso watch "G.V().Has('State', 'DOWN')" --env plain`
    """
    configure("warning")
    try:
        run(_watch(Home.default(), key, env, output, count))
    except KeyboardInterrupt:
        raise typer.Exit from None


async def _watch(home: Home, key: str, env: str, output: Output, count: int) -> None:
    server = server_of(home)
    if server is not None:
        await _watch_server(server.url, admin_token(home.token), key, env, output, count)
    else:
        await _watch_here(home, key, env, output, count)


async def _watch_server(url: str, token: str, key: str, env: str, output: Output, count: int) -> None:
    address = url.replace("http", "ws", 1) + f"/api/v1/live?environment={env}" + _filter(key)
    headers = {"Authorization": f"Bearer {token}"}
    shown, since = 0, ""
    while True:
        try:
            async with connect(address + since, additional_headers=headers, max_size=LARGEST_FRAME) as socket:
                async for frame in socket:
                    said = json.loads(frame)
                    if "error" in said:
                        fail(Conflict(said["error"], hint=said.get("hint", "")))
                    since = f"&since={said['seq']}" if "seq" in said else since
                    shown += _print_frame(said, output)
                    if count and shown >= count:
                        return
        except (OSError, InvalidStatus) as error:
            fail(Unreachable(f"{url}: {error}"))
        except ConnectionClosed:
            await asyncio.sleep(0.5)


def _filter(said: str) -> str:
    """A key or a query as a parameter."""
    return f"&{'query' if is_query(said) else 'key'}={quote(said)}" if said else ""


def is_query(said: str) -> bool:
    return said.lower().startswith("g.")


async def _watch_here(home: Home, key: str, env: str, output: Output, count: int) -> None:
    """Without a server: be the writer oneself while watching."""
    from calipso.runtime.live import Live as Deltas
    from calipso.runtime.system import opened

    async with opened(home, env) as system:
        name, _, value = key.partition(":")
        asked = standing(key) if is_query(key) else (name, value) if key else None
        feed = await Deltas(system.site(env)).subscribe(asked, None)
        system.watch(env)
        shown = 0
        while (not count or shown < count) and (message := await feed.next()) is not None:
            shown += _print_frame(json.loads(message.text), output)


def _print_frame(said: dict[str, Any], output: Output) -> int:
    """Print a frame's changes; how many."""
    changes = said.get("changes", [])
    for change in changes:
        if output is Output.table or output is Output.wide:
            print(said["ts"], _line(change))
        else:
            print(json.dumps({"ts": said["ts"], **change}))
    sys.stdout.flush()
    return len(changes)


def _line(change: dict[str, Any]) -> str:
    link = change.get("link")
    if link:
        return f"{link['op']:8} link {link['type']} {link['source']} – {link['target']}"
    if value := change.get("value"):
        return f"{value['op']:8} {json.dumps(value['value'], ensure_ascii=False)}"
    each = change["object"]
    fields = ", ".join(f"{field['name']}: {field.get('old')} → {field.get('new')}" for field in each.get("fields", []))
    return f"{each['op']:8} {each['kind'] or 'object'} {each['id']}" + (f"  {fields}" if fields else "")
