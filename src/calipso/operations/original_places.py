"""Where objects stand in the original's inventory: type, id, name, and the tree of folders that its clients walk.

Ids are those of the original's documents (`<host>-<netns name>`, a UUID …); two objects of a type that come to the same
one are told apart by a suffix. Kinds without a counterpart there are not placed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from calipso.graph.protocol import GraphReader, Obj
from calipso.model import ids

TYPES: dict[str, str] = {
    each: each
    for each in (
        "region", "project", "availability_zone", "aggregate", "host", "instance", "container", "pod", "namespace",
        "vservice", "vnic", "vconnector", "vedge", "otep", "host_pnic", "network", "port", "network_agent", "switch",
        "switch_pnic", "disk", "partition", "osd", "monitoring_agent",
    )
} | {"bond": "host_pnic"}  # fmt: skip
"""Our kind → the original's type."""

FOLDERS: dict[str, tuple[str, str]] = {
    "region": ("regions", "Regions"), "project": ("projects", "Projects"), "aggregate": ("aggregates", "Aggregates"),
    "availability_zone": ("availability_zones", "Availability Zones"), "host": ("hosts", "Hosts"),
    "instance": ("instances", "Instances"), "container": ("containers", "Containers"), "pod": ("pods", "Pods"),
    "namespace": ("namespaces", "Namespaces"), "vnic": ("vnics", "vNICs"), "vservice": ("vservices", "vServices"),
    "vconnector": ("vconnectors", "vConnectors"), "vedge": ("vedges", "vEdges"), "host_pnic": ("pnics", "pNICs"),
    "otep": ("oteps", "oTEPs"), "network": ("networks", "Networks"), "port": ("ports", "Ports"),
    "network_agent": ("network_agents", "Network agents"), "switch": ("switchs", "Switches"),
    "switch_pnic": ("switch_pnics", "Switch pNICs"), "disk": ("disks", "Disks"), "osd": ("osds", "OSDs"),
    "partition": ("partitions", "Partitions"), "monitoring_agent": ("monitoring_agents", "Monitoring agents"),
}  # fmt: skip
"""Type → what its folder's id ends in, and the folder's text."""
SERVICES = {
    "dhcp": ("dhcps", "DHCP servers"), "router": ("routers", "Gateways"), "": ("miscellenaous", "Misc. services"),
}  # fmt: skip
"""Service type → its folder; `miscellenaous` is how the original spells it."""
OWNERS = ("instance-vnic", "vservice-vnic", "container-vnic", "pod-vnic")


def object_id(*parts: str) -> str:
    """24 hexadecimal digits as MongoDB's ObjectIds have, always the same for the same parts."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


class Place(msgspec.Struct, frozen=True):
    """A document's place. ours: the id of our object, "" for a folder. names: of everything above it and itself."""

    object_id: str
    id: str
    type: str
    name: str
    ours: str
    above: Place | None
    parent_text: str = ""

    @property
    def id_path(self) -> str:
        return (self.above.id_path if self.above else "") + "/" + self.id

    @property
    def name_path(self) -> str:
        return (self.above.name_path if self.above else "") + "/" + self.name


