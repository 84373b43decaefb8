"""What the kernels on a conversation's way say about translated addresses, read when it is asked for.

Entries of connection tracking come and go with every connection: they are no part of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from calipso.errors import CalipsoError, NotFound
from calipso.flows.translation import Translation
from calipso.model.environment import Host
from calipso.runtime import agent_asking
from calipso.runtime.agents import Agents
from calipso.runtime.cloud_hosts import host_of
from calipso.runtime.collect import with_pid
from calipso.runtime.site import Site
from calipso.runtime.tracked import tracked
from calipso.seams import Transport

MOST = 32
"""Namespaces asked for one conversation."""


async def translations(
    site: Site,
    transport_to: Callable[[Host], Transport],
    agents: Agents,
    namespaces: Sequence[str],
    address: str,
    this_host: str,
) -> tuple[list[Translation], list[str]]:
    """Translated connections with an address, and in words what could not be read."""
    found: list[Translation] = []
    failed = [f"only {MOST} of {len(namespaces)} namespaces were asked about NAT"] * (len(namespaces) > MOST)
    for netns in namespaces[:MOST]:
        try:
            found += await _of(site, transport_to, agents, netns, address, this_host)
        except CalipsoError as error:
            failed.append(f"connection tracking of {netns} could not be read: {error.message}")
    return found, failed


async def _of(
    site: Site, transport_to: Callable[[Host], Transport], agents: Agents, netns: str, address: str, this_host: str
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
    host = host_of(site, head.host) if declared else Host() if head.host == this_host else None
    if host is not None and host.agent:
        return await agent_asking.tracked(agents.asks(site.config.name, head.host), netns, path, address)
    if host is None or host.snmp is not None or host.openstack is not None:
        raise NotFound(f"{head.host} is not reached from here")
    transport = transport_to(with_pid(host, f"hosts.{head.host}"))
    try:
        return await tracked(transport, netns, path, address)
    finally:
        await transport.close()
