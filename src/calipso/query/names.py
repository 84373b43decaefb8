"""Names of attributes in queries: ours, and Skydive's metadata keys by a declared table.

A name is read as, in this order: an entry of `ALIASES`; a field of the object (`kind`, `host` …); `attributes.…`;
`facets.<source>.…`; a dotted path into the attributes. Keys with dots in them are found too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from calipso.graph.index import FEW_VALUED
from calipso.graph.keys import COMPUTED, ONLY_FOR, PATHS
from calipso.graph.merge import API_FIRST, UNITED, base
from calipso.graph.protocol import GraphReader, Obj, Spec
from calipso.model import user
from calipso.model.record import Attributes
from calipso.query.elements import Link

PICKABLE = re.compile(r"[\w@:/-]+").fullmatch
"""Names that can be decoded alone; others, which no source says, are looked for in all attributes."""
HEAD = frozenset({"id", "kind", "type", "name", "host", "parent", "networks", "media"})
"""Fields of an object that need no decoding."""
Form = Callable[[Any], Any]


class Alias(msgspec.Struct, frozen=True):
    """A metadata key of Skydive and what it is here.

    paths: the first that has a value counts; `facet:path` keeps to the facets of one source. form: see `FORMS`.
    """

    name: str
    paths: tuple[str, ...]
    form: str = ""
    doc: str = ""


def _alias(name: str, *paths: str, form: str = "", doc: str = "") -> Alias:
    return Alias(name, paths, form, doc)


ALIASES: dict[str, Alias] = {
    each.name: each
    for each in (
        _alias("ID", "id"), _alias("@ID", "id"), _alias("TID", "id", doc="ids are stable here"),
        _alias("Name", "name"), _alias("Type", "type"), _alias("Kind", "kind"),
        _alias("Host", "host"), _alias("@Host", "host"), _alias("Hostname", "hostname", "name"),
        _alias("MAC", "mac", form="lower"), _alias("MTU", "mtu"), _alias("State", "state", form="upper"),
        _alias("IPV4", "addresses", "ips", "ip", form="ipv4", doc="with prefix length, where it is known"),
        _alias("IPV6", "addresses", "ips", "ip", form="ipv6", doc="with prefix length, where it is known"),
        _alias("IfIndex", "ifindex"), _alias("MasterIndex", "master"), _alias("ParentIndex", "parent_ifindex"),
        _alias("PeerIfIndex", "peer_ifindex"), _alias("Driver", "driver"), _alias("Speed", "speed"),
        _alias("Duplex", "duplex"), _alias("EncapType", "encap"), _alias("LinkFlags", "flags"),
        _alias("Vlan", "vlan_id", "tag"), _alias("Vlans", "tag", "trunks"), _alias("BusInfo", "bus_address"),
        _alias("Features", "features"), _alias("Vfs", "vfs"), _alias("FDB", "fdb"), _alias("Neighbors", "neighbors"),
        _alias("RoutingTables", "routes", doc="a flat list, each route with its table"), _alias("Sockets", "sockets"),
        _alias("BondMode", "bond_mode"), _alias("BondSlave.State", "bond_slave_state"),
        _alias("BondSlave.MiiStatus", "bond_slave_mii_status"),
        _alias("BondSlave.PermMAC", "bond_slave_permanent_mac"), _alias("Path", "path"),
        _alias("LinkNetNsID", "peer_nsid"), _alias("LinkNetNsName", "peer_netns"),
        _alias("UUID", "uuid"), _alias("OfPort", "ofport"), _alias("LocalIP", "local_ip"),
        _alias("RemoteIP", "remote_ip"), _alias("TunEgressIface", "tunnel_egress"), _alias("VNI", "vni", "key"),
        _alias("KernelVersion", "kernel"), _alias("KernelCmdLine", "kernel_command_line"),
        _alias("CPU", "cpu_model"), _alias("IsolatedCPU", "cpu_isolated"), _alias("OS", "os"),
        _alias("Platform", "os_id"), _alias("PlatformFamily", "os_family"), _alias("PlatformVersion", "os_version"),
        _alias("VirtualizationSystem", "virtualization"), _alias("InstanceID", "cloud_instance_id", "product_uuid"),
        _alias("Manager", "manager", form="manager", doc="which system runs it, by its facets"),
        _alias("Probe", "id", form="probe", doc="names of the facets"),
        _alias("ExtID", "external_ids"), _alias("ExtID.iface-id", "external_ids.iface-id", "iface_id"),
        _alias("ExtID.iface-status", "external_ids.iface-status", "iface_status"),
        _alias("ExtID.attached-mac", "external_ids.attached-mac", "attached_mac", form="lower"),
        _alias("ExtID.vm-id", "external_ids.vm-id", "external_ids.vm-uuid", "vm_uuid",
               doc="also where Open vSwitch calls it vm-uuid"),
        _alias("ExtID.vm-uuid", "external_ids.vm-uuid", "external_ids.vm-id", "vm_uuid"),
        _alias("Ovs.OtherConfig", "other_config"), _alias("Ovs.Options", "options"),
        _alias("Ovs.Protocols", "protocols"), _alias("Ovs.Version", "version"), _alias("Ovs.DBVersion", "db_version"),
        _alias("Neutron.PortID", "neutron:port_id"), _alias("Neutron.NetworkID", "neutron:network_id", form="uuid"),
        _alias("Neutron.TenantID", "neutron:project_id", "neutron:project"),
        _alias("Neutron.NetworkName", "neutron:network_name"), _alias("Neutron.VNI", "neutron:segmentation_id"),
        _alias("Neutron.IPV4", "neutron:ips", "neutron:fixed_ips", form="ipv4"),
        _alias("Neutron.IPV6", "neutron:ips", "neutron:fixed_ips", form="ipv6"),
        _alias("Docker.ContainerID", "docker:container_id", "docker:id"),
        _alias("Docker.ContainerName", "docker:name"), _alias("Docker.Labels", "docker:labels"),
        _alias("Container.ID", "container_id", "docker:id"), _alias("Container.Image", "image"),
        _alias("Container.Labels", "labels"), _alias("K8s.Labels", "k8s:labels"),
    )
}  # fmt: skip
"""Skydive's metadata keys. Those of a source's own section that are not here are read from that source's facets."""