class Places:
    """The places of a graph's objects."""

    def __init__(self, graph: GraphReader, environment: str) -> None:
        self.graph = graph
        self.environment = environment
        self.root = Place("", environment, "environment", environment, "", None)
        self._of: dict[str, Place] = {}
        self._folders: dict[str, Place] = {}
        self._taken: set[tuple[str, str]] = set()
        self._zones: dict[str, str] = {}
        self._busy: set[str] = set()
        for head in self._heads("availability_zone"):
            for host in graph.attributes(head).get("hosts") or ():
                self._zones.setdefault(str(host), head.id)
        for kind in TYPES:
            for head in self._heads(kind):
                self.of(head)

    def _heads(self, kind: str) -> list[Obj]:
        found = (self.graph.get(ord) for ord in self.graph.find("kind", kind))
        return sorted((head for head in found if head is not None), key=lambda head: head.id)

    def all(self) -> Iterator[Place]:
        """Folders and objects, in order of their path."""
        yield from sorted([*self._folders.values(), *self._of.values()], key=lambda place: (place.id_path, place.type))

    def of(self, head: Obj | None) -> Place | None:
        """None for what has no counterpart."""
        if head is None or head.kind not in TYPES:
            return None
        found = self._of.get(head.id)
        if found is not None or head.id in self._busy:
            return found
        self._busy.add(head.id)
        type = TYPES[head.kind]
        above = self._above(head, type)
        id = self._id(head, type)
        while (type, id) in self._taken:
            id = f"{id}-{object_id(head.id)[:6]}"
        self._taken.add((type, id))
        text = above.name if above is not self.root and not above.ours else ""
        found = Place(
            object_id(self.environment, "inventory", head.id), id, type, self._name(head), head.id, above, text
        )
        self._of[head.id] = found
        return found

    def named(self, id: str) -> Place | None:
        """The place of the object that has an id of ours."""
        return self.of(self.graph.resolve(id)) if id else None

    def _folder(self, above: Place, type: str) -> Place:
        slug, text = FOLDERS[type]
        return self._made(above, slug, text)

    def _made(self, above: Place, slug: str, text: str, prefix: str = "") -> Place:
        id = f"{above.id}-{slug}"
        kept = self._folders.get(id)
        if kept is None:
            made = object_id(self.environment, "inventory", "folder", id)
            kept = self._folders[id] = Place(made, id, f"{prefix}{slug}_folder", text, "", above)
        return kept

    def _above(self, head: Obj, type: str) -> Place:
        """The folder or object it stands below."""
        host = self.named(ids.host(head.host)) if head.host else None
        if type == "host":
            zone = self.named(self._zones.get(head.id, "") or self._zones.get(head.name, ""))
            return zone or self._folder(self.root, "host")
        if type in ("availability_zone", "aggregate"):
            return self._folder(self.named(ids.parent(head.id)) or self.root, type)
        if type == "network":
            project = self.graph.attributes(head).get("project_id")
            return self._folder(
                self.named(ids.by_uuid("project", str(project))) or self.root if project else self.root, type
            )
        if type == "port":
            return self._folder(self.named(str(self.graph.attributes(head).get("network_id", ""))) or self.root, type)
        if type == "vnic":
            return self._folder(self.owner(head) or host or self.root, type)
        if type == "otep":
            return self.named(str(self.graph.attributes(head).get("vedge", ""))) or host or self.root
        if type == "switch_pnic":
            return self.named(head.parent) or self._folder(self.root, type)
        if type == "vservice":
            return self._service(head, host or self.root)
        if type == "container":
            return self._folder(self.named(str(self.graph.attributes(head).get("pod", ""))) or host or self.root, type)
        return self._folder(host or self.root, type)

    def _service(self, head: Obj, host: Place) -> Place:
        folder = self._folder(host, "vservice")
        said = self.graph.attributes(head).get("service_type")
        slug, text = SERVICES.get(str(said or ""), SERVICES[""])
        return self._made(folder, slug, text, "vservice_")

    def owner(self, head: Obj) -> Place | None:
        """Whose NIC a vnic is."""
        owners = self.linked(head, *OWNERS)
        return self.of(owners[0]) if owners else None

    def _id(self, head: Obj, type: str) -> str:
        """As the original makes ids of this type."""
        said, host = self.graph.attributes(head), head.host
        key = ids.split(head.id)[-1][1] if "/" in head.id or ":" in head.id else head.id
        if type == "vnic":
            tap = said.get("tap") or ("" if head.type == "nic" else head.name)
            return f"{host}-{tap}" if tap else f"{host}|{key_of(head.parent)}|{said.get('mac') or key}"
        if type == "host_pnic":
            return f"{head.name}-{said['mac']}" if said.get("mac") else f"{host}-{head.name}"
        if type == "vedge":
            agent = self.agent(head)
            return key_of(agent.id) if agent is not None else f"{host}-{head.name}"
        if type == "network_agent":
            return f"{head.name}-{key}"
        if type in ("vservice", "vconnector") and host:
            return f"{host}-{head.name}"
        if type == "otep":
            return f"{host}-otep"
        if type == "switch":
            return f"switch-{key}"
        if type == "switch_pnic":
            switch = self.named(head.parent)
            return f"{switch.id if switch else 'switch'}-{head.name.replace('/', '_')}"
        if type in ("disk", "partition", "osd", "monitoring_agent") and host:
            return f"{host}|{key}"
        return head.name if type in ("region", "availability_zone", "host") else key

    def related(self, id: str, cls: str) -> list[Obj]:
        """What points to a network: its subnets or its segments."""
        head = self.graph.resolve(id)
        return self.linked(head, f"{cls}-network") if head is not None else []

    def linked(self, head: Obj, *types: str) -> list[Obj]:
        """The other ends of an object's links of some types, by id."""
        found = (self.graph.get(link.other) for link in self.graph.links(head.ord, types))
        return sorted({each.id: each for each in found if each is not None}.values(), key=lambda each: each.id)

    def inside(self, head: Obj) -> list[Obj]:
        """The devices that a bridge or bond is master of."""
        said = self.graph.attributes(head)
        place = (said.get("netns"), said.get("ifindex"))
        return [each for each in self.linked(head, "layer2.master") if self._master(each) == place]

    def _master(self, head: Obj) -> tuple[object, object]:
        said = self.graph.attributes(head)
        return said.get("netns"), said.get("master")

    def of_switch(self, head: Obj) -> list[Obj]:
        """The ports of all bridges of a switching process."""
        bridges = [each for each in self.linked(head, "ownership") if each.kind == "ovs_bridge"]
        return [port for bridge in bridges for port in self.linked(bridge, "ownership") if port.kind == "ovs_port"]

    def agent(self, head: Obj) -> Obj | None:
        """The agent that programs a switching process."""
        return next(iter(self.linked(head, "vedge-network_agent")), None)

    def _name(self, head: Obj) -> str:
        """The name; a service's namespace is called by the network or router it serves."""
        served = self.graph.attributes(head).get("local_service_id") if head.kind == "vservice" else None
        if not served:
            return head.name
        prefix = head.name.partition("-")[0]
        for cls in ("router", "network"):
            other = self.graph.resolve(ids.by_uuid(cls, str(served)))
            if other is not None:
                return f"{prefix}-{other.name}"
        return head.name


def key_of(id: str) -> str:
    """The last part of an id without its class."""
    return ids.split(id)[-1][1] if id else ""
