"""One look at a host's VPP by its shell; VPP tells no events there, so watching is looking again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from calipso.errors import CommandFailed, ParseError, TransportError, Unreachable
from calipso.model.record import Measured, Observation, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.seams import Exec, Read, SourceConfig, Transport
from calipso.sources.vpp import parse, parse_interfaces
from calipso.sources.vpp.records import Said, counters, records

EVERY = 15.0
"""Seconds between looks."""
NOT_FOUND = 127
RUN = "/run/vpp/"
_NO_PLUGIN = "unknown input"
"""What VPP says of a command whose plugin is not loaded."""


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Everything VPP tells. A host on which VPP never ran has nothing to say; one that does not answer has failed.

    Raises `TransportError`, `ParseError` where it cannot be told whether there is one.
    """
    scope = Scope("vpp", config.host)
    vppctl = Vppctl(transport, config)
    runs = await vppctl.runs()
    if not runs and not await vppctl.installed():
        return
    try:
        said = await ask(vppctl)
    except (TransportError, ParseError) as error:
        if not runs:  # perhaps there is none: what cannot be told of the host is no word on its VPP
            raise
        yield RunBegan(scope)
        yield RunEnded(scope, "failed", (RunError("vppctl", error.message),))
        return
    yield RunBegan(scope)
    yield Seen(scope, tuple(records(config.host, said)))
    yield RunEnded(scope, "completed")
    yield Measured(scope, counters(config.host, said))


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A look now and then; for ever."""
    every = float(config.options.get("interval", EVERY))
    while True:
        async for observation in collect(transport, config):
            yield observation
        await asyncio.sleep(every)


class Vppctl:
    """Asks VPP by its command."""

    def __init__(self, transport: Transport, config: SourceConfig) -> None:
        self._transport = transport
        socket = str(config.options.get("socket") or "")
        self._argv = ("vppctl", *(("-s", socket) if socket else ()))

    async def runs(self) -> bool:
        """Whether VPP has a run directory on the host. Raises `TransportError` when that cannot be told."""
        try:
            await self._transport.ask(Read(RUN))
        except Unreachable:
            return False
        return True

    async def installed(self) -> bool:
        """Whether its command is there, in whatever place it is wrapped to. Raises `TransportError`."""
        return (await self._transport.ask(Exec(("vppctl", "-h")))).exit_code != NOT_FOUND

    async def __call__(self, *words: str) -> str:
        """What VPP prints, "" where it does not know the command. Raises `CommandFailed`."""
        reply = await self._transport.ask(Exec((*self._argv, *words)))
        text = reply.body.decode(errors="replace").replace("\r", "")
        if reply.exit_code:
            reason = (reply.stderr.decode(errors="replace") or text).strip().split("\n")[0]
            raise CommandFailed(f"vppctl {' '.join(words)}: {reason}", exit_code=reply.exit_code)
        return "" if _NO_PLUGIN in text.partition("\n")[0] else text


async def ask(vppctl: Vppctl) -> Said:
    """Every table there is. Raises `TransportError`, `ParseError`."""
    return Said(
        version=parse.parse_version(await vppctl("show", "version")),
        interfaces=parse_interfaces.parse_interfaces(await vppctl("show", "interface")),
        hardware=parse_interfaces.parse_hardware(await vppctl("show", "hardware-interfaces")),
        addresses=parse_interfaces.parse_addresses(await vppctl("show", "interface", "address")),
        domains=parse.parse_bridge_domains(await vppctl("show", "bridge-domain")),
        tunnels=parse.parse_tunnels(await vppctl("show", "vxlan", "tunnel")),
        sockets=parse.parse_vhost_users(await vppctl("show", "vhost-user")),
        taps=parse.parse_taps(await vppctl("show", "tap")),
        bonds=parse.parse_bonds(await vppctl("show", "bond", "details")),
    )
