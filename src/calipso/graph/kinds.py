"""The kind of an object: first rule that matches; strata in order, so no rule looks at its own result (MODEL §5)."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from calipso.graph.merge import base
from calipso.graph.protocol import Facet, Obj
from calipso.model.environment import Environment
from calipso.model.links import CODES
from calipso.model.record import Attributes
from calipso.model.types import INTRINSIC_KINDS, TUNNEL_TYPES

if TYPE_CHECKING:
    from calipso.graph.session import Session
    from calipso.graph.value import Graph

BOND_TYPES = frozenset({"bond", "team", "lag"})
WORKLOADS = frozenset({"instance", "vservice"})
OVS_DATAPATH_PNICS = frozenset({"dpdk"})


class KindReader(Protocol):
    """What kind rules may ask besides the object itself."""

    environment: Environment

    def get(self, ord: int) -> Obj | None: ...
    def resolve(self, id: str) -> Obj | None: ...
    def attributes(self, obj: Obj) -> Attributes: ...
    def facets(self, obj: Obj) -> list[Facet]: ...
    def look(self, key: str, value: object) -> Iterable[int]: ...
    def linked(self, ord: int, link_type: str) -> bool: ...


def is_device(head: Obj) -> bool:
    """Whether the kind comes from the device rules D1–D10, which read the kinds of namespaces."""
    return head.type not in INTRINSIC_KINDS and head.type not in ("segment", "router", "netns")


def kind_of(reader: KindReader, head: Obj, a: Attributes) -> tuple[str, str]:
    """(kind, the rule that decided)."""
    if head.type == "segment":
        return ("segment", "S1") if a.get("network_id") else ("network", "S1")
    if head.type == "router":
        distributed = any(base(facet.name) == "ovn" for facet in reader.facets(head))
        return ("vservice" if distributed else "router"), "R1"
    if head.type == "netns":
        return _namespace_kind(reader, head, a)
    intrinsic = INTRINSIC_KINDS.get(head.type)
    if intrinsic is not None:
        if head.type == "ovsport" and len(a.get("interfaces", ())) > 1:
            return "bond", "intrinsic"
        return intrinsic, "intrinsic"
    return _device_kind(reader, head, a)


def runs_workload(reader: KindReader, netns_id: str) -> bool:
    """Whether a container or pod runs in a namespace."""
    for ord in reader.look("netns", netns_id):
        head = reader.get(ord)
        if head is not None and head.type in ("container", "pod"):
            return True
    return False


def _namespace_kind(reader: KindReader, head: Obj, a: Attributes) -> tuple[str, str]:
    if runs_workload(reader, head.id):
        return "netns", "N1"
    if "service_type" in a:
        return "vservice", "N2"
    if reader.environment.namespaces == "instances" and "netns:ino:" not in head.id:
        for ord in reader.look("netns", head.id):
            device = reader.get(ord)
            if device is not None and is_device(device) and device.type != "loopback":
                return "instance", "N3"
    return "netns", "N4"


def _device_kind(reader: KindReader, head: Obj, a: Attributes) -> tuple[str, str]:
    kind = head.type
    if kind == "loopback":
        return "device", "D1"
    if kind == "nic" or "instance" in a:
        return "vnic", "D2"
    if kind == "bridge":
        return "vconnector", "D3"
    if kind in TUNNEL_TYPES or kind == "patch":
        return "device", "D4"
    owner = reader.resolve(a["netns"]) if isinstance(a.get("netns"), str) else None
    root = owner is not None and owner.type == "host"
    if owner is not None and not root and (owner.kind in WORKLOADS or runs_workload(reader, owner.id)):
        return "vnic", "D5"
    if kind in BOND_TYPES:
        return "bond", "D6"
    if root and owner is not None:
        rule = _root_device_rule(reader, head, a, owner)
        if rule:
            return "host_pnic", rule
    return "device", "D10"


def _root_device_rule(reader: KindReader, head: Obj, a: Attributes, owner: Obj) -> str:
    if named_pnic(reader.environment, head.host, str(a.get("name", ""))):
        return "D7"
    if (a.get("bus_address") and not a.get("is_representor")) or head.type in OVS_DATAPATH_PNICS:
        return "D8"
    if head.type == "veth" and "peer_netns" not in a and reader.attributes(owner).get("namespaces_complete") is True:
        return "" if reader.linked(head.ord, "layer2.veth") else "D9"
    return ""


def named_pnic(environment: Environment, host: str, name: str) -> bool:
    """Whether the environment names a device as physical: `eth*` on all hosts, `cmp1/eth2` on one."""
    for pattern in environment.pnics:
        where, slash, device = pattern.rpartition("/")
        if fnmatchcase(name, device) and (not slash or fnmatchcase(host, where)):
            return True
    return False


def affected(session: Session, regrouped: set[int]) -> set[int]:
    """The objects whose kind may have changed: those folded again and those whose kind reads one of them."""
    out = set(regrouped)
    for ord in regrouped:
        old, new = session.base.heads.get(ord), session.heads.get(ord)
        for head, reader in ((old, session.base), (new, session)):
            if head is not None:
                _affected_by(session, head, reader.attributes(head), out)
        kind = (new or old).type if (new or old) is not None else ""  # type: ignore[union-attr]
        if kind in ("netns", "host"):
            appeared = (old is None) != (new is None)
            if appeared or (kind == "host" and _completeness(session.base, old) != _completeness(session, new)):
                out.update(session.index.get(("netns", (new or old).id)))  # type: ignore[union-attr]
    veth = CODES["layer2.veth"]
    for code, a, b in session.relinked:
        if code == veth:
            out |= {a, b}
    return out


def _affected_by(session: Session, head: Obj, a: Attributes, out: set[int]) -> None:
    netns = a.get("netns")
    if not isinstance(netns, str):
        return
    owner = session.resolve(netns)
    if owner is not None:
        out.add(owner.ord)
    if head.type in ("container", "pod"):
        out.update(session.index.get(("netns", netns)))


def _completeness(reader: Session | Graph, host: Obj | None) -> object:
    return reader.attributes(host).get("namespaces_complete") if host is not None else None
