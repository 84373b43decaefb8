"""One look at a host's Calico, and then again whenever a route changes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from calipso.errors import CommandFailed, ParseError, TransportError, Unreachable
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.noticing import Notices
from calipso.seams import Exec, Read, SourceConfig, Transport
from calipso.sources.calico import parse
from calipso.sources.calico.records import Said, records

CONFIG, NODE = "/etc/calico/felix.cfg", "/var/lib/calico/nodename"
"""What an installation beside OpenStack has, and what one on a node of Kubernetes leaves."""
PROCESSES = Exec(("ps", "-C", "calico-felix,calico-node", "-o", "args="))
"""By name: what else runs there is nobody's business. It ends with 1 when it finds none."""
ROUTES = tuple((family, Exec(("ip", f"-{family}", "-j", "route", "show", "table", "all"))) for family in (4, 6))
MONITOR = Exec(("ip", "monitor", "route"))
SOCKET = "/run/calico/bird.ctl"
NOT_FOUND = 127
EVERY, ABSENT = 15.0, 60.0
"""Seconds between looks without an event, and where there is no Calico."""


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Everything the host tells. One on which Calico neither runs nor was set up has nothing to say.

    Raises `TransportError` where it cannot be told whether it is there.
    """
    scope = Scope("calico", config.host)
    settings = await _text(transport, CONFIG)
    running = await _runs(transport)
    if not running and settings is None and await _text(transport, NODE) is None:
        return
    yield RunBegan(scope)
    try:
        said, errors = await _look(transport, config, settings or "", running)
    except (TransportError, ParseError) as error:
        yield RunEnded(scope, "failed", (RunError("calico", error.message),))
        return
    yield Seen(scope, tuple(records(config.host, said)))
    yield RunEnded(scope, "partial" if errors else "completed", errors)


async def _look(
    transport: Transport, config: SourceConfig, settings: str, running: bool | None
) -> tuple[Said, tuple[RunError, ...]]:
    felix = parse.parse_config(settings)
    routes = [route for family, ask in ROUTES for route in parse.parse_routes(await _run(transport, ask), family)]
    errors: tuple[RunError, ...] = ()
    try:
        peers = await _peers(transport, str(config.options.get("socket") or ""))
    except (CommandFailed, ParseError) as error:
        peers, errors = None, (RunError("birdc", error.message),)
    wanted = str(config.options.get("interfaces") or felix.get("interfaceprefix", ""))
    return Said(running, parse.prefixes(wanted), routes, peers, felix.get("datastoretype", "")), errors


async def _peers(transport: Transport, socket: str) -> list[parse.Peer] | None:
    """BIRD's sessions; None where there is no BIRD to ask. Raises `CommandFailed`, `ParseError`."""
    if not socket and await _text(transport, "/run/calico/") is not None:
        socket = SOCKET
    for client in ("birdc", "birdcl"):
        argv = (client, *(("-s", socket) if socket else ()), "show", "protocols", "all")
        reply = await transport.ask(Exec(argv))
        if reply.exit_code == NOT_FOUND:
            continue
        if reply.exit_code:
            reason = (reply.stderr or reply.body).decode(errors="replace").strip().partition("\n")[0]
            raise CommandFailed(f"{client}: {reason or reply.exit_code}", exit_code=reply.exit_code)
        return parse.parse_peers(reply.body.decode(errors="replace"))
    return None


async def _runs(transport: Transport) -> bool | None:
    """Whether Felix runs; None where there is no `ps` that tells. Raises `TransportError`."""
    reply = await transport.ask(PROCESSES)
    if reply.exit_code and reply.stderr.strip():  # one that selects by no name, or none at all
        return None
    return parse.felix_runs(reply.body.decode(errors="replace"))


async def _text(transport: Transport, path: str) -> str | None:
    """A file's text, None where there is none. Raises `TransportError` when that cannot be told."""
    try:
        return (await transport.ask(Read(path))).body.decode(errors="replace")
    except Unreachable:
        return None


async def _run(transport: Transport, command: Exec) -> bytes:
    """What a command prints. Raises `CommandFailed`."""
    reply = await transport.ask(command)
    if reply.exit_code:
        reason = reply.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise CommandFailed(f"{' '.join(command.argv)}: {reason or reply.exit_code}", exit_code=reply.exit_code)
    return reply.body


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A look, and another after each change of a route or, without any, now and then; for ever.

    Routes are listened to only where Calico was found: others have them without it, and many.
    """
    every = float(config.options.get("interval", EVERY))
    async with Notices(transport, MONITOR) as notices:
        while True:
            async for observation in collect(transport, config):
                notices.listen()
                yield observation
            await notices.wait(every if notices.listening else max(every, ABSENT))
