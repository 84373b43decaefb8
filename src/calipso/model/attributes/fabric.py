"""What LLDP and SNMP tell of the fabric: IEEE 802.1AB, lldpcli(8)."""

from __future__ import annotations

from calipso.model.attributes.declare import Attribute, Entry, Facet, Field, ListOf

_SWITCH, _PORT, _DEVICE, _HOST = ("switch",), ("switchport",), ("device",), ("host",)
_TEXTS = ListOf("text")
_VLAN = Entry((Field("id", "integer"), Field("name", "text")))
_NEIGHBOR = Entry(
    (
        Field("protocol", "text"),
        Field("name", "text"),
        Field("chassis_id", "text"),
        Field("chassis_id_subtype", "text"),
        Field("port_id", "text"),
        Field("port_id_subtype", "text"),
        Field("port_description", "text"),
        Field("is_switch", "boolean"),
    )
)

LLDP = Facet(
    "lldp",
    "Switches and their ports as hosts hear them, and which device hears which. Ages go nowhere.",
    (
        Attribute("name", "text", _SWITCH, "802.1AB System Name", "its name, else its chassis id"),
        Attribute("name", "text", _PORT, "802.1AB Port ID, Port Description", "its interface's name as far as told"),
        Attribute("name", "text", _DEVICE, "lldpcli(8)", "its name"),
        Attribute("host", "text", ("device", "host"), "", "the host it is on"),
        Attribute("netns", "text", _DEVICE, "", "id of the host: lldpd looks at the host's own namespace"),
        Attribute("chassis_id", "text", ("switch", "host"), "802.1AB Chassis ID", "what LLDP knows it by"),
        Attribute("chassis_id_subtype", "text", ("switch", "host"), "802.1AB Chassis ID", "`mac`, `ifname`, `local` …"),
        Attribute("description", "text", _SWITCH, "802.1AB System Description", "hardware and software"),
        Attribute("description", "text", _PORT, "802.1AB Port Description", "the port in its switch's words"),
        Attribute("management_ips", _TEXTS, _SWITCH, "802.1AB Management Address", "addresses it is managed by"),
        Attribute("capabilities", _TEXTS, _SWITCH, "802.1AB System Capabilities", "those enabled, `Bridge` …"),
        Attribute("switch", "text", _PORT, "", "id of its switch"),
        Attribute("port_id", "text", _PORT, "802.1AB Port ID", "what LLDP knows it by"),
        Attribute("port_id_subtype", "text", _PORT, "802.1AB Port ID", "`mac`, `ifname`, `local` …"),
        Attribute("mac", "text", _PORT, "802.1AB Port ID", "its address, where that is its id"),
        Attribute("largest_frame", "integer", _PORT, "802.3 Maximum Frame Size", "with headers", "octets"),
        Attribute("aggregation", "integer", _PORT, "802.1 Link Aggregation", "number of the port it is a member of"),
        Attribute("medium", "text", _PORT, "802.3 MAC/PHY Configuration", "operational speed and medium"),
        Attribute("pvid", "integer", _PORT, "802.1 Port VLAN ID", "VLAN of untagged frames"),
        Attribute("vlans", ListOf(_VLAN), _PORT, "802.1 VLAN Name", "the VLANs it tells"),
        Attribute("neighbor_devices", _TEXTS, _PORT, "lldpcli(8)", "ids of the devices that hear it"),
        Attribute("switch_ports", _TEXTS, _DEVICE, "", "ids of the switch ports that it hears"),
        Attribute("lldp_neighbors", ListOf(_NEIGHBOR), _DEVICE, "lldpcli(8)", "everybody it hears, also hosts"),
    ),
)  # fmt: skip

_SNMP_VLAN = Entry((Field("id", "integer"), Field("name", "text"), Field("untagged", "boolean")))
_ENTRY = Entry((Field("mac", "text"), Field("fid", "integer")))

SNMP = Facet(
    "snmp",
    "A switch and its ports as it tells them itself. Counters and ages go nowhere.",
    (
        Attribute("name", "text", _SWITCH, "sysName", "its name"),
        Attribute("name", "text", _PORT, "ifName, ifDescr", "its interface's name"),
        Attribute("chassis_id", "text", _SWITCH, "lldpLocChassisId", "else its bridge's address, else its name"),
        Attribute("chassis_id_subtype", "text", _SWITCH, "lldpLocChassisIdSubtype", "`mac`, `ifname`, `local` …"),
        Attribute("description", "text", _SWITCH, "sysDescr", "hardware and software"),
        Attribute("description", "text", _PORT, "ifAlias", "what people call it"),
        Attribute("object_id", "text", _SWITCH, "sysObjectID", "its make"),
        Attribute("location", "text", _SWITCH, "sysLocation", "where it is"),
        Attribute("switch", "text", _PORT, "", "id of its switch"),
        Attribute("port_id", "text", _PORT, "lldpLocPortId", "else its interface's name"),
        Attribute("port_id_subtype", "text", _PORT, "lldpLocPortIdSubtype", "`mac`, `ifname`, `local` …"),
        Attribute("ifindex", "integer", _PORT, "ifIndex", "number of its interface"),
        Attribute("mac", "text", _PORT, "ifPhysAddress", "its address"),
        Attribute("mtu", "integer", _PORT, "ifMtu", "largest packet", "octets"),
        Attribute("speed", "integer", _PORT, "ifHighSpeed", "rate", "Mb/s"),
        Attribute("admin_state", "text", _PORT, "ifAdminStatus", "as it is wanted"),
        Attribute("state", "text", _PORT, "ifOperStatus", "`up` or `down`"),
        Attribute("pvid", "integer", _PORT, "dot1qPvid", "VLAN of untagged frames"),
        Attribute("vlans", ListOf(_SNMP_VLAN), _PORT, "dot1qVlanCurrentEgressPorts", "the VLANs it carries"),
        Attribute("lldp_neighbors", ListOf(_NEIGHBOR), _PORT, "lldpRemTable", "everybody it hears"),
        Attribute("switch_ports", _TEXTS, _PORT, "", "ids of the switch ports that it hears"),
        Attribute("neighbor_macs", _TEXTS, _PORT, "lldpRemPortId", "MACs of hosts' NICs that it hears"),
        Attribute("neighbor_devices", _TEXTS, _PORT, "lldpRemSysName, lldpRemPortId", "ids of hosts' NICs it hears"),
    ),
)  # fmt: skip

SNMP_FDB = Facet(
    "snmp.fdb",
    "What a port has learnt. Ages go nowhere.",
    (Attribute("fdb", ListOf(_ENTRY), _PORT, "dot1qTpFdbPort, dot1dTpFdbPort", "MACs, with their filtering database"),),
)
