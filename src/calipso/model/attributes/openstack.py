"""What the APIs of OpenStack tell: Keystone v3, Nova v2.1, Neutron v2.0, Glance v2."""

from __future__ import annotations

from calipso.model.attributes.declare import Attribute, Entry, Facet, Field, ListOf, MapOf

_R, _P, _H, _S, _A, _Z = ("region",), ("project",), ("host",), ("server",), ("aggregate",), ("availability_zone",)
_TEXTS, _PAIRS = ListOf("text"), MapOf("text")
_ENDPOINT = Entry(
    (*(Field(name, "text") for name in ("service", "service_type", "interface", "url")), Field("enabled", "boolean"))
)
_SERVICE = Entry(tuple(Field(name, "text") for name in ("binary", "status", "state", "zone", "disabled_reason")))

_KEYSTONE = (
    Attribute("name", "text", (*_R, *_P), "id, name", "what it is called"),
    Attribute("description", "text", (*_R, *_P), "description", "what its operator says of it"),
    Attribute("parent_region", "text", _R, "parent_region_id", "id of the region it is part of"),
    Attribute("endpoints", ListOf(_ENDPOINT), _R, "endpoints, services", "where its services answer"),
    Attribute("enabled", "boolean", _P, "enabled", "its users can log in"),
    Attribute("is_domain", "boolean", _P, "is_domain", "it is a domain, too"),
    Attribute("domain_id", "text", _P, "domain_id", "Keystone's id of its domain"),
    Attribute("parent_id", "text", _P, "parent_id", "Keystone's id of the project above it"),
)
_EXT, _STS = "OS-EXT-SRV-ATTR", "OS-EXT-STS"
_SERVERS = (
    Attribute("uuid", "text", (*_S, *_A), "id, uuid", "its identity"),
    Attribute("host", "text", (*_S, *_H), f"{_EXT}:host", "the host it is on, as its compute service says"),
    Attribute("node", "text", _S, f"{_EXT}:hypervisor_hostname", "hypervisor it is on, where not called as the host"),
    Attribute("status", "text", _S, "status", "`ACTIVE`, `BUILD`, `ERROR`, `SHUTOFF` …"),
    Attribute("vm_state", "text", _S, f"{_STS}:vm_state", "what it is meant to be"),
    Attribute("power_state", "text", _S, f"{_STS}:power_state", "what the hypervisor last said: `running` …"),
    Attribute("task_state", "text", _S, f"{_STS}:task_state", "what is being done with it"),
    Attribute("domain_name", "text", _S, f"{_EXT}:instance_name", "its name at the hypervisor"),
    Attribute("hostname", "text", _S, f"{_EXT}:hostname", "what it calls itself"),
    Attribute("availability_zone", "text", (*_S, *_H, *_A), "OS-EXT-AZ:availability_zone", "its zone"),
    Attribute("image_id", "text", _S, "image.id", "image it was made from"),
    Attribute("image", "text", _S, "Glance name", "name of that image"),
    Attribute("flavor", "text", _S, "flavor.original_name", "its flavor when it was made"),
    Attribute("vcpus", "integer", _S, "flavor.vcpus", "its processors"),
    Attribute("memory", "integer", _S, "flavor.ram", "its memory", "bytes"),
    Attribute("disk", "integer", _S, "flavor.disk", "its root disk", "bytes"),
    Attribute("addresses", _TEXTS, _S, "addresses", "addresses that Nova has noted, floating ones too"),
    Attribute("network_names", _TEXTS, _S, "addresses", "networks that Nova has noted"),
    Attribute("volumes", _TEXTS, _S, "os-extended-volumes:volumes_attached", "Cinder's ids of its volumes"),
    Attribute("created", "text", _S, "created", "when it was made, RFC 3339"),
    Attribute("description", "text", _S, "description", "what its owner says of it"),
    Attribute("locked", "boolean", _S, "locked", "true: only an administrator may change it"),
    Attribute("tags", _TEXTS, _S, "tags", "tags that users gave"),
    Attribute("project", "text", _S, "tenant_id", "name of its project, its id where Keystone does not tell"),
    Attribute("project_id", "text", _S, "tenant_id", "Keystone's id of its project"),
)
_HYP = "os-hypervisors"
_HOSTS = (
    Attribute("services", ListOf(_SERVICE), _H, "os-services", "services of Nova on it"),
    Attribute("roles", _TEXTS, _H, "", "`Compute`, `Controller`"),
    Attribute("hypervisor_hostname", "text", _H, f"{_HYP} hypervisor_hostname", "what its hypervisor is called"),
    Attribute("fqdn", "text", _H, f"{_HYP} hypervisor_hostname", "its full name"),
    Attribute("hypervisor_type", "text", _H, f"{_HYP} hypervisor_type", "`QEMU`, `VMware vCenter Server` …"),
    Attribute("hypervisor_version", "integer", _H, f"{_HYP} hypervisor_version", "as the driver counts"),
    Attribute("hypervisor_state", "text", _H, f"{_HYP} state", "`up` or `down`"),
    Attribute("hypervisor_status", "text", _H, f"{_HYP} status", "`enabled` or `disabled`"),
    Attribute("stated_addresses", _TEXTS, _H, f"{_HYP} host_ip", "address the controller has for it"),
    Attribute("hosts", _TEXTS, (*_A, *_Z), "hosts", "names of its hosts"),
    Attribute("metadata", _PAIRS, _A, "metadata", "what the scheduler goes by"),
    Attribute("available", "boolean", _Z, "zoneState.available", "hosts of it take servers"),
)

