"""What the raw outputs of a host say, as records: `ip -d -j addr`, tables of Open vSwitch, libvirt's domains."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from calipso.model import ids
from calipso.model.record import Record
from calipso.model.types import TUNNEL_TYPES
from calipso.sources.ovs.parse import Tables
from calipso.sources.ovs.records import Instance

Row = dict[str, Any]


class Said:
    """Records by (source, reporter), in the order they were said."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, Record]] = []

    def add(self, source: str, reporter: str, id: str, facet: str, type: str, **attributes: Any) -> None:
        known = {name: value for name, value in attributes.items() if value not in (None, "", [], {}, "NULL")}
        self.records.append((source, reporter, Record(id, facet, type, known)))

    def lines(self) -> list[str]:
        unique = {(record.id, record.facet, reporter): (source, record) for source, reporter, record in self.records}
        body = [
            {
                "id": record.id,
                "facet": record.facet,
                "type": record.type,
                "source": source,
                "reporter": reporter,
                "part": "",
                "attributes": record.attributes,
            }
            for (_, _, reporter), (source, record) in sorted(unique.items())
        ]
        header = {"format": "calipso-records", "version": 1, "environment": "openstack", "at": "", "records": len(body)}
        return [json.dumps(each, sort_keys=True) for each in (header, *body)]


def kernel(said: Said, host: str, file: Path, netns: str, nsids: dict[int, str]) -> None:
    """`ip -d -j addr` of one namespace."""
    where = ids.netns(host, netns) if netns else host
    devices = [each for each in json.loads(file.read_text()) if each]
    index = {each["ifname"]: each["ifindex"] for each in devices}
    oteps: dict[str, list[str]] = {}
    for each in devices:
        info = each.get("linkinfo") or {}
        kind = info.get("info_kind") or ("loopback" if "LOOPBACK" in each["flags"] else "device")
        said.add(
            "linux", host, ids.device(where, each["ifname"]), "netlink", kind, **device(each, where, kind, index, nsids)
        )
        if kind in TUNNEL_TYPES:
            local = (info.get("info_data") or {}).get("local", "")
            oteps.setdefault(f"{kind} {local}", []).append(ids.device(where, each["ifname"]))
    for place, tunnels in oteps.items():
        kind, _, local = place.partition(" ")
        id = ids.tunnel_endpoint(host, kind, local)
        said.add(
            "linux", host, id, "netlink", "otep", host=host, netns=where, overlay_type=kind, ip=local, tunnels=tunnels
        )


def device(each: Row, where: str, kind: str, index: dict[str, int], nsids: dict[int, str]) -> Row:
    a: Row = {
        "host": where.partition("/")[0],
        "netns": where,
        "name": each["ifname"],
        "ifindex": each["ifindex"],
        "mac": each.get("address"),
        "mtu": each.get("mtu"),
        "state": "up" if each["operstate"] == "UP" else "down",
        "addresses": [f"{one['local']}/{one['prefixlen']}" for one in each.get("addr_info", [])],
        "ips": [one["local"] for one in each.get("addr_info", []) if one.get("scope") == "global"],
        "master": index.get(each.get("master", "")),
    }
    data = (each.get("linkinfo") or {}).get("info_data") or {}
    if kind == "veth":
        a |= peer(each, where, index, nsids)
    elif kind in TUNNEL_TYPES:
        if data.get("link"):
            a |= {"underlay_netns": where, "underlay_ifindex": index[data["link"]]}
        if kind == "vxlan":
            a |= {"vni": data["id"], "local_ip": data.get("local"), "segment": ids.segment("vxlan", None, data["id"])}
    elif "link" in each:
        a |= {"parent_netns": where, "parent_ifindex": index[each["link"]]}
    return a


