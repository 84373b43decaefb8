"""What OVN tells: ovn-nb(5) and ovn-sb(5)."""

from __future__ import annotations

from calipso.model.attributes.declare import Attribute, Entry, Facet, Field, ListOf, MapOf

_NETWORK, _SEGMENT, _SUBNET, _PORT, _ROUTER = ("network",), ("segment",), ("subnet",), ("port",), ("router",)
_FLOATING, _BALANCER, _GROUP = ("floating_ip",), ("load_balancer",), ("security_group",)
_HOST, _OVS, _OTEP, _NIC = ("host",), ("ovs",), ("otep",), ("nic",)
_TEXTS = ListOf("text")
_PAIRS = MapOf("text")

_ROUTER_PORT = Entry(
    (
        Field("name", "text"),
        Field("mac", "text"),
        Field("networks", _TEXTS),
        Field("peer", "text"),
        Field("enabled", "boolean"),
    )
)
_GATEWAY = Entry((Field("chassis", "text"), Field("port", "text"), Field("priority", "integer")))
_NAT = Entry(
    (
        Field("type", "text"),
        Field("external_ip", "text"),
        Field("logical_ip", "text"),
        Field("external_mac", "text"),
        Field("external_port_range", "text"),
        Field("logical_port", "text"),
    )
)
_ROUTE = Entry(
    (
        Field("prefix", "text"),
        Field("nexthop", "text"),
        Field("output_port", "text"),
        Field("policy", "text"),
        Field("route_table", "text"),
    )
)
_VIP = Entry((Field("vip", "text"), Field("backends", _TEXTS)))

_SHARED = (
    Attribute(
        "uuid", "text", (*_NETWORK, *_PORT, *_ROUTER, *_FLOATING, *_BALANCER, *_GROUP), "OVSDB _uuid",
        "its row in the Northbound database",
    ),
    Attribute(
        "external_ids", _PAIRS, (*_NETWORK, *_SUBNET, *_PORT, *_ROUTER, *_BALANCER, *_GROUP), "external_ids",
        "others' notes",
    ),
    Attribute("options", _PAIRS, (*_PORT, *_ROUTER, *_BALANCER, *_OTEP), "options", "rarer settings"),
    Attribute("host", "text", (*_HOST, *_OVS, *_OTEP, *_NIC), "Chassis hostname", "the host, as its chassis names it"),
    Attribute(
        "network_id", "text", (*_SEGMENT, *_SUBNET, *_PORT, *_FLOATING), "Logical_Switch ports", "id of its network"
    ),
)  # fmt: skip

_SWITCHES = (
    Attribute("name", "text", _NETWORK, "external_ids:neutron:network_name, Logical_Switch name", "its name"),
    Attribute("switch_name", "text", _NETWORK, "Logical_Switch name", "what OVN calls it"),
    Attribute("network_type", "text", (*_NETWORK, *_SEGMENT), "localnet port, Neutron's notes", "`vlan`, `geneve` …"),
    Attribute("physical_network", "text", (*_NETWORK, *_SEGMENT), "options:network_name", "what carries it"),
    Attribute("mtu", "integer", _NETWORK, "external_ids:neutron:mtu", "largest packet", "bytes"),
    Attribute("acl_count", "integer", (*_NETWORK, *_GROUP), "Logical_Switch acls, Port_Group acls", "number of rules"),
    Attribute("qos_count", "integer", _NETWORK, "Logical_Switch qos_rules", "number of rules"),
    Attribute("other_config", _PAIRS, _NETWORK, "Logical_Switch other_config", "rarer settings"),
    Attribute("name", "text", _SEGMENT, "", "the segment's key"),
    Attribute("key", "text", _SEGMENT, "", "network type, physical network and number, `-` where there is none"),
    Attribute("segmentation_id", "integer", _SEGMENT, "Logical_Switch_Port tag", "number of the segment"),
    Attribute("localnet_port", "text", _SEGMENT, "Logical_Switch_Port name", "the port that joins the switch to it"),
    Attribute("name", "text", _SUBNET, "", "its prefix"),
    Attribute("cidr", "text", _SUBNET, "DHCP_Options cidr", "its prefix"),
    Attribute("gateway_ip", "text", _SUBNET, "options:router", "the router that DHCP tells"),
    Attribute("dns_nameservers", _TEXTS, _SUBNET, "options:dns_server", "name servers that DHCP tells"),
    Attribute("dhcp_server_ip", "text", _SUBNET, "options:server_id", "address that DHCP answers from"),
    Attribute("dhcp_server_mac", "text", _SUBNET, "options:server_mac", "link-layer address that DHCP answers from"),
    Attribute("dhcp_options", _PAIRS, _SUBNET, "DHCP_Options options", "all that DHCP tells"),
    Attribute("name", "text", _GROUP, "Port_Group name", "name of the port group"),
    Attribute("port_group", "text", _GROUP, "Port_Group name", "what OVN calls it"),
)

