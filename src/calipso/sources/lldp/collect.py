"""One look at what a host's lldpd hears, and then again whenever it says that something changed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from calipso.errors import CommandFailed, ParseError, TransportError
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.noticing import Notices
from calipso.seams import Exec, SourceConfig, Transport
from calipso.sources.lldp.parse import parse_chassis, parse_neighbors
from calipso.sources.lldp.records import records

CLIENT = ("lldpcli", "-f", "json")
NEIGHBORS = Exec((*CLIENT, "show", "neighbors", "details"), timeout=15.0)
CHASSIS = Exec((*CLIENT, "show", "chassis"), timeout=15.0)
WATCH = Exec((*CLIENT, "watch"))
NOT_FOUND = 127
NO_SOCKET = b"unable to connect to socket"
"""What lldpcli says where no lldpd runs."""
EVERY = 30.0
"""Seconds between looks without an event."""


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Neighbours and the host's own chassis.

    Nothing is said of a host on which lldpd never ran; where it ran before and does not answer, the look failed.
    """
    scope = Scope("lldp", config.host)
    try:
        answer = await _ask(transport, NEIGHBORS)
        own = await _ask(transport, CHASSIS)
        found = records(config.host, parse_neighbors(answer), parse_chassis(own))
    except _Absent as absent:
        if scope.part in config.options.get("known", ()):
            yield RunBegan(scope)
            yield RunEnded(scope, "failed", (RunError("lldpcli", absent.message),))
        return
    except (TransportError, ParseError) as error:
        if isinstance(error, TransportError) and scope.part not in config.options.get("known", ()):
            raise  # whether lldpd runs there is not known: a scope of its own would outlast the trouble
        yield RunBegan(scope)
        yield RunEnded(scope, "failed", (RunError("lldpcli", error.message),))
        return
    yield RunBegan(scope)
    yield Seen(scope, tuple(found))
    yield RunEnded(scope, "completed")


class _Absent(TransportError):
    """There is no lldpcli, or no lldpd behind it."""


async def _ask(transport: Transport, request: Exec) -> bytes:
    """The answer. Raises `_Absent`, `CommandFailed` and what transports raise."""
    reply = await transport.ask(request)
    if reply.exit_code == NOT_FOUND or (reply.exit_code and NO_SOCKET in reply.stderr):
        raise _Absent("lldpd does not run")
    if reply.exit_code:
        reason = reply.stderr.decode(errors="replace").strip().split("\n")[0]
        raise CommandFailed(f"lldpcli: {reason or reply.exit_code}", exit_code=reply.exit_code)
    return reply.body


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A look, and another after each event or, without any, now and then; for ever."""
    every = float(config.options.get("interval", EVERY))
    async with Notices(transport, WATCH) as notices:
        notices.listen()
        while True:
            async for observation in collect(transport, config):
                if isinstance(observation, RunEnded) and observation.status == "completed":
                    config = _knowing(config, observation.scope)
                yield observation
            await notices.wait(every)


def _knowing(config: SourceConfig, scope: Scope) -> SourceConfig:
    """From now on lldpd ran here: that it does not answer is a failure."""
    return msgspec.structs.replace(config, options={**config.options, "known": [scope.part]})
