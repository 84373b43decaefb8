"""What Open vSwitch tells: ovs-vswitchd.conf.db(5), ovs-ofctl(8), ovs-appctl(8)."""

from __future__ import annotations

from calipso.model.attributes.declare import INTERFACE, Attribute, Entry, Facet, Field, ListOf, MapOf

_OVS, _BRIDGE, _PORT, _NIC, _OTEP = ("ovs",), ("ovsbridge",), ("ovsport",), ("nic",), ("otep",)
_IF = (INTERFACE,)
_SEGMENT = ("segment",)
_RULE, _GROUP = ("ofrule",), ("ofgroup",)
_TEXTS = ListOf("text")
_PAIRS = MapOf("text")

_MIRROR = Entry(
    (
        Field("name", "text"),
        Field("select_all", "boolean"),
        Field("select_src_port", _TEXTS),
        Field("select_dst_port", _TEXTS),
        Field("select_vlan", ListOf("integer")),
        Field("output_port", _TEXTS),
        Field("output_vlan", "integer"),
    )
)
_EXPORT = Entry(
    (
        Field("targets", _TEXTS),
        Field("agent", "text"),
        Field("sampling", "integer", "packets per sample"),
        Field("polling", "integer", "s"),
    )
)
_MEANING = Entry((Field("tag", "integer"), Field("segment", "text"), Field("medium", "text")))
_LEARNT = Entry((Field("port", "text"), Field("vlan", "integer"), Field("mac", "text")))

_SEGMENTS = (
    Attribute("name", "text", _SEGMENT, "", "the segment's key"),
    Attribute("key", "text", _SEGMENT, "", "network type, physical network and number, `-` where there is none"),
    Attribute("network_type", "text", _SEGMENT, "", "`vlan`, `flat`, `vxlan` …"),
    Attribute("segmentation_id", "integer", _SEGMENT, "", "number of the segment"),
)
_PHYSICAL = Attribute("physical_network", "text", _SEGMENT, "", "physical network that carries it")

_INSTANCE = (
    Attribute("host", "text", (INTERFACE, "ovs", "ovsbridge", "ovsport", "nic", "otep"), "", "the host it is on"),
    Attribute("name", "text", _OVS, "", "name of the instance, `ovs` for the only one"),
    Attribute("netns", "text", (INTERFACE, "ovs", "otep"), "", "id of the namespace that ovs-vswitchd runs in"),
    Attribute("version", "text", _OVS, "Open_vSwitch ovs_version", "version of Open vSwitch"),
    Attribute("db_version", "text", _OVS, "Open_vSwitch db_version", "version of the database's schema"),
    Attribute("system_type", "text", _OVS, "Open_vSwitch system_type", "operating system it says it runs on"),
    Attribute("system_id", "text", _OVS, "external_ids:system-id", "its identity, the chassis name under OVN"),
    Attribute("hostname", "text", _OVS, "external_ids:hostname", "name of the host, as it says"),
    Attribute("bridge_mappings", _PAIRS, _OVS, "external_ids:ovn-bridge-mappings", "physical network to bridge name"),
    Attribute("encap_ip", "text", _OVS, "external_ids:ovn-encap-ip", "OVN: addresses of its tunnels"),
    Attribute("encap_type", "text", _OVS, "external_ids:ovn-encap-type", "OVN: encapsulations it takes"),
    Attribute("managers", _TEXTS, _OVS, "Manager target", "who may manage its database"),
    Attribute("uuid", "text", (INTERFACE, "ovsbridge", "ovsport"), "OVSDB _uuid", "its row in the database"),
    Attribute("ovs", "text", (INTERFACE, "ovsbridge", "ovsport"), "", "id of its Open vSwitch instance"),
    Attribute("owner", "text", (INTERFACE, "ovsbridge", "ovsport"), "", "id of what holds it: instance or bridge"),
    Attribute("bridge", "text", (INTERFACE, "ovsport"), "Bridge ports", "id of its bridge"),
    Attribute("external_ids", _PAIRS, (INTERFACE, "ovs", "ovsbridge", "ovsport"), "external_ids", "others' notes"),
    Attribute("other_config", _PAIRS, (INTERFACE, "ovs", "ovsbridge", "ovsport"), "other_config", "rarer settings"),
)  # fmt: skip

