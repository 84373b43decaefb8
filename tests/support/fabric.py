"""A switch's MIB tables, made after the MIBs."""

from __future__ import annotations

import json

from calipso.sources.snmp import parse as p

Rows = dict[str, int | str]


def answer(rows: Rows) -> bytes:
    """What a transport would answer."""
    ordered = sorted(rows.items(), key=lambda row: [int(part) for part in row[0].split(".")])
    return json.dumps(
        [[oid, "Integer" if isinstance(value, int) else "OctetString", value] for oid, value in ordered]
    ).encode()


def text(value: str) -> str:
    return value.encode().hex()


def leaf() -> Rows:
    """Two ports (bridge ports 1 and 2, ifindex 101 and 102), the second with a switch at its other end."""
    s, i, b, q, own, far = p.SYSTEM, p.INTERFACES, p.BRIDGE, p.Q_BRIDGE, p.LLDP, p.REMOTE
    rows: Rows = {
        f"{s['description']}.0": text("a switch"), f"{s['object_id']}.0": "1.3.6.1.4.1.9.1.1",
        f"{s['name']}.0": text("leaf1"), f"{s['location']}.0": text("rack 4"),
        f"{b['address']}.0": "02000000000a",
        f"{own['chassis_subtype']}.0": 4, f"{own['chassis_id']}.0": "02000000000a",
        f"{own['port_subtype']}.1": 3, f"{own['port_id']}.1": "020000000101", f"{own['port_descr']}.1": text("Eth1/1"),
        f"{own['port_subtype']}.2": 5, f"{own['port_id']}.2": text("Eth1/2"),
        f"{q['egress']}.0.10": "80", f"{q['untagged']}.0.10": "80", f"{q['vlan_name']}.10": text("blue"),
        f"{q['egress']}.0.20": "80", f"{q['untagged']}.0.20": "00", f"{q['pvid']}.1": 10,
    }  # fmt: skip
    for number, (name, oper) in enumerate((("Eth1/1", 1), ("Eth1/2", 2)), 1):
        at = 100 + number
        rows |= {
            f"{i['descr']}.{at}": text(f"Ethernet {number}"), f"{i['name']}.{at}": text(name), f"{i['type']}.{at}": 6,
            f"{i['mtu']}.{at}": 9216, f"{i['mac']}.{at}": f"0200000001{number:02x}", f"{i['admin']}.{at}": 1,
            f"{i['oper']}.{at}": oper, f"{i['speed']}.{at}": 25000, f"{i['alias']}.{at}": text(f"to {number}"),
            f"{b['port_ifindex']}.{number}": at,
        }  # fmt: skip
    neighbors = (  # port, chassis subtype and id, port subtype and id, name, capabilities
        (1, 4, "020000000201", 3, "020000000201", "h1", "01"),
        (1, 4, "020000000202", 5, text("eth0"), "h2", "01"),
        (2, 7, text("spine"), 5, text("Eth9"), "spine", "28"),
    )
    for number, (port, chassis_subtype, chassis, port_subtype, id, name, capabilities) in enumerate(neighbors, 1):
        at_neighbor = f"5.{port}.{number}"
        rows |= {
            f"{far['chassis_subtype']}.{at_neighbor}": chassis_subtype, f"{far['chassis_id']}.{at_neighbor}": chassis,
            f"{far['port_subtype']}.{at_neighbor}": port_subtype, f"{far['port_id']}.{at_neighbor}": id,
            f"{far['port_descr']}.{at_neighbor}": text("a port"), f"{far['name']}.{at_neighbor}": text(name),
            f"{far['capabilities']}.{at_neighbor}": capabilities,
        }  # fmt: skip
    for last, status in ((1, 3), (9, 4)):
        rows[f"{q['fdb_port']}.10.2.0.0.0.2.{last}"] = 1
        rows[f"{q['fdb_status']}.10.2.0.0.0.2.{last}"] = status
    return rows
