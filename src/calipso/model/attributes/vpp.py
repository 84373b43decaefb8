"""What VPP tells by `vppctl`: the process, its bridge domains, its interfaces and where its tunnels end."""

from __future__ import annotations

from calipso.model.attributes.declare import INTERFACE, Attribute, Facet, ListOf

_VPP, _BD, _OTEP, _SEGMENT = ("vpp",), ("vppbd",), ("otep",), ("segment",)
_IF = (INTERFACE,)
_ALL = (*_VPP, *_BD, *_OTEP, *_IF)
_TEXTS = ListOf("text")

VPP = Facet(
    "vpp",
    "A host's VPP, its bridge domains, interfaces and tunnel endpoints.",
    (
        Attribute("host", "text", _ALL, "", "the host it is on"),
        Attribute("netns", "text", (*_VPP, *_OTEP, *_IF), "", "id of the host: VPP's devices are in no namespace"),
        Attribute("name", "text", (*_ALL, *_SEGMENT), "show interface", "its name"),
        Attribute("version", "text", _VPP, "show version", "release"),
        Attribute("vedge", "text", (*_BD, *_OTEP, *_IF), "", "id of the VPP it is part of"),
        Attribute("bd_id", "integer", _BD, "show bridge-domain BD-ID", "its number"),
        Attribute(
            "mac_age", "integer", _BD, "show bridge-domain Age", "until an address is forgotten, 0: never", "min"
        ),
        Attribute("bvi", "text", _BD, "show bridge-domain BVI-Intf", "id of the interface that routes for it"),
        Attribute("learning", "boolean", _BD, "show bridge-domain Learning", "learns addresses"),
        Attribute("forwarding", "boolean", _BD, "show bridge-domain U-Forwrd", "forwards unicast"),
        Attribute("unknown_unicast_flooding", "boolean", _BD, "show bridge-domain UU-Flood", "floods unknown unicast"),
        Attribute("flooding", "boolean", _BD, "show bridge-domain Flooding", "floods broadcast and multicast"),
        Attribute("arp_termination", "boolean", _BD, "show bridge-domain ARP-Term", "answers ARP itself"),
        Attribute("owner", "text", _IF, "", "id of the VPP it is part of"),
        Attribute("index", "integer", _IF, "show interface Idx", "its number in VPP"),
        Attribute("admin_state", "text", _IF, "show interface State", "as it is wanted: `up`, `down`"),
        Attribute("link_state", "text", _IF, "show hardware-interfaces Link", "`up`, `down`"),
        Attribute("state", "text", _IF, "", "`up` when administratively up with a link, else `down`"),
        Attribute("mtu", "integer", _IF, "show interface MTU (L3)", "largest packet", "bytes"),
        Attribute("largest_frame", "integer", _IF, "show hardware-interfaces", "with headers", "octets"),
        Attribute("mac", "text", _IF, "show hardware-interfaces", "its address"),
        Attribute("driver", "text", _IF, "show hardware-interfaces", "what it is made by, in VPP's words"),
        Attribute("bus_address", "text", _IF, "show hardware-interfaces pci", "PCI address of a NIC"),
        Attribute("link_speed", "text", _IF, "show hardware-interfaces", "rate in VPP's words"),
        Attribute("addresses", _TEXTS, _IF, "show interface address", "its IP addresses with prefix length"),
        Attribute("ips", _TEXTS, _IF, "show interface address", "the same without prefix"),
        Attribute("is_bvi", "boolean", _IF, "show interface address", "it routes for its bridge domain"),
        Attribute("member_of", "text", _IF, "show interface address", "id of the bridge domain or bond it is in"),
        Attribute("crossed_with", "text", _IF, "show interface address", "id of the interface all its frames go to"),
        Attribute("lower", "text", _IF, "show interface, show tap", "id of what it is on, or cabled to"),
        Attribute("sub_id", "integer", _IF, "show interface", "number of a sub-interface"),
        Attribute("socket", "text", _IF, "show vhost-user", "path of its vhost-user socket"),
        Attribute("socket_role", "text", _IF, "show vhost-user", "VPP's end of it: `client`, `server`"),
        Attribute("bond_mode", "text", _IF, "show bond", "`lacp`, `active-backup` …"),
        Attribute("load_balance", "text", _IF, "show bond", "what a flow's member is chosen by"),
        Attribute("local_ip", "text", _IF, "show vxlan tunnel src", "where a tunnel begins"),
        Attribute("remote_ip", "text", _IF, "show vxlan tunnel dst", "where it ends"),
        Attribute("vni", "integer", _IF, "show vxlan tunnel vni", "its network identifier"),
        Attribute("udp_port", "integer", (*_IF, *_OTEP), "show vxlan tunnel dst_port", "UDP port of VXLAN"),
        Attribute("segment", "text", _IF, "", "id of the segment that a tunnel carries"),
        Attribute("overlay_type", "text", _OTEP, "", "`vxlan`"),
        Attribute("ip", "text", _OTEP, "show vxlan tunnel src", "address that tunnels begin at"),
        Attribute("tunnels", _TEXTS, _OTEP, "show vxlan tunnel", "ids of its tunnels"),
        Attribute("key", "text", _SEGMENT, "", "type, physical network, number"),
        Attribute("network_type", "text", _SEGMENT, "", "`vxlan`"),
        Attribute("segmentation_id", "integer", _SEGMENT, "show vxlan tunnel vni", "number of the segment"),
    ),
)
