"""A switch's tables as records: itself, its ports, who they hear, and what they have learnt."""

from __future__ import annotations

from typing import Any

from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.snmp import parse as p

FACET, FDB = "snmp", "snmp.fdb"
ETHERNET, AGGREGATE = 6, 161
"""IANAifType of what frames come in by, and of several as one."""


class Switch:
    """One device as its walks tell it. `name`: what it is called in the environment."""

    def __init__(self, walk: p.Walk, name: str) -> None:
        self.walk = walk
        self.name = name
        self.names = {index[0]: value for index, value in walk.texts(p.INTERFACES["descr"]).items() if len(index) == 1}
        short = {index[0]: value for index, value in walk.texts(p.INTERFACES["name"]).items() if len(index) == 1}
        self.names |= {index: value for index, value in short.items() if value}
        self.subtype, self.chassis = self._chassis()
        self.id = ids.switch(self.chassis)
        self.bridge_ports = {
            index[0]: value for index, value in walk.numbers(p.BRIDGE["port_ifindex"]).items() if len(index) == 1
        }
        self.lldp_ports = self._lldp_ports()
        self.heard = self._heard()

    def _chassis(self) -> tuple[str, str]:
        """What LLDP knows it by, else its bridge's address, else its name."""
        subtype = self.walk.numbers(p.LLDP["chassis_subtype"]).get((0,))
        said = self.walk.column(p.LLDP["chassis_id"]).get((0,))
        known = p.identity(p.CHASSIS_SUBTYPES, subtype, said)
        if known[1]:
            return known
        address = p.mac(self.walk.column(p.BRIDGE["address"]).get((0,)))
        return ("mac", address) if address else ("local", self.name)

    def _lldp_ports(self) -> dict[int, tuple[int, str, str]]:
        """lldpPortNum → (ifindex, subtype, id): by its id or description where they are a name, else by its number."""
        by_name = {name: index for index, name in self.names.items()}
        subtypes, descriptions = (self.walk.numbers(p.LLDP["port_subtype"]), self.walk.texts(p.LLDP["port_descr"]))
        macs = {p.mac(said): index[0] for index, said in self.walk.column(p.INTERFACES["mac"]).items()}
        out = {}
        for index, said in self.walk.column(p.LLDP["port_id"]).items():
            subtype, id = p.identity(p.PORT_SUBTYPES, subtypes.get(index), said)
            number = index[0]
            ifindex = by_name.get(id) or by_name.get(descriptions.get(index, "")) or (number if number in self.names
                      else self.bridge_ports.get(number) or macs.get(id, 0))  # fmt: skip
            if id and ifindex:
                out[number] = (ifindex, subtype, id)
        return out

    def _heard(self) -> dict[int, list[dict[str, Any]]]:
        """ifindex → its neighbours."""
        columns = {name: self.walk.column(oid) for name, oid in p.REMOTE.items()}
        out: dict[int, list[dict[str, Any]]] = {}
        for index in sorted(columns["chassis_id"]):
            if len(index) != 3 or index[1] not in self.lldp_ports:
                continue
            of = {name: column.get(index) for name, column in columns.items()}
            chassis_subtype, chassis = p.identity(p.CHASSIS_SUBTYPES, of["chassis_subtype"], of["chassis_id"])
            port_subtype, port = p.identity(p.PORT_SUBTYPES, of["port_subtype"], of["port_id"])
            said = {
                "protocol": "LLDP", "name": p.text(of["name"]), "chassis_id": chassis,
                "chassis_id_subtype": chassis_subtype, "port_id": port, "port_id_subtype": port_subtype,
                "port_description": p.text(of["port_descr"]),
                "is_switch": p.passes_on(p.capabilities(of["capabilities"])),
            }  # fmt: skip
            out.setdefault(self.lldp_ports[index[1]][0], []).append(clean(said))
        return {each: sorted(heard, key=repr) for each, heard in out.items()}

    def records(self) -> list[Record]:
        """The switch and its ports, one for each id, sorted."""
        system = {name: self.walk.column(oid).get((0,)) for name, oid in p.SYSTEM.items()}
        said = {
            "name": p.text(system["name"]) or self.name,
            "chassis_id": self.chassis,
            "chassis_id_subtype": self.subtype,
            "description": p.text(system["description"]),
            "object_id": str(system["object_id"] or ""),
            "location": p.text(system["location"]),
        }
        ports = [self._port(index) for index in sorted(self._indices())]
        return sorted([Record(self.id, FACET, "switch", clean(said)), *ports], key=lambda record: record.id)

    def _indices(self) -> set[int]:
        """Which interfaces are ports: those that LLDP or the bridge say; else all that are Ethernet."""
        told = {ifindex for ifindex, _, _ in self.lldp_ports.values()} | set(self.bridge_ports.values())
        kinds = self.walk.numbers(p.INTERFACES["type"])
        ethernet = {index for index in self.names if kinds.get((index,)) in (ETHERNET, AGGREGATE)}
        return told & set(self.names) or ethernet

    def port_id(self, ifindex: int) -> tuple[str, str]:
        """(subtype, id) that a port is known by."""
        for index, subtype, id in self.lldp_ports.values():
            if index == ifindex:
                return subtype, id
        return "ifname", self.names[ifindex]

    def _port(self, ifindex: int) -> Record:
        subtype, id = self.port_id(ifindex)
        at = (ifindex,)
        number = {name: self.walk.numbers(p.INTERFACES[name]).get(at) for name in ("mtu", "speed", "admin", "oper")}
        heard = self.heard.get(ifindex, [])
        said = {
            "name": self.names[ifindex],
            "switch": self.id,
            "port_id": id,
            "port_id_subtype": subtype,
            "ifindex": ifindex,
            "mac": p.mac(self.walk.column(p.INTERFACES["mac"]).get(at)),
            "mtu": number["mtu"],
            "speed": number["speed"] or None,
            "admin_state": {1: "up", 2: "down", 3: "testing"}.get(number["admin"] or 0),
            "state": {1: "up", 2: "down", 6: "down", 7: "down"}.get(number["oper"] or 0),
            "description": p.text(self.walk.column(p.INTERFACES["alias"]).get(at)),
            **self._vlans(ifindex),
            "lldp_neighbors": heard,
            "switch_ports": sorted(
                ids.switch_port(ids.switch(each["chassis_id"]), each["port_id"])
                for each in heard
                if each["is_switch"] and each.get("port_id") and each.get("chassis_id")
            ),
            "neighbor_macs": _those(heard, "mac"),
            "neighbor_devices": sorted(
                ids.device(ids.host(each["name"]), each["port_id"])
                for each in heard
                if each.get("port_id_subtype") == "ifname" and each.get("name") and not each["is_switch"]
            ),
        }
        return Record(ids.switch_port(self.id, id), FACET, "switchport", clean(said))

    def _vlans(self, ifindex: int) -> dict[str, Any]:
        numbers = [number for number, index in self.bridge_ports.items() if index == ifindex]
        if not numbers:
            return {}
        number = numbers[0]
        names = self.walk.texts(p.Q_BRIDGE["vlan_name"])
        untagged = self.walk.column(p.Q_BRIDGE["untagged"])
        carried = {
            index[-1]: number in p.ports_of(untagged.get(index))
            for index, ports in self.walk.column(p.Q_BRIDGE["egress"]).items()
            if number in p.ports_of(ports)
        }
        vlans = [
            clean({"id": vlan, "name": names.get((vlan,), ""), "untagged": carried[vlan]}) for vlan in sorted(carried)
        ]
        return {"pvid": self.walk.numbers(p.Q_BRIDGE["pvid"]).get((number,)), "vlans": vlans}

    def forwarding(self) -> list[Record]:
        """What ports have learnt: MACs, with their filtering database where there are several. No ages."""
        found: dict[int, list[dict[str, Any]]] = {}
        for table, size in ((p.Q_BRIDGE, 7), (p.BRIDGE, 6)):
            states = self.walk.numbers(table["fdb_status"])
            for index, port in sorted(self.walk.numbers(table["fdb_port"]).items()):
                ifindex = self.bridge_ports.get(port)
                if len(index) != size or states.get(index) != p.LEARNED or ifindex is None:
                    continue
                address = bytes(each & 0xFF for each in index[-6:]).hex(":")
                entry = {"mac": address, **({"fid": index[0]} if size == 7 else {})}
                found.setdefault(ifindex, []).append(entry)
            if found:
                break
        return [
            Record(ids.switch_port(self.id, self.port_id(ifindex)[1]), FDB, "switchport", {"fdb": entries})
            for ifindex, entries in sorted(found.items())
            if ifindex in self.names
        ]


def _those(heard: list[dict[str, Any]], subtype: str) -> list[str]:
    return sorted(
        {each["port_id"] for each in heard if each.get("port_id_subtype") == subtype and not each["is_switch"]}
    )


def clean(said: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in said.items() if value is not None and value != "" and value != []}
