"""Where an object can be captured and sent from: on this machine, at an agent, or nowhere, and then why."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from calipso.errors import ConfigError
from calipso.model.environment import Host
from calipso.query.evaluate import Found
from calipso.runtime.cloud_hosts import host_of
from calipso.runtime.collect import with_pid
from calipso.runtime.site import Site
from calipso.seams import CapturePoint

BY_SSH = (
    "{name} is reached by SSH, through which nothing is captured or sent: run `calipso agent` there, and declare it by "
    "`hosts: {{{name}: {{agent: true}}}}`"
)


class Located(msgspec.Struct, frozen=True):
    """type: of the object. agent: whether the host's agent has to do it; else this process can."""

    point: CapturePoint
    type: str
    agent: bool


class Points:
    """Of one environment."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def by_id(self, id: str, types: Collection[str]) -> Located | str:
        """Where an object is, or why it is out of reach. types: of objects, as `find` has them."""
        graph = self._site.graph()
        head = graph.resolve(id)
        return f"there is no {id}" if head is None else self.find(Found(head, graph.attributes(head)), types)

    def find(self, found: Found, types: Collection[str]) -> Located | str:
        """types: of objects that anything can be done with."""
        head, a = found.head, found.attributes
        if head.type not in types:
            return f"no engine captures on a {head.type}"
        host = self._host(head.host)
        if isinstance(host, str):
            return host
        netns = str(a.get("netns", head.host))
        path = ""
        if netns != head.host:
            there = self._site.graph().resolve(netns)
            path = str(self._site.graph().attributes(there).get("path", "")) if there is not None else ""
            if not path:
                return f"the way to {netns} is not known"
        device = str(a.get("name", head.name))
        point = CapturePoint(device=device, netns=path, pid=host.pid, node=head.id, host=head.host)
        return Located(point, head.type, host.agent)

    def agents(self) -> list[str]:
        """The hosts that are looked at by agents."""
        return [name for name, host in self._site.config.hosts.items() if host.agent]

    def _host(self, name: str) -> Host | str:
        """The declared host, this machine, or why it is out of reach."""
        declared = self._site.config.hosts
        if not declared and name:
            return Host()
        found = host_of(self._site, name)
        if found is None:
            return f"{name} is not a host of this environment"
        if found.agent:
            return msgspec.structs.replace(found, pid=0)
        if found.ssh is not None:
            return BY_SSH.format(name=name)
        if found.snmp is not None or found.openstack is not None or found.mysql is not None:
            return f"{name} is only asked, not on this machine: nothing is captured there or sent from it"
        try:
            return with_pid(found, f"hosts.{name}")
        except ConfigError as error:
            return error.message
