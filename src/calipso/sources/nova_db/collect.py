"""One pass over Nova's databases: that of the API, and one a cell, all on the server that is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from calipso.errors import CalipsoError, ParseError, TransportError
from calipso.model import sql
from calipso.model.record import Observation, RunBegan, RunEnded, RunError, Scope, ScopeGone, Seen
from calipso.seams import SourceConfig, Sql, Transport
from calipso.sources.nova_db import parse, records

SOURCE = "nova_db"
HOSTS = "hosts"
"""Part of the scope of hosts, which several cells may speak of."""
SERVERS = "servers:"
"""Parts of the scopes of servers, followed by the name of the cell's database."""
CELL_BY, API_BY = ("instances", "compute_nodes"), "cell_mappings"
"""Tables that make a database one of a cell, and one of the API, whatever it is called."""
TIMEOUT = 60.0

Rows = dict[str, list[Any] | CalipsoError]


class Found(msgspec.Struct):
    """What databases there are. `missing`: those of cells that are mapped and cannot be seen here."""

    cells: list[str]
    mapped: dict[int, parse.Cell]
    hosts: list[parse.HostMapping]
    zones: dict[str, str]
    missing: list[str]

    def name(self, database: str) -> str:
        """The cell's name; its database's where none is mapped to it or it has none."""
        return next((each.name for each in self.mapped.values() if each.database == database and each.name), database)


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Servers cell by cell, and hosts of all cells; what cannot be read is stale, and nothing of it is lost."""
    hosts = Scope(SOURCE, config.host, HOSTS)
    known = {part for part in config.options.get("known") or () if str(part).startswith(SERVERS)}
    yield RunBegan(hosts)
    try:
        found = await _found(transport, config.options)
    except (TransportError, ParseError) as error:
        for part in (HOSTS, *sorted(known)):
            yield RunEnded(Scope(SOURCE, config.host, part), "failed", (RunError("databases", error.message),))
        return
    read: list[records.Cell] = []
    failed: list[RunError] = []
    for database in (*found.cells, *found.missing):
        scope = Scope(SOURCE, config.host, f"{SERVERS}{database}")
        yield RunBegan(scope)
        cell, errors = await _cell(transport, found, database)
        if cell is None:
            failed += errors
            yield RunEnded(scope, "failed", errors)
            continue
        read.append(cell)
        yield Seen(scope, tuple(records.server_records(cell)))
        yield RunEnded(scope, "completed")
    cells = {each.host: found.mapped[each.cell_id] for each in found.hosts if each.cell_id in found.mapped}
    yield Seen(hosts, tuple(records.host_records(read, cells, found.zones)))
    yield RunEnded(hosts, "partial" if failed else "completed", tuple(failed))
    for part in sorted(known - {f"{SERVERS}{database}" for database in (*found.cells, *found.missing)}):
        yield ScopeGone(Scope(SOURCE, config.host, part))


async def watch(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """A database tells nothing by itself: one look; it is read again at the source's interval."""
    async for observation in collect(transport, config):
        yield observation


async def _found(transport: Transport, options: Mapping[str, Any]) -> Found:
    """Raises `TransportError` when there is none of Nova's databases, or one cannot be read."""
    holding = await _layout(transport, *sql.holders(*CELL_BY, API_BY))
    named = [str(each) for each in options.get("databases") or ()]
    cells = [each for each in sorted(holding) if set(CELL_BY) <= set(holding[each])]
    cells = [each for each in cells if not named or each in named]
    api = str(options.get("api") or "") or next((each for each in sorted(holding) if API_BY in holding[each]), "")
    found = Found(cells, {}, [], {}, [each for each in named if each not in cells])
    if api:
        await _mapped(transport, api, found)
        said = {each.database for each in found.mapped.values() if each.database and not named}
        found.missing += sorted(said - set(cells))
    if not cells and not found.missing:
        raise TransportError(
            f"no database with tables {' and '.join(CELL_BY)} that this user may read",
            hint="Nova's databases are usually `nova`, `nova_cell0` and `nova_api`.",
        )
    return found


async def _mapped(transport: Transport, api: str, found: Found) -> None:
    """What the database of the API tells of cells. Raises `TransportError`."""
    layout = await _layout(transport, *sql.columns(api, (parse.CELLS, *parse.API_TABLES.values())))
    if API_BY not in layout:
        raise TransportError(f"there is no table {api}.{API_BY}, or this user may not read it")
    reply = await transport.ask(Sql(parse.cells_text(api, set(layout[API_BY])), timeout=TIMEOUT))
    found.mapped = {each.id: each for each in sql.rows(reply.body, parse.Cell, f"{SOURCE} {API_BY}")}
    rows = await _rows(transport, api, parse.API_TABLES, layout)
    for each in rows.values():
        if isinstance(each, CalipsoError):
            raise TransportError(each.message, hint=each.hint)
    found.hosts = _listed(rows, "host_mappings")
    found.zones = records.zones(_listed(rows, "aggregate_hosts"), _listed(rows, "aggregate_metadata"))


async def _cell(transport: Transport, found: Found, database: str) -> tuple[records.Cell | None, tuple[RunError, ...]]:
    """What a cell's database holds, or why it cannot be told."""
    if database in found.missing:
        return None, (RunError(database, f"database {database} is not on this server, or this user may not read it"),)
    try:
        layout = await _layout(transport, *sql.columns(database, parse.CELL_TABLES.values()))
    except (TransportError, ParseError) as error:
        return None, (RunError(database, error.message),)
    rows = await _rows(transport, database, parse.CELL_TABLES, layout)
    lacking = [name for name in parse.CELL_TABLES if name not in rows]
    errors = [RunError(f"{database}.{name}", e.message) for name, e in rows.items() if isinstance(e, CalipsoError)]
    errors += [RunError(f"{database}.{name}", f"there is no table {database}.{name}") for name in lacking]
    if errors:
        return None, tuple(errors)
    return records.Cell(name=found.name(database), **{name: _listed(rows, name) for name in parse.CELL_TABLES}), ()


async def _layout(transport: Transport, text: str, params: tuple[str, ...]) -> dict[str, set[str]]:
    return sql.layout((await transport.ask(Sql(text, params, TIMEOUT))).body)


async def _rows(transport: Transport, database: str, tables: Mapping[str, sql.Table], layout: sql.Layout) -> Rows:
    """Rows by table, those that are there."""

    async def read(table: sql.Table) -> list[Any] | CalipsoError:
        try:
            reply = await transport.ask(Sql(sql.select(database, table, layout), timeout=TIMEOUT))
            return sql.rows(reply.body, table.form, f"{SOURCE} {table.name}")
        except (TransportError, ParseError) as error:
            return error

    there = {name: each for name, each in tables.items() if each.among(layout)}
    return dict(zip(there, await asyncio.gather(*map(read, there.values())), strict=True))


def _listed(rows: Rows, name: str) -> list[Any]:
    found = rows.get(name)
    return found if isinstance(found, list) else []