_PORTS = (
    Attribute("name", "text", _PORT, "external_ids:neutron:port_name, Logical_Switch_Port name", "its name"),
    Attribute("port_id", "text", (*_PORT, *_NIC), "Logical_Switch_Port name", "what interfaces name by iface-id"),
    Attribute("port_type", "text", _PORT, "Logical_Switch_Port type", "`router`, `localport` …; none: a guest's"),
    Attribute("mac", "text", (*_PORT, *_NIC), "Logical_Switch_Port addresses", "link-layer address"),
    Attribute("addresses", _TEXTS, _PORT, "addresses, dynamic_addresses", "as OVN writes them"),
    Attribute("ips", _TEXTS, _PORT, "addresses, dynamic_addresses", "IP addresses"),
    Attribute("port_security", _TEXTS, _PORT, "Logical_Switch_Port port_security", "what it may send from"),
    Attribute("enabled", "boolean", (*_PORT, *_ROUTER), "enabled", "administrative state"),
    Attribute("tag", "integer", _PORT, "Logical_Switch_Port tag", "VLAN on its parent"),
    Attribute("parent_port", "text", _PORT, "Logical_Switch_Port parent_name", "name of the port that carries it"),
    Attribute("device_id", "text", _PORT, "external_ids:neutron:device_id, router-port", "what it is for"),
    Attribute("device_owner", "text", _PORT, "external_ids:neutron:device_owner", "kind of what it is for"),
    Attribute("project", "text", _PORT, "external_ids:neutron:project_id", "who owns it"),
    Attribute("requested_chassis", "text", _PORT, "options:requested-chassis", "chassis that should claim it"),
    Attribute("router_port", "text", _PORT, "options:router-port", "the router's end of it"),
    Attribute("security_groups", _TEXTS, _PORT, "Port_Group ports", "ids of the groups that hold it"),
    Attribute("dhcp", _TEXTS, _PORT, "dhcpv4_options, dhcpv6_options", "prefixes that DHCP answers it from"),
    Attribute("instance", "text", _NIC, "external_ids:neutron:device_id", "id of the guest"),
)  # fmt: skip

_ROUTERS = (
    Attribute("name", "text", _ROUTER, "external_ids:neutron:router_name, Logical_Router name", "its name"),
    Attribute("router_name", "text", _ROUTER, "Logical_Router name", "what OVN calls it"),
    Attribute("router_id", "text", (*_ROUTER, *_FLOATING), "Logical_Router name", "UUID that it goes by"),
    Attribute("ports", ListOf(_ROUTER_PORT), _ROUTER, "Logical_Router_Port", "its ports with addresses"),
    Attribute("gateways", ListOf(_GATEWAY), _ROUTER, "Gateway_Chassis, HA_Chassis", "chassis that may be its gateway"),
    Attribute("nat", ListOf(_NAT), _ROUTER, "NAT", "what it translates"),
    Attribute("static_routes", ListOf(_ROUTE), _ROUTER, "Logical_Router_Static_Route", "its routes"),
    Attribute("policy_count", "integer", _ROUTER, "Logical_Router policies", "number of routing policies"),
    Attribute("name", "text", _FLOATING, "", "its address"),
    Attribute("ip", "text", _FLOATING, "NAT external_ip", "its address"),
    Attribute("fixed_ip", "text", _FLOATING, "NAT logical_ip", "the address behind it"),
    Attribute("port_id", "text", _FLOATING, "NAT logical_port, Neutron's notes", "the port behind it"),
    Attribute("distributed", "boolean", _FLOATING, "NAT external_mac", "translated where the port is"),
    Attribute("external_mac", "text", _FLOATING, "NAT external_mac", "link-layer address it answers from"),
    Attribute("name", "text", _BALANCER, "Load_Balancer name", "its name"),
    Attribute("service_type", "text", _BALANCER, "", "`load_balancer`"),
    Attribute("protocol", "text", _BALANCER, "Load_Balancer protocol", "`tcp`, `udp` or `sctp`"),
    Attribute("vips", ListOf(_VIP), _BALANCER, "Load_Balancer vips", "addresses, and what is behind each"),
    Attribute("network_ids", _TEXTS, _BALANCER, "Logical_Switch load_balancer", "ids of networks that balance"),
    Attribute("router_refs", _TEXTS, _BALANCER, "Logical_Router load_balancer", "ids of routers that balance"),
)  # fmt: skip