PREFIXES: dict[str, str] = {
    "ExtID": "external_ids", "Features": "features", "Ovs.OtherConfig": "other_config", "Ovs.Options": "options",
    "Docker.Labels": "docker:labels", "Container.Labels": "labels", "K8s.Labels": "k8s:labels",
    "attributes": "",
}  # fmt: skip
"""What comes before a dot → the path that the rest goes on from."""
SECTIONS: dict[str, str] = {
    "Neutron": "neutron", "Docker": "docker", "Container": "docker", "K8s": "k8s", "Libvirt": "libvirt", "OVN": "ovn",
    "LLDP": "lldp", "Ovs": "ovs", "LXD": "lxd", "Nova": "nova",
}  # fmt: skip
"""Sections of Skydive's metadata → the source whose facets say them, names in snake case."""
MANAGERS = ("k8s", "docker", "podman", "cri", "lxd", "libvirt", "neutron", "nova", "ovn")


def _addresses(version: int) -> Form:
    """Of what is an address, or a list of them, those of one version."""

    def kept(value: Any) -> Any:
        if type(value) is list and len(value) == 1 and type(value[0]) is str:  # most
            return value if _version(value[0]) == version else None
        found = []
        for each in value if type(value) is list else [value]:
            said = each.get("ip_address", each.get("ip")) if type(each) is dict else each
            if type(said) is str and _version(said) == version:
                found.append(said)
        return found or None

    return kept


def _version(text: str) -> int:
    """Of an address, told by its looks: sources say nothing else here."""
    return 6 if ":" in text else 4 if text.count(".") == 3 else 0


FORMS: dict[str, Form] = {
    "": lambda value: value,
    "upper": lambda value: value.upper() if isinstance(value, str) else value,
    "lower": lambda value: value,
    "uuid": lambda value: value.partition(":")[2] or value if isinstance(value, str) else value,
    "ipv4": _addresses(4),
    "ipv6": _addresses(6),
}
"""How a value is shown under an alias."""


VERSIONS = {"ipv4": 4, "ipv6": 6}
"""Forms that keep addresses of one version."""


