"""Rows of the Northbound database as records: what was ordered. The schema is described in ovn-nb(5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from calipso.model import ids
from calipso.model.record import Record
from calipso.ovsdb import Row, many, mapping, one
from calipso.sources.ovn.naming import clean, ips_of, is_uuid, key_of, mac_of, port
from calipso.sources.ovn.parse import Tables, notes, number, text
from calipso.sources.ovn.routers import RouterPort, Routers, load_balancers

DATABASE = "OVN_Northbound"
TABLES = (
    "Logical_Switch", "Logical_Switch_Port", "Logical_Router", "Logical_Router_Port", "Logical_Router_Static_Route",
    "NAT", "Load_Balancer", "DHCP_Options", "Gateway_Chassis", "HA_Chassis_Group", "HA_Chassis", "Port_Group",
)  # fmt: skip
DROP_ALL = "neutron_pg_drop"
"""Neutron's group of all ports it filters: what is not allowed is dropped. It is no security group."""


class North:
    """The tables and what they say as records, all of facet `ovn`."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.switch_of: dict[str, str] = {}
        """Logical switch port row UUID → id of its network."""
        self._made: dict[str, tuple[tuple[object, ...], Record]] = {}
        """Logical switch port row UUID → what its record was made of, and the record."""

    def records(self) -> list[Record]:
        """Every record, in order of id."""
        self.switch_of = {
            each: self._network(uuid, row)
            for uuid, row in self._table("Logical_Switch")
            for each in many(row.get("ports"))
        }
        routers = Routers(self.tables)
        found = [*self._switches(), *self._ports(routers), *self._subnets(), *self._groups()]
        found += [*routers.records(), *load_balancers(self.tables, self._network)]
        return sorted({record.id: record for record in found}.values(), key=lambda record: record.id)

    def _table(self, name: str) -> list[tuple[str, Row]]:
        return sorted(self.tables.table(name).items())

    def _network(self, uuid: str, row: Row) -> str:
        return ids.by_uuid("network", key_of(text(row, "name"), uuid))

    def _switches(self) -> Iterator[Record]:
        ports = self.tables.table("Logical_Switch_Port")
        for uuid, row in self._table("Logical_Switch"):
            said, network = notes(row), self._network(uuid, row)
            wires = [ports[each] for each in many(row.get("ports")) if each in ports and is_localnet(ports[each])]
            yield from (wire_segment(wire, network) for wire in wires)
            mtu = said.get("neutron:mtu", "")
            yield _record(
                network,
                "network",
                name=said.get("neutron:network_name") or text(row, "name"),
                switch_name=text(row, "name"),
                uuid=uuid,
                network_type=said.get("neutron:provnet-network-type"),
                physical_network=said.get("neutron:provnet-physical-network")
                or next((physical_of(wire) for wire in wires), None),
                mtu=int(mtu) if mtu.isdigit() else None,
                acl_count=len(many(row.get("acls"))),
                qos_count=len(many(row.get("qos_rules"))),
                other_config=mapping(row.get("other_config")),
                external_ids=said,
            )

    def _ports(self, routers: Routers) -> Iterator[Record]:
        """Made anew only for ports that something changed of: most rows are ports."""
        groups = self._groups_of_ports()
        made: dict[str, tuple[tuple[object, ...], Record]] = {}
        for uuid, row in self._table("Logical_Switch_Port"):
            if uuid in self.switch_of and not is_localnet(row):
                behind = routers.behind.get(str(mapping(row.get("options")).get("router-port")))
                far = behind if text(row, "type") == "router" else None
                of = (row, self.switch_of[uuid], far, sorted(groups.get(uuid, ())), self._dhcp(row))
                known = self._made.get(uuid)
                if known is None or known[0] != of:
                    known = (of, self._port(uuid, row, far, of[3], of[4]))
                made[uuid] = known
                yield made[uuid][1]
        self._made = made

    def _port(self, uuid: str, row: Row, far: RouterPort | None, groups: list[str], dhcp: list[str]) -> Record:
        name, said, options = text(row, "name"), notes(row), mapping(row.get("options"))
        addresses = [*many(row.get("addresses")), *many(row.get("dynamic_addresses"))]
        networks = many(far.row.get("networks")) if far else []
        return _record(
            port(name),
            "port",
            port_id=name,
            name=said.get("neutron:port_name") or name,
            uuid=uuid,
            network_id=self.switch_of[uuid],
            port_type=text(row, "type"),
            mac=mac_of(addresses) or (mac_of(many(far.row.get("mac"))) if far else None),
            addresses=sorted(map(str, addresses)),
            ips=ips_of(addresses) or ips_of([f"- {each}" for each in networks]),
            port_security=sorted(map(str, many(row.get("port_security")))),
            enabled=one(row.get("enabled")),
            tag=number(row, "tag"),
            parent_port=text(row, "parent_name"),
            device_id=said.get("neutron:device_id") or (far.key if far else None),
            device_owner=said.get("neutron:device_owner"),
            project=said.get("neutron:project_id"),
            requested_chassis=options.get("requested-chassis"),
            router_port=options.get("router-port"),
            security_groups=groups,
            dhcp=dhcp,
            options=options,
            external_ids=said,
        )

    def _dhcp(self, row: Row) -> list[str]:
        """The prefixes from which DHCP answers this port."""
        found = self.tables.table("DHCP_Options")
        rows = (found.get(str(one(row.get(column)))) for column in ("dhcpv4_options", "dhcpv6_options"))
        return sorted(text(each, "cidr") for each in rows if each is not None)

    def _subnets(self) -> Iterator[Record]:
        """DHCP options that are a subnet's, not those of one port."""
        users: dict[str, str] = {}
        for uuid, row in self._table("Logical_Switch_Port"):
            for column in ("dhcpv4_options", "dhcpv6_options"):
                if uuid in self.switch_of:
                    users.setdefault(str(one(row.get(column))), self.switch_of[uuid])
        for uuid, row in self._table("DHCP_Options"):
            said, options = notes(row), mapping(row.get("options"))
            if "port_id" in said:
                continue
            network = said.get("neutron:network_id")
            yield _record(
                ids.by_uuid("subnet", said.get("subnet_id", uuid)),
                "subnet",
                name=text(row, "cidr"),
                cidr=text(row, "cidr"),
                network_id=ids.by_uuid("network", network) if network else users.get(uuid),
                gateway_ip=options.get("router"),
                dns_nameservers=sorted(str(options.get("dns_server", "")).strip("{}").replace(",", " ").split()),
                dhcp_server_ip=options.get("server_id"),
                dhcp_server_mac=options.get("server_mac"),
                dhcp_options=options,
                external_ids=said,
            )

    def _groups(self) -> Iterator[Record]:
        for uuid, row in self._table("Port_Group"):
            name = text(row, "name")
            if name != DROP_ALL:
                yield _record(
                    _group_id(uuid, row),
                    "security_group",
                    name=name,
                    port_group=name,
                    uuid=uuid,
                    acl_count=len(many(row.get("acls"))),
                    external_ids=notes(row),
                )

    def _groups_of_ports(self) -> dict[str, list[str]]:
        """Port row UUID → ids of the security groups that hold it."""
        out: dict[str, list[str]] = {}
        for uuid, row in self._table("Port_Group"):
            if text(row, "name") != DROP_ALL:
                for each in many(row.get("ports")):
                    out.setdefault(each, []).append(_group_id(uuid, row))
        return out


