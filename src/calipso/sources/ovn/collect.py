"""One pass over the databases of OVN that a host has: where they are, a snapshot of each, and records of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

import msgspec

from calipso.errors import ParseError, TransportError, Unreachable
from calipso.model.record import Observation, Record, RunBegan, RunEnded, RunError, Scope, ScopeGone, Seen
from calipso.seams import Ovsdb, Read, SourceConfig, Transport
from calipso.sources.ovn import north, south
from calipso.sources.ovn.commands import snapshot
from calipso.sources.ovn.north import North
from calipso.sources.ovn.parse import Tables
from calipso.sources.ovn.south import South

RUN_DIRECTORIES = ("/var/run/ovn/", "/run/ovn/", "/var/run/openvswitch/")
"""Where ovsdb-servers of OVN have their sockets; before OVN 20.03 they were Open vSwitch's."""
SOCKETS = {"nb": "ovnnb_db.sock", "sb": "ovnsb_db.sock"}
DATABASES = {"nb": north.DATABASE, "sb": south.DATABASE}
TABLES = {"nb": north.TABLES, "sb": south.TABLES}
Part = Literal["nb", "sb"]
PARTS: tuple[Part, ...] = ("nb", "sb")


class Database(msgspec.Struct, frozen=True):
    """One of the two databases. `endpoints`: servers of one cluster; `rundir`: where its socket was found, or ""."""

    part: Part
    endpoints: tuple[str, ...]
    rundir: str = ""

    def scope(self, host: str) -> Scope:
        return Scope("ovn", host, self.part)

    def requests(self) -> tuple[Ovsdb, ...]:
        """What to ask, of the servers in their order."""
        columns: Mapping[str, tuple[str, ...]] = dict.fromkeys(TABLES[self.part], ())
        return tuple(Ovsdb(endpoint, DATABASES[self.part], columns) for endpoint in self.endpoints)

    def reader(self, tables: Tables) -> North | South:
        """What makes records of its tables."""
        return North(tables) if self.part == "nb" else South(tables)

    def records(self, tables: Tables) -> list[Record]:
        """What its tables say."""
        return self.reader(tables).records()


async def databases(transport: Transport, options: Mapping[str, Any]) -> list[Database]:
    """The configured databases, else those whose socket is in a run directory."""
    if options.get("nb") or options.get("sb"):
        return [
            Database(part, tuple(each.strip() for each in str(options[part]).split(",")))
            for part in PARTS
            if options.get(part)
        ]
    found: dict[Part, Database] = {}
    for directory in RUN_DIRECTORIES:
        names = await _listing(transport, directory)
        for part in PARTS:
            if SOCKETS[part] in names:
                found.setdefault(part, Database(part, (f"unix:{directory}{SOCKETS[part]}",), directory))
    return [found[part] for part in PARTS if part in found]


async def _listing(transport: Transport, path: str) -> list[str]:
    try:
        return (await transport.ask(Read(path))).body.decode(errors="replace").split("\n")
    except Unreachable:
        return []  # no such directory: no OVN there


async def collect(transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
    """Each database by itself: one that fails leaves the other's records as they are."""
    for database in await databases(transport, config.options):
        scope = database.scope(config.host)
        yield RunBegan(scope)
        tables = Tables()
        try:
            tables.update((await snapshot(transport, database.requests())).body)
            records = database.records(tables)
        except (TransportError, ParseError) as error:
            if await gone(transport, database):
                yield ScopeGone(scope)
            else:
                yield RunEnded(scope, "failed", (RunError(",".join(database.endpoints), error.message),))
            continue
        yield Seen(scope, tuple(records))
        yield RunEnded(scope, "completed")


async def gone(transport: Transport, database: Database) -> bool:
    """Whether a database that does not answer is removed, not just down: its run directory is not there any more."""
    if not database.rundir:
        return False
    try:
        await transport.ask(Read(database.rundir))
    except Unreachable:
        return True
    except TransportError:
        return False
    return False
