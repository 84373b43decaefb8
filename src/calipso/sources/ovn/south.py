"""Rows of the Southbound database as records: chassis, and what they have claimed (ovn-sb(5)).

What only it speaks of (hosts, switching processes, tunnel endpoints, guests' NICs) has facet `ovn`; what it adds to an
object of the Northbound database has facet `ovn.bindings`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from calipso.model import ids
from calipso.model.record import Record
from calipso.ovsdb import Row, many, mapping, one
from calipso.sources.ovn.naming import NEUTRON, OVERLAYS, clean, is_uuid, key_of, mac_of, medium, port
from calipso.sources.ovn.parse import Tables, notes, number, text

DATABASE = "OVN_Southbound"
TABLES = ("Chassis", "Encap", "Datapath_Binding", "Port_Binding")
GATEWAYS = frozenset({"chassisredirect", "l3gateway"})
"""Types of port bindings whose claim says where a router is."""


class Datapath(msgspec.Struct, frozen=True):
    """A logical switch or router as the Southbound database knows it."""

    id: str
    type: str
    key: int | None
    neutron: bool
    medium: str | None


class South:
    """The tables and what they say as records."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.host_of: dict[str, str] = {}
        """Chassis row UUID → host name as it says: its host name, else its own."""
        self.datapaths: dict[str, Datapath] = {}

    def records(self) -> list[Record]:
        """Every record, in order of id and facet."""
        chassis = self.tables.table("Chassis")
        self.host_of = {uuid: text(row, "hostname") or text(row, "name") for uuid, row in chassis.items()}
        self.datapaths = dict(self._datapaths())
        found = [*self._hosts(), *self._networks(), *self._ports(), *self._routers()]
        unique = {(record.id, record.facet): record for record in reversed(found)}
        return sorted(unique.values(), key=lambda record: (record.id, record.facet))

    # ── chassis ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _hosts(self) -> Iterator[Record]:
        by_host: dict[str, list[Row]] = {}
        for uuid, row in sorted(self.tables.table("Chassis").items(), key=lambda pair: text(pair[1], "name")):
            by_host.setdefault(self.host_of[uuid], []).append(row)
        for host, rows in by_host.items():
            encaps = [self.tables.table("Encap")[each] for row in rows for each in self._encaps(row)]
            yield _record(
                ids.host(host),
                "host",
                name=host,
                host=host,
                fqdn=host if "." in host else None,
                chassis=[text(row, "name") for row in rows],
                stated_addresses=sorted({ids.canonical_ip(text(each, "ip")) for each in encaps}),
            )
            yield from self._switching(host, rows[0], encaps)

    def _encaps(self, row: Row) -> list[str]:
        known = self.tables.table("Encap")
        return [each for each in sorted(map(str, many(row.get("encaps")))) if each in known]

    def _switching(self, host: str, row: Row, encaps: list[Row]) -> Iterator[Record]:
        config = {**mapping(row.get("external_ids")), **mapping(row.get("other_config"))}
        pairs = (each.partition(":") for each in str(config.get("ovn-bridge-mappings", "")).split(",") if ":" in each)
        where = ids.ovs(host)
        yield _record(
            where,
            "ovs",
            host=host,
            name="ovs",
            system_id=text(row, "name"),
            hostname=text(row, "hostname"),
            bridge_mappings={physical.strip(): bridge.strip() for physical, _, bridge in pairs},
            cms_options=sorted(each for each in str(config.get("ovn-cms-options", "")).split(",") if each),
            datapath_type=config.get("datapath-type"),
            transport_zones=sorted(map(str, many(row.get("transport_zones")))),
        )
        for each in encaps:
            kind, ip = text(each, "type"), ids.canonical_ip(text(each, "ip"))
            yield _record(
                ids.tunnel_endpoint(host, kind, ip),
                "otep",
                host=host,
                name=ip,
                overlay_type=kind,
                ip=ip,
                vedge=where,
                options=mapping(each.get("options")),
            )

    # ── datapaths ────────────────────────────────────────────────────────────────────────────────────────────────

    def _datapaths(self) -> Iterator[tuple[str, Datapath]]:
        wires = self._wires()
        overlay = self._overlay()
        for uuid, row in self.tables.table("Datapath_Binding").items():
            said, key = notes(row), number(row, "tunnel_key")
            for note, type in (("logical-switch", "network"), ("logical-router", "router")):
                if note in said:
                    name = said.get("name", "")
                    neutron = name.startswith(NEUTRON) and is_uuid(name.removeprefix(NEUTRON))
                    over = (wires.get(uuid) or overlay) if type == "network" else None
                    id = ids.by_uuid(type, key_of(name, said[note]))
                    yield uuid, Datapath(id, type, key, neutron, over)

    def _wires(self) -> dict[str, str | None]:
        """Datapath row UUID → medium of its localnet port."""
        out: dict[str, str | None] = {}
        for row in self.tables.table("Port_Binding").values():
            if text(row, "type") == "localnet":
                physical = mapping(row.get("options")).get("network_name")
                out[str(one(row.get("datapath")))] = medium("vlan", str(physical) if physical else None)
        return out

    def _overlay(self) -> str | None:
        """The encapsulation that chassis prefer among those they have."""
        kinds = {text(row, "type") for row in self.tables.table("Encap").values()}
        return next((f"overlay/{kind}" for kind in OVERLAYS if kind in kinds), None)

    def _networks(self) -> Iterator[Record]:
        for each in self.datapaths.values():
            if each.type == "network":
                yield _bound(each.id, "network", tunnel_key=each.key)
                if not each.neutron and each.medium and each.medium.startswith("overlay/"):
                    kind = each.medium.removeprefix("overlay/")
                    key = ids.segment_key(kind, None, each.key)
                    said = {"name": key, "key": key, "network_type": kind, "segmentation_id": each.key}
                    yield _bound(ids.segment(kind, None, each.key), "segment", network_id=each.id, **said)

    # ── claims ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _ports(self) -> Iterator[Record]:
        for row in sorted(self.tables.table("Port_Binding").values(), key=lambda row: text(row, "logical_port")):
            datapath = self.datapaths.get(str(one(row.get("datapath"))))
            kind = text(row, "type")
            if datapath is None or datapath.type != "network" or kind == "localnet":
                continue
            name, uuid = text(row, "logical_port"), str(one(row.get("chassis")))
            host = self.host_of.get(uuid)
            further = [str(each) for each in many(row.get("additional_chassis"))]
            yield _bound(
                port(name),
                "port",
                host=host,
                chassis=self._chassis_name(uuid),
                additional_chassis=sorted(filter(None, map(self._chassis_name, further))),
                tunnel_key=number(row, "tunnel_key"),
                medium=datapath.medium,
                up=one(row.get("up")) if kind == "" or host else None,
                virtual_parent=text(row, "virtual_parent"),
            )
            if kind == "" and host is not None:
                yield from self._guest_nic(name, row, host)

    def _chassis_name(self, uuid: str) -> str | None:
        row = self.tables.table("Chassis").get(uuid)
        return text(row, "name") if row is not None else None

    def _guest_nic(self, name: str, row: Row, host: str) -> Iterator[Record]:
        said, mac = notes(row), mac_of(many(row.get("mac")))
        device = said.get("neutron:device_id")
        if device and mac and said.get("neutron:device_owner", "").startswith("compute:"):
            instance = ids.instance(device)
            nic = ids.guest_nic(instance, mac)
            yield _record(nic, "nic", host=host, instance=instance, mac=mac, port_id=name)

    def _routers(self) -> Iterator[Record]:
        """Where routers are: the chassis that have claimed their gateways, by priority when there are several."""
        claims: dict[str, set[str]] = {}
        for row in self.tables.table("Port_Binding").values():
            name = self._chassis_name(str(one(row.get("chassis"))))
            if text(row, "type") in GATEWAYS and name:
                claims.setdefault(str(one(row.get("datapath"))), set()).add(name)
        for uuid, each in self.datapaths.items():
            if each.type == "router":
                gateways: list[str] = sorted(claims.get(uuid, ()))
                yield _bound(each.id, "router", tunnel_key=each.key, gateway_chassis=gateways)


def _record(id: str, type: str, **attributes: Any) -> Record:
    return Record(id, "ovn", type, clean(attributes))


def _bound(id: str, type: str, **attributes: Any) -> Record:
    return Record(id, "ovn.bindings", type, clean(attributes))
