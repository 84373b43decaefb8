"""A snapshot of an OVSDB database: by its server, else by the command that lists its tables (`ovs-vsctl`, `ovn-nbctl`,
`ovn-sbctl -f json`), where the server cannot be reached: rows in the form of a monitor's snapshot.
"""

from __future__ import annotations

import json
from typing import Any

from calipso.errors import AuthFailed, CommandFailed, ParseError
from calipso.seams import Exec, Netlink, Ovsdb, Reply, Transport


async def snapshot(transport: Transport, request: Ovsdb, command: tuple[str, ...]) -> Reply:
    """`command` with its own options; reading changes nothing. Raises `TransportError`, `ParseError`."""
    if Ovsdb in transport.answers:
        try:
            return await transport.ask(request)
        except AuthFailed:
            if Netlink in transport.answers:
                raise  # this machine's own socket refuses: a command would fare no better
    tables = tuple(request.columns)
    lists = (word for table in tables for word in ("--", "list", table))
    options = ("--dry-run", f"--db={request.endpoint}", f"--timeout={max(1, int(request.timeout))}", "-f", "json")
    reply = await transport.ask(Exec((*command, *options, *lists), timeout=request.timeout + 5))
    if reply.exit_code:
        said = reply.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise CommandFailed(f"{command[0]}: {said or reply.exit_code}", exit_code=reply.exit_code)
    return Reply(json.dumps(parse_lists(command[0], reply.body, tables)).encode())


def parse_lists(name: str, body: bytes, tables: tuple[str, ...]) -> dict[str, Any]:
    """Table → row UUID → `{"new": row}` (RFC 7047 §4.1.5), of one line of JSON a table. Raises `ParseError`.

    `name`: the command's, for the error.
    """
    lines = [line for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    if len(lines) != len(tables):
        raise ParseError(name, f"{len(lines)} tables where {len(tables)} were asked for", excerpt="".join(lines[:1]))
    out: dict[str, Any] = {}
    for number, (table, line) in enumerate(zip(tables, lines, strict=True), 1):
        try:
            said = json.loads(line)
            rows = [dict(zip(said["headings"], row, strict=True)) for row in said["data"]]
            found = {str(row.pop("_uuid")[1]): {"new": row} for row in rows}
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise ParseError(name, f"{table}: {error}", line=number, excerpt=line) from None
        if found:
            out[table] = found
    return out
