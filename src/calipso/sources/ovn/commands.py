"""A snapshot of a database: by its server, else by `ovn-nbctl` and `ovn-sbctl` where no server can be reached."""

from __future__ import annotations

import json

from calipso.errors import AuthFailed, CommandFailed, TransportError
from calipso.seams import Exec, Netlink, Ovsdb, Reply, Transport
from calipso.sources.ovn.parse_lists import parse_lists

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
    if Ovsdb in transport.answers:
        try:
            return await transport.ask(request)
        except AuthFailed:
            if Netlink in transport.answers:
                raise  # this machine's own socket refuses: a command would fare no better
    tables = tuple(request.columns)
    lists = (word for table in tables for word in ("--", "list", table))
    command = COMMANDS[request.database]
    # Any server of a cluster will do, and reading changes nothing.
    options = ("--no-leader-only", "--dry-run", f"--db={request.endpoint}", f"--timeout={max(1, int(request.timeout))}")
    reply = await transport.ask(Exec((command, *options, "-f", "json", *lists), timeout=request.timeout + 5))
    if reply.exit_code:
        said = reply.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise CommandFailed(f"{command}: {said or reply.exit_code}", exit_code=reply.exit_code)
    return Reply(json.dumps(parse_lists(reply.body, tables)).encode())
