"""Networks, their segments, and routers with the agents that serve them."""

from __future__ import annotations

from typing import Any

from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.neutron_db import parse
from calipso.sources.neutron_db.rows import Rows, grouped, said

_id = ids.by_uuid


def records(read: Rows) -> list[Record]:
    return [*_networks(read), *_segments(read)]


def _networks(read: Rows) -> list[Record]:
    external = {each.network_id for each in read.of("external", parse.External)}
    agents = grouped((each.network_id, each.dhcp_agent_id) for each in read.of("dhcp", parse.DhcpBinding))
    segments = grouped((each.network_id, each) for each in read.segments.values() if not each.is_dynamic)
    out = []
    for each in sorted(read.of("networks", parse.Network), key=lambda one: one.id):
        only = segments.get(each.id, [])
        provider = only[0] if len(only) == 1 else None
        attributes = {
            "name": each.name or each.id,
            "status": each.status,
            "admin_state_up": each.admin_state_up,
            "network_type": provider.network_type if provider else None,
            "physical_network": provider.physical_network if provider else None,
            "segmentation_id": provider.segmentation_id if provider else None,
            "mtu": each.mtu or None,
            "vlan_transparent": each.vlan_transparent,
            "external": each.id in external,
            "dhcp_agents": [_id("agent", agent) for agent in sorted(agents.get(each.id, []))],
            "project_id": each.project_id,
        }
        out.append(said(_id("network", each.id), "network", attributes))
    return out


def _segments(read: Rows) -> list[Record]:
    hosts = grouped((each.segment_id, each.host) for each in read.of("segment_hosts", parse.SegmentHost))
    out = []
    for each in read.segments.values():
        key = ids.segment_key(each.network_type, each.physical_network, each.segmentation_id)
        attributes = {
            "name": key,
            "key": key,
            "network_type": each.network_type,
            "physical_network": each.physical_network,
            "segmentation_id": each.segmentation_id,
            "network_id": _id("network", each.network_id),
            "segment_name": each.name,
            "dynamic": each.is_dynamic or None,
            "hosts": sorted(hosts.get(each.id, [])),
        }
        out.append(said(_id("segment", each.id), "segment", attributes))
    return out


def router_records(read: Rows) -> list[Record]:
    extra = {each.router_id: each for each in read.of("router_extra", parse.RouterExtra)}
    agents = grouped((each.router_id, each.l3_agent_id) for each in read.of("router_agents", parse.RouterAgent))
    members = grouped((each.router_id, each) for each in read.of("router_ha", parse.HaBinding))
    gateways = {each.id: each.network_id for each in read.of("ports", parse.Port)}
    hosts = {each.id: each.host for each in read.agents}
    out = []
    for each in sorted(read.of("routers", parse.Router), key=lambda one: one.id):
        more = extra.get(each.id, parse.RouterExtra(router_id=each.id))
        network = gateways.get(each.gw_port_id or "")
        attributes = {
            "name": each.name or each.id,
            "router_id": each.id,
            "status": each.status,
            "admin_state_up": each.admin_state_up,
            "distributed": more.distributed,
            "ha": more.ha,
            "ha_vr_id": more.ha_vr_id,
            "gateway_network": _id("network", network) if network else None,
            "enable_snat": each.enable_snat if each.gw_port_id else None,
            "l3_agents": [_id("agent", agent) for agent in sorted(set(agents.get(each.id, [])))],
            "ha_states": _states(members.get(each.id, []), hosts),
            "project_id": each.project_id,
        }
        out.append(said(_id("router", each.id), "router", attributes))
    return out


def _states(members: list[parse.HaBinding], hosts: dict[str, str]) -> list[dict[str, Any]]:
    """Where a highly available router is, and which of its agents say that theirs is the active one."""
    found = [
        {"agent": _id("agent", each.l3_agent_id), "host": hosts.get(each.l3_agent_id, ""), "state": each.state or ""}
        for each in members
        if each.l3_agent_id
    ]
    return sorted(found, key=lambda one: (one["host"], one["agent"]))