_BRIDGES = (
    Attribute("name", "text", _BRIDGE, "Bridge name", "name of the bridge"),
    Attribute("datapath_id", "text", _BRIDGE, "Bridge datapath_id", "OpenFlow datapath id, hexadecimal"),
    Attribute("datapath_type", "text", _BRIDGE, "Bridge datapath_type", "`system` (kernel) or `netdev` (userspace)"),
    Attribute("fail_mode", "text", _BRIDGE, "Bridge fail_mode", "what it does without its controller"),
    Attribute("protocols", _TEXTS, _BRIDGE, "Bridge protocols", "versions of OpenFlow it speaks"),
    Attribute("stp_enable", "boolean", _BRIDGE, "Bridge stp_enable", "spanning tree is on"),
    Attribute("rstp_enable", "boolean", _BRIDGE, "Bridge rstp_enable", "rapid spanning tree is on"),
    Attribute("controllers", _TEXTS, _BRIDGE, "Controller target", "its OpenFlow controllers"),
    Attribute("mirrors", ListOf(_MIRROR), _BRIDGE, "Mirror", "what is copied where, by names of ports"),
    Attribute("sflow", _EXPORT, _BRIDGE, "sFlow", "where sFlow samples go"),
    Attribute("netflow", _EXPORT, _BRIDGE, "NetFlow", "where NetFlow records go"),
    Attribute("ipfix", _EXPORT, _BRIDGE, "IPFIX", "where IPFIX records go"),
    Attribute("name", "text", _PORT, "Port name", "name of the port"),
    Attribute("tag", "integer", _PORT, "Port tag", "VLAN of its untagged frames"),
    Attribute("trunks", ListOf("integer"), _PORT, "Port trunks", "VLANs it carries tagged"),
    Attribute("vlan_mode", "text", _PORT, "Port vlan_mode", "`access`, `trunk`, `native-tagged` …"),
    Attribute("interfaces", _TEXTS, _PORT, "Port interfaces", "ids of its interfaces; more than one: a bond"),
    Attribute("bond_mode", "text", _PORT, "Port bond_mode", "how frames are spread"),
    Attribute("lacp", "text", _PORT, "Port lacp", "`active`, `passive` or `off`"),
    Attribute("segment", "text", _PORT, "other_config:network_type …", "id of the segment a Neutron agent notes"),
    Attribute("network_id", "text", ("ovsport", "segment"), "other_config:net_uuid", "id of the network it notes"),
)  # fmt: skip

_INTERFACES = (
    Attribute("name", "text", _IF, "Interface name", "name of the interface"),
    Attribute("port", "text", _IF, "Port interfaces", "id of its port"),
    Attribute("ofport", "integer", _IF, "Interface ofport", "its OpenFlow number"),
    Attribute("ifindex", "integer", _IF, "Interface ifindex", "number of its device, where it is one"),
    Attribute("ovs_mac", "text", _IF, "Interface mac_in_use", "link-layer address that Open vSwitch uses"),
    Attribute("ovs_link_state", "text", _IF, "Interface link_state", "`up` or `down`, as Open vSwitch sees it"),
    Attribute("ovs_admin_state", "text", _IF, "Interface admin_state", "`up` or `down`, as Open vSwitch sees it"),
    Attribute("mtu", "integer", _IF, "Interface mtu", "largest packet", "bytes"),
    Attribute("error", "text", _IF, "Interface error", "why it does not work"),
    Attribute("iface_id", "text", (INTERFACE, "nic"), "external_ids:iface-id", "the port of a VIM it was plugged for"),
    Attribute("attached_mac", "text", _IF, "external_ids:attached-mac", "address of the guest's NIC behind it"),
    Attribute("vm_uuid", "text", _IF, "external_ids:vm-uuid, vm-id", "the instance behind it"),
    Attribute("iface_status", "text", _IF, "external_ids:iface-status", "`active` or `inactive`"),
    Attribute("options", _PAIRS, _IF, "Interface options", "settings of its type, without keys"),
    Attribute("peer_name", "text", _IF, "options:peer", "patch: name of the other end"),
    Attribute("socket", "text", _IF, "options:vhost-server-path", "vhost-user: path of the guest's socket"),
    Attribute("remote_ip", "text", _IF, "options:remote_ip", "tunnel: address it sends to, `flow`: each packet's"),
    Attribute("local_ip", "text", _IF, "options:local_ip", "tunnel: address it sends from"),
    Attribute("key", "text", _IF, "options:key, options:in_key", "tunnel: its key, `flow`: each packet's"),
    Attribute("udp_port", "text", _IF, "options:dst_port", "tunnel: destination port, as it was written"),
    Attribute("tunnel_egress", "text", _IF, "status:tunnel_egress_iface", "tunnel: interface its packets leave by"),
    Attribute("instance", "text", _NIC, "external_ids:vm-uuid", "id of the guest"),
    Attribute("mac", "text", _NIC, "external_ids:attached-mac", "address of the guest's NIC"),
    Attribute("port_id", "text", _NIC, "external_ids:iface-id", "the port of a VIM it was made for"),
    Attribute("name", "text", _OTEP, "", "its address, else its type"),
    Attribute("overlay_type", "text", _OTEP, "Interface type", "encapsulation"),
    Attribute("ip", "text", _OTEP, "options:local_ip", "its address, absent when the routes decide"),
    Attribute("vedge", "text", _OTEP, "", "id of its Open vSwitch instance"),
    Attribute("tunnels", _TEXTS, _OTEP, "", "ids of the interfaces that tunnel through it"),
)  # fmt: skip

