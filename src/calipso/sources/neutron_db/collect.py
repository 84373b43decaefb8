"""One pass over Neutron's database: what tables there are, their rows, and each part of it stands or falls alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from calipso.errors import CalipsoError, ParseError, TransportError
from calipso.model import sql
from calipso.model.record import Observation, Record, RunBegan, RunEnded, RunError, Scope, Seen
from calipso.seams import SourceConfig, Sql, Transport
from calipso.sources.neutron_db import agents, networks, parse, ports
from calipso.sources.neutron_db.rows import Rows

SOURCE = "neutron_db"
USUAL = "neutron"
TOLD_BY = "ml2_port_bindings"
"""The table that makes a database one of Neutron with ML2, whatever it is called."""
TIMEOUT = 60.0


class Part(msgspec.Struct, frozen=True):
    """A scope: tables it cannot do without, and those a release or a mechanism may lack."""

    name: str
    needs: tuple[str, ...]
    records: Callable[[Rows], list[Record]]
    uses: tuple[str, ...] = ()


PARTS = (
    Part("agents", ("agents",), agents.records, ("vxlan", "gre", "geneve", "host_macs")),
    Part("networks", ("networks", "segments"), networks.records, ("external", "segment_hosts", "dhcp")),
    Part(
        "ports", ("ports", "bindings", "segments"), ports.records,
        ("addresses", "distributed", "levels", "blocks", "trunks", "subports"),
    ),
    Part("routers", ("routers", "ports"), networks.router_records,
         ("router_extra", "router_agents", "router_ha", "agents")),
)  # fmt: skip

Answer = list[Any] | CalipsoError | None
"""Rows, why there are none, or None: this release has no such table."""


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """All parts; what a part needs and is not told ends it as failed, and nothing of it is lost."""
    scopes = {part.name: Scope(SOURCE, config.host, part.name) for part in PARTS}
    for scope in scopes.values():
        yield RunBegan(scope)
    try:
        database, layout = await _found(transport, str(config.options.get("database") or ""))
    except (TransportError, ParseError) as error:
        for scope in scopes.values():
            yield RunEnded(scope, "failed", (RunError("database", error.message),))
        return
    asked = await asyncio.gather(*(_answer(transport, database, each, layout) for each in parse.TABLES.values()))
    answers = dict(zip(parse.TABLES, asked, strict=True))
    for part in PARTS:
        scope = scopes[part.name]
        errors = _errors(part, answers, database)
        if errors:
            yield RunEnded(scope, "failed", errors)
            continue
        yield Seen(scope, tuple(part.records(_rows(answers))))
        yield RunEnded(scope, "completed")


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A database tells nothing by itself: one look; it is read again at the source's interval."""
    async for observation in collect(transport, config):
        yield observation


async def _found(transport: Transport, named: str) -> tuple[str, sql.Layout]:
    """The database and its layout. Raises `TransportError` when there is none, or which of several is not told."""
    text, params = sql.holders(TOLD_BY)
    holding = sorted(sql.layout((await transport.ask(Sql(text, params, TIMEOUT))).body))
    fitting = [each for each in holding if each == (named or USUAL)] or ([] if named else holding)
    if len(fitting) != 1:
        seen = f"; those with a table {TOLD_BY}: {', '.join(holding) or 'none that this user may read'}"
        raise TransportError(
            f"no database {named or USUAL}{seen}", hint="The option `database` of neutron_db names it."
        )
    text, params = sql.columns(fitting[0], parse.TABLES.values())
    return fitting[0], sql.layout((await transport.ask(Sql(text, params, TIMEOUT))).body)


async def _answer(transport: Transport, database: str, table: sql.Table, layout: sql.Layout) -> Answer:
    if not table.among(layout):
        return None
    try:
        reply = await transport.ask(Sql(sql.select(database, table, layout), timeout=TIMEOUT))
        return sql.rows(reply.body, table.form, f"{SOURCE} {table.name}")
    except (TransportError, ParseError) as error:
        return error


def _errors(part: Part, answers: dict[str, Answer], database: str) -> tuple[RunError, ...]:
    out = []
    for name in (*part.needs, *part.uses):
        answer, table = answers[name], f"{database}.{parse.TABLES[name].name}"
        if isinstance(answer, CalipsoError):
            out.append(RunError(table, answer.message))
        elif answer is None and name in part.needs:
            out.append(RunError(table, f"there is no table {table}, or this user may not read it"))
    return tuple(out)


def _rows(answers: dict[str, Answer]) -> Rows:
    return Rows({name: each for name, each in answers.items() if isinstance(each, list)})
