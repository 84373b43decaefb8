"""A transport that answers for databases made of plain rows, and databases that say everything there is to say."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from calipso.errors import CommandFailed, TransportError
from calipso.model.record import Observation, Record, Seen
from calipso.seams import Reply, Request, Source, SourceConfig, Sql
from calipso.sources.neutron_db import SOURCE as NEUTRON
from calipso.sources.nova_db import SOURCE as NOVA

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]
Databases = Mapping[str, Tables]
_SELECT = re.compile(r"SELECT (?P<what>.*) FROM `?(?P<database>[^`]+?)`?\.`?(?P<table>\w+)`?(?: WHERE (?P<where>.*))?$")


class DatabaseServer:
    """Answers `Sql` as a server with these databases. A table's columns are those of its rows.

    `failing`: `database.table` → what asking for it raises.
    """

    answers: frozenset[type[Request]] = frozenset({Sql})

    def __init__(self, databases: Databases, failing: Mapping[str, TransportError] | None = None) -> None:
        self.databases = databases
        self.failing = dict(failing or {})
        self.asked: list[Sql] = []

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Sql)
        self.asked.append(request)
        if "" in self.failing:
            raise self.failing[""]
        text, params = request.text, [str(each) for each in request.params]
        if "information_schema.tables" in text:
            rows = [[name, each] for name, tables in self.databases.items() for each in tables if each in params]
            return _reply(["table_schema", "table_name"], rows)
        if "information_schema.columns" in text:
            tables = self.databases.get(params[0], {})
            found = [[name, each] for name in tables if name in params[1:] for each in _columns(tables[name])]
            return _reply(["table_name", "column_name"], found)
        return self._selected(text)

    def _selected(self, text: str) -> Reply:
        found = _SELECT.fullmatch(text)
        assert found is not None, text
        place = f"{found['database']}.{found['table']}"
        if place in self.failing:
            raise self.failing[place]
        rows = self.databases[found["database"]].get(found["table"])
        if rows is None:
            raise CommandFailed(f"Table '{place}' doesn't exist", exit_code=1146)
        for column in re.findall(r"COALESCE\(`(\w+)`, 0\) = 0", found["where"] or ""):
            rows = [row for row in rows if not row.get(column)]
        wanted = [_wanted(each) for each in re.split(r", (?![^(]*\))", found["what"])]
        return _reply([name for _, name in wanted], [[row.get(column) for column, _ in wanted] for row in rows])

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise TransportError("no stream")

    async def close(self) -> None: ...


def _wanted(text: str) -> tuple[str, str]:
    """Column and the name it is given; the name of a cell's database stands for its URL."""
    column, _, name = text.rpartition(" AS ") if " AS " in text else (text, "", text)
    return (column.strip("`") if "CASE" not in column else "database"), name.strip("`")


def _columns(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row)) or ["id"]


def _reply(columns: list[str], rows: list[list[Any]]) -> Reply:
    return Reply(json.dumps({"columns": columns, "rows": rows}).encode())


def collected(
    source: Source, rows: Databases, failing: Mapping[str, TransportError] | None = None, /, **options: Any
) -> list[Observation]:
    """One pass of a source over databases."""

    async def run() -> list[Observation]:
        transport = DatabaseServer(rows, failing)
        return [each async for each in source.collect(transport, SourceConfig(host="db", options=options))]

    return asyncio.run(run())


def records(said: list[Observation]) -> dict[str, Record]:
    return {record.id: record for each in said if isinstance(each, Seen) for record in each.records}


