"""What systems call things: types, and the kinds that follow from them alone (MODEL §5).

A type is netlink's `info_kind`, `loopback` or `device` without one, the OVS interface type over it unless `system`, or
the name its source gives (`host`, `netns`, `ovsport`, `port` …).
"""

from __future__ import annotations

from typing import Literal

import msgspec

Family = Literal["kernel", "ovs", "host", "workload", "cloud", "fabric", "storage"]


class ObjectType(msgspec.Struct, frozen=True):
    """One type: what it is, and the kind that follows from it alone, "" where rules of `graph/kinds.py` decide."""

    name: str
    family: Family
    doc: str
    kind: str = ""
    tunnel: bool = False
    interface: bool = False
    """Whether `get interface` lists it: a kernel device or an Open vSwitch interface, whatever its kind."""


def _kernel(name: str, doc: str, *, tunnel: bool = False) -> ObjectType:
    return ObjectType(name, "kernel", doc, tunnel=tunnel, interface=True)


def _ovs(name: str, doc: str, *, tunnel: bool = False) -> ObjectType:
    return ObjectType(name, "ovs", doc, tunnel=tunnel, interface=True)


OBJECT_TYPES: tuple[ObjectType, ...] = (
    _kernel("device", "a kernel interface without a link kind: a physical NIC or its virtual stand-in"),
    _kernel("loopback", "the loopback interface of a namespace"),
    _kernel("veth", "one end of a virtual cable"),
    _kernel("bridge", "a Linux bridge"),
    _kernel("tun", "a tap or tun device: the host's end of a process or guest"),
    _kernel("vlan", "a VLAN of another device"),
    _kernel("macvlan", "a device with its own MAC on another device"),
    _kernel("macvtap", "a tap with its own MAC on another device"),
    _kernel("ipvlan", "a device that shares the MAC of another device"),
    _kernel("ipvtap", "a tap that shares the MAC of another device"),
    _kernel("bond", "several devices as one, by the bonding driver"),
    _kernel("team", "several devices as one, by the team driver"),
    _kernel("vrf", "a routing domain"),
    _kernel("dummy", "a device that drops what it is given"),
    _kernel("ifb", "an intermediate device for traffic control"),
    _kernel("openvswitch", "a device of the kernel's Open vSwitch datapath"),
    _kernel("vxlan", "a VXLAN tunnel device", tunnel=True),
    _kernel("geneve", "a Geneve tunnel device", tunnel=True),
    _kernel("gre", "an IP-over-GRE tunnel device", tunnel=True),
    _kernel("gretap", "an Ethernet-over-GRE tunnel device", tunnel=True),
    _kernel("ip6gre", "an IP-over-GRE tunnel device over IPv6", tunnel=True),
    _kernel("ip6gretap", "an Ethernet-over-GRE tunnel device over IPv6", tunnel=True),
    _kernel("erspan", "a mirroring tunnel device", tunnel=True),
    _kernel("ip6erspan", "a mirroring tunnel device over IPv6", tunnel=True),
    _kernel("ipip", "an IPv4-in-IPv4 tunnel device", tunnel=True),
    _kernel("sit", "an IPv6-in-IPv4 tunnel device", tunnel=True),
    _kernel("ip6tnl", "a tunnel device over IPv6", tunnel=True),
    _kernel("vti", "a virtual tunnel interface of IPsec", tunnel=True),
    _kernel("vti6", "a virtual tunnel interface of IPsec over IPv6", tunnel=True),
    _kernel("bareudp", "a tunnel device of bare UDP", tunnel=True),
    _kernel("gtp", "a GTP tunnel device", tunnel=True),
    _kernel("wireguard", "a WireGuard device"),
    _kernel("vf", "an SR-IOV virtual function without a device of its own"),
    _ovs("internal", "an Open vSwitch port that is a device of its host"),
    _ovs("patch", "one end of a cable between two Open vSwitch bridges"),
    _ovs("stt", "an STT tunnel interface", tunnel=True),
    _ovs("lisp", "a LISP tunnel interface", tunnel=True),
    _ovs("dpdk", "a NIC that Open vSwitch or VPP drives itself"),
    _ovs("dpdkvhostuser", "a vhost-user socket of a guest"),
    _ovs("dpdkvhostuserclient", "a vhost-user socket that the guest serves"),
    _ovs("system", "an Open vSwitch interface whose kernel device is not seen"),
    _ovs("tap", "an Open vSwitch tap whose device is not seen"),
    _ovs("afxdp", "an Open vSwitch AF_XDP interface whose device is not seen"),
    ObjectType("nic", "workload", "a guest's network interface, known from its host", interface=True),
    ObjectType("netns", "host", "a network namespace"),
    ObjectType("host", "host", "a machine", kind="host"),
    ObjectType("ovs", "ovs", "an Open vSwitch instance", kind="vedge"),
    ObjectType("ovsbridge", "ovs", "an Open vSwitch bridge", kind="ovs_bridge"),
    ObjectType("ovsport", "ovs", "a port of an Open vSwitch bridge", kind="ovs_port"),
    ObjectType("ofrule", "ovs", "an OpenFlow rule", kind="openflow_rule"),
    ObjectType("ofgroup", "ovs", "an OpenFlow group", kind="openflow_group"),
    ObjectType("vpp", "host", "a VPP instance", kind="vedge"),
    ObjectType("vppbd", "host", "a bridge domain of VPP", kind="vconnector"),
    ObjectType("vppinterface", "host", "an interface of VPP: loopback, tap, memif, sub-interface …", interface=True),
    ObjectType("lag", "host", "several NICs as one, by VPP", interface=True),
    ObjectType("calico", "host", "Calico's Felix on a host", kind="vedge"),
    ObjectType("flannel", "host", "Flannel on a host", kind="vedge"),
    ObjectType("sriov", "host", "the SR-IOV switch of a NIC", kind="vedge"),
    ObjectType("otep", "host", "an overlay tunnel endpoint", kind="otep"),
    ObjectType("server", "workload", "a server of a cloud", kind="instance"),
    ObjectType("domain", "workload", "a libvirt domain", kind="instance"),
    ObjectType("container", "workload", "a container", kind="container"),
    ObjectType("pod", "workload", "a Kubernetes pod", kind="pod"),
    ObjectType("service", "cloud", "a Kubernetes service", kind="vservice"),
    ObjectType("namespace", "cloud", "a Kubernetes namespace", kind="namespace"),
    ObjectType("network", "cloud", "a network that a VIM or engine names", kind="network"),
    ObjectType("segment", "cloud", "a segment: network type, physical network, number"),
    ObjectType("subnet", "cloud", "a subnet", kind="subnet"),
    ObjectType("port", "cloud", "a port: what a VIM intends to plug", kind="port"),
    ObjectType("router", "cloud", "a router"),
    ObjectType("floating_ip", "cloud", "a floating IP", kind="floating_ip"),
    ObjectType("load_balancer", "cloud", "a load balancer of OpenStack or OVN", kind="vservice"),
    ObjectType("firewall", "cloud", "a firewall of OpenStack: a group of ports under the same rules", kind="vservice"),
    ObjectType("vpn", "cloud", "a VPN service of OpenStack", kind="vservice"),
    ObjectType("trunk", "cloud", "a trunk port with subports", kind="trunk"),
    ObjectType("security_group", "cloud", "a security group", kind="security_group"),
    ObjectType("agent", "cloud", "an agent of a VIM on a host", kind="network_agent"),
    ObjectType("region", "cloud", "a region", kind="region"),
    ObjectType("availability_zone", "cloud", "an availability zone", kind="availability_zone"),
    ObjectType("aggregate", "cloud", "a host aggregate", kind="aggregate"),
    ObjectType("project", "cloud", "a project", kind="project"),
    ObjectType("policy", "cloud", "a network policy", kind="policy"),
    ObjectType("switch", "fabric", "a physical switch", kind="switch"),
    ObjectType("switchport", "fabric", "a port of a physical switch", kind="switch_pnic"),
    ObjectType("disk", "storage", "a disk", kind="disk"),
    ObjectType("partition", "storage", "a partition of a disk", kind="partition"),
    ObjectType("osd", "storage", "a Ceph OSD", kind="osd"),
    ObjectType("monitoring_agent", "host", "an agent of a monitoring system", kind="monitoring_agent"),
)

TUNNEL_TYPES = frozenset(kind.name for kind in OBJECT_TYPES if kind.tunnel)
INTERFACE_TYPES = frozenset(kind.name for kind in OBJECT_TYPES if kind.interface)
INTRINSIC_KINDS: dict[str, str] = {kind.name: kind.kind for kind in OBJECT_TYPES if kind.kind}
"""Type → kind, for the types that say it all."""