class Name(msgspec.Struct, frozen=True):
    """A name, resolved. paths: (source or "", path); key: a declared key that holds it, "" for none.

    needs: the attributes it is read from, None when it takes more than the merged attributes.
    """

    text: str
    paths: tuple[tuple[str, tuple[str, ...]], ...]
    form: str = ""
    key: str = ""
    needs: tuple[str, ...] | None = None

    @property
    def direct(self) -> bool:
        """Whether it is one field or attribute, said or computed; not one of several, or a form of one."""
        return len(self.paths) == 1 and self.form not in VERSIONS

    @property
    def of_head(self) -> str:
        """The field of the object it is, "" when it has to be decoded."""
        path = self.paths[0]
        plain = len(self.paths) == 1 and not path[0] and len(path[1]) == 1 and not self.form
        return path[1][0] if plain and path[1][0] in HEAD else ""

    def literal(self, value: Any) -> Any:
        """A value of a query as it is compared: MAC addresses are told apart by their digits alone."""
        return value.lower() if self.form == "lower" and isinstance(value, str) else value


@lru_cache(maxsize=4096)
def name_of(text: str) -> Name:
    """What a name in a query means."""
    alias = ALIASES.get(text)
    if alias is not None:
        return _name(text, alias.paths, alias.form)
    if text in HEAD:
        return _name(text, (text,), "")
    front, dot, rest = text.partition(".")
    for prefix, path in PREFIXES.items():
        if text.startswith(prefix + "."):
            return _name(text, (".".join(filter(None, (path, text[len(prefix) + 1 :]))),), "")
    if front == "facets" and dot:
        source, _, path = rest.partition(".")
        return _name(text, (f"{source}:{path}",), "")
    if front in SECTIONS and rest:
        return _name(text, (f"{SECTIONS[front]}:{_snake(rest)}", text, f"{user.METADATA}.{text}"), "")
    if text[:1].isupper():  # no source says such names: only users do
        return _name(text, (text, f"{user.METADATA}.{text}"), "")
    return _name(text, (text,), "")


