"""All that was listed in one pass, and what the records have in common."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec

from calipso.model.record import Attributes, Record
from calipso.sources.openstack import parse, parse_services

KEYSTONE, NOVA, NEUTRON, PLACEMENT, QUOTAS = "keystone", "nova", "neutron", "placement", "quotas"
OCTAVIA, FWAAS, VPNAAS = "octavia", "fwaas", "vpnaas"
L3_AGENT = "L3 agent"


class Listings(msgspec.Struct, kw_only=True, dict=True):
    """Objects by listing, each in the order of ids; empty where the cloud has no such listing.

    inventories, traits: by resource provider. compute_quotas, network_quotas: by project. router_agents: by router.
    """

    region: str = ""
    regions: list[parse.Region] = []
    services: list[parse.Service] = []
    endpoints: list[parse.Endpoint] = []
    projects: list[parse.Project] = []
    servers: list[parse.Server] = []
    flavors: list[parse.Flavor] = []
    images: list[parse.Image] = []
    hypervisors: list[parse.Hypervisor] = []
    nova_services: list[parse.NovaService] = []
    aggregates: list[parse.Aggregate] = []
    zones: list[parse.Zone] = []
    networks: list[parse.Network] = []
    segments: list[parse.Segment] = []
    subnets: list[parse.Subnet] = []
    ports: list[parse.Port] = []
    routers: list[parse.Router] = []
    floating_ips: list[parse.FloatingIp] = []
    trunks: list[parse.Trunk] = []
    security_groups: list[parse.SecurityGroup] = []
    qos_policies: list[parse.QosPolicy] = []
    agents: list[parse.Agent] = []
    providers: list[parse.Provider] = []
    load_balancers: list[parse_services.LoadBalancer] = []
    firewall_groups: list[parse_services.FirewallGroup] = []
    firewall_policies: list[parse_services.FirewallPolicy] = []
    firewall_rules: list[parse_services.FirewallRule] = []
    vpn_services: list[parse_services.VpnService] = []
    ipsec_connections: list[parse_services.IpsecConnection] = []
    endpoint_groups: list[parse_services.EndpointGroup] = []
    inventories: dict[str, dict[str, Any]] = {}
    traits: dict[str, list[str]] = {}
    compute_quotas: dict[str, dict[str, Any]] = {}
    network_quotas: dict[str, dict[str, Any]] = {}
    router_agents: dict[str, list[dict[str, Any]]] = {}

    def project(self, id: str | None) -> Attributes:
        """Whose an object is: the project's name where Keystone tells it, else its id."""
        if not id:
            return {}
        return {"project": self._project_names.get(id, id), "project_id": id}

    @cached_property
    def _project_names(self) -> dict[str, str]:
        return {each.id: each.name for each in self.projects}

    @cached_property
    def policies(self) -> dict[str, parse.QosPolicy]:
        """Policies of quality of service by id."""
        return {each.id: each for each in self.qos_policies}

    def in_use(self) -> list[parse.Project]:
        """Projects that have a server, a network or a router."""
        users = {each.tenant_id for each in self.servers}
        users |= {each.project_id for each in self.networks} | {each.project_id for each in self.routers}
        return [each for each in self.projects if each.id in users]

    def on_several_agents(self) -> list[parse.Router]:
        """Routers of which agents tell who is active; OVN's have none."""
        agents = any(each.agent_type == L3_AGENT for each in self.agents)
        return [each for each in self.routers if each.ha] if agents else []


def said(id: str, facet: str, type: str, attributes: dict[str, Any]) -> Record:
    """A record of what is known."""
    return Record(id, facet, type, known(attributes))


def known(attributes: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty. False and 0 are known."""
    return {name: value for name, value in attributes.items() if value not in EMPTY}


EMPTY: tuple[Any, ...] = (None, "", [], {})
