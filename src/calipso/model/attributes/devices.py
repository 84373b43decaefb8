"""What every interface can carry, and the objects beside interfaces that netlink tells of."""

from __future__ import annotations

from calipso.model.attributes.declare import INTERFACE, Attribute, Entry, Field, ListOf, MapOf

_IF = (INTERFACE,)
_NETNS = ("netns",)
_OTEP = ("otep",)
_SEGMENT = ("segment",)
_VF = ("vf",)
_FUNCTION: tuple[tuple[Field, str, str], ...] = (
    (Field("index", "integer"), "struct ifla_vf_mac vf", "number of the virtual function"),
    (Field("mac", "text"), "IFLA_VF_MAC", "the address it was given"),
    (Field("vlan", "integer"), "IFLA_VF_VLAN", "VLAN its frames are put in, 0 for none"),
    (Field("qos", "integer"), "IFLA_VF_VLAN", "priority of those frames"),
    (Field("min_tx_rate", "integer", "Mbit/s"), "IFLA_VF_RATE", "bandwidth it is assured of, 0 for none"),
    (Field("max_tx_rate", "integer", "Mbit/s"), "IFLA_VF_RATE", "bandwidth it may use, 0 for any"),
    (Field("spoof_check", "boolean"), "IFLA_VF_SPOOFCHK", "frames from other addresses are dropped"),
    (Field("link_state", "text"), "IFLA_VF_LINK_STATE", "`auto`, `enable` or `disable`"),
    (Field("trust", "boolean"), "IFLA_VF_TRUST", "it may change its address and be promiscuous"),
)

