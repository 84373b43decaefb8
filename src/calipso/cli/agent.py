"""The verb that runs an agent."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calipso.cli import render
from calipso.cli.calling import call, run
from calipso.cli.options import Out
from calipso.cli.render import Output, console
from calipso.errors import ConfigError
from calipso.runtime.home import LOCAL, Home
from calipso.runtime.log import configure
from calipso.runtime.spool import LARGEST, Spool

if TYPE_CHECKING:
    from calipso.runtime.agent import Agent
    from calipso.runtime.agent_packets import AgentPackets

TOKEN = "CALIPSO_TOKEN"  # noqa: S105  (the name of a variable)


def register(app: typer.Typer) -> None:
    app.command("agent")(agent)
    app.command("agents")(agents)


def agent(
    server: Annotated[str, typer.Argument(help="URL of the server, as https://calipso.example:8082.")],
    env: Annotated[str, typer.Option("--env", "-e", help="The environment this host belongs to.")] = LOCAL,
    host: Annotated[str, typer.Option(help="This host's name in the environment; its own name without it.")] = "",
    token_file: Annotated[Path | None, typer.Option(help=f"File with the token; else the variable {TOKEN}.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Certificates the server's must be signed by.")] = None,
    cert: Annotated[Path | None, typer.Option(help="This agent's certificate.")] = None,
    key: Annotated[Path | None, typer.Option(help="The key of that certificate.")] = None,
    cpu: Annotated[float, typer.Option(help="Use at most this share of one core; 0 for no limit.", min=0)] = 0.0,
    spool: Annotated[int, typer.Option(help="MB kept on disk while the server is away.", min=1)] = LARGEST >> 20,
    capture: Annotated[bool, typer.Option(help="Whether the server may have packets captured here.")] = True,
    inject: Annotated[bool, typer.Option(help="Whether the server may have packets sent from here.")] = True,
    inject_rate: Annotated[int, typer.Option(help="Packets a second that are sent at most.", min=1)] = 1000,
    log: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Look at this host and deliver what is seen to a server, also what was seen while it was away.

    Captures and injections need CAP_NET_RAW besides: without it the agent says so, and looks.

    The server must know the host: `hosts: {NAME: {agent: true}}` in the environment's file.

    Examples: `calipso agent https://calipso:8082 --env prod --token-file /etc/calipso/token --cpu 0.2`
    """
    configure(log)

    async def work() -> None:
        from calipso.captures.inject import AfPacketInjector
        from calipso.runtime.agent import Agent, Server
        from calipso.runtime.agent_packets import AgentPackets, Limits
        from calipso.runtime.engines import ENGINES
        from calipso.runtime.sources import installed_sources
        from calipso.runtime.transports import transport_to

        reached = Server(server, _token(token_file), _tls(server, ca, cert, key))
        home = Home.default()
        home.prepare()
        name = host or platform.node()
        queue = Spool(home.path / f"agent-{env}-{name}.db", spool << 20)
        flows = Spool(home.path / f"agent-{env}-{name}.flows.db", spool << 20)
        try:
            packets = AgentPackets(ENGINES, AfPacketInjector(), flows, Limits(capture, inject, inject_rate))
            parts = installed_sources(), transport_to
            running = Agent(reached, env, name, queue, *parts, cpu_limit=cpu, packets=packets)
            console(stderr=True).print(f"agent of {name} in {env}, for {server}", markup=False)
            _say_refused(packets)
            await _until_ended(running)
        finally:
            queue.close()
            flows.close()

    run(work())


def _say_refused(packets: AgentPackets) -> None:
    able = packets.ability()
    for what, reason in (("captures", able.captures or able.unprivileged), ("injections", able.sends)):
        if reason:
            console(stderr=True).print(f"no {what}: {reason}", markup=False, soft_wrap=True)


async def _until_ended(agent: Agent) -> None:
    task = asyncio.create_task(agent.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled():
        task.result()


def _token(file: Path | None) -> str:
    if file is None:
        return os.environ.get(TOKEN, "")
    try:
        return file.read_text().strip()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(file)) from error


def _tls(server: str, ca: Path | None, cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if not server.startswith(("http://", "https://")):
        raise ConfigError(f"{server!r} is no URL", where="SERVER", hint="as in https://calipso.example:8082")
    if server.startswith("http://"):
        return None
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        if cert is not None:
            context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"certificates cannot be used: {error}", where="--ca, --cert, --key") from error
    return context


def agents(output: Out = Output.table) -> None:
    """The agents of the running server: who is there, what each costs, what was lost.

    Example: `calipso agents -o json`
    """
    found = call(Home.default(), "get_agents")
    text = render.structured(found.items, output)
    if text is not None:
        print(text)
        return
    rows = [
        (
            each.environment, each.host, "here" if each.connected else "away", each.since, f"{each.cpu:.1%}",
            f"{each.memory >> 20} MB", f"{each.spooled_bytes >> 10} kB", each.lost, _can(each),
        )
        for each in found.items
    ]  # fmt: skip
    render.rows(rows, ("environment", "host", "state", "since", "cpu", "memory", "waiting", "lost", "packets"), output)


def _can(agent: Any) -> str:
    """What it does with packets, or why not."""
    captures, sends = agent.captures, agent.sends
    if captures == sends != "yes":
        return str(captures)
    return ", ".join(
        what if said == "yes" else f"no {noun}: {said}"
        for what, noun, said in (("captures", "captures", captures), ("sends", "injections", sends))
    )
