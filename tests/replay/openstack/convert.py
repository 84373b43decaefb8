"""How the records beside this file were made from raw outputs of a real OpenStack (ML2/OVS, ML2/OVN, ML2/linuxbridge).

`python -m tests.replay.openstack.convert FOLDER` reads the folder of raw outputs and writes one export a cloud. Open
vSwitch tables go through the product's own parser; `ip -d -j`, libvirt, Nova and Neutron come in the words that the
sources for them will use.

`ml2-ovs-gre.jsonl` is what `calipso export` wrote of labs/openstack made with GRE, without OpenFlow rules, netfilter,
sockets, routes, neighbours, resources and quotas; `ml2-calico.jsonl` the same of one made with Calico.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

from calipso.model import ids
from calipso.ovsdb import value_of
from tests.replay.openstack.convert_hosts import Row, Said, domains, host, listed, shown, switch

HERE = Path(__file__).parent
HOSTS = ("cmp1", "cmp2", "ctl")
OVERLAYS = ("vxlan", "gre", "geneve")


def medium(kind: str, physical: str | None) -> str | None:
    if kind in ("flat", "vlan"):
        return f"physnet/{physical}"
    return f"overlay/{kind}" if kind in OVERLAYS else None


def rows(file: Path) -> list[Row]:
    with file.open() as text:
        return list(csv.DictReader(text, delimiter="\t"))


def neutron(said: Said, ports: list[Row], networks: list[Row], segments: list[Row], levels: list[Row]) -> None:
    """Networks, segments and ports, each bound to the segment that its host serves."""

    def add(id: str, type: str, **attributes: Any) -> None:
        said.add("neutron", "api", id, "neutron", type, **attributes)

    by_network: dict[str, list[Row]] = {}
    for each in networks:
        add(f"network:{each['id']}", "network", name=each["name"], project=each.get("project_id"))
    for each in segments:
        physical = None if each["physical_network"] in ("NULL", None) else each["physical_network"]
        number = None if each["segmentation_id"] in ("NULL", None) else int(each["segmentation_id"])
        key = ids.segment_key(each["network_type"], physical, number)
        each["medium"] = medium(each["network_type"], physical)
        by_network.setdefault(each["network_id"], []).append(each)
        add(
            f"segment:{each['id']}", "segment", name=key, key=key, network_type=each["network_type"],
            physical_network=physical, segmentation_id=number,
            network_id=f"network:{each['network_id']}",
        )  # fmt: skip
    bound = {(each["port_id"], each["host"]): each["segment_id"] for each in levels}
    by_id = {each["id"]: each for each in segments}
    for each in ports:
        where = each.get("host") or None
        found = by_id.get(bound.get((each["id"], where), ""))
        if found is None and where and len(by_network.get(each["network_id"], [])) == 1:
            found = by_network[each["network_id"]][0]
        mac = ids.canonical_mac(each["mac_address"])
        add(
            f"port:{each['id']}", "port", port_id=each["id"], name=each["name"] or mac, host=where, mac=mac,
            network_id=f"network:{each['network_id']}", device_id=each["device_id"], device_owner=each["device_owner"],
            status=each["status"], medium=found["medium"] if found else None, parent_port=each.get("parent"),
        )  # fmt: skip
        if each["device_owner"].startswith("compute:") and where and each["device_id"]:
            instance = ids.instance(each["device_id"])
            add(ids.guest_nic(instance, mac), "nic", host=where, instance=instance, mac=mac, port_id=each["id"])


def services(said: Said, routers: list[Row], floating: list[Row], agents: list[Row], endpoints: list[Row]) -> None:
    def add(id: str, type: str, **attributes: Any) -> None:
        said.add("neutron", "api", id, "neutron", type, **attributes)

    for each in routers:
        add(f"router:{each['id']}", "router", name=each["name"], router_id=each["id"], status=each["status"])
    for each in floating:
        add(
            f"floating_ip:{each['id']}", "floating_ip", name=each["floating_ip_address"], port_id=each["port_id"],
            router_id=each["router_id"], ip=each["floating_ip_address"],
        )  # fmt: skip
    for each in agents:
        said_config = each["configurations"]
        config = json.loads(said_config) if isinstance(said_config, str) else said_config
        pairs = (pair.split(":") for pair in (config.get("bridge-mappings") or "").split(",") if pair)
        add(
            f"agent:{each['id']}", "agent", host=each["host"], name=each["binary"], agent_type=each["agent_type"],
            bridge_mappings=config.get("bridge_mappings") or dict(pairs),
            interface_mappings=config.get("interface_mappings"),
        )  # fmt: skip
    for each in endpoints:
        id = ids.tunnel_endpoint(each["host"], "vxlan", each["ip_address"])
        add(id, "otep", host=each["host"], overlay_type="vxlan", ip=each["ip_address"])


def rest(folder: Path, name: str, key: str) -> list[Row]:
    return list(json.loads((folder / f"rest.neutron.{name}.json").read_text())[key])


def rest_ports(folder: Path, trunks: list[Row]) -> list[Row]:
    parent = {sub["port_id"]: trunk["port_id"] for trunk in trunks for sub in trunk["sub_ports"]}
    ports = rest(folder, "ports", "ports")
    return [{**each, "host": each["binding:host_id"], "parent": parent.get(each["id"])} for each in ports]


def ml2_ovs(folder: Path) -> Said:
    said = Said()
    for name in HOSTS:
        host(said, folder, name)
        tables = ("Bridge", "Port", "Interface", "Open_vSwitch")
        switch(said, name, {table: listed(folder / f"{name}.ovs-vsctl-list-{table}.json") for table in tables})
        domains(said, folder, name)
    servers = json.loads((folder / "rest.nova.servers_detail_all_tenants_1.json").read_text())["servers"]
    for each in servers:
        where = each["OS-EXT-SRV-ATTR:host"]
        said.add(
            "nova",
            "api",
            f"instance:{each['id']}",
            "nova",
            "server",
            name=each["name"],
            host=where,
            status=each["status"],
        )
    networks = rest(folder, "networks", "networks")
    sql = {
        name: rows(folder / f"sql.neutron.{name}.tsv")
        for name in ("networksegments", "ml2_port_binding_levels", "ml2_vxlan_endpoints")
    }
    trunks = rest(folder, "trunks", "trunks")
    for each in trunks:
        said.add(
            "neutron", "api", f"trunk:{each['id']}", "neutron", "trunk", name=each["name"], port_id=each["port_id"]
        )
    ports = rest_ports(folder, trunks)
    neutron(said, ports, networks, sql["networksegments"], sql["ml2_port_binding_levels"])
    agents = rest(folder, "agents", "agents")
    services(
        said,
        rest(folder, "routers", "routers"),
        rest(folder, "floatingips", "floatingips"),
        agents,
        sql["ml2_vxlan_endpoints"],
    )
    return said


def ml2_linuxbridge(folder: Path) -> Said:
    said = Said()
    for name in HOSTS:
        host(said, folder, name)
    sql = {name: rows(folder / f"sql.neutron_lb.{name}.tsv") for name in (
        "ml2_port_bindings", "ports", "networks", "networksegments", "ml2_port_binding_levels", "agents")}  # fmt: skip
    hosts = {each["port_id"]: each["host"] for each in sql["ml2_port_bindings"]}
    ports = [{**each, "host": hosts.get(each["id"])} for each in sql["ports"]]
    neutron(said, ports, sql["networks"], sql["networksegments"], sql["ml2_port_binding_levels"])
    services(said, [], [], sql["agents"], [])
    for each in ports:
        if each["device_owner"].startswith("compute"):
            id = ids.instance(each["device_id"])
            said.add("nova", "api", id, "nova", "server", name=each["device_id"])
    return said


def dumped(file: Path) -> dict[str, list[Row]]:
    """`ovsdb-client dump -f json`: table → rows with plain values."""
    text, decoder, at = file.read_text(), json.JSONDecoder(), 0
    out: dict[str, list[Row]] = {}
    while at < len(text.rstrip()):
        while text[at].isspace():
            at += 1
        table, at = decoder.raw_decode(text, at)
        out[table["caption"].split()[0]] = [
            {name: value_of(value) for name, value in zip(table["headings"], row, strict=True)} for row in table["data"]
        ]
    return out


def ml2_ovn(folder: Path) -> Said:
    said = Said()
    for name in HOSTS:
        host(said, folder, name)
        interfaces = listed(folder / f"{name}.ovs-list-Interface.json")
        tables = shown((folder / f"{name}.ovs-vsctl-show.txt").read_text(), interfaces)
        switch(said, name, {**tables, "Open_vSwitch": listed(folder / f"{name}.ovs-list-Open_vSwitch.json")})
    networks = rest(folder, "networks", "networks")
    segments = [
        {"id": f"of-{each['id']}", "network_id": each["id"], **{
            name: each[f"provider:{name}"] for name in ("network_type", "physical_network", "segmentation_id")}}
        for each in networks
    ]  # fmt: skip
    ports = rest_ports(folder, [])
    neutron(said, ports, networks, segments, [])
    services(
        said,
        rest(folder, "routers", "routers"),
        rest(folder, "floatingips", "floatingips"),
        rest(folder, "agents", "agents"),
        [],
    )
    for uuid in {each["device_id"] for each in ports if each["device_owner"].startswith("compute")}:
        said.add("nova", "api", ids.instance(uuid), "nova", "server", name=uuid[:8])
    _ovn(said, folder)
    return said


def _ovn(said: Said, folder: Path) -> None:
    south, north = dumped(folder / "ovsdb-dump-sb.json"), dumped(folder / "ovsdb-dump-nb.json")
    chassis = {each["_uuid"]: each["name"] for each in south["Chassis"]}
    for each in south["Encap"]:
        id = ids.tunnel_endpoint(each["chassis_name"], each["type"], each["ip"])
        said.add("ovn", "sb", id, "ovn", "otep", host=each["chassis_name"], overlay_type=each["type"], ip=each["ip"])
    gateways = {
        each["external_ids"]["neutron:router_name"].removeprefix("neutron-"): chassis[each["chassis"]]
        for each in south["Port_Binding"]
        if each["type"] == "chassisredirect" and each["chassis"]
    }
    for each in north["Logical_Router"]:
        uuid = each["name"].removeprefix("neutron-")
        gateway = [gateways[uuid]] if uuid in gateways else None
        said.add("ovn", "nb", f"router:{uuid}", "ovn", "router", router_id=uuid)
        said.add("ovn", "sb", f"router:{uuid}", "ovn.bindings", "router", gateway_chassis=gateway)
    for each in south["Port_Binding"]:
        if each["type"] == "" and each["chassis"]:
            instance, mac = ids.instance(each["external_ids"]["neutron:device_id"]), each["mac"].split()[0]
            said.add(
                "ovn", "sb", ids.guest_nic(instance, mac), "ovn", "nic", host=chassis[each["chassis"]],
                instance=instance, mac=mac, port_id=each["logical_port"],
            )  # fmt: skip


def main() -> None:
    folder = Path(sys.argv[1])
    clouds = {"ml2-ovs": ml2_ovs(folder), "ml2-ovn": ml2_ovn(folder / "ovn"),
              "ml2-linuxbridge": ml2_linuxbridge(folder / "linuxbridge-2024.1")}  # fmt: skip
    for name, said in clouds.items():
        (HERE / f"{name}.jsonl").write_text("\n".join(said.lines()) + "\n")


if __name__ == "__main__":
    main()
