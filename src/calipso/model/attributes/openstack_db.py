"""What the databases of Neutron and Nova tell: what the APIs tell too, in the same words, and what only they tell."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from calipso.model.attributes.declare import Attribute, Entry, Facet, Field, ListOf
from calipso.model.attributes.openstack import OPENSTACK_FACETS

_TEXTS = ListOf("text")
_PORT, _RTR, _HOST, _SEG = ("port",), ("router",), ("host",), ("segment",)

_NEUTRON: Mapping[str, str] = {
    "agent": (
        "name host agent_type admin_state_up availability_zone bridge_mappings interface_mappings tunnel_types "
        "tunneling_ip configurations"
    ),
    "host": "name host roles agents stated_addresses",
    "otep": "host overlay_type ip",
    "network": (
        "name status admin_state_up project_id network_type physical_network segmentation_id mtu vlan_transparent "
        "external"
    ),
    "segment": "name key network_type physical_network segmentation_id network_id segment_name",
    "port": (
        "name host port_id mac ips subnets network_id device_id device_owner status admin_state_up project_id "
        "vnic_type vif_type vif_details binding_profile medium parent_port subport_vlan"
    ),
    "nic": "host instance mac port_id",
    "router": "name router_id status admin_state_up project_id distributed ha gateway_network enable_snat",
    "trunk": "name port_id status admin_state_up project_id sub_ports",
}
_NOVA: Mapping[str, str] = {
    "server": (
        "name uuid host node vm_state power_state task_state hostname availability_zone image_id vcpus memory disk "
        "created description locked project_id"
    ),
    "host": (
        "name host roles hypervisor_hostname fqdn hypervisor_type hypervisor_version stated_addresses availability_zone"
    ),
}
"""Type → attributes that mean what they mean in the facet of the API."""


def _as_the_api(facet: str, wanted: Mapping[str, str]) -> tuple[Attribute, ...]:
    """The API's declarations, for the types that carry them here. Raises `StopIteration` for one it has not."""
    api = next(each for each in OPENSTACK_FACETS if each.name == facet)
    found: dict[tuple[str, str], tuple[Attribute, list[str]]] = {}
    for type, names in wanted.items():
        for name in names.split():
            declared = next(each for each in api.attributes if each.name == name and type in each.types)
            found.setdefault((name, declared.doc), (declared, []))[1].append(type)
    return tuple(msgspec.structs.replace(each, types=tuple(types)) for each, types in found.values())


_LEVEL = Entry((Field("host", "text"), Field("level", "integer"), Field("driver", "text"), Field("segment", "text")))
_BINDING = Entry(tuple(Field(name, "text") for name in ("host", "status", "vif_type", "vnic_type", "router_id")))
_STATE = Entry(tuple(Field(name, "text") for name in ("agent", "host", "state")))
_SERVICE = Entry(tuple(Field(name, "text") for name in ("binary", "status", "state", "disabled_reason")))

_ONLY_NEUTRON = (
    Attribute("udp_port", "integer", ("otep",), "ml2_vxlan_endpoints.udp_port", "port its packets are sent to"),
    Attribute("dvr_mac", "text", _HOST, "dvr_host_macs", "address that distributed routers use from there"),
    Attribute("dhcp_agents", _TEXTS, ("network",), "networkdhcpagentbindings", "ids of agents that serve DHCP on it"),
    Attribute("dynamic", "boolean", _SEG, "networksegments.is_dynamic", "true: made for bindings, by a driver"),
    Attribute("hosts", _TEXTS, _SEG, "segmenthostmappings", "names of the hosts that have it"),
    Attribute("binding_levels", ListOf(_LEVEL), _PORT, "ml2_port_binding_levels", "its segments, by host, top down"),
    Attribute("bindings", ListOf(_BINDING), _PORT, "ml2_distributed_port_bindings, ml2_port_bindings",
              "bindings besides that on its own host: of a distributed router, or of a migration"),
    Attribute("provisioning_blocks", _TEXTS, _PORT, "provisioningblocks", "what it waits for before it is active"),
    Attribute("l3_agents", _TEXTS, _RTR, "routerl3agentbindings", "ids of the agents that it is on"),
    Attribute("ha_states", ListOf(_STATE), _RTR, "ha_router_agent_port_bindings", "which agent has the active one"),
    Attribute("ha_vr_id", "integer", _RTR, "router_extra_attributes.ha_vr_id", "its VRRP number"),
)  # fmt: skip
_ONLY_NOVA = (
    Attribute("services", ListOf(_SERVICE), _HOST, "services", "services of Nova on it; `state` only when forced down"),
    Attribute("cell", "text", ("server", "host"), "cell_mappings.name", "its cell"),
    Attribute("cell_disabled", "boolean", _HOST, "cell_mappings.disabled", "true: its cell takes no servers"),
)

OPENSTACK_DB_FACETS: tuple[Facet, ...] = (
    Facet("neutron_db", "Neutron's database.", (*_as_the_api("neutron", _NEUTRON), *_ONLY_NEUTRON)),
    Facet("nova_db", "Nova's databases.", (*_as_the_api("nova", _NOVA), *_ONLY_NOVA)),
)
