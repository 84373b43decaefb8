"""Rows of the Open_vSwitch database as records: instance, bridges, ports, interfaces, endpoints, segments, guest NICs.

The schema is described in ovs-vswitchd.conf.db(5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from calipso.model import ids
from calipso.model.record import Record
from calipso.ovsdb import Row, many, mapping, one
from calipso.sources.ovs.parse import Tables

TUNNELS = frozenset(
    {"vxlan", "gre", "geneve", "ip6gre", "erspan", "ip6erspan", "stt", "lisp", "gtpu", "srv6", "bareudp"}
)
NONE_TEXTS = (None, "", "None", "none")
"""What agents write where they mean nothing."""


def medium(kind: str, physical: str | None) -> str | None:
    if kind in ("flat", "vlan"):
        return f"physnet/{physical}" if physical not in NONE_TEXTS else None
    return f"overlay/{kind}" if kind in TUNNELS else None


def clean(attributes: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in attributes.items() if value is not None and value not in ("", [], {})}


class Instance:
    """One Open vSwitch instance's tables, and what they say as records."""

    def __init__(self, tables: Tables, host: str, name: str = "", netns: str = "") -> None:
        self.tables = tables
        self.host = host
        self.id = ids.ovs(host, name)
        self.name = name or "ovs"
        self.netns = netns or ids.host(host)
        self.port_of: dict[str, tuple[Row, str]] = {}
        """Interface row UUID → (port row, bridge name)."""
        self._made: dict[str, tuple[tuple[object, ...], list[Record]]] = {}
        """Row UUID → what the row's records were made of, and the records."""

    def records(self) -> list[Record]:
        """Every record, in order of id."""
        self.port_of = {}
        found = [*self._process(), *self._bridges(), *self._interfaces()]
        found += self._endpoints()
        found += self._segments()
        ports, interfaces = self.tables.table("Port"), self.tables.table("Interface")
        if len(self._made) > len(ports) + len(interfaces):  # rows that are no more
            self._made = {uuid: made for uuid, made in self._made.items() if uuid in ports or uuid in interfaces}
        return sorted(found, key=lambda record: (record.id, record.facet))

    def _once(self, uuid: str, of: tuple[object, ...], make: Callable[[], list[Record]]) -> list[Record]:
        """The records of a row, made anew only when something they are made of is another object than before."""
        made = self._made.get(uuid)
        if made is None or len(made[0]) != len(of) or any(a is not b for a, b in zip(made[0], of, strict=True)):
            made = self._made[uuid] = (of, make())
        return made[1]

    def _record(self, id: str, type: str, facet: str = "ovs", **attributes: Any) -> Record:
        return Record(id, facet, type, clean({"host": self.host, **attributes}))

    @property
    def root(self) -> Row:
        return next(iter(self.tables.table("Open_vSwitch").values()), {})

    def _process(self) -> Iterator[Record]:
        root, external = self.root, mapping(self.root.get("external_ids"))
        pairs = (each.partition(":") for each in str(external.get("ovn-bridge-mappings", "")).split(",") if ":" in each)
        yield self._record(
            self.id,
            "ovs",
            name=self.name,
            netns=self.netns,
            version=one(root.get("ovs_version")),
            db_version=one(root.get("db_version")),
            system_type=one(root.get("system_type")),
            system_id=external.get("system-id"),
            hostname=external.get("hostname"),
            bridge_mappings={physical.strip(): bridge.strip() for physical, _, bridge in pairs},
            encap_ip=external.get("ovn-encap-ip"),
            encap_type=external.get("ovn-encap-type"),
            external_ids=external,
            other_config=mapping(root.get("other_config")),
            managers=sorted(str(row.get("target")) for row in self.tables.table("Manager").values()),
        )

    def _bridges(self) -> Iterator[Record]:
        ports = self.tables.table("Port")
        for uuid, row in self.tables.table("Bridge").items():
            name = str(row.get("name", uuid))
            yield self._bridge(uuid, name, row)
            for port in many(row.get("ports")):
                if port in ports:
                    yield from self._port_once(port, ports[port], name)

    def _bridge(self, uuid: str, name: str, row: Row) -> Record:
        controllers = self.tables.table("Controller")
        return self._record(
            ids.ovs_bridge(self.id, name),
            "ovsbridge",
            ovs=self.id,
            owner=self.id,
            name=name,
            uuid=uuid,
            datapath_id=one(row.get("datapath_id")),
            datapath_type=one(row.get("datapath_type")) or "system",
            fail_mode=one(row.get("fail_mode")),
            protocols=sorted(map(str, many(row.get("protocols")))),
            stp_enable=row.get("stp_enable"),
            rstp_enable=row.get("rstp_enable"),
            external_ids=mapping(row.get("external_ids")),
            other_config=mapping(row.get("other_config")),
            controllers=sorted(
                str(controllers[each].get("target")) for each in many(row.get("controller")) if each in controllers
            ),
            mirrors=sorted(self._mirrors(row), key=lambda mirror: str(mirror.get("name"))),
            sflow=self._export("sFlow", row.get("sflow")),
            netflow=self._export("NetFlow", row.get("netflow")),
            ipfix=self._export("IPFIX", row.get("ipfix")),
        )

    def _mirrors(self, row: Row) -> Iterator[dict[str, Any]]:
        mirrors, ports = self.tables.table("Mirror"), self.tables.table("Port")

        def names(uuids: Any) -> list[str]:
            return sorted(str(ports[each].get("name")) for each in many(uuids) if each in ports)

        for uuid in many(row.get("mirrors")):
            mirror = mirrors.get(uuid)
            if mirror is not None:
                yield clean(
                    {
                        "name": mirror.get("name"),
                        "select_all": mirror.get("select_all"),
                        "select_src_port": names(mirror.get("select_src_port")),
                        "select_dst_port": names(mirror.get("select_dst_port")),
                        "select_vlan": many(mirror.get("select_vlan")),
                        "output_port": names(mirror.get("output_port")),
                        "output_vlan": one(mirror.get("output_vlan")),
                    }
                )

    def _export(self, table: str, uuid: Any) -> dict[str, Any] | None:
        row = self.tables.table(table).get(str(one(uuid)))
        if row is None:
            return None
        row = {**row, "targets": sorted(map(str, many(row.get("targets"))))}
        return clean(
            {name: value for name, value in row.items() if name in ("targets", "sampling", "polling", "agent")}
        )

    def _port_once(self, uuid: str, row: Row, bridge: str) -> list[Record]:
        interfaces = self.tables.table("Interface")
        members = {each: interfaces[each] for each in many(row.get("interfaces")) if each in interfaces}
        for each in members:
            self.port_of[each] = (row, bridge)
        made_of = (row, bridge, *members.values())
        return self._once(uuid, made_of, lambda: [self._port(uuid, row, bridge, list(members.values()))])

    def _port(self, uuid: str, row: Row, bridge: str, members: list[Row]) -> Record:
        name = str(row.get("name", uuid))
        config = mapping(row.get("other_config"))
        where = ids.ovs_bridge(self.id, bridge)
        return self._record(
            ids.ovs_port(self.id, name),
            "ovsport",
            ovs=self.id,
            bridge=where,
            owner=where,
            name=name,
            uuid=uuid,
            tag=one(row.get("tag")),
            trunks=sorted(each for each in many(row.get("trunks")) if isinstance(each, int)),
            vlan_mode=one(row.get("vlan_mode")),
            interfaces=sorted(ids.ovs_interface(self.id, str(each.get("name"))) for each in members),
            bond_mode=one(row.get("bond_mode")),
            lacp=one(row.get("lacp")),
            segment=_named_segment(config),
            network_id=ids.by_uuid("network", str(config["net_uuid"])) if config.get("net_uuid") else None,
            external_ids=mapping(row.get("external_ids")),
            other_config=config,
        )

    def _interfaces(self) -> Iterator[Record]:
        for uuid, row in self.tables.table("Interface").items():
            placed = self.port_of.get(uuid)
            if placed is not None:
                yield from self._interface_once(uuid, row, *placed)

    def _interface_once(self, uuid: str, row: Row, port: Row, bridge: str) -> list[Record]:
        made_of = (row, port, bridge, self.root)
        return self._once(uuid, made_of, lambda: [self._interface(uuid, row, port, bridge), *self._guest_nic(row)])

    def _interface(self, uuid: str, row: Row, port: Row, bridge: str) -> Record:
        options, external = mapping(row.get("options")), mapping(row.get("external_ids"))
        name, where = str(row.get("name", uuid)), ids.ovs_bridge(self.id, bridge)
        kind = str(row.get("type") or "system")
        ofport = one(row.get("ofport"))
        return self._record(
            ids.ovs_interface(self.id, name),
            kind,
            ovs=self.id,
            netns=self.netns,
            port=ids.ovs_port(self.id, str(port.get("name"))),
            bridge=where,
            owner=where,
            name=name,
            uuid=uuid,
            ofport=ofport if isinstance(ofport, int) and ofport >= 0 else None,
            ifindex=one(row.get("ifindex")) or None,
            ovs_mac=one(row.get("mac_in_use")),
            ovs_link_state=one(row.get("link_state")),
            ovs_admin_state=one(row.get("admin_state")),
            mtu=one(row.get("mtu")),
            error=one(row.get("error")),
            iface_id=external.get("iface-id"),
            attached_mac=ids.canonical_mac(str(external["attached-mac"])) if external.get("attached-mac") else None,
            vm_uuid=external.get("vm-uuid") or external.get("vm-id"),
            iface_status=external.get("iface-status"),
            peer_name=options.get("peer"),
            socket=options.get("vhost-server-path"),
            remote_ip=options.get("remote_ip"),
            local_ip=self._local_ip(kind, options),
            key=options.get("key") or options.get("in_key"),
            udp_port=options.get("dst_port"),
            tunnel_egress=mapping(row.get("status")).get("tunnel_egress_iface"),
            external_ids=external,
            options={name: value for name, value in options.items() if "psk" not in name and "key_file" not in name},
            other_config=mapping(row.get("other_config")),
        )

    def _local_ip(self, kind: str, options: dict[str, Any]) -> str | None:
        """A tunnel's own address: its option, else what OVN was told for this encapsulation."""
        if options.get("local_ip"):
            return ids.canonical_ip(str(options["local_ip"]))
        external = mapping(self.root.get("external_ids"))
        types = str(external.get("ovn-encap-type", "")).split(",")
        if kind in types and external.get("ovn-encap-ip"):
            return ids.canonical_ip(str(external["ovn-encap-ip"]).split(",")[0])
        return None

    def _guest_nic(self, row: Row) -> Iterator[Record]:
        external = mapping(row.get("external_ids"))
        if not external.get("vm-uuid") or not external.get("attached-mac"):
            return
        instance, mac = ids.instance(str(external["vm-uuid"])), ids.canonical_mac(str(external["attached-mac"]))
        yield self._record(
            ids.guest_nic(instance, mac),
            "nic",
            instance=instance,
            mac=mac,
            iface_id=external.get("iface-id"),
            port_id=external.get("iface-id"),
        )

    def _endpoints(self) -> Iterator[Record]:
        found: dict[tuple[str, str], list[str]] = {}
        for uuid in self.port_of:
            row = self.tables.table("Interface")[uuid]
            kind = str(row.get("type") or "system")
            if kind in TUNNELS:
                local = self._local_ip(kind, mapping(row.get("options"))) or ""
                found.setdefault((kind, local), []).append(ids.ovs_interface(self.id, str(row.get("name"))))
        for (kind, local), tunnels in found.items():
            yield self._record(
                ids.tunnel_endpoint(self.host, kind, local),
                "otep",
                name=local or kind,
                netns=self.netns,
                overlay_type=kind,
                ip=local or None,
                vedge=self.id,
                tunnels=sorted(tunnels),
            )

    def _segments(self) -> Iterator[Record]:
        """Segments that ports name, and what tags mean by access tunnel ports with a key."""
        named: dict[str, dict[str, Any]] = {}
        meaning = set()
        for uuid, (port, _) in self.port_of.items():
            config = mapping(port.get("other_config"))
            segment = _named_segment(config)
            if segment:
                named[segment] = {"network_id": _network_of(config)}
            row = self.tables.table("Interface")[uuid]
            options, kind, tag = mapping(row.get("options")), str(row.get("type")), one(port.get("tag"))
            key = options.get("key") or options.get("in_key")
            if kind in TUNNELS and isinstance(tag, int) and str(key or "").isdigit():
                segment = ids.segment(kind, None, str(key))
                named.setdefault(segment, {})
                meaning.add((tag, segment))
        for segment, more in named.items():
            yield segment_record(segment, **more)
        if meaning:
            yield tag_meanings(self.id, self.host, meaning, "ovs.segments")


