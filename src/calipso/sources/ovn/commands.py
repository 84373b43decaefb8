"""A snapshot of a database: by its server, else by `ovn-nbctl` and `ovn-sbctl` where no server can be reached."""

from __future__ import annotations

from calipso.errors import TransportError
from calipso.ovsdb_commands import snapshot as snapshot_of
from calipso.seams import Ovsdb, Reply, Transport

COMMANDS = {"OVN_Northbound": "ovn-nbctl", "OVN_Southbound": "ovn-sbctl"}


async def snapshot(transport: Transport, requests: tuple[Ovsdb, ...]) -> Reply:
    """The tables, from the first server of a cluster that answers. Raises `TransportError`, `ParseError`."""
    for request in requests[:-1]:
        try:
            return await _one(transport, request)
        except TransportError:
            continue  # another of the cluster may answer
    return await _one(transport, requests[-1])


async def _one(transport: Transport, request: Ovsdb) -> Reply:
    # Any server of a cluster will do.
    return await snapshot_of(transport, request, (COMMANDS[request.database], "--no-leader-only"))