DEVICES: tuple[Attribute, ...] = (
    # namespaces
    Attribute("host", "text", (INTERFACE, "netns", "otep", "vf"), "", "the host it is on"),
    Attribute("name", "text", _NETNS, "ip-netns(8)", "name of the namespace, or what stands for it"),
    Attribute("inode", "integer", _NETNS, "namespaces(7)", "what tells the namespace from others while it lives"),
    Attribute("path", "text", _NETNS, "namespaces(7)", "the first file that leads to it"),
    Attribute("paths", ListOf("text"), _NETNS, "namespaces(7)", "all files that lead to it"),
    Attribute("state", "text", _NETNS, "", "`unknown` when it could not be read, else absent"),
    Attribute("reason", "text", _NETNS, "", "why it could not be read"),
    # what an interface is
    Attribute("netns", "text", _IF, "", "id of its namespace; the host's id for the root namespace"),
    Attribute("name", "text", _IF, "IFLA_IFNAME", "its name in its namespace"),
    Attribute("ifindex", "integer", _IF, "struct ifinfomsg ifi_index", "its number in its namespace"),
    Attribute("was", "text", _IF, "IFLA_NEW_NETNSID, IFLA_NEW_IFINDEX", "the id it had before it was renamed or moved"),
    Attribute("alias", "text", _IF, "IFLA_IFALIAS", "a description that was set"),
    Attribute("altnames", ListOf("text"), _IF, "IFLA_PROP_LIST", "its other names"),
    Attribute("group", "integer", _IF, "IFLA_GROUP", "device group, absent for the default group 0"),
    Attribute("encap", "text", _IF, "ARPHRD_…", "link-layer type"),
    Attribute("mac", "text", _IF, "IFLA_ADDRESS", "link-layer address, absent when all zeros or an IP address"),
    Attribute("permanent_mac", "text", _IF, "IFLA_PERM_ADDRESS", "the address its hardware has"),
    Attribute("mtu", "integer", _IF, "IFLA_MTU", "largest packet", "bytes"),
    Attribute("min_mtu", "integer", _IF, "IFLA_MIN_MTU", "smallest MTU it can be set to", "bytes"),
    Attribute("max_mtu", "integer", _IF, "IFLA_MAX_MTU", "largest MTU it can be set to, 0 for any", "bytes"),
    # whether it works
    Attribute("flags", ListOf("text"), _IF, "netdevice(7) IFF_…", "device flags, lowest bit first"),
    Attribute("operstate", "text", _IF, "IFLA_OPERSTATE", "state by RFC 2863, lower case"),
    Attribute("state", "text", _IF, "", "`up` when administratively up and working, else `down`"),
    Attribute("carrier", "boolean", _IF, "IFLA_CARRIER", "the physical or emulated link is there"),
    Attribute("proto_down", "boolean", _IF, "IFLA_PROTO_DOWN", "a protocol keeps it down, absent when not"),
    Attribute("promiscuity", "integer", _IF, "IFLA_PROMISCUITY", "how many want all frames, absent for none"),
    # addresses
    Attribute("addresses", ListOf("text"), _IF, "RTM_NEWADDR", "all its IP addresses with prefix length, IPv4 first"),
    Attribute("ips", ListOf("text"), _IF, "RTM_NEWADDR", "its addresses without loopback and link-local, no prefix"),
    Attribute("address_peers", MapOf("text"), _IF, "IFA_ADDRESS", "point-to-point: own address to the other end's"),
    Attribute("duplicate_addresses", ListOf("text"), _IF, "IFA_F_DADFAILED", "addresses that somebody else has"),
    # what it hangs on
    Attribute("master", "integer", _IF, "IFLA_MASTER", "ifindex of the bridge, bond or VRF it belongs to"),
    Attribute("slave_kind", "text", _IF, "IFLA_INFO_SLAVE_KIND", "kind of that device"),
    Attribute("peer_netns", "text", _IF, "IFLA_LINK_NETNSID", "cable: namespace id of the other end"),
    Attribute("peer_ifindex", "integer", _IF, "IFLA_LINK", "cable: ifindex of the other end"),
    Attribute("peer_nsid", "integer", _IF, "IFLA_LINK_NETNSID", "cable: number of a namespace that is not this host's"),
    Attribute("parent_netns", "text", _IF, "IFLA_LINK_NETNSID", "namespace id of the device it is made upon"),
    Attribute("parent_ifindex", "integer", _IF, "IFLA_LINK", "ifindex of the device it is made upon"),
    Attribute("parent_nsid", "integer", _IF, "IFLA_LINK_NETNSID", "the same namespace's number when not this host's"),
    Attribute("underlay_netns", "text", _IF, "IFLA_LINK_NETNSID", "tunnel: namespace id that it sends from"),
    Attribute("underlay_ifindex", "integer", _IF, "IFLA_LINK", "tunnel: ifindex of the device it sends by"),
    Attribute("underlay_nsid", "integer", _IF, "IFLA_LINK_NETNSID", "the same namespace's number when not this host's"),
    Attribute("segment", "text", ("vlan", "vxlan", "geneve"), "", "id of the segment that its number stands for"),
    # hardware and driver
    Attribute("driver", "text", _IF, "ETHTOOL_GDRVINFO", "name of its driver"),
    Attribute("firmware", "text", _IF, "ETHTOOL_GDRVINFO", "version of its firmware"),
    Attribute("speed", "integer", _IF, "ETHTOOL_GSET", "rate of the link", "Mbit/s"),
    Attribute("duplex", "text", _IF, "ETHTOOL_GSET", "`half` or `full`"),
    Attribute("features", MapOf("boolean"), _IF, "ETHTOOL_GFEATURES", "offloads it can have, and whether they are on"),
    Attribute("bus", "text", _IF, "IFLA_PARENT_DEV_BUS_NAME", "bus it sits on: `pci`, `virtio`, `usb`, `vmbus` …"),
    Attribute("bus_address", "text", _IF, "IFLA_PARENT_DEV_NAME", "its place on that bus"),
    Attribute("is_representor", "boolean", _IF, "IFLA_PHYS_PORT_NAME", "it stands for a function of a switching NIC"),
    Attribute("phys_port_id", "text", _IF, "IFLA_PHYS_PORT_ID", "identity of the physical port, hexadecimal"),
    Attribute("phys_port_name", "text", _IF, "IFLA_PHYS_PORT_NAME", "the switching NIC's name of the port"),
    Attribute("phys_switch_id", "text", _IF, "IFLA_PHYS_SWITCH_ID", "identity of the switching NIC, hexadecimal"),
    Attribute("vfs", ListOf(Entry(tuple(field for field, _, _ in _FUNCTION))), _IF, "IFLA_VFINFO_LIST",
              "its SR-IOV virtual functions"),
    Attribute("xdp", Entry((Field("mode", "text"), Field("program", "integer"))), _IF, "IFLA_XDP",
              "how the BPF program at its entry is attached, and the program's id"),
    # queues
    Attribute("qdisc", "text", _IF, "IFLA_QDISC", "queueing discipline at its root"),
    Attribute("txqlen", "integer", _IF, "IFLA_TXQLEN", "length of the transmit queue", "packets"),
    Attribute("num_tx_queues", "integer", _IF, "IFLA_NUM_TX_QUEUES", "transmit queues"),
    Attribute("num_rx_queues", "integer", _IF, "IFLA_NUM_RX_QUEUES", "receive queues"),
    Attribute("gso_max_size", "integer", _IF, "IFLA_GSO_MAX_SIZE", "largest packet handed on to be cut", "bytes"),
    Attribute("gso_max_segs", "integer", _IF, "IFLA_GSO_MAX_SEGS", "into how many pieces at most"),
    Attribute("gro_max_size", "integer", _IF, "IFLA_GRO_MAX_SIZE", "largest packet put together", "bytes"),
    # virtual functions without a device
    Attribute("owner", "text", _VF, "", "id of the device it is a function of"),
    Attribute("name", "text", _VF, "", "`vf` and its number"),
    *(Attribute(field.name, field.value, _VF, source, doc, field.unit) for field, source, doc in _FUNCTION),
    # tunnel endpoints
    Attribute("netns", "text", _OTEP, "", "id of the namespace it sends from"),
    Attribute("overlay_type", "text", _OTEP, "", "`vxlan`, `geneve`, `gre` or `ipip`"),
    Attribute("ip", "text", _OTEP, "IFLA_…_LOCAL", "its address, absent when the routes decide"),
    Attribute("udp_port", "integer", _OTEP, "IFLA_…_PORT", "port of its tunnels"),
    Attribute("tunnels", ListOf("text"), _OTEP, "", "ids of the devices that tunnel through it"),
    # segments
    Attribute("name", "text", _SEGMENT, "", "the segment's key"),
    Attribute("key", "text", _SEGMENT, "", "network type, physical network and number, `-` where there is none"),
    Attribute("network_type", "text", _SEGMENT, "", "`vxlan` or `geneve`"),
    Attribute("segmentation_id", "integer", _SEGMENT, "IFLA_…_ID", "number of the segment"),
)  # fmt: skip
