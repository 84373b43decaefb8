"""What the kernels on a conversation's way say about translated addresses, read when it is asked for.

Entries of connection tracking come and go with every connection: they are no part of the graph.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from calipso.errors import CalipsoError, CommandFailed, NotFound
from calipso.flows.translation import Translation, of_netlink, of_text
from calipso.model.environment import Host
from calipso.runtime.collect import with_pid
from calipso.runtime.site import Site
from calipso.seams import Exec, Netlink, Transport

MOST = 32
"""Namespaces asked for one conversation."""
COMMAND = ("conntrack", "-L", "--any-nat", "-o", "extended")
"""What tells the same where the way to a host has only commands."""
_SECONDS = 5.0


async def translations(
    site: Site, transport_to: Callable[[Host], Transport], namespaces: Sequence[str], address: str, this_host: str
) -> tuple[list[Translation], list[str]]:
    """Translated connections with an address, and in words what could not be read."""
    found: list[Translation] = []
    failed = [f"only {MOST} of {len(namespaces)} namespaces were asked about NAT"] * (len(namespaces) > MOST)
    for netns in namespaces[:MOST]:
        try:
            found += await _of(site, transport_to, netns, address, this_host)
        except CalipsoError as error:
            failed.append(f"connection tracking of {netns} could not be read: {error.message}")
    return found, failed


async def _of(
    site: Site, transport_to: Callable[[Host], Transport], netns: str, address: str, this_host: str
) -> list[Translation]:
    """Raises `TransportError`, `ConfigError`, `NotFound`, `ParseError`."""
    graph = site.graph()
    head = graph.resolve(netns)
    if head is None:
        raise NotFound("it is not there now")
    path = str(graph.attributes(head).get("path", "")) if netns != head.host else ""
    if netns != head.host and not path:
        raise NotFound("no path leads to it")
    declared = site.config.hosts
    host = declared.get(head.host) if declared else Host() if head.host == this_host else None
    if host is None or host.agent or host.snmp is not None or host.openstack is not None:
        raise NotFound(f"{head.host} is not reached from here")
    transport = transport_to(with_pid(host, f"hosts.{head.host}"))
    try:
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
    finally:
        await transport.close()
