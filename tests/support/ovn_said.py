"""Records of the source `ovn` with what its recordings lack: rows are made up, records are the source's own."""

from __future__ import annotations

import json
from typing import Any

from calipso.model.record import Record
from calipso.sources.ovn.collect import Database
from calipso.sources.ovn.parse import Tables


def everything() -> list[Record]:
    """One of each row with every column that is read."""
    return [*records("nb", _north()), *records("sb", _south())]


def records(part: Any, rows: dict[str, dict[str, Any]]) -> list[Record]:
    """What a database with these rows says."""
    tables = Tables()
    found = {table: {uuid: {"new": row} for uuid, row in of.items()} for table, of in rows.items()}
    tables.update(json.dumps(found).encode())
    return Database(part, ()).records(tables)


def mapped(**pairs: str) -> list[Any]:
    return ["map", [[name, value] for name, value in pairs.items()]]


def _north() -> dict[str, dict[str, Any]]:
    return {
        "Logical_Switch": {"s": {"name": "sw", "ports": ["set", [["uuid", "p"]]]}},
        "Logical_Switch_Port": {
            "p": {
                "name": "vm",
                "type": "virtual",
                "addresses": "dynamic",
                "dynamic_addresses": "0a:00:00:00:00:01 10.0.0.9",
                "enabled": False,
            }
        },
        "Logical_Router": {
            "r": {
                "name": "lr",
                "enabled": True,
                "options": mapped(chassis="c1"),
                "ports": ["set", [["uuid", "lrp"]]],
                "nat": ["uuid", "n"],
                "static_routes": ["uuid", "route"],
            }
        },
        "Logical_Router_Port": {
            "lrp": {
                "name": "lr-far",
                "mac": "0a:00:00:00:00:02",
                "networks": "10.9.0.1/30",
                "peer": "far",
                "enabled": True,
            }
        },
        "NAT": {
            "n": {
                "type": "dnat_and_snat",
                "external_ip": "192.0.2.9",
                "logical_ip": "10.0.0.9",
                "external_mac": "0a:00:00:00:00:03",
                "external_port_range": "2000-3000",
                "logical_port": "vm",
                "external_ids": ["map", [["neutron:fip_network_id", "33333333-0000-4000-8000-00000000000c"]]],
            }
        },
        "Logical_Router_Static_Route": {
            "route": {
                "ip_prefix": "10.0.0.0/8",
                "nexthop": "10.9.0.2",
                "output_port": "lr-far",
                "policy": "src-ip",
                "route_table": "blue",
            }
        },
        "Load_Balancer": {
            "lb": {
                "name": "lb",
                "protocol": "udp",
                "vips": mapped(**{"192.0.2.8:53": "10.0.0.9:53"}),
                "options": mapped(reject="true"),
                "external_ids": mapped(owner="somebody"),
            }
        },
    }


def _south() -> dict[str, dict[str, Any]]:
    return {
        "Chassis": {
            "c1": {
                "name": "c1",
                "hostname": "cmp1.example.net",
                "encaps": ["set", [["uuid", "e"]]],
                "transport_zones": ["set", ["tz2", "tz1"]],
                "other_config": ["map", [["ovn-cms-options", "enable-chassis-as-gw"]]],
            },
            "c2": {"name": "c2"},
        },
        "Encap": {"e": {"type": "geneve", "ip": "192.0.2.11", "options": mapped(csum="true")}},
        "Datapath_Binding": {
            "d": {"tunnel_key": 4, "external_ids": ["map", [["logical-switch", "s"], ["name", "sw"]]]},
        },
        "Port_Binding": {
            "b": {
                "logical_port": "vm",
                "type": "virtual",
                "datapath": ["uuid", "d"],
                "chassis": ["uuid", "c1"],
                "additional_chassis": ["set", [["uuid", "c2"]]],
                "virtual_parent": "vm1",
                "tunnel_key": 3,
                "up": True,
            }
        },
    }