OWNED: Row = {"project_id": "p1", "status": "ACTIVE", "admin_state_up": 1}
NEUTRON_ROWS: Tables = {
    "agents": [
        {
            "id": "a1", "host": "cmp1", "agent_type": "L3 agent", "binary": "neutron-l3-agent", "admin_state_up": 1,
            "availability_zone": "az1", "configurations": json.dumps({
                "bridge_mappings": {"physnet1": "br-ex"}, "interface_mappings": {"physnet2": "eth2"}, "routers": 3,
                "tunnel_types": ["vxlan"], "tunneling_ip": "192.0.2.1",
            }),
        },
        {"id": "a2", "host": "cmp2", "agent_type": "L3 agent", "binary": "neutron-l3-agent", "configurations": ""},
    ],
    "ml2_vxlan_endpoints": [{"ip_address": "192.0.2.1", "udp_port": 4789, "host": "cmp1"}],
    "ml2_gre_endpoints": [{"ip_address": "192.0.2.2", "host": "cmp2"}],
    "dvr_host_macs": [{"host": "cmp1", "mac_address": "FA:16:3F:00:00:01"}],
    "networks": [{"id": "n1", "name": "net", **OWNED, "mtu": 1450, "vlan_transparent": 0}],
    "externalnetworks": [{"network_id": "n1"}],
    "networksegments": [
        {"id": "s1", "network_id": "n1", "network_type": "vlan", "physical_network": "physnet1", "segmentation_id": 7,
         "is_dynamic": 0, "name": "seven"},
        {"id": "s2", "network_id": "n1", "network_type": "vxlan", "physical_network": None, "segmentation_id": 70,
         "is_dynamic": 1, "name": None},
    ],
    "segmenthostmappings": [{"segment_id": "s1", "host": "cmp2"}, {"segment_id": "s1", "host": "cmp1"}],
    "networkdhcpagentbindings": [{"network_id": "n1", "dhcp_agent_id": "a2"}],
    "ports": [
        {"id": "p1", "network_id": "n1", "mac_address": "FA:16:3E:00:00:01", "name": "web", **OWNED, "device_id": "i1",
         "device_owner": "compute:az1", "standard_attr_id": 11},
        {"id": "p2", "network_id": "n1", "mac_address": "fa:16:3e:00:00:02", "name": "", **OWNED, "device_id": "r1",
         "device_owner": "network:router_gateway", "standard_attr_id": 12},
        {"id": "p3", "network_id": "n1", "mac_address": "fa:16:3e:00:00:03", "name": "", **OWNED, "device_id": "r1",
         "device_owner": "network:router_interface_distributed", "standard_attr_id": 13},
        {"id": "p4", "network_id": "n1", "mac_address": "fa:16:3e:00:00:04", "name": "sub", **OWNED, "device_id": "",
         "device_owner": "trunk:subport", "standard_attr_id": 14},
    ],
    "ipallocations": [{"port_id": "p1", "ip_address": "10.0.0.5", "subnet_id": "u1"}],
    "ml2_port_bindings": [
        {"port_id": "p1", "host": "cmp2", "vif_type": "unbound", "vnic_type": "normal", "profile": "",
         "vif_details": "", "status": "INACTIVE"},
        {"port_id": "p1", "host": "cmp1", "vif_type": "ovs", "vnic_type": "normal",
         "profile": '{"migrating_to": "cmp2"}', "vif_details": '{"port_filter": true}', "status": "ACTIVE"},
        {"port_id": "p2", "host": "", "vif_type": "unbound", "vnic_type": "normal", "profile": "", "vif_details": "no",
         "status": "ACTIVE"},
    ],
    "ml2_distributed_port_bindings": [
        {"port_id": "p3", "host": "cmp2", "router_id": "r1", "vif_type": "ovs", "vif_details": "",
         "vnic_type": "normal", "profile": "", "status": "DOWN"},
        {"port_id": "p3", "host": "cmp1", "router_id": "r1", "vif_type": "ovs", "vif_details": "",
         "vnic_type": "normal", "profile": "", "status": "ACTIVE"},
    ],
    "ml2_port_binding_levels": [
        {"port_id": "p1", "host": "cmp1", "level": 1, "driver": "openvswitch", "segment_id": "s2"},
        {"port_id": "p1", "host": "cmp1", "level": 0, "driver": "fabric", "segment_id": "s1"},
        {"port_id": "p3", "host": "cmp2", "level": 0, "driver": "openvswitch", "segment_id": None},
    ],
    "provisioningblocks": [
        {"standard_attr_id": 11, "entity": "L2"}, {"standard_attr_id": 11, "entity": "DHCP"},
    ],
    "trunks": [{"id": "t1", "port_id": "p1", "name": "trunk", **OWNED}],
    "subports": [{"port_id": "p4", "trunk_id": "t1", "segmentation_type": "vlan", "segmentation_id": 200}],
    "routers": [{"id": "r1", "name": "out", **OWNED, "gw_port_id": "p2", "enable_snat": 1}],
    "router_extra_attributes": [{"router_id": "r1", "distributed": 1, "ha": 1, "ha_vr_id": 9}],
    "routerl3agentbindings": [{"router_id": "r1", "l3_agent_id": "a1"}, {"router_id": "r1", "l3_agent_id": "a2"}],
    "ha_router_agent_port_bindings": [
        {"port_id": "h2", "router_id": "r1", "l3_agent_id": "a2", "state": "standby"},
        {"port_id": "h1", "router_id": "r1", "l3_agent_id": "a1", "state": "active"},
        {"port_id": "h3", "router_id": "r1", "l3_agent_id": None, "state": "standby"},
    ],
}  # fmt: skip
CELL_ROWS: Tables = {
    "instances": [
        {
            "uuid": "I1", "display_name": "web", "host": "cmp1", "node": "cmp1.example.org", "vm_state": "active",
            "power_state": 1, "task_state": "rebooting", "hostname": "web", "availability_zone": "az1",
            "image_ref": "m1", "vcpus": 2, "memory_mb": 512, "root_gb": 1, "created_at": "2026-01-01T00:00:00",
            "display_description": "said", "locked": 1, "project_id": "p1", "deleted": 0, "hidden": 0,
            "user_data": "never", "key_data": "never",
        },
        {"uuid": "i2", "display_name": "gone", "deleted": 2, "hidden": 0},
        {"uuid": "i3", "display_name": "comes from another cell", "deleted": 0, "hidden": 1},
    ],
    "services": [
        {"id": 1, "host": "cmp1", "binary": "nova-compute", "disabled": 1, "disabled_reason": "upkeep",
         "forced_down": 1, "deleted": 0},
        {"id": 2, "host": "ctl", "binary": "nova-conductor", "disabled": 0, "deleted": 0},
        {"id": 3, "host": "old", "binary": "nova-compute", "disabled": 0, "deleted": 3},
    ],
    "compute_nodes": [
        {"service_id": 1, "host": "cmp1", "hypervisor_hostname": "cmp1.example.org", "hypervisor_type": "QEMU",
         "hypervisor_version": 7002022, "host_ip": "192.0.2.11", "deleted": 0},
        {"service_id": 1, "host": "cmp1", "hypervisor_hostname": "node-7", "hypervisor_type": "ironic",
         "hypervisor_version": 1, "host_ip": None, "deleted": 0},
    ],
}  # fmt: skip
API_ROWS: Tables = {
    "cell_mappings": [{"id": 1, "name": "cell1", "disabled": 1, "database": "nova"}],
    "host_mappings": [{"cell_id": 1, "host": "cmp1"}],
    "aggregate_hosts": [{"aggregate_id": 4, "host": "cmp1"}],
    "aggregate_metadata": [
        {"aggregate_id": 4, "key": "ssd", "value": "true"},
        {"aggregate_id": 4, "key": "availability_zone", "value": "az1"},
    ],
}
CLOUD: Databases = {"neutron": NEUTRON_ROWS, "nova": CELL_ROWS, "nova_api": API_ROWS}


def everything() -> tuple[Record, ...]:
    found = records(collected(NEUTRON, CLOUD)).values(), records(collected(NOVA, CLOUD)).values()
    return tuple(record for each in found for record in each)