_CHASSIS = (
    Attribute("name", "text", (*_HOST, *_OVS, *_OTEP), "Chassis hostname", "its host name; `ovs`; its address"),
    Attribute("fqdn", "text", _HOST, "Chassis hostname", "its host name, if it is a full one"),
    Attribute("chassis", _TEXTS, _HOST, "Chassis name", "chassis it is; more than one: rows of former ones"),
    Attribute("stated_addresses", _TEXTS, _HOST, "Encap ip", "addresses of its tunnels"),
    Attribute("system_id", "text", _OVS, "Chassis name", "its identity"),
    Attribute("hostname", "text", _OVS, "Chassis hostname", "name of the host, as it says"),
    Attribute("bridge_mappings", _PAIRS, _OVS, "other_config:ovn-bridge-mappings", "physical network to bridge name"),
    Attribute("cms_options", _TEXTS, _OVS, "other_config:ovn-cms-options", "`enable-chassis-as-gw` …"),
    Attribute("datapath_type", "text", _OVS, "other_config:datapath-type", "`system` (kernel) or `netdev` (userspace)"),
    Attribute("transport_zones", _TEXTS, _OVS, "Chassis transport_zones", "chassis tunnel only within one"),
    Attribute("overlay_type", "text", _OTEP, "Encap type", "encapsulation"),
    Attribute("ip", "text", _OTEP, "Encap ip", "its address"),
    Attribute("vedge", "text", _OTEP, "", "id of its Open vSwitch"),
)  # fmt: skip

_BINDINGS = (
    Attribute(
        "tunnel_key", "integer", (*_NETWORK, *_ROUTER, *_PORT), "Datapath_Binding, Port_Binding tunnel_key",
        "its number on the wire",
    ),
    Attribute("gateway_chassis", _TEXTS, _ROUTER, "Port_Binding chassis", "chassis that have claimed its gateways"),
    Attribute("host", "text", _PORT, "Chassis hostname", "the host whose chassis has claimed it"),
    Attribute("chassis", "text", _PORT, "Port_Binding chassis", "the chassis that has claimed it; none: not claimed"),
    Attribute("additional_chassis", _TEXTS, _PORT, "Port_Binding additional_chassis", "others, while it migrates"),
    Attribute("medium", "text", _PORT, "", "`overlay/TYPE` or `physnet/NAME`: what carries its frames"),
    Attribute("up", "boolean", _PORT, "Port_Binding up", "all is set up where it is claimed"),
    Attribute("virtual_parent", "text", _PORT, "Port_Binding virtual_parent", "virtual port: who holds it"),
    Attribute("name", "text", _SEGMENT, "", "the segment's key"),
    Attribute("key", "text", _SEGMENT, "", "network type, physical network and number, `-` where there is none"),
    Attribute("network_type", "text", _SEGMENT, "Encap type", "encapsulation that chassis prefer"),
    Attribute("segmentation_id", "integer", _SEGMENT, "Datapath_Binding tunnel_key", "number on the wire"),
    Attribute("network_id", "text", _SEGMENT, "Datapath_Binding external_ids", "id of its network"),
)  # fmt: skip

OVN_FACETS: tuple[Facet, ...] = (
    Facet(
        "ovn",
        "What was ordered of OVN, and its chassis.",
        (*_SHARED, *_SWITCHES, *_PORTS, *_ROUTERS, *_CHASSIS),
    ),
    Facet("ovn.bindings", "Who has claimed what was ordered, and what it is on the wire.", _BINDINGS),
)