def tag_meanings(ovs: str, host: str, meaning: set[tuple[int, str]], facet: str) -> Record:
    """What VLAN tags of one Open vSwitch mean: (tag, segment id)."""
    entries = [
        clean({"tag": tag, "segment": segment, "medium": medium(segment.partition(":")[2].partition("/")[0], None)})
        for tag, segment in sorted(meaning)
    ]
    return Record(ovs, facet, "ovs", {"host": host, "segments": entries})


def segment_record(id: str, network_id: str | None = None, facet: str = "ovs") -> Record:
    """A segment by its id `segment:type/physnet/number`. Each scope that names segments has a facet of its own."""
    key = id.partition(":")[2]
    kind, physical, number = key.split("/")
    attributes = {
        "name": key,
        "key": key,
        "network_type": kind,
        "physical_network": None if physical == "-" else physical,
        "segmentation_id": int(number) if number.isdigit() else None,
        "network_id": network_id,
    }
    return Record(id, facet, "segment", clean(attributes))


def _named_segment(config: dict[str, Any]) -> str | None:
    """The segment a Neutron agent notes on a port."""
    kind = config.get("network_type")
    if kind in NONE_TEXTS:
        return None
    physical = config.get("physical_network")
    number = config.get("segmentation_id")
    return ids.segment(
        str(kind), None if physical in NONE_TEXTS else str(physical), None if number in NONE_TEXTS else str(number)
    )


def _network_of(config: dict[str, Any]) -> str | None:
    return ids.by_uuid("network", str(config["net_uuid"])) if config.get("net_uuid") else None
