"""Every attribute that facets carry, declared once: tests hold the sources to it, the reference is made of it."""

from __future__ import annotations

from calipso.model.attributes.calico import CALICO
from calipso.model.attributes.declare import Attribute, Facet, not_declared
from calipso.model.attributes.device_kinds import DEVICE_KINDS
from calipso.model.attributes.devices import DEVICES
from calipso.model.attributes.docker import CONTAINERS, DOCKER
from calipso.model.attributes.fabric import LLDP, SNMP, SNMP_FDB
from calipso.model.attributes.host import LINUX
from calipso.model.attributes.libvirt import LIBVIRT_FACETS
from calipso.model.attributes.lxd import LXD
from calipso.model.attributes.metrics import METRICS, Metric
from calipso.model.attributes.openstack import OPENSTACK_FACETS
from calipso.model.attributes.openstack_db import OPENSTACK_DB_FACETS
from calipso.model.attributes.ovn import OVN_FACETS
from calipso.model.attributes.ovs import OVS_FACETS
from calipso.model.attributes.tables import TABLE_FACETS
from calipso.model.attributes.user import USER_FACETS
from calipso.model.attributes.vpp import VPP
from calipso.model.record import Record

__all__ = ["FACETS", "METRICS", "Attribute", "Facet", "Metric", "undeclared"]

FACETS: tuple[Facet, ...] = (
    LINUX,
    Facet("netlink", "Interfaces and namespaces, tunnel endpoints and segments of a host.", DEVICES + DEVICE_KINDS),
    *TABLE_FACETS,
    *OVS_FACETS,
    *OVN_FACETS,
    *LIBVIRT_FACETS,
    DOCKER,
    CONTAINERS,
    LXD,
    LLDP,
    SNMP,
    SNMP_FDB,
    VPP,
    CALICO,
    *OPENSTACK_FACETS,
    *OPENSTACK_DB_FACETS,
    *USER_FACETS,
)
"""A new source adds its facets here."""

_BY_NAME: dict[str, dict[str, list[Attribute]]] = {}
for _facet in FACETS:
    for _attribute in _facet.attributes:
        _BY_NAME.setdefault(_facet.name, {}).setdefault(_attribute.name, []).append(_attribute)


def undeclared(record: Record) -> list[str]:
    """What of a record is not declared, each in words that name facet, attribute and type; empty when all is."""
    return not_declared(record, _BY_NAME)
