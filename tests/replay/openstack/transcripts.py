"""How the transcripts of `api/` were made from bodies that a real OpenStack gave, and from its databases.

`python -m tests.replay.openstack.transcripts FOLDER` reads the folder of raw outputs. What was recorded as a body is
the body as it was; lists that were recorded by a command or as a database table only (regions, projects, images; all of
ML2/linuxbridge; the servers of ML2/OVN, of which the names were not kept) are put into the API's form. A listing that
was not recorded is answered with 404, as by a cloud that lacks it.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from calipso.seams import Http, Reply
from calipso.sources.openstack.collect import LISTINGS, VERSIONS
from calipso.transports.transcript import encode_line, header

HERE = Path(__file__).parent / "api"
Row = dict[str, Any]
BODIES = {
    "servers": "nova.servers_detail_all_tenants_1", "flavors": "nova.flavors_detail",
    "hypervisors": "nova.os-hypervisors_detail", "nova_services": "nova.os-services",
    "aggregates": "nova.os-aggregates", "zones": "nova.os-availability-zone_detail", "networks": "neutron.networks",
    "segments": "neutron.segments", "subnets": "neutron.subnets", "ports": "neutron.ports",
    "routers": "neutron.routers", "floating_ips": "neutron.floatingips", "trunks": "neutron.trunks",
    "security_groups": "neutron.security-groups", "qos_policies": "neutron.qos_policies", "agents": "neutron.agents",
}  # fmt: skip
"""Listing → the file its body was kept in."""


def write(name: str, bodies: dict[str, bytes]) -> None:
    session = {"region": "RegionOne", "services": ["compute", "identity", "image", "network"]}
    lines = [header(), encode_line(Http("openstack:", "/"), Reply(json.dumps(session).encode()))]
    for listing, each in LISTINGS.items():
        if each.service not in session["services"]:
            continue
        headers = {"OpenStack-API-Version": VERSIONS[each.service]} if each.service in VERSIONS else {}
        request = Http(f"openstack:{each.service}", each.path, headers=headers)
        body = bodies.get(listing)
        reply = Reply(b'{"message": "not found"}', 404) if body is None else Reply(body, 200)
        lines.append(encode_line(request, reply))
    (HERE / f"openstack@{name}.jsonl").write_text("\n".join(lines) + "\n")


def kept(folder: Path) -> dict[str, bytes]:
    """Bodies that were recorded."""
    files = {listing: folder / f"rest.{file}.json" for listing, file in BODIES.items()}
    return {listing: file.read_bytes() for listing, file in files.items() if file.exists()}


def listed(listing: str, objects: list[Row]) -> dict[str, bytes]:
    return {listing: json.dumps({LISTINGS[listing].key: objects}).encode()}


def commanded(folder: Path, file: str, fields: dict[str, str]) -> list[Row]:
    """What `openstack … list -f json` printed, by the API's names."""
    said = json.loads((folder / f"openstack.{file}.json").read_text())
    return [{to: each[name] for name, to in fields.items()} for each in said]


def ml2_ovs(folder: Path) -> dict[str, bytes]:
    services, endpoints = [], []
    for each in json.loads((folder / "openstack.catalog.json").read_text()):
        services.append({"id": each["Name"], "type": each["Type"], "name": each["Name"]})
        endpoints += [{**one, "service_id": each["Name"], "enabled": True} for one in each["Endpoints"]]
    return {
        **kept(folder),
        **listed("regions", commanded(folder, "region-list", {"Region": "id", "Parent Region": "parent_region_id"})),
        **listed("projects", commanded(folder, "project-list", {"ID": "id", "Name": "name"})),
        **listed("images", commanded(folder, "image-list", {"ID": "id", "Name": "name"})),
        **listed("services", services),
        **listed("endpoints", endpoints),
    }


def ml2_ovn(folder: Path) -> dict[str, bytes]:
    bodies = kept(folder)
    ports = json.loads(bodies["ports"])["ports"]
    guests = {each["device_id"] for each in ports if each["device_owner"].startswith("compute")}
    return {
        **bodies, **listed("regions", [{"id": "RegionOne"}]), **listed("projects", []), **listed("subnets", []),
        **listed("servers", [{"id": uuid, "name": uuid[:8]} for uuid in sorted(guests)]),
    }  # fmt: skip


def ml2_linuxbridge(folder: Path) -> dict[str, bytes]:
    def rows(table: str, form: Callable[[Row], Row]) -> list[Row]:
        with (folder / f"sql.neutron_lb.{table}.tsv").open() as text:
            found = csv.DictReader(text, delimiter="\t")
            return [form({name: None if value == "NULL" else value for name, value in row.items()}) for row in found]

    def segment(row: Row) -> Row:
        names = ("id", "network_id", "network_type", "physical_network")
        number = row["segmentation_id"]
        return {**{name: row[name] for name in names}, "segmentation_id": int(number) if number else None}

    hosts = dict(rows_of(folder / "sql.neutron_lb.ml2_port_bindings.tsv", "port_id", "host"))
    ports = rows("ports", lambda row: {
        **{name: row[name] for name in ("id", "name", "network_id", "mac_address", "device_id", "device_owner",
                                        "status", "project_id")},
        "binding:host_id": hosts.get(row["id"], ""),
    })  # fmt: skip
    agents = rows("agents", lambda row: {
        **{name: row[name] for name in ("id", "host", "agent_type", "binary")},
        "configurations": json.loads(row["configurations"]),
    })  # fmt: skip
    networks = rows("networks", lambda row: {name: row[name] for name in ("id", "name", "project_id", "status")})
    guests = {each["device_id"] for each in ports if each["device_owner"].startswith("compute")}
    return {
        **listed("regions", [{"id": "RegionOne"}]), **listed("projects", []), **listed("subnets", []),
        **listed("servers", [{"id": uuid, "name": uuid} for uuid in sorted(guests)]),
        **listed("networks", networks), **listed("segments", rows("networksegments", segment)),
        **listed("ports", ports), **listed("agents", agents),
    }  # fmt: skip


def rows_of(file: Path, key: str, value: str) -> list[tuple[str, str]]:
    with file.open() as text:
        return [(row[key], row[value]) for row in csv.DictReader(text, delimiter="\t")]


def main() -> None:
    folder = Path(sys.argv[1])
    write("ml2-ovs", ml2_ovs(folder))
    write("ml2-ovn", ml2_ovn(folder / "ovn"))
    write("ml2-linuxbridge", ml2_linuxbridge(folder / "linuxbridge-2024.1"))


if __name__ == "__main__":
    main()
