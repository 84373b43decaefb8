"""The only module that makes ids (MODEL §2).

An id is a path of segments `class:key`; a segment without class is a host. The first `:` splits. In keys, `%`, `/` and
white space are percent-encoded. MACs, UUIDs are lower-case, IPs canonical.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

_UNSAFE = re.compile(r"[%/\s]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def quote(key: str) -> str:
    """A key as it stands in an id: `%`, `/` and white space percent-encoded as UTF-8."""
    if _UNSAFE.search(key) is None:
        return key
    return _UNSAFE.sub(lambda m: "".join(f"%{b:02X}" for b in m.group().encode()), key)


def unquote(key: str) -> str:
    """The inverse of `quote`."""
    if "%" not in key:
        return key
    return re.sub(r"(?:%[0-9A-F]{2})+", lambda m: bytes.fromhex(m.group().replace("%", "")).decode(), key)


def split(id: str) -> list[tuple[str, str]]:
    """An id's segments as (class, unquoted key); the class of a host is ""."""
    out = []
    for segment in id.split("/"):
        cls, colon, key = segment.partition(":")
        out.append((cls, unquote(key)) if colon else ("", unquote(cls)))
    return out


def parent(id: str) -> str:
    """The id without its last segment, "" for a top-level id."""
    return id.rpartition("/")[0]


def host_of(id: str) -> str:
    """The host an id is scoped to, "" for global ids (`instance:…`, `network:…`)."""
    first, _, _ = id.partition("/")
    return "" if ":" in first else unquote(first)


def canonical_mac(mac: str) -> str:
    """Lower-case, colon separated."""
    return mac.strip().lower().replace("-", ":")


def canonical_ip(ip: str) -> str:
    """Canonical text of an IPv4 or IPv6 address without prefix; unchanged when it is not one."""
    try:
        return str(ipaddress.ip_address(ip.strip()))
    except ValueError:
        return ip.strip()


def host(name: str) -> str:
    return quote(name)


def netns(host: str, name: str) -> str:
    """A namespace by its first bind-mount name."""
    return f"{quote(host)}/netns:{quote(name)}"


def netns_by_inode(host: str, inode: int) -> str:
    """A namespace that is mounted nowhere."""
    return f"{quote(host)}/netns:ino:{inode}"


def namespace_name(paths: Sequence[str], taken: set[str]) -> str:
    """What names a namespace: the last part of its first path, the whole path where that is taken, "" without one.

    `taken`: names of the namespaces before it, in the order of the list; the new one is added.
    """
    if not paths:
        return ""
    name = paths[0].rpartition("/")[2]
    if name in taken or name.startswith("ino:") or not name:
        name = paths[0]
    taken.add(name)
    return name


def device(netns_id: str, name: str) -> str:
    """A kernel device; `netns_id` is the host id for the root namespace."""
    return f"{netns_id}/dev:{quote(name)}"


def virtual_function(device_id: str, index: int) -> str:
    return f"{device_id}/vf:{index}"


def ovs(host: str, name: str = "") -> str:
    """An Open vSwitch instance; `name` only for further instances of a host."""
    return f"{quote(host)}/ovs" + (f":{quote(name)}" if name else "")


def ovs_bridge(ovs_id: str, name: str) -> str:
    return f"{ovs_id}/bridge:{quote(name)}"


def ovs_port(ovs_id: str, name: str) -> str:
    return f"{ovs_id}/port:{quote(name)}"


def ovs_interface(ovs_id: str, name: str) -> str:
    return f"{ovs_id}/interface:{quote(name)}"


def openflow_rule(bridge_id: str, digest: str) -> str:
    return f"{bridge_id}/rule:{digest}"


def openflow_group(bridge_id: str, number: int) -> str:
    return f"{bridge_id}/group:{number}"


def switching_process(host: str, name: str) -> str:
    """`vpp`, `calico`, `flannel`, `sriov` … of a host."""
    return f"{quote(host)}/{name}"


def vpp_interface(vpp_id: str, name: str) -> str:
    return f"{vpp_id}/interface:{quote(name)}"


def vpp_bridge_domain(vpp_id: str, number: int) -> str:
    return f"{vpp_id}/bd:{number}"


def tunnel_endpoint(host: str, overlay: str, ip: str = "") -> str:
    return f"{quote(host)}/otep:{overlay}" + (f":{canonical_ip(ip)}" if ip else "")


def instance(uuid: str) -> str:
    return f"instance:{quote(uuid.lower())}"


def guest_nic(instance_id: str, mac: str, nth: int = 1) -> str:
    """A guest's NIC; `nth` > 1 for twin MACs in one instance, in device order."""
    return f"{instance_id}/vnic:{canonical_mac(mac)}" + (f".{nth}" if nth > 1 else "")


SEGMENT = "segment:"
TOLD_SEGMENT = "segment:of-"
"""Begins the ids of segments that only their network tells of: the API lists no segments and so gives them no uuid."""


def told_segment(network: str, nth: int = 1) -> str:
    """The segment that the provider attributes of a network tell, and further ones: `segment:of-<network>.2`."""
    return TOLD_SEGMENT + network + (f".{nth}" if nth > 1 else "")


def segment(kind: str, physical_network: str | None, number: int | str | None) -> str:
    """A segment no VIM names: `segment:vxlan/-/10010`."""
    return SEGMENT + segment_key(kind, physical_network, number)


def segment_key(kind: str, physical_network: str | None, number: int | str | None) -> str:
    """`type/physnet/id` with `-` for what does not apply."""
    return f"{kind}/{physical_network or '-'}/{'-' if number in (None, '') else number}"


def switch(chassis: str) -> str:
    return f"switch:{quote(chassis)}"


def switch_port(switch_id: str, port: str) -> str:
    return f"{switch_id}/port:{quote(port)}"


def by_uuid(cls: str, uuid: str) -> str:
    """Ids of API objects: `port:<uuid>`, `network:<uuid>`, `agent:<uuid>` …"""
    return f"{cls}:{quote(uuid.lower())}"


def logical_port(name: str) -> str:
    """A logical switch port of OVN, which is a VIM's port by UUID or a name of its own."""
    return by_uuid("port", name) if _UUID.fullmatch(name) else f"port:{quote(name)}"


def region(name: str) -> str:
    return f"region:{quote(name)}"


def availability_zone(region: str, name: str) -> str:
    return f"region:{quote(region)}/az:{quote(name)}"


def aggregate(region: str, number: int | str) -> str:
    return f"region:{quote(region)}/aggregate:{number}"


def user_node(name: str) -> str:
    """A node that a user has added."""
    return f"user:{quote(name)}"
