"""The hosts that a cloud tells of and nobody declared: where its commands run too, reached as the environment says."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from calipso.graph.protocol import GraphReader, Obj
from calipso.model import ids
from calipso.model.environment import Environment, Host
from calipso.runtime.site import Site

TELLERS = ("nova", "nova_db", "neutron", "neutron_db")
"""Facets of what clouds say of their hosts; the first that speaks of one names it."""
ITSELF = "linux"
"""The facet in which a host speaks of itself."""


def told_in(sites: Mapping[str, Site], config: Environment) -> list[str]:
    """What the cloud calls its hosts that are not declared, as far as an environment's graph tells now."""
    site = sites.get(config.name)
    return told_hosts(site.graph(), config) if site is not None else []


def host_of(site: Site, name: str) -> Host | None:
    """How a host is reached, by the name it goes by: as it is declared, or as one that the cloud tells of."""
    found = site.config.hosts.get(name)
    if found is not None or site.config.cloud_hosts is None:
        return found
    head = site.graph().resolve(ids.host(name))
    told = called(site.graph(), head) if head is not None else ""
    return site.config.cloud_host(told) if told else None


def told_hosts(graph: GraphReader, config: Environment) -> list[str]:
    """What the cloud calls its hosts that are not declared, by name.

    None as long as it may be one of those declared under another name: a gateway, or a host that is declared by an
    address, has to tell first what it is called. Two reports of one host would never become one.
    """
    if config.cloud_hosts is None or _unclear(graph, config):
        return []
    declared = {name.casefold() for name in config.hosts}
    declared |= {alias.casefold() for names in config.host_aliases().values() for alias in names}
    labels = {name.partition(".")[0] for name in declared if not _address(name)}
    found = set()
    for ord in graph.find("kind", "host"):
        head = graph.get(ord)
        if head is None or _looked_at(graph, head, config):
            continue
        name = called(graph, head)
        known = name.casefold() in declared or name.partition(".")[0].casefold() in labels
        if name and not known and config.cloud_host(name) is not None:
            found.add(name)
    return sorted(found)


def called(graph: GraphReader, head: Obj) -> str:
    """What the cloud calls a host; "" for one it does not speak of."""
    names = {facet.name.partition("@")[0]: facet.attributes.get("name") for facet in graph.facets(head)}
    return str(next((names[teller] for teller in TELLERS if names.get(teller)), ""))


def _looked_at(graph: GraphReader, head: Obj, config: Environment) -> bool:
    """Whether a declared host says that it is this one."""
    reporters = {
        facet.scope.partition("@")[2].partition(":")[0]
        for facet in graph.facets(head)
        if facet.name.partition("@")[0] == ITSELF
    }
    return not reporters.isdisjoint(config.hosts)


def _unclear(graph: GraphReader, config: Environment) -> bool:
    """Whether a declared host that may go by another name in the cloud has not told who it is."""
    jumps = config.cloud_hosts.ssh.jump if config.cloud_hosts is not None else ()
    gateways = {hop.rpartition("@")[2] for hop in jumps}
    gateways |= {hop.rpartition(":")[0].strip("[]") for hop in gateways}
    for name, host in config.hosts.items():
        if host.openstack is not None or host.mysql is not None or host.snmp is not None:
            continue
        if (name in gateways or _address(name)) and graph.resolve(ids.host(name)) is None:
            return True
    return False


def _address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
