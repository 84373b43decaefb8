"""Every link type of the product, as data (MODEL §6–§8). Order is derivation order: a row reads only rows above it."""

from __future__ import annotations

from typing import Literal

from calipso.model import user
from calipso.model.rules import ANY, DEVICES, Join, LinkType, Select, Via, Walk, kind, of_type
from calipso.model.types import TUNNEL_TYPES

VNIC, PORT, INSTANCE = kind("vnic"), kind("port"), kind("instance")
VCONNECTOR, VEDGE, OTEP, HOST_PNIC = kind("vconnector"), kind("vedge"), kind("otep"), kind("host_pnic")
VSERVICE, NETWORK, ROUTER = kind("vservice"), kind("network"), of_type("router")
SWITCH_PNIC = kind("switch_pnic")
TUNNELS = Select(types=frozenset(TUNNEL_TYPES))
BRIDGE = kind("ovs_bridge")
SWITCH = Select(types=frozenset({"ovsbridge", "calico"}))
"""Where a workload's cable ends, for all that do not pass frames on in the kernel's own bridge."""
SWITCHED = of_type("vppinterface", "vxlan")
VHOST = of_type("dpdkvhostuser", "dpdkvhostuserclient")

End = Literal["source", "target"]
END: dict[str, End] = {"source": "source", "target": "target"}

DEVICE_LINKS = (
    LinkType(
        name="ownership", source="any", target="any", by="target",
        rules=(Join(ANY, "parent", ANY, "id"),),
        doc="What an object belongs to: the owner it names, else the parent of its id.",
    ),
    LinkType(
        name="layer2.master", source="device", target="device", by="target",
        rules=(
            Join(ANY, ("netns", "master"), Select(not_types=frozenset({"vrf"})), ("netns", "ifindex")),
            Join(ANY, "member_of", ANY, "id"),
        ),
        doc="A bridge, bond or team and its ports; a bridge domain or bond of VPP and its members.",
    ),
    LinkType(
        name="layer3.vrf", source="device", target="device", by="target",
        rules=(Join(ANY, ("netns", "master"), of_type("vrf"), ("netns", "ifindex")),),
        doc="A VRF and its members: routes, not frames.",
    ),
    LinkType(
        name="layer2.veth", source="device", target="device", pair=True, first=True,
        rules=(
            Join(of_type("veth"), ("peer_netns", "peer_ifindex"), of_type("veth"), ("netns", "ifindex")),
            Join(of_type("veth"), "loose_peer", of_type("veth"), "loose_end", unique=True),
        ),
        doc="The two ends of a veth pair; where a namespace id does not resolve, the only two that name each other.",
    ),
    *(
        LinkType(
            name=f"layer2.{child}", source="device", target="device", by="target",
            rules=(Join(of_type(child), ("parent_netns", "parent_ifindex"), ANY, ("netns", "ifindex")),),
            doc=f"A device and a {child} device on it.",
        )
        for child in ("vlan", "macvlan", "ipvlan", "macvtap", "ipvtap")
    ),
    LinkType(
        name="layer2.vf", source="device", target="device", by="target",
        rules=(Join(of_type("vf"), "parent", ANY, "id"),),
        doc="A physical function and its virtual function.",
    ),
    LinkType(
        name="layer2.vpp", source="device", target="device", by="target",
        rules=(Join(SWITCHED, "lower", ANY, "id"),),
        doc="What an interface of VPP is on: its lower interface, or the host's end of its cable.",
    ),
    LinkType(
        name="layer3.calico", source="device", target="vedge", by="source",
        rules=(Join(ANY, "routed_by", of_type("calico"), "id"),),
        doc="A workload's interface and Calico's Felix, which routes what comes in by it.",
    ),
    LinkType(
        name="layer3.underlay", source="device", target="device", by="target",
        rules=(Join(TUNNELS, ("underlay_netns", "underlay_ifindex"), ANY, ("netns", "ifindex")),),
        doc="A device and a tunnel that sends through it: packets pass, frames do not.",
    ),
    LinkType(
        name="layer2.ovs", source="ovs_bridge", target="device", by="target",
        rules=(
            Join(of_type("ovsport"), "bridge", of_type("ovsbridge"), "id"),
            Join(ANY, "port", of_type("ovsport"), "id"),
        ),
        doc="An Open vSwitch bridge and its ports, a port and its interfaces.",
    ),
    LinkType(
        name="layer2.patch", source="device", target="device", pair=True,
        rules=(Join(of_type("patch"), ("ovs", "peer_name"), of_type("patch"), ("ovs", "name")),),
        doc="The two ends of an Open vSwitch patch.",
    ),
    LinkType(
        name="layer2.tap", source="device", target="vnic", pair=True, first=True,
        rules=(
            Join(of_type("nic"), "tap_device", ANY, "id"),
            Join(of_type("nic"), "port_tap_device", ANY, "id"),
            Join(of_type("nic"), ("host", "socket"), VHOST, ("host", "socket")),
            Join(of_type("nic"), ("host", "mac"), of_type("vf"), ("host", "mac")),
        ),
        doc="A guest's NIC and the host's end of its cable: libvirt's target, else tap and port id, else the socket, "
        "else the virtual function that was given its address.",
    ),
    LinkType(
        name="layer3.tunnel", source="device", target="device", pair=True,
        rules=(
            Join(TUNNELS, ("type", "local_ip", "remote_ip", "tunnel_key"),
                 TUNNELS, ("type", "remote_ip", "local_ip", "tunnel_key")),
        ),
        doc="The two ends of a tunnel.",
    ),
    LinkType(
        name="layer2.lldp", source="device", target="switch_pnic", pair=True,
        rules=(Join(ANY, "switch_ports", of_type("switchport"), "id"),),
        doc="A device and the switch port that it hears at the other end of its cable.",
    ),
    LinkType(
        name=user.LAYER2, source="any", target="any",
        rules=(Join(ANY, user.FABRIC_TO, ANY, "id"),),
        doc="What a user has declared to be cabled.",
    ),
    LinkType(
        name=user.OTHER, source="any", target="any",
        rules=(Join(ANY, user.LINKED_TO, ANY, "id"),),
        doc="What a user has declared to belong together, by a relation of any name.",
    ),
)  # fmt: skip