_OPENFLOW = (
    Attribute("host", "text", ("ofrule", "ofgroup"), "", "the host it is on"),
    Attribute("ovs", "text", ("ofrule", "ofgroup"), "", "id of its Open vSwitch instance"),
    Attribute("bridge", "text", ("ofrule", "ofgroup"), "", "id of its bridge"),
    Attribute("owner", "text", ("ofrule", "ofgroup"), "", "id of its bridge"),
    Attribute("name", "text", ("ofrule", "ofgroup"), "", "table and priority, or the group's number"),
    Attribute("table", "integer", _RULE, "ovs-ofctl(8) table", "its table"),
    Attribute("priority", "integer", _RULE, "ovs-ofctl(8) priority", "the highest that matches counts"),
    Attribute("cookie", "text", _RULE, "ovs-ofctl(8) cookie", "the controller's mark, hexadecimal"),
    Attribute("match", _PAIRS, _RULE, "ovs-fields(7)", "field to value; empty for a protocol's name"),
    Attribute("actions", "text", _RULE, "ovs-actions(7)", "what is done, as Open vSwitch prints it"),
    Attribute("number", "integer", _GROUP, "ovs-ofctl(8) group_id", "its number"),
    Attribute("group_type", "text", _GROUP, "ovs-ofctl(8) type", "`all`, `select`, `indirect` or `ff`"),
    Attribute("buckets", _TEXTS, _GROUP, "ovs-ofctl(8) bucket", "its buckets, as Open vSwitch prints them"),
)

_MEANINGS = (
    Attribute("host", "text", _OVS, "", "the host it is on"),
    Attribute("segments", ListOf(_MEANING), _OVS, "", "VLAN tag, the segment it stands for and that segment's medium"),
)

OVS_FACETS: tuple[Facet, ...] = (
    Facet(
        "ovs",
        "An Open vSwitch's database: instance, bridges, ports, interfaces, and what its agents note in it.",
        (*_INSTANCE, *_BRIDGES, *_INTERFACES, *_SEGMENTS, _PHYSICAL),
    ),
    Facet("ovs.segments", "What VLAN tags of an instance mean, by tunnel ports with a key.", _MEANINGS),
    Facet("ovs.segments.flows", "What VLAN tags of an instance mean, by OpenFlow rules.", _MEANINGS),
    Facet("ovs.flows", "OpenFlow rules and groups without counters, and segments they name.", (*_OPENFLOW, *_SEGMENTS)),
    Facet(
        "ovs.fdb",
        "What a bridge has learnt. Ages are left out.",
        (
            Attribute("host", "text", _BRIDGE, "", "the host it is on"),
            Attribute("fdb", ListOf(_LEARNT), _BRIDGE, "ovs-appctl(8) fdb/show", "OpenFlow port, VLAN and address"),
        ),
    ),
)