def _record(id: str, type: str, **attributes: Any) -> Record:
    return Record(id, "ovn", type, clean(attributes))


def _group_id(uuid: str, row: Row) -> str:
    """Neutron notes the security group, and names the group `pg_` and the UUID with underscores."""
    said = notes(row).get("neutron:security_group_id") or text(row, "name").removeprefix("pg_").replace("_", "-")
    return ids.by_uuid("security_group", said if is_uuid(said) else uuid)


def is_localnet(row: Row) -> bool:
    return text(row, "type") == "localnet"


def physical_of(row: Row) -> str | None:
    """The physical network that a localnet port leads to."""
    name = mapping(row.get("options")).get("network_name")
    return str(name) if name else None


def wire_segment(row: Row, network: str) -> Record:
    """The segment that a localnet port joins a switch to: Neutron's when its name tells, else type, physnet, number."""
    physical, tag = physical_of(row), number(row, "tag")
    kind = "flat" if tag in (None, 0) else "vlan"
    key = ids.segment_key(kind, physical, tag if kind == "vlan" else None)
    said = text(row, "name").removeprefix("provnet-")
    return _record(
        ids.by_uuid("segment", said) if is_uuid(said) else ids.segment(kind, physical, tag if kind == "vlan" else None),
        "segment",
        name=key,
        key=key,
        network_type=kind,
        physical_network=physical,
        segmentation_id=tag if kind == "vlan" else None,
        network_id=network,
        localnet_port=text(row, "name"),
    )
