"""Translated connections of one namespace, by what the way to its host can do."""

from __future__ import annotations

import struct

from calipso.errors import CommandFailed
from calipso.flows.translation import Translation, of_netlink, of_text
from calipso.seams import Exec, Netlink, Transport

COMMAND = ("conntrack", "-L", "--any-nat", "-o", "extended")
"""What tells the same where the way to a host has only commands."""
_SECONDS = 5.0


async def tracked(transport: Transport, netns: str, path: str, address: str) -> list[Translation]:
    """Those with an address. netns: id of the namespace; path: that leads to it, "" for the host's own.

    Raises `TransportError`, `ParseError`.
    """
    if Netlink in transport.answers:
        reply = await transport.ask(Netlink((f"tracked:{address}",), path, _SECONDS))
        (length,) = struct.unpack_from("=I", reply.body)
        return of_netlink(reply.body[4 : 4 + length], netns)
    reply = await transport.ask(Exec(COMMAND, netns=path, timeout=_SECONDS))
    if reply.exit_code:
        reason = reply.stderr.decode("utf-8", "replace").strip()
        raise CommandFailed(f"conntrack: {reason or reply.exit_code}", exit_code=reply.exit_code)
    said = of_text(reply.body.decode("utf-8", "replace"), netns)
    return [each for each in said if address in (*each.before[1:3], *each.after[1:3])]
