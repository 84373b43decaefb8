"""Rows of Neutron's database, as far as they are wanted. Fields are columns; what a release lacks keeps its default."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from calipso.model.sql import Table

Text = str | None
_TENANT = {"project_id": "tenant_id"}
"""Renamed in Newton."""


class Agent(Struct, kw_only=True):
    id: str
    host: str
    agent_type: str = ""
    binary: str = ""
    admin_state_up: bool | None = None
    availability_zone: Text = None
    configurations: str = ""


class Endpoint(Struct, kw_only=True):
    ip_address: str
    host: Text = None
    udp_port: int | None = None


class HostMac(Struct, kw_only=True):
    host: str
    mac_address: str


class Network(Struct, kw_only=True):
    id: str
    name: str = ""
    project_id: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    mtu: int | None = None
    vlan_transparent: bool | None = None


class External(Struct, kw_only=True):
    network_id: str


class Segment(Struct, kw_only=True):
    id: str
    network_id: str
    network_type: str
    physical_network: Text = None
    segmentation_id: int | None = None
    is_dynamic: bool = False
    name: Text = None


class SegmentHost(Struct, kw_only=True):
    segment_id: str
    host: str


class DhcpBinding(Struct, kw_only=True):
    network_id: str
    dhcp_agent_id: str


class Port(Struct, kw_only=True):
    id: str
    network_id: str
    mac_address: str
    name: str = ""
    project_id: Text = None
    admin_state_up: bool | None = None
    status: Text = None
    device_id: str = ""
    device_owner: str = ""
    standard_attr_id: int | None = None


class Address(Struct, kw_only=True):
    port_id: Text = None
    ip_address: str
    subnet_id: str


class Binding(Struct, kw_only=True):
    port_id: str
    host: str = ""
    vif_type: str = ""
    vnic_type: str = ""
    profile: str = ""
    vif_details: str = ""
    status: str = "ACTIVE"


class Distributed(Binding, kw_only=True):
    router_id: Text = None


class Level(Struct, kw_only=True):
    port_id: str
    host: str
    level: int
    driver: Text = None
    segment_id: Text = None


class Block(Struct, kw_only=True):
    standard_attr_id: int
    entity: str


class Trunk(Struct, kw_only=True):
    id: str
    port_id: str
    name: str = ""
    project_id: Text = None
    status: Text = None
    admin_state_up: bool | None = None


class Subport(Struct, kw_only=True):
    port_id: str
    trunk_id: str
    segmentation_type: str
    segmentation_id: int


class Router(Struct, kw_only=True):
    id: str
    name: str = ""
    project_id: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    gw_port_id: Text = None
    enable_snat: bool | None = None


class RouterExtra(Struct, kw_only=True):
    router_id: str
    distributed: bool | None = None
    ha: bool | None = None
    ha_vr_id: int | None = None


class RouterAgent(Struct, kw_only=True):
    router_id: str
    l3_agent_id: str


class HaBinding(Struct, kw_only=True):
    router_id: str
    l3_agent_id: Text = None
    state: Text = None


TABLES: dict[str, Table] = {
    "agents": Table("agents", Agent),
    "vxlan": Table("ml2_vxlan_endpoints", Endpoint),
    "gre": Table("ml2_gre_endpoints", Endpoint),
    "geneve": Table("ml2_geneve_endpoints", Endpoint),
    "host_macs": Table("dvr_host_macs", HostMac),
    "networks": Table("networks", Network, former=_TENANT),
    "external": Table("externalnetworks", External),
    "segments": Table("networksegments", Segment, was=("ml2_network_segments",)),
    "segment_hosts": Table("segmenthostmappings", SegmentHost),
    "dhcp": Table("networkdhcpagentbindings", DhcpBinding),
    "ports": Table("ports", Port, former=_TENANT),
    "addresses": Table("ipallocations", Address),
    "bindings": Table("ml2_port_bindings", Binding),
    "distributed": Table("ml2_distributed_port_bindings", Distributed, was=("ml2_dvr_port_bindings",)),
    "levels": Table("ml2_port_binding_levels", Level),
    "blocks": Table("provisioningblocks", Block),
    "trunks": Table("trunks", Trunk, former=_TENANT),
    "subports": Table("subports", Subport),
    "routers": Table("routers", Router, former=_TENANT),
    "router_extra": Table("router_extra_attributes", RouterExtra),
    "router_agents": Table("routerl3agentbindings", RouterAgent),
    "router_ha": Table("ha_router_agent_port_bindings", HaBinding),
}
"""What is read, by the name it goes by here."""


def mapping(text: str) -> dict[str, Any]:
    """A column that holds a JSON object; one that does not (older releases leave it empty) says nothing."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