def peer(each: Row, where: str, index: dict[str, int], nsids: dict[int, str]) -> Row:
    if "link" in each:
        return {"peer_netns": where, "peer_ifindex": index[each["link"]]}
    nsid = each.get("link_netnsid")
    if nsid in nsids:
        return {"peer_netns": nsids[nsid], "peer_ifindex": each["link_index"]}
    return {"peer_nsid": nsid, "peer_ifindex": each.get("link_index")}


def host(said: Said, folder: Path, name: str) -> None:
    """A host's namespaces and devices."""
    said.add("linux", name, name, "linux", "host", name=name, host=name, namespaces_complete=True)
    nsids: dict[int, str] = {}
    listing = folder / f"{name}.ip-netns.txt"
    for line in listing.read_text().splitlines() if listing.exists() else []:
        found = re.match(r"(\S+)(?: \(id: (\d+)\))?", line)
        if found:
            where = ids.netns(name, found[1])
            said.add("linux", name, where, "netlink", "netns", host=name, name=found[1])
            if found[2]:
                nsids[int(found[2])] = where
    kernel(said, name, folder / f"{name}.ip-d-j-addr.json", "", nsids)
    for file in sorted(folder.glob(f"{name}.ns-*.ip-d-j-addr.json")):
        netns = re.sub(r"^.*\.ns-(.*)\.ip-d-j-addr\.json$", r"\1", file.name)
        kernel(said, name, file, netns, {0: name})


def listed(file: Path) -> dict[str, Row]:
    """`ovs-vsctl -f json list TABLE` as rows of an OVSDB update."""
    said = json.loads(file.read_text())
    rows = [dict(zip(said["headings"], row, strict=True)) for row in said["data"]]
    for row in rows:
        row.pop("statistics", None)
    return {row.pop("_uuid")[1]: {"new": row} for row in rows}


def switch(said: Said, name: str, tables: dict[str, dict[str, Row]]) -> None:
    parsed = Tables()
    parsed.update(json.dumps(tables).encode())
    for record in Instance(parsed, name).records():
        said.records.append(("ovs", name, record))


def shown(text: str, interfaces: dict[str, Row]) -> dict[str, dict[str, Row]]:
    """`ovs-vsctl show` as Bridge and Port rows, for recordings without those tables."""
    uuid_of = {row["new"]["name"]: uuid for uuid, row in interfaces.items()}
    bridges: dict[str, Row] = {}
    ports: dict[str, Row] = {}
    bridge = port = ""
    for line in text.splitlines():
        found = re.match(r'\s+(Bridge|Port|Interface|tag:) ?"?([^"\s]+)?', line)
        if found is None:
            continue
        what, value = found[1], found[2]
        if what == "Bridge":
            bridge = value
            bridges[value] = {"new": {"name": value, "ports": ["set", []]}}
        elif what == "Port":
            port = value
            ports[value] = {"new": {"name": value, "interfaces": ["set", []]}}
            bridges[bridge]["new"]["ports"][1].append(["uuid", value])
        elif what == "Interface":
            ports[port]["new"]["interfaces"][1].append(["uuid", uuid_of.get(value, value)])
        else:
            ports[port]["new"]["tag"] = int(value)
    return {"Bridge": bridges, "Port": ports, "Interface": interfaces}


def domains(said: Said, folder: Path, name: str) -> None:
    """`virsh dumpxml` of the running domains of a host."""
    for file in sorted(folder.glob(f"{name}.virsh-dumpxml-*.xml")):
        root = ElementTree.parse(file).getroot()
        instance = ids.instance(root.findtext("uuid") or "")
        said.add("libvirt", name, instance, "libvirt", "domain", host=name, domain_name=root.findtext("name"))
        for each in root.iter("interface"):
            mac, target = each.find("mac"), each.find("target")
            address = ids.canonical_mac(mac.get("address", "")) if mac is not None else ""
            tap = target.get("dev") if target is not None else None
            id = ids.guest_nic(instance, address)
            said.add("libvirt", name, id, "libvirt", "nic", host=name, instance=instance, mac=address, tap=tap)
