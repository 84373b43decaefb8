"""Logical routers with their ports, routes, translations and gateways, and load balancers (ovn-nb(5))."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from calipso.model import ids
from calipso.model.record import Record
from calipso.ovsdb import Row, many, mapping, one
from calipso.sources.ovn.naming import clean, key_of
from calipso.sources.ovn.parse import Tables, notes, number, text


class RouterPort(msgspec.Struct, frozen=True):
    """A logical router port and what its router goes by."""

    key: str
    row: Row


class Routers:
    """The logical routers of a Northbound database."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.behind: dict[str, RouterPort] = {}
        """Name of a logical router port → the port."""
        ports = tables.table("Logical_Router_Port")
        for uuid, row in tables.table("Logical_Router").items():
            for each in many(row.get("ports")):
                if each in ports:
                    found = RouterPort(key_of(text(row, "name"), uuid), ports[each])
                    self.behind[text(found.row, "name")] = found

    def records(self) -> Iterator[Record]:
        """A record for each router and for each address it translates both ways."""
        for uuid, row in sorted(self.tables.table("Logical_Router").items()):
            key, said = key_of(text(row, "name"), uuid), notes(row)
            ports = self._rows("Logical_Router_Port", row.get("ports"))
            options = mapping(row.get("options"))
            yield Record(
                ids.by_uuid("router", key),
                "ovn",
                "router",
                clean(
                    {
                        "router_id": key,
                        "name": said.get("neutron:router_name") or text(row, "name"),
                        "router_name": text(row, "name"),
                        "uuid": uuid,
                        "enabled": one(row.get("enabled")),
                        "ports": _sorted(self._port(each) for _, each in ports),
                        "gateways": self._gateways(options, [each for _, each in ports]),
                        "nat": _sorted(_nat(each) for _, each in self._rows("NAT", row.get("nat"))),
                        "static_routes": _sorted(
                            _route(each)
                            for _, each in self._rows("Logical_Router_Static_Route", row.get("static_routes"))
                        ),
                        "policy_count": len(many(row.get("policies"))),
                        "options": options,
                        "external_ids": said,
                    }
                ),
            )
            yield from self._floating(key, row)

    def _rows(self, table: str, uuids: Any) -> list[tuple[str, Row]]:
        found = self.tables.table(table)
        return [(each, found[each]) for each in sorted(map(str, many(uuids))) if each in found]

    def _port(self, row: Row) -> dict[str, Any]:
        return clean(
            {
                "name": text(row, "name"),
                "mac": text(row, "mac").lower(),
                "networks": sorted(map(str, many(row.get("networks")))),
                "peer": text(row, "peer"),
                "enabled": one(row.get("enabled")),
            }
        )

    def _gateways(self, options: dict[str, Any], ports: list[Row]) -> list[dict[str, Any]]:
        """Chassis that may be the gateway: the one that the whole router is bound to, those of its ports' groups."""
        out: list[dict[str, Any]] = [{"chassis": str(options["chassis"])}] if options.get("chassis") else []
        for row in ports:
            groups = self._rows("HA_Chassis_Group", row.get("ha_chassis_group"))
            candidates = self._rows("Gateway_Chassis", row.get("gateway_chassis"))
            for _, group in groups:
                candidates += self._rows("HA_Chassis", group.get("ha_chassis"))
            for _, each in candidates:
                priority = number(each, "priority") or 0
                out.append({"port": text(row, "name"), "chassis": text(each, "chassis_name"), "priority": priority})
        return sorted(out, key=lambda each: (each.get("port", ""), -each.get("priority", 0), each["chassis"]))

    def _floating(self, key: str, row: Row) -> Iterator[Record]:
        """Addresses that are one port's, both ways."""
        for uuid, nat in self._rows("NAT", row.get("nat")):
            if text(nat, "type") != "dnat_and_snat":
                continue
            said = notes(nat)
            network = said.get("neutron:fip_network_id")
            attributes = {
                "name": text(nat, "external_ip"),
                "ip": ids.canonical_ip(text(nat, "external_ip")),
                "fixed_ip": ids.canonical_ip(text(nat, "logical_ip")),
                "port_id": said.get("neutron:fip_port_id") or text(nat, "logical_port"),
                "network_id": ids.by_uuid("network", network) if network else None,
                "router_id": key,
                "distributed": bool(text(nat, "external_mac")),
                "external_mac": text(nat, "external_mac").lower(),
                "uuid": uuid,
            }
            yield Record(
                ids.by_uuid("floating_ip", said.get("neutron:fip_id", uuid)), "ovn", "floating_ip", clean(attributes)
            )


def _nat(row: Row) -> dict[str, Any]:
    return clean(
        {
            "type": text(row, "type"),
            "external_ip": text(row, "external_ip"),
            "logical_ip": text(row, "logical_ip"),
            "external_mac": text(row, "external_mac").lower(),
            "external_port_range": text(row, "external_port_range"),
            "logical_port": text(row, "logical_port"),
        }
    )


def _route(row: Row) -> dict[str, Any]:
    return clean(
        {
            "prefix": text(row, "ip_prefix"),
            "nexthop": text(row, "nexthop"),
            "output_port": text(row, "output_port"),
            "policy": text(row, "policy"),
            "route_table": text(row, "route_table"),
        }
    )


def _sorted(entries: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: [str(item) for item in sorted(entry.items())])


def load_balancers(tables: Tables, network_of: Callable[[str, Row], str]) -> Iterator[Record]:
    """Load balancers with their addresses, and the switches and routers that do the balancing."""
    held: dict[str, list[str]] = {}
    for uuid, row in tables.table("Logical_Switch").items():
        for each in many(row.get("load_balancer")):
            held.setdefault(each, []).append(network_of(uuid, row))
    for uuid, row in tables.table("Logical_Router").items():
        for each in many(row.get("load_balancer")):
            held.setdefault(each, []).append(ids.by_uuid("router", key_of(text(row, "name"), uuid)))
    for uuid, row in sorted(tables.table("Load_Balancer").items()):
        on = sorted(held.get(uuid, ()))
        vips = sorted(mapping(row.get("vips")).items())
        attributes = {
            "name": text(row, "name"),
            "uuid": uuid,
            "service_type": "load_balancer",
            "protocol": text(row, "protocol") or "tcp",
            "vips": [
                clean({"vip": vip, "backends": sorted(each.strip() for each in str(said).split(",") if each.strip())})
                for vip, said in vips
            ],
            "network_ids": [each for each in on if each.startswith("network:")],
            "router_refs": [each for each in on if each.startswith("router:")],
            "options": mapping(row.get("options")),
            "external_ids": notes(row),
        }
        yield Record(ids.by_uuid("load_balancer", uuid), "ovn", "load_balancer", clean(attributes))
