"""What the daemon's documents say, as records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from calipso.model import ids
from calipso.model.record import Record
from calipso.sources.lxd.parse import Instance, Network

FACET = "lxd"


def records_of(
    host: str, instances: Iterable[Instance], networks: Iterable[Network], namespaces: Mapping[int, str]
) -> list[Record]:
    """Every record, in order of id. `namespaces`: pid → id of its network namespace."""
    found = [record for each in instances for record in _instance(host, each, namespaces)]
    found += [_network(host, each) for each in networks if each.managed]
    return sorted(found, key=lambda record: record.id)


def network_id(host: str, name: str) -> str:
    """Networks have no identity but their name on their host."""
    return ids.by_uuid("network", f"{name}@{host}")


def _known(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None and value not in ("", [], {})}


def _instance(host: str, each: Instance, namespaces: Mapping[int, str]) -> Iterator[Record]:
    config = each.expanded_config
    uuid = config.get("volatile.uuid") or f"{each.project}.{each.name}@{host}"
    machine = each.type == "virtual-machine"
    id = ids.instance(uuid) if machine else f"container:lxd-{ids.quote(uuid)}"
    pid = each.state.pid if each.state is not None and each.state.pid > 0 else None
    netns = namespaces.get(pid) if pid is not None and not machine else None
    nics = {name: said for name, said in sorted(each.expanded_devices.items()) if said.get("type") == "nic"}
    attributes = {
        "host": host,
        "owner": ids.host(host),
        "name": each.name,
        "lxd_project": each.project,
        "profiles": list(each.profiles),
        "architecture": each.architecture,
        "image": config.get("image.description"),
        "created": each.created_at,
        "pid": pid,
        "netns": netns,
        "network_ids": sorted({network_id(host, said["network"]) for said in nics.values() if said.get("network")}),
        "status": each.status.lower(),
        "state": "up" if each.status == "Running" else "down",
    }
    yield Record(id, FACET, "domain" if machine else "container", _known(attributes))
    for name, said in nics.items():
        mac = said.get("hwaddr") or config.get(f"volatile.{name}.hwaddr")
        if mac and (netns is not None or machine):
            yield _nic(host, id, said, ids.canonical_mac(mac), config.get(f"volatile.{name}.host_name"), netns)


def _nic(host: str, owner: str, said: dict[str, str], mac: str, cable: str | None, netns: str | None) -> Record:
    attributes = {
        "host": host,
        "owner": owner,
        "instance": owner if netns is None else None,
        "netns": netns,
        "mac": mac,
        "tap": said.get("host_name") or cable if netns is None else None,
        "network_id": network_id(host, said["network"]) if said.get("network") else None,
    }
    return Record(ids.guest_nic(owner, mac), FACET, "nic", _known(attributes))


def _network(host: str, each: Network) -> Record:
    subnets = [each.config.get(f"{family}.address", "") for family in ("ipv4", "ipv6")]
    attributes = {
        "host": host,
        "name": each.name,
        "driver": each.type,
        "subnets": [subnet for subnet in subnets if subnet not in ("", "none", "auto")],
        "bridge_device": ids.device(ids.host(host), each.name) if each.type == "bridge" else None,
        "parent_device": ids.device(ids.host(host), each.config["parent"]) if "parent" in each.config else None,
    }
    return Record(network_id(host, each.name), FACET, "network", _known(attributes))
