"""One look at a switch: its tables, then what it has learnt."""

from __future__ import annotations

from collections.abc import AsyncIterator

from calipso.errors import ParseError, TransportError
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.seams import Snmp, SourceConfig, Transport
from calipso.sources.snmp import parse as p
from calipso.sources.snmp.records import Switch

LEARNT = ("fdb_port", "fdb_status")
TABLES = Snmp(
    tuple(
        oid
        for table in (p.SYSTEM, p.INTERFACES, p.BRIDGE, p.Q_BRIDGE, p.LLDP, p.REMOTE)
        for name, oid in table.items()
        if name not in LEARNT
    ),
    timeout=60.0,
)
FORWARDING = Snmp(tuple(table[name] for table in (p.Q_BRIDGE, p.BRIDGE) for name in LEARNT), timeout=60.0)


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """The tables, and what is learnt as a scope of its own: it fails alone."""
    scope, learnt = Scope("snmp", config.host), Scope("snmp", config.host, "fdb")
    yield RunBegan(scope)
    try:
        body = (await transport.ask(TABLES)).body
        found = Switch(p.Walk(body), config.host).records()
    except (TransportError, ParseError) as error:
        yield RunEnded(scope, "failed", (RunError("tables", error.message),))
        return
    yield Seen(scope, tuple(found))
    yield RunEnded(scope, "completed")
    yield RunBegan(learnt)
    try:
        rows = (await transport.ask(FORWARDING)).body
        entries = Switch(p.Walk(body).take(rows), config.host).forwarding()
    except (TransportError, ParseError) as error:
        yield RunEnded(learnt, "failed", (RunError("forwarding table", error.message),))
        return
    yield Seen(learnt, tuple(entries))
    yield RunEnded(learnt, "completed")


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A switch tells nothing by itself: one look; it is asked again at the source's interval."""
    async for observation in collect(transport, config):
        yield observation
