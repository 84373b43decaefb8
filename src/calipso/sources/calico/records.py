"""What a host tells as records: Felix as a switching process, whose interfaces it routes for, which NICs lead on."""

from __future__ import annotations

from typing import Any

import msgspec

from calipso.model import ids
from calipso.model.media import ROUTED
from calipso.model.record import Record
from calipso.sources.calico import parse
from calipso.sources.calico.parse import Peer, Route

FACET = "calico"
BIRD = frozenset({"bird", "12"})
"""rtnetlink's RTPROT_BIRD, as iproute2 tells it with and without its table of names."""


class Said(msgspec.Struct, frozen=True):
    """One look at a host. running: None where nothing tells. peers: None where BIRD could not be asked.

    prefixes: of names of workloads' interfaces.
    """

    running: bool | None
    prefixes: tuple[str, ...]
    routes: list[Route]
    peers: list[Peer] | None = None
    datastore: str = ""


def records(host: str, said: Said) -> list[Record]:
    """One record for each id, sorted."""
    calico = ids.switching_process(host, "calico")
    workloads = _workloads(said)
    devices = {name: {"routed_by": calico, "workload_ips": sorted(ips)} for name, ips in workloads.items()}
    for name in _uplinks(said):
        devices[name] = {**devices.get(name, {}), "vedge": calico}
    found = [Record(calico, FACET, "calico", _process(host, calico, said, workloads))]
    for name, attributes in devices.items():
        own = {"name": name, "host": host, "netns": ids.host(host), **attributes}
        found.append(Record(ids.device(ids.host(host), name), FACET, "device", own))
    return sorted(found, key=lambda record: record.id)


def _process(host: str, calico: str, said: Said, workloads: dict[str, set[str]]) -> dict[str, Any]:
    blocks = {each.network for each in said.routes if each.kind == "blackhole" and each.protocol in BIRD}
    attributes: dict[str, Any] = {
        "name": "Calico",
        "host": host,
        "netns": ids.host(host),
        "vedge": calico,
        "state": None if said.running is None else "up" if said.running else "down",
        "interface_prefixes": list(said.prefixes),
        "datastore": said.datastore,
        "workloads": len(workloads),
        "carries": [ROUTED],
        "blocks": sorted(map(str, blocks)),
    }
    if said.peers is not None:
        attributes["bgp_peers"] = [_clean(msgspec.structs.asdict(each)) for each in said.peers]
        attributes["as_numbers"] = sorted({each.local_as for each in said.peers if each.local_as is not None})
    return _clean(attributes)


def _workloads(said: Said) -> dict[str, set[str]]:
    """Interface → addresses that are routed to it, one by one and without a gateway, as Felix does."""
    found: dict[str, set[str]] = {}
    for each in said.routes:
        if each.single and not each.gateway and each.table == "main" and each.device.startswith(said.prefixes):
            found.setdefault(each.device, set()).add(str(each.network.network_address))
    return found


def _uplinks(said: Said) -> list[str]:
    """The devices by which other hosts' workloads are reached: by BIRD's routes, and towards its peers."""
    learned = {each.device for each in said.routes if each.protocol in BIRD and each.gateway}
    towards = {parse.way(each.address, said.routes) for each in said.peers or ()}
    return sorted((learned | towards) - {"", "lo"})


def _clean(said: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in said.items() if value is not None and value != "" and value != []}