ROLE_LINKS = (
    LinkType(
        name="instance-vnic", source="instance", target="vnic", by="target", carry="target.networks",
        rules=(Join(VNIC, "instance", INSTANCE, "id"), Join(VNIC, "netns", INSTANCE, "id")),
        doc="An instance and its NICs: by the instance a NIC names, or by the namespace that is the instance.",
    ),
    LinkType(
        name="vservice-vnic", source="vservice", target="vnic", by="target", carry="target.networks",
        rules=(Join(VNIC, "netns", VSERVICE, "id"),),
        doc="A service's namespace and its NICs.",
    ),
    LinkType(
        name="container-vnic", source="container", target="vnic", carry="target.networks",
        rules=(Join(kind("container"), "netns", VNIC, "netns"),),
        doc="A container and the NICs of the namespace it runs in.",
    ),
    LinkType(
        name="pod-vnic", source="pod", target="vnic", carry="target.networks",
        rules=(Join(kind("pod"), "netns", VNIC, "netns"),),
        doc="A pod and the NICs of its namespace.",
    ),
    LinkType(
        name="vnic-port", source="vnic", target="port", first=True,
        rules=(
            Join(VNIC, "port_ref", PORT, "port_id"),
            Join(VNIC, ("instance_uuid", "mac"), PORT, ("device_id", "mac")),
            Join(VNIC, ("host", "mac"), PORT, ("host", "mac")),
        ),
        follow=Join(PORT, "port_id", PORT, "parent_port"),
        doc="A NIC and the port it realises: by port id, by owner and MAC, by host and MAC; and a trunk's subports.",
    ),
    LinkType(
        name="vnic-vconnector", source="vnic", target="vconnector", carry="source.networks",
        rules=(Walk(VNIC, VCONNECTOR),),
        doc="A NIC and the Linux bridge its cable ends in.",
    ),
    LinkType(
        name="vnic-vedge", source="vnic", target="vedge", carry="source.networks",
        rules=(Walk(VNIC, SWITCH, lift="vedge"),),
        doc="A NIC and the switching process its cable ends in: frames are switched there, by Calico packets routed.",
    ),
    LinkType(
        name="vnic-host_pnic", source="vnic", target="host_pnic", carry="source.networks",
        rules=(Walk(VNIC, HOST_PNIC),),
        doc="A NIC on a physical one: macvtap, SR-IOV.",
    ),
    LinkType(
        name="vnic-vnic", source="vnic", target="vnic", pair=True, carry="source.networks",
        rules=(Walk(VNIC, VNIC),),
        doc="Two NICs joined by a cable without a switch between them.",
    ),
    LinkType(
        name="vconnector-vedge", source="vconnector", target="vedge", carry="source.networks",
        rules=(Walk(VCONNECTOR, BRIDGE, lift="vedge"), Join(VCONNECTOR, "vedge", VEDGE, "id")),
        doc="A Linux bridge and the switching process it is cabled to; a bridge domain and the process it is part of.",
    ),
    LinkType(
        name="vedge-host_pnic", source="vedge", target="host_pnic", by="target", carry="pnic",
        rules=(Walk(HOST_PNIC, BRIDGE, lift="vedge"), Join(HOST_PNIC, "vedge", VEDGE, "id")),
        doc="A switching process and the physical NICs in its bridges, or that it drives itself.",
    ),
    LinkType(
        name="host_pnic-switch_pnic", source="host_pnic", target="switch_pnic", by="target",
        rules=(
            Join(SWITCH_PNIC, "neighbor_devices", HOST_PNIC, "id"),
            Join(SWITCH_PNIC, "neighbor_macs", HOST_PNIC, "permanent_mac"),
            Join(SWITCH_PNIC, "neighbor_macs", HOST_PNIC, "mac", unique=True),
        ),
        doc="A physical NIC and the switch port that it is cabled to: as it hears, or as the port hears it.",
    ),
    LinkType(
        name="switch_pnic-switch_pnic", source="switch_pnic", target="switch_pnic", pair=True,
        rules=(Join(SWITCH_PNIC, "switch_ports", SWITCH_PNIC, "id"),),
        doc="Two switch ports with a cable between them.",
    ),
    LinkType(
        name="vedge-otep", source="vedge", target="otep", by="target",
        rules=(Join(OTEP, "vedge", VEDGE, "id"),),
        doc="A switching process and its tunnel endpoints.",
    ),
    *(
        LinkType(name=f"{source}-{target}", source=source, target=target, by=END[by], rules=rules, doc=doc)
        for source, target, by, rules, doc in (
            ("port", "network", "source", (Join(PORT, "network_id", NETWORK, "id"),), "A port and its network."),
            ("segment", "network", "source", (Join(kind("segment"), "network_id", NETWORK, "id"),),
             "A segment and the network it is part of."),
            ("subnet", "network", "source", (Join(kind("subnet"), "network_id", NETWORK, "id"),),
             "A subnet and its network."),
            ("instance", "port", "target", (Join(PORT, "device_instance", INSTANCE, "id"),),
             "An instance and the ports bound to it."),
            ("router", "port", "target", (Join(PORT, "device_id", ROUTER, "router_id"),),
             "A router and its ports, on whatever realises it."),
            ("floating_ip", "port", "source", (Join(kind("floating_ip"), "port_id", PORT, "port_id"),),
             "A floating IP and the port it leads to."),
            ("security_group", "port", "target", (Join(PORT, "security_groups", kind("security_group"), "id"),),
             "A security group and the ports it filters."),
            ("vservice", "port", "source", (Join(VSERVICE, "port_refs", PORT, "id"), Join(VSERVICE, "vip_port", PORT,
             "id")), "A firewall and the ports it filters; a load balancer and the port of its address."),
            ("router", "vservice", "source", (Join(kind("router"), "router_id", VSERVICE, "router_service_id"),),
             "A router and the namespaces that realise it."),
            ("vedge", "network_agent", "target", (Join(kind("network_agent"), ("host", "agent_type"), VEDGE,
             ("host", "agent_types")),), "A switching process and the agent that programs it."),
            ("instance", "host", "target", (Join(kind("host"), "nested_instance", INSTANCE, "id"),),
             "A host that is itself an instance."),
            ("container", "network", "source", (Join(kind("container"), "network_ids", NETWORK, "id"),),
             "A container and the networks its engine states."),
            ("container", "vedge", "source", (Join(kind("container"), "vedge", VEDGE, "id"),),
             "A container and the switching process that serves it."),
            ("vservice", "pod", "source", (Join(VSERVICE, "pods", kind("pod"), "id"),), "A service and its pods."),
            ("pod", "container", "target", (Join(kind("container"), "pod", kind("pod"), "id"),),
             "A pod and its containers."),
            ("switch", "switch_pnic", "target", (Join(kind("switch_pnic"), "parent", kind("switch"), "id"),),
             "A switch and its ports."),
            ("host", "osd", "target", (Join(kind("osd"), "parent", kind("host"), "id"),), "A host and its OSDs."),
            ("osd", "partition", "source", (Join(kind("osd"), "partitions", kind("partition"), "id"),),
             "An OSD and its partitions."),
            ("partition", "disk", "source", (Join(kind("partition"), "disk", kind("disk"), "id"),),
             "A partition and its disk."),
        )
    ),
)  # fmt: skip