_NET, _SEG, _SUB, _PORT, _RTR = ("network",), ("segment",), ("subnet",), ("port",), ("router",)
_FIP, _TRK, _SG, _NIC, _AG, _O = ("floating_ip",), ("trunk",), ("security_group",), ("nic",), ("agent",), ("otep",)
_OWNED = (*_NET, *_SUB, *_PORT, *_RTR, *_FIP, *_TRK, *_SG)
_UP = (*_NET, *_PORT, *_RTR, *_TRK, *_AG)
_RULE = Entry((
    *(Field(name, "text") for name in ("id", "direction", "ethertype", "protocol", "remote_ip_prefix", "remote_group",
                                       "remote_address_group", "description")),
    Field("port_min", "integer"), Field("port_max", "integer"),
))  # fmt: skip
_SUBPORT = Entry((Field("port_id", "text"), Field("type", "text"), Field("number", "integer")))
_HA = Entry((Field("host", "text"), Field("state", "text")))
_PAIR = Entry((Field("ip", "text"), Field("mac", "text")))

_COMMON = (
    Attribute("name", "text", (*_OWNED, *_SEG, *_AG, *_H), "name", "its name, else what tells it best"),
    Attribute("status", "text", (*_NET, *_PORT, *_RTR, *_FIP, *_TRK), "status", "`ACTIVE`, `DOWN`, `BUILD`, `ERROR` …"),
    Attribute("admin_state_up", "boolean", _UP, "admin_state_up", "its operator wants it up"),
    Attribute("project", "text", _OWNED, "project_id", "name of its project, its id where Keystone does not tell"),
    Attribute("project_id", "text", _OWNED, "project_id", "Keystone's id of its project"),
    Attribute("description", "text", _OWNED, "description", "what its owner says of it"),
    Attribute("tags", _TEXTS, _OWNED, "tags", "tags that users gave"),
    Attribute("host", "text", (*_PORT, *_NIC, *_AG, *_H, *_O), "binding:host_id, host", "the host it is on"),
    Attribute("network_id", "text", (*_SEG, *_SUB, *_PORT), "network_id", "id of its network"),
    Attribute("qos_policy_id", "text", (*_NET, *_PORT, *_FIP), "qos_policy_id", "its policy of quality of service"),
    Attribute("qos_policy", "text", (*_NET, *_PORT, *_FIP), "qos/policies name", "name of that policy"),
    Attribute("qos_rules", ListOf("anything"), (*_NET, *_FIP), "qos/policies rules", "rules of that policy"),
)
_NETWORKS = (
    Attribute("network_type", "text", (*_NET, *_SEG), "provider:network_type", "`flat`, `vlan`, `vxlan`, `geneve` …"),
    Attribute("physical_network", "text", (*_NET, *_SEG), "provider:physical_network", "name of what carries it"),
    Attribute("segmentation_id", "integer", (*_NET, *_SEG), "provider:segmentation_id", "VLAN or tunnel number"),
    Attribute("key", "text", _SEG, "", "network type, physical network and number, `-` where there is none"),
    Attribute("segment_name", "text", _SEG, "segments name", "name that an operator gave it"),
    Attribute("mtu", "integer", _NET, "mtu", "largest packet", "bytes"),
    Attribute("shared", "boolean", (*_NET, *_SG), "shared", "other projects may use it"),
    Attribute("external", "boolean", _NET, "router:external", "routers may have their gateway on it"),
    Attribute("port_security_enabled", "boolean", (*_NET, *_PORT), "port_security_enabled", "packets are filtered"),
    Attribute("vlan_transparent", "boolean", _NET, "vlan_transparent", "passes on what guests tag"),
    Attribute("subnets", _TEXTS, (*_NET, *_PORT), "subnets, fixed_ips", "ids of its subnets"),
    Attribute("availability_zones", _TEXTS, (*_NET, *_RTR), "availability_zones", "zones of the agents that serve it"),
    Attribute("dns_domain", "text", _NET, "dns_domain", "DNS domain of its ports"),
    Attribute("cidr", "text", _SUB, "cidr", "its addresses"),
    Attribute("ip_version", "integer", _SUB, "ip_version", "4 or 6"),
    Attribute("gateway_ip", "text", _SUB, "gateway_ip", "its gateway"),
    Attribute("enable_dhcp", "boolean", _SUB, "enable_dhcp", "addresses are given by DHCP"),
    Attribute("ipv6_ra_mode", "text", _SUB, "ipv6_ra_mode", "how routers advertise it"),
    Attribute("ipv6_address_mode", "text", _SUB, "ipv6_address_mode", "how guests get their addresses"),
    Attribute("allocation_pools", _TEXTS, _SUB, "allocation_pools", "addresses that may be given, first-last"),
    Attribute("host_routes", ListOf(_PAIRS), _SUB, "host_routes", "routes given to guests"),
    Attribute("dns_nameservers", _TEXTS, _SUB, "dns_nameservers", "name servers given to guests, in order"),
    Attribute("service_types", _TEXTS, _SUB, "service_types", "device owners it is kept for"),
    Attribute("segment_id", "text", _SUB, "segment_id", "id of its segment, on routed networks"),
    Attribute("subnetpool_id", "text", _SUB, "subnetpool_id", "pool its addresses were taken from"),
)
_PORTS = (
    Attribute("port_id", "text", (*_PORT, *_FIP, *_TRK, *_NIC), "id, port_id", "Neutron's id of the port"),
    Attribute("mac", "text", (*_PORT, *_NIC), "mac_address", "its address"),
    Attribute("ips", _TEXTS, _PORT, "fixed_ips", "its addresses"),
    Attribute("device_id", "text", _PORT, "device_id", "whose it is, in the words of that owner"),
    Attribute("device_owner", "text", _PORT, "device_owner", "`compute:nova`, `network:dhcp` …"),
    Attribute("security_groups", _TEXTS, _PORT, "security_groups", "ids of the groups that filter it"),
    Attribute("allowed_address_pairs", ListOf(_PAIR), _PORT, "allowed_address_pairs", "further addresses it may use"),
    Attribute("vnic_type", "text", _PORT, "binding:vnic_type", "`normal`, `direct`, `macvtap` …"),
    Attribute("vif_type", "text", _PORT, "binding:vif_type", "how it is bound: `ovs`, `bridge`, `binding_failed` …"),
    Attribute("vif_details", MapOf("anything"), _PORT, "binding:vif_details", "details of its binding"),
    Attribute("binding_profile", MapOf("anything"), _PORT, "binding:profile", "what Nova tells of it"),
    Attribute("dns_name", "text", _PORT, "dns_name", "its name in the DNS"),
    Attribute("medium", "text", _PORT, "", "`overlay/<type>` or `physnet/<name>`: what carries it on its host"),
    Attribute("parent_port", "text", _PORT, "trunks port_id", "Neutron's id of the port it is a subport of"),
    Attribute("subport_vlan", "integer", _PORT, "trunks segmentation_id", "VLAN the guest tags it with"),
    Attribute("instance", "text", _NIC, "device_id", "id of the guest"),
)
_SERVICES = (
    Attribute("router_id", "text", (*_RTR, *_FIP), "id, router_id", "Neutron's id of the router"),
    Attribute("distributed", "boolean", _RTR, "distributed", "it is on every host that needs it"),
    Attribute("ha", "boolean", _RTR, "ha", "it is on several hosts, one of them active"),
    Attribute("ha_states", ListOf(_HA), _RTR, "l3-agents ha_state", "host → `active` or `standby`, as its agents told"),
    Attribute("gateway_network", "text", _RTR, "external_gateway_info", "id of the network its gateway is on"),
    Attribute("gateway_ips", _TEXTS, _RTR, "external_gateway_info", "its addresses there"),
    Attribute("enable_snat", "boolean", _RTR, "external_gateway_info", "it hides what is behind it"),
    Attribute("routes", ListOf(_PAIRS), _RTR, "routes", "further routes"),
    Attribute("ip", "text", (*_FIP, *_O), "floating_ip_address, tunneling_ip", "its address"),
    Attribute("fixed_ip", "text", _FIP, "fixed_ip_address", "address it is translated to"),
    Attribute("floating_network", "text", _FIP, "floating_network_id", "id of the network it is on"),
    Attribute("port_forwardings", ListOf("anything"), _FIP, "port_forwardings", "single ports it passes on"),
    Attribute("sub_ports", ListOf(_SUBPORT), _TRK, "sub_ports", "its subports"),
    Attribute("rules", ListOf(_RULE), _SG, "security_group_rules", "what it lets through"),
    Attribute("stateful", "boolean", _SG, "stateful", "answers are let through"),
    Attribute("agent_type", "text", _AG, "agent_type", "`Open vSwitch agent`, `L3 agent` …"),
    Attribute("alive", "boolean", _AG, "alive", "it has reported lately"),
    Attribute("availability_zone", "text", _AG, "availability_zone", "its zone"),
    Attribute("bridge_mappings", _PAIRS, _AG, "configurations", "physical network → bridge"),
    Attribute("interface_mappings", _PAIRS, _AG, "configurations", "physical network → interface"),
    Attribute("tunnel_types", _TEXTS, _AG, "configurations", "overlays it makes"),
    Attribute("tunneling_ip", "text", _AG, "configurations", "its end of tunnels"),
    Attribute("configurations", MapOf("anything"), _AG, "configurations", "all it says of itself, without counts"),
    Attribute("roles", _TEXTS, _H, "", "`Network`: it serves DHCP, routers or metadata"),
    Attribute("agents", _TEXTS, _H, "agents", "ids of the agents on it"),
    Attribute("stated_addresses", _TEXTS, _H, "agents tunneling_ip", "addresses its agents say"),
    Attribute("overlay_type", "text", _O, "tunnel_types", "`vxlan`, `gre`, `geneve`"),
)
_PLACEMENT = (
    Attribute("resource_provider", "text", _H, "resource_providers uuid", "Placement's id of its hypervisor"),
    Attribute("inventories", MapOf("anything"), _H, "inventories", "resource class → what there is of it"),
    Attribute("traits", _TEXTS, _H, "traits", "what it can do, as the scheduler goes by"),
    Attribute("nested_providers", ListOf("anything"), _H, "root_provider_uuid", "parts with inventories of their own"),
)
_QUOTAS = (
    Attribute("compute_quotas", MapOf("integer"), ("project",), "os-quota-sets", "limits of Nova; -1 is without"),
    Attribute("network_quotas", MapOf("integer"), ("project",), "quotas", "limits of Neutron; -1 is without"),
)
_BAL = ("load_balancer",)
_BALANCERS = (
    Attribute("name", "text", _BAL, "name", "its name"),
    Attribute("service_type", "text", _BAL, "", "`load_balancer`"),
    Attribute("status", "text", _BAL, "provisioning_status", "`ACTIVE`, `PENDING_UPDATE`, `ERROR` …"),
    Attribute("operating_status", "text", _BAL, "operating_status", "`ONLINE`, `DEGRADED`, `OFFLINE` …"),
    Attribute("admin_state_up", "boolean", _BAL, "admin_state_up", "whether it should work"),
    Attribute("provider", "text", _BAL, "provider", "what realises it: `amphora`, `ovn`"),
    Attribute("ip", "text", _BAL, "vip_address", "its address"),
    Attribute("vip_port", "text", _BAL, "vip_port_id", "id of the port that has the address"),
    Attribute("vip_subnet", "text", _BAL, "vip_subnet_id", "id of the subnet of the address"),
    Attribute("network_ids", _TEXTS, _BAL, "vip_network_id", "id of the network of the address"),
    Attribute("availability_zone", "text", _BAL, "availability_zone", "where it should be"),
    Attribute("description", "text", _BAL, "description", "what people say of it"),
    Attribute("tags", _TEXTS, _BAL, "tags", "its tags"),
    Attribute("project", "text", _BAL, "project_id", "whose it is, by name where that is known"),
    Attribute("project_id", "text", _BAL, "project_id", "whose it is"),
)
_WALL, _VPN = ("firewall",), ("vpn",)
_WALL_RULE = Entry(
    (
        *(Field(name, "text") for name in ("name", "action", "protocol", "source", "source_port")),
        *(Field(name, "text") for name in ("destination", "destination_port")),
        Field("ip_version", "integer"), Field("enabled", "boolean"), Field("id", "text"), Field("hidden", "boolean"),
    )
)  # fmt: skip
_CONNECTION = Entry(
    (
        *(Field(name, "text") for name in ("name", "id", "status", "peer_address", "peer_id", "initiator")),
        Field("peer_cidrs", _TEXTS), Field("admin_state_up", "boolean"), Field("mtu", "integer"),
    )
)  # fmt: skip