def _snake(text: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()


def _name(text: str, said: tuple[str, ...], form: str) -> Name:
    paths = []
    for each in said:
        source, colon, path = each.partition(":")
        paths.append((source, tuple(path.split("."))) if colon else ("", tuple(each.split("."))))
    first = paths[0][1][0]
    single = len(paths) == 1 and not paths[0][0] and len(paths[0][1]) == 1
    key = first if single and form in ("", "lower", "upper") and (first in PATHS or first in FEW_VALUED) else ""
    tops = {path[0] for _, path in paths}
    whole = any(source for source, _ in paths) or form in ("manager", "probe")
    computed = HEAD | COMPUTED.keys() if len(paths) == 1 else HEAD
    if (
        whole
        or not all(map(PICKABLE, tops))
        or tops & (UNITED | API_FIRST | computed | {"service_type", "local_service_id"})
    ):
        needs = None
    else:
        needs = tuple(sorted(tops))
    return Name(text, tuple(paths), form, key or ("id" if single and first == "id" and not form else ""), needs)


def read(reader: GraphReader, head: Obj, name: Name) -> Any:
    """The value of a name for an object, None when it has none."""
    field = name.of_head
    if field:
        value = getattr(head, field)
        return value if value != "" else None
    if name.form == "manager":
        return _run_by(reader, head)
    if name.form == "probe":
        said = reader.attributes(head).get(user.METADATA, {}).get("Probe")
        return [facet.name for facet in reader.facets(head)] + ([said] if said else [])
    attributes = reader.attributes(head)
    for source, path in name.paths:
        if source:
            value = _in_facets(reader, head, source, path)
        else:
            value = _in_object(head, attributes, path) if name.direct else walk(attributes, path)
        shown = None if value is None else FORMS[name.form](value)
        if shown is not None:
            return shown
    return None


def picked(attributes: Mapping[str, Any], name: Name) -> Any:
    """As `read`, from just the attributes that the name needs."""
    for _, path in name.paths:
        value = walk(attributes, path)
        shown = None if value is None else FORMS[name.form](value)
        if shown is not None:
            return shown
    return None


def _in_object(head: Obj, attributes: Attributes, path: tuple[str, ...]) -> Any:
    if len(path) == 1:
        first = path[0]
        if first in HEAD:
            return getattr(head, first) or None
        if first in COMPUTED and (first not in ONLY_FOR or head.type in ONLY_FOR[first]):
            value = COMPUTED[first](head, attributes)
            return attributes.get(first) if value is None else value
        return attributes.get(first)
    return walk(attributes, path)


def _in_facets(reader: GraphReader, head: Obj, source: str, path: tuple[str, ...]) -> Any:
    for facet in reader.facets(head):
        if base(facet.name) == source:
            value = walk(facet.attributes, path) if path != ("",) else facet.attributes
            if value is not None:
                return value
    return None


def walk(value: Any, path: tuple[str, ...]) -> Any:
    """What lies at a path; of a list, what lies there in its members. A key may have dots of its own."""
    if not path:
        return value
    if isinstance(value, Mapping):
        for length in range(1, len(path) + 1):
            key = path[0] if length == 1 else ".".join(path[:length])
            if key in value:
                found = walk(value[key], path[length:])
                if found is not None:
                    return found
        return None
    if isinstance(value, list | tuple):
        found = [each for member in value if (each := walk(member, path)) is not None]
        flat = [each for found_one in found for each in (found_one if isinstance(found_one, list) else [found_one])]
        return flat or None
    return None


def _run_by(reader: GraphReader, head: Obj) -> Any:
    said = reader.attributes(head).get("manager")
    if said is not None:
        return said
    sources = {base(facet.name) for facet in reader.facets(head)}
    return next((each for each in MANAGERS if each in sources), None)


LIFE = {
    "CreatedAt": "created", "@CreatedAt": "created", "UpdatedAt": "updated", "@UpdatedAt": "updated",
    "DeletedAt": "deleted", "@DeletedAt": "deleted", "Revision": "revision", "@Revision": "revision",
}  # fmt: skip
"""Names whose values are in the history: ms since the epoch, or a number of changes."""


def of_link(reader: GraphReader, link: Link, text: str) -> Any:
    """The value of a name for a link: `RelationType`, `Type`, and its own `type`, `relation`, `source`, `target`."""
    relation, dot, rest = link.type.partition(".")
    if text in ("type", "link", "label"):
        return link.type
    declared = _declared(reader, link)
    if declared is not None:
        if text in ("id", "ID", "@ID"):
            return declared["id"]
        said = walk(declared["metadata"], tuple(text.split(".")))
        if said is not None:
            return said
    if text in ("RelationType", "relation"):
        return relation if dot or relation == "ownership" else "role"
    if text in ("Type", "Name"):
        return (rest or None) if dot or relation == "ownership" else link.type
    if text in ("source", "Parent"):
        return reader.id_of(link.source)
    if text in ("target", "Child"):
        return reader.id_of(link.target)
    if text in ("id", "ID", "@ID"):
        return link_id(reader, link)
    if text in ("Host", "@Host", "host"):
        head = reader.get(link.source)
        return None if head is None else head.host or None
    return None


def _declared(reader: GraphReader, link: Link) -> user.Edge | None:
    """What a user has declared of a link, None for links that follow from what was found."""
    if link.type not in user.DECLARED or link.source < 0:
        return None
    if link.type == user.OWNERSHIP and not user.is_node(reader.id_of(link.target)):
        return None  # nothing to decode: only users' nodes are owned by declaration
    head = reader.get(link.source)
    return None if head is None else user.edge_between(reader.attributes(head), link.type, reader.id_of(link.target))


LINK_NAMES = (
    "id", "type", "relation", "source", "target", "host", "ID", "Type", "RelationType", "Parent", "Child", "Host",
)  # fmt: skip


def link_id(reader: GraphReader, link: Link) -> str:
    """`type|source|target` (MODEL §2)."""
    return f"{link.type}|{reader.id_of(link.source)}|{reader.id_of(link.target)}"


def spec_of(name: Name) -> Spec:
    """The column that holds a name."""
    version = VERSIONS.get(name.form, 0)
    return Spec(name.text, name.needs, _picker(name), lambda reader, head: read(reader, head, name), version)


def _picker(name: Name) -> Callable[[Attributes], Any]:
    """`picked` for one name."""
    if name.needs is None or any(len(path) > 1 for _, path in name.paths):
        return lambda attributes: picked(attributes, name)
    tops, form = [path[0] for _, path in name.paths], FORMS[name.form]
    if len(tops) == 1 and not name.form:
        (top,) = tops
        return lambda attributes: attributes.get(top)

    def pick(attributes: Attributes) -> Any:
        if len(attributes) == 1:  # most: columns hand over nothing but what is needed
            ((top, value),) = attributes.items()
            return form(value) if value is not None and top in tops else None
        for top in tops:
            value = attributes.get(top)
            if value is not None and (shown := form(value)) is not None:
                return shown
        return None

    return pick