ADDRESS_HOLDER = Join(OTEP, ("netns", "ip"), ANY, ("netns", "ips"))

TRACKED_LINKS = (
    LinkType(
        name="vconnector-host_pnic", source="vconnector", target="host_pnic", first=True, tracked=True,
        carry="source.networks",
        rules=(
            Walk(VCONNECTOR, HOST_PNIC),
            Via(Join(VCONNECTOR, "routed_netns", ANY, "default_route_netns"), Walk(ANY, HOST_PNIC)),
        ),
        doc="A Linux bridge and the physical NIC in it, or the one by which the default route of its address leaves.",
    ),
    LinkType(
        name="otep-vconnector", source="otep", target="vconnector", tracked=True, carry="target.networks",
        rules=(
            Join(OTEP, ("netns", "ip"), VCONNECTOR, ("netns", "ips")),
            Via(Join(OTEP, "tunnels", ANY, "id"), "-layer2.master"),
        ),
        doc="A tunnel endpoint and the Linux bridge that holds its address or its tunnel device.",
    ),
    LinkType(
        name="otep-host_pnic", source="otep", target="host_pnic", first=True, tracked=True, carry="pnic.overlay",
        rules=(
            Join(OTEP, ("netns", "ip"), HOST_PNIC, ("netns", "ips")),
            Join(OTEP, ("underlay_netns", "ip"), HOST_PNIC, ("netns", "ips")),
            Via(ADDRESS_HOLDER, Walk(ANY, HOST_PNIC, through=DEVICES | {"ovs_bridge"})),
        ),
        doc="A tunnel endpoint and the physical NIC that holds its address or that the holder is cabled to.",
    ),
    LinkType(
        name="otep-otep", source="otep", target="otep", pair=True, tracked=True,
        rules=(
            Via(Via(Join(OTEP, "tunnels", ANY, "id"), "layer3.tunnel"), Join(ANY, "id", OTEP, "tunnels")),
            Via(Join(OTEP, "tunnels", ANY, "id"), Join(ANY, ("type", "fdb_remotes"), OTEP, ("overlay_type", "ip"))),
            Join(OTEP, ("overlay_type", "peer_ips"), OTEP, ("overlay_type", "ip")),
        ),
        doc="Two tunnel endpoints with a tunnel between them.",
    ),
    LinkType(
        name="floating_ip-vservice", source="floating_ip", target="vservice", tracked=True,
        rules=(
            Via(Join(kind("floating_ip"), "router_id", kind("router"), "router_id"), "router-vservice"),
            Join(kind("floating_ip"), "router_id", VSERVICE, "router_id"),
        ),
        doc="A floating IP and the service that translates it.",
    ),
    LinkType(
        name="network-vservice", source="network", target="vservice", by="target", tracked=True,
        carry="source.networks",
        rules=(
            Join(VSERVICE, "dhcp_network", NETWORK, "id"),
            Join(VSERVICE, "network_ids", NETWORK, "id"),
            Via("router-port", "port-network"),
            Via("vservice-port", "port-network"),
            Via(Join(VSERVICE, "subnet_refs", kind("subnet"), "id"), "subnet-network"),
        ),
        doc="A network and the DHCP server, load balancer, firewall, VPN or distributed router that serves it.",
    ),
    LinkType(
        name="vservice-vedge", source="vservice", target="vedge", tracked=True, carry="source.networks",
        rules=(Join(VSERVICE, "gateway_chassis", VEDGE, "chassis"),),
        doc="A distributed router and the switching process of its gateway.",
    ),
)  # fmt: skip

NETWORK_LINKS = (
    LinkType(
        name="host_pnic-network", source="host_pnic", target="network", tracked=True, carry="target.id",
        rules=(
            Via(Join(HOST_PNIC, ("host", "media"), ANY, ("host", "medium")), Join(ANY, "networks", NETWORK, "id")),
        ),
        doc="A physical NIC and the networks bound on its host whose frames it can carry.",
    ),
)  # fmt: skip

LINK_TYPES: tuple[LinkType, ...] = (*DEVICE_LINKS, *ROLE_LINKS, *TRACKED_LINKS, *NETWORK_LINKS)
CODES: dict[str, int] = {link.name: code for code, link in enumerate(LINK_TYPES)}