def _service(types: tuple[str, ...], word: str) -> tuple[Attribute, ...]:
    """What all services of Neutron's extensions say."""
    return (
        Attribute("name", "text", types, "name", "its name"),
        Attribute("service_type", "text", types, "", f"`{word}`"),
        Attribute("status", "text", types, "status", "`ACTIVE`, `INACTIVE`, `DOWN`, `PENDING_CREATE`, `ERROR` …"),
        Attribute("admin_state_up", "boolean", types, "admin_state_up", "whether it should work"),
        Attribute("description", "text", types, "description", "what people say of it"),
        Attribute("project", "text", types, "project_id", "whose it is, by name where that is known"),
        Attribute("project_id", "text", types, "project_id", "whose it is"),
    )


_FIRST = "its rules, the first match decides; `hidden` where one may not be seen, none where the policy may not"
_FIREWALLS = (
    *_service(_WALL, "firewall"),
    Attribute("shared", "boolean", _WALL, "shared", "other projects may use it"),
    Attribute("port_refs", _TEXTS, _WALL, "ports", "ids of the ports whose packets it filters"),
    Attribute(
        "ingress_policy", "text", _WALL, "ingress_firewall_policy_id", "policy on the way in, its id where hidden"
    ),
    Attribute("ingress_rules", ListOf(_WALL_RULE), _WALL, "firewall_rules", _FIRST),
    Attribute(
        "egress_policy", "text", _WALL, "egress_firewall_policy_id", "policy on the way out, its id where hidden"
    ),
    Attribute("egress_rules", ListOf(_WALL_RULE), _WALL, "firewall_rules", _FIRST),
)
_VPNS = (
    *_service(_VPN, "vpn"),
    Attribute("owner", "text", _VPN, "router_id", "id of the router that it belongs to"),
    Attribute("subnet_refs", _TEXTS, _VPN, "subnet_id, local_ep_group_id", "ids of the subnets that it connects"),
    Attribute("ips", _TEXTS, _VPN, "external_v4_ip, external_v6_ip", "its addresses outside"),
    Attribute("connections", ListOf(_CONNECTION), _VPN, "ipsec-site-connections", "its connections, without their key"),
)

OPENSTACK_FACETS: tuple[Facet, ...] = (
    Facet("keystone", "Regions and projects of OpenStack.", _KEYSTONE),
    Facet(
        "nova",
        "Servers of OpenStack; its hosts, zones and aggregates.",
        (Attribute("name", "text", (*_S, *_H, *_A, *_Z), "name", "its name"), *_SERVERS, *_HOSTS),
    ),
    Facet("neutron", "What Neutron intends, and its agents.", (*_COMMON, *_NETWORKS, *_PORTS, *_SERVICES)),
    Facet("placement", "What Placement has of a host.", _PLACEMENT),
    Facet("octavia", "Load balancers of OpenStack.", _BALANCERS),
    Facet("fwaas", "Firewalls of OpenStack.", _FIREWALLS),
    Facet("vpnaas", "VPN services of OpenStack.", _VPNS),
    Facet("quotas", "How much a project may use.", _QUOTAS),
)
