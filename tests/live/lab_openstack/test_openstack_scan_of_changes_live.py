"""labs/openstack: the next scan sees what the API made, changed and deleted as one that begins afresh does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calipso.graph.explain import why
from calipso.graph.protocol import GraphReader
from calipso.model import ids
from labs.openstack import declaration as d
from labs.openstack import intent, services
from labs.openstack.expectation import KINDS, LINKS, expected
from labs.openstack.intent import intended
from labs.openstack.running import Running
from tests.support.openstack_lab import home_of, links_of, scanned, shown, told_by

pytestmark = [pytest.mark.live, pytest.mark.timeout(1800)]
SETTLED = 60.0
"""Seconds within which agents have done what the API promised."""
API_FACETS = ("keystone", "nova", "neutron", "ovn")


class Kept:
    """A folder that lives through all changes, beside one that begins afresh each time."""

    def __init__(self, lab: Running, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.home = home_of(lab, folder / "kept")
        self.looks = 0

    def settled(self) -> tuple[GraphReader, dict[str, Any]]:
        """What the kept folder shows, and the facts: the same as a fresh one shows, and what the API says."""
        deadline = time.monotonic() + SETTLED
        while True:
            self.looks += 1
            facts = services.facts(self.lab)
            graph, fresh = scanned(self.home), scanned(home_of(self.lab, self.folder / f"fresh{self.looks}"))
            wrong = self._wrong(graph, fresh, facts)
            if not wrong:
                return graph, facts
            if time.monotonic() > deadline:
                raise AssertionError("\n".join(wrong))
            time.sleep(1)

    def _wrong(self, graph: GraphReader, fresh: GraphReader, facts: dict[str, Any]) -> list[str]:
        one, other = shown(graph), shown(fresh)
        out = [f"{id}: kept {one.get(id)}, afresh {other.get(id)}"
               for id in sorted({*one, *other}) if one.get(id) != other.get(id)]  # fmt: skip
        on_hosts, by_api = expected(facts, self.lab.mechanism, self.lab.overlay), intended(facts, self.lab.mechanism)
        found = {head.id: head.kind for head in graph.objects() if head.kind in KINDS}
        out += [f"objects: {each}" for each in sorted(found.items() ^ on_hosts.objects.items())]
        for types, links in ((LINKS, on_hosts.links), (intent.LINKS, by_api.links)):
            out += [f"links: {each}" for each in sorted(links_of(graph, types) ^ links)]
        told = told_by(graph, API_FACETS)
        for kind, objects in by_api.objects.items():
            there = {id for id, name in told.get(kind, {}).items() if name != "internal"}
            out += [f"{kind}: {each}" for each in sorted(there ^ set(objects))]
        networks = {id: head.networks for id in on_hosts.networks if (head := graph.resolve(id))}
        return out + [f"networks: {each}" for each in sorted(networks.items() ^ on_hosts.networks.items())]


@pytest.fixture(scope="module")
def kept(lab: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    if lab.mechanism == "calico":
        pytest.skip("one of everything needs a router and a trunk; Calico has neither")
    yield Kept(lab, tmp_path_factory.mktemp("changes"))


def names(graph: GraphReader, kind: str) -> set[str]:
    return {head.name for head in graph.objects() if head.kind == kind}


def observed_somewhere(graph: GraphReader) -> bool:
    """Whether each floating IP that leads somewhere is translated, by one of its router's services at least."""
    found: dict[str, set[bool | None]] = {}
    for type, one, other in links_of(graph, ("floating_ip-vservice",)):
        source, target = graph.resolve(one), graph.resolve(other)
        assert source is not None and target is not None
        found.setdefault(one, set()).add(why(graph, type, source, target).observed)
    return bool(found) and all(True in each and False not in each for each in found.values())


def test_one_of_everything_comes_changes_and_goes(kept: Kept) -> None:
    before, _ = kept.settled()
    kept.lab.program("everything", "create")
    made, facts = kept.settled()
    assert {"ev-vm"} == names(made, "instance") - names(before, "instance")
    assert "ev-net" in names(made, "network") - names(before, "network")
    router = next(head for head in made.objects() if head.name == "ev-router")
    if kept.lab.mechanism == "ovs" and kept.lab.routers != "dvr":  # one of its hosts is the active one
        states = [each["state"] for each in made.attributes(router)["ha_states"]]
        assert states.count("active") == 1 and len(states) == (d.HA_HOSTS if kept.lab.routers == "ha" else 1)
    assert observed_somewhere(made)
    kept.lab.program("everything", "update")
    updated, facts = kept.settled()
    assert {"ev-vm2"} == names(updated, "instance") - names(before, "instance")
    assert "ev-net2" in names(updated, "network") - names(before, "network")
    assert observed_somewhere(updated)
    off = next(each for each in facts["instances"] if each["name"] == "ev-vm2")
    head = updated.resolve(ids.instance(off["id"]))
    assert head is not None and updated.attributes(head)["status"] == "SHUTOFF"
    kept.lab.program("everything", "exercise")
    assert names(kept.settled()[0], "instance") == names(updated, "instance")
    kept.lab.program("everything", "delete")
    after, _ = kept.settled()
    then, now = told_by(before, API_FACETS), told_by(after, API_FACETS)
    for kind in ("instance", "network", "subnet", "router", "port", "floating_ip", "security_group", "project", "vnic"):
        assert sorted(now.get(kind, {}).values()) == sorted(then.get(kind, {}).values()), kind
        # rules of a network that went earlier, which an agent had missed, may go meanwhile: nothing may come
        assert names(after, kind) <= names(before, kind), kind


def test_a_trunk_carries_the_networks_of_its_subports(kept: Kept) -> None:
    kept.lab.program("trunk")
    graph, facts = kept.settled()
    ((parent, (inner,)),) = facts["trunks"].values()
    ports = {port["id"]: port for port in facts["ports"]}
    instance = ids.instance(ports[parent]["device"])
    head = graph.resolve(ids.guest_nic(instance, ports[parent]["mac"]))
    both = {ids.by_uuid("network", ports[port]["network"]) for port in (parent, inner)}
    assert head is not None and set(head.networks or ()) == both and len(both) == 2
    kept.lab.program("trunk", "delete")
    graph, facts = kept.settled()
    assert not facts["trunks"] and graph.resolve(instance) is None
