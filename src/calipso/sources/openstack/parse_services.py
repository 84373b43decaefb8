"""Bodies of Octavia and of Neutron's extensions FWaaS v2 and VPNaaS as typed documents.

Format: the API references of Octavia v2 and Neutron v2.0. The key that both ends of a VPN connection share is no field
here, and is not asked for.
"""

from __future__ import annotations

from msgspec import field

from calipso.sources.openstack.parse import Document, Text


class LoadBalancer(Document):
    """Octavia's, of its API v2."""

    id: str
    name: Text = None
    project_id: Text = None
    description: Text = None
    admin_state_up: bool | None = None
    provisioning_status: Text = None
    operating_status: Text = None
    provider: Text = None
    vip_address: Text = None
    vip_port_id: Text = None
    vip_network_id: Text = None
    vip_subnet_id: Text = None
    availability_zone: Text = None
    tags: list[str] = field(default_factory=list)


# ── FWaaS ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class FirewallGroup(Document):
    id: str
    name: Text = None
    project_id: Text = None
    description: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    shared: bool | None = None
    ports: list[str] = field(default_factory=list)
    ingress_firewall_policy_id: Text = None
    egress_firewall_policy_id: Text = None


class FirewallPolicy(Document):
    """firewall_rules: ids, the first that matches decides."""

    id: str
    name: Text = None
    firewall_rules: list[str] = field(default_factory=list)


class FirewallRule(Document):
    id: str
    name: Text = None
    action: Text = None
    protocol: Text = None
    ip_version: int | None = None
    source_ip_address: Text = None
    destination_ip_address: Text = None
    source_port: Text = None
    destination_port: Text = None
    enabled: bool = True


# ── VPNaaS ────────────────────────────────────────────────────────────────────────────────────────────────────────


class VpnService(Document):
    id: str
    router_id: str
    name: Text = None
    project_id: Text = None
    description: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    subnet_id: Text = None
    external_v4_ip: Text = None
    external_v6_ip: Text = None


class IpsecConnection(Document):
    """To a site. Its subnets: groups of endpoints, or the subnet of its service and `peer_cidrs`."""

    id: str
    vpnservice_id: str
    name: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    peer_address: Text = None
    peer_id: Text = None
    peer_cidrs: list[str] = field(default_factory=list)
    local_ep_group_id: Text = None
    peer_ep_group_id: Text = None
    initiator: Text = None
    mtu: int | None = None


class EndpointGroup(Document):
    """endpoints: ids of what `type` says (`subnet`, `network`, `router` …), addresses where it is `cidr`."""

    id: str
    type: Text = None
    endpoints: list[str] = field(default_factory=list)
