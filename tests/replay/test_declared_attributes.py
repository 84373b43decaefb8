"""What sources say is what is declared, in recordings and in made-up answers; what is declared is said somewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from calipso.graph.value import Graph
from calipso.model.attributes import FACETS, METRICS, undeclared
from calipso.model.attributes.declare import EVERY, INTERFACE, Attribute, of_form
from calipso.model.environment import Environment
from calipso.model.record import Measured, Observation, Record, Seen
from calipso.model.types import OBJECT_TYPES
from calipso.operations.declared import Declarations, UserEdge, UserNode, composed
from calipso.runtime.recording import replay
from calipso.seams import SourceConfig
from calipso.sources.calico import SOURCE as CALICO
from calipso.sources.docker import SOURCE as DOCKER
from calipso.sources.libvirt import SOURCE as LIBVIRT
from calipso.sources.linux import SOURCE
from calipso.sources.lldp import SOURCE as LLDP
from calipso.sources.neutron_db import SOURCE as NEUTRON_DB
from calipso.sources.nova_db import SOURCE as NOVA_DB
from calipso.sources.openstack import SOURCE as OPENSTACK
from calipso.sources.ovn import SOURCE as OVN
from calipso.sources.ovs import SOURCE as OVS
from calipso.sources.snmp import SOURCE as SNMP
from calipso.sources.vpp import SOURCE as VPP
from calipso.transports.replay import ReplayTransport
from tests.support import databases_said, docker_said, everything, openstack_said, ovn_said
from tests.support.estate import CODEC

HERE = Path(__file__).parent
OWN = {
    *SOURCE.manifest.facets,
    *OVS.manifest.facets,
    *OVN.manifest.facets,
    *LIBVIRT.manifest.facets,
    *DOCKER.manifest.facets,
    *LLDP.manifest.facets,
    *SNMP.manifest.facets,
    *VPP.manifest.facets,
    *CALICO.manifest.facets,
    *OPENSTACK.manifest.facets,
    *NEUTRON_DB.manifest.facets,
    *NOVA_DB.manifest.facets,
    "cri",
    "lxd",
}


@cache
def recorded() -> tuple[Observation, ...]:
    """All transcripts of the sources `linux`, `ovs`, `ovn`, `calico`, `docker`, `vpp` and `openstack`."""

    async def read() -> tuple[Observation, ...]:
        out = [said for file in sorted((HERE / "ovs").glob("*.jsonl")) for said in await replay(file)]
        out += [said for file in sorted((HERE / "ovn").glob("*.jsonl")) for said in await replay(file)]
        out += [said for file in sorted((HERE / "vpp").glob("*.jsonl")) for said in await replay(file)]
        out += [said for file in sorted((HERE / "calico").glob("*.jsonl")) for said in await replay(file)]
        out += [said for file in sorted((HERE / "docker").glob("*.jsonl")) for said in await replay(file)]
        out += [said for file in sorted((HERE / "openstack/api").glob("*.jsonl")) for said in await replay(file)]
        for file in sorted((HERE / "linux").glob("*.jsonl")):
            transport = ReplayTransport(file.read_text().splitlines())
            out += [said async for said in SOURCE.collect(transport, SourceConfig(host=file.stem))]
        return tuple(out)

    return asyncio.run(read())


def records(observations: tuple[Observation, ...]) -> list[Record]:
    return [record for each in observations if isinstance(each, Seen) for record in each.records]


@cache
def made_up() -> tuple[Record, ...]:
    return (
        *everything.linux(),
        *everything.ovs(),
        *ovn_said.everything(),
        *everything.libvirt(),
        *everything.calico(),
        *everything.lldp(),
        *everything.snmp(),
        *openstack_said.everything(),
        *databases_said.everything(),
        *docker_said.everything(),
        *docker_said.contained(),
        *docker_said.lxd(),
        *users_own(),
    )


def users_own() -> list[Record]:
    """A node of every metadata that counts as an attribute, below another and with an edge of each kind."""
    metadata = {
        "Name": "rack", "Type": "rack", "MTU": 1500, "Vlan": 7, "Speed": 10, "Driver": "none", "Path": "/x",
        "UUID": "u", "Manager": "hand", "MAC": "02:00:00:00:00:01", "State": "UP", "IPV4": ["192.0.2.1/24"],
    }  # fmt: skip
    nodes = (UserNode(id="a", metadata=metadata, host="h"), UserNode(id="b", metadata=metadata))
    edges = tuple(
        UserEdge(id=relation, parent=parent, child=child, metadata={"RelationType": relation})
        for relation, parent, child in (("ownership", "b", "a"), ("layer2", "a", "b"), ("other", "a", "b"))
    )
    graph = Graph(Environment(name="test"), CODEC)
    return composed(Declarations(nodes=nodes, edges=edges), graph, {})


def complaints(said: list[Record] | tuple[Record, ...]) -> set[str]:
    return {each for record in said for each in undeclared(record)}


def test_recordings_say_only_what_is_declared() -> None:
    found = records(recorded())
    assert len(found) > 150
    assert complaints(found) == set()


def test_all_that_sources_can_say_is_declared() -> None:
    assert complaints(made_up()) == set()


@pytest.mark.parametrize("cloud", sorted(file.stem for file in (HERE / "openstack").glob("*.jsonl")))
def test_kernel_and_switch_records_of_the_clouds_say_only_what_is_declared(cloud: str) -> None:
    lines = [json.loads(line) for line in (HERE / f"openstack/{cloud}.jsonl").read_text().splitlines()[1:]]
    found = [Record(each["id"], each["facet"], each["type"], each["attributes"]) for each in lines]
    own = [record for record in found if record.facet in OWN]
    assert len(own) > 20
    assert complaints(own) == set()


def names(value: Any, name: str) -> Iterator[str]:
    """A name and those of the fields below it, as in `of_form`; a map's own keys count for nothing there."""
    yield name
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            for key, item in each.items():
                yield from names(item, f"{name}.{key}")


def test_all_that_is_declared_is_said_somewhere() -> None:
    """Every attribute of every type that carries it, and every field of entries."""
    said: set[tuple[str, str, str]] = set()
    for record in (*records(recorded()), *made_up()):
        for name, value in record.attributes.items():
            said |= {(record.facet, record.type, found) for found in names(value, name)}
    missing = [
        f"{facet.name} {name} of {type}"
        for facet in FACETS
        for each in facet.attributes
        for name in of_form(each.value, each.name)
        for type in each.types
        if not any(at == facet.name and is_ == name and stands_for(each, type, of) for at, of, is_ in said)
    ]
    assert missing == []


def stands_for(attribute: Attribute, declared: str, type: str) -> bool:
    if declared == EVERY:
        return True
    if declared == INTERFACE:
        return type not in attribute.types and attribute.carried_by(type)
    return type == declared


def test_metrics_are_declared_and_said() -> None:
    said = {
        name for each in recorded() if isinstance(each, Measured) for found in each.metrics.values() for name in found
    }
    assert said == {each.name for each in METRICS}


def test_every_facet_of_a_source_is_declared_and_none_twice() -> None:
    declared = [facet.name for facet in FACETS]
    assert len(declared) == len(set(declared))
    assert set(declared) >= OWN


def test_a_declaration_is_clear_which_one_counts() -> None:
    """An attribute is declared once for each facet and type, and every type it names exists."""
    known = {each.name for each in OBJECT_TYPES} | {"xfrm", "ipoib", "netkit", "hsr", INTERFACE, EVERY}
    for facet in FACETS:
        for one in facet.attributes:
            assert set(one.types) <= known, one.name
            same = [each for each in facet.attributes if each.name == one.name and each is not one]
            assert not [type for type in one.types for each in same if type in each.types], (facet.name, one.name)


@pytest.mark.parametrize(
    ("facet", "type", "attributes", "complaint"),
    [
        ("netlink", "veth", {"mtu": "1500"}, "netlink mtu of veth: '1500' is not integer"),
        ("netlink", "veth", {"carrier": 1}, "netlink carrier of veth: 1 is not boolean"),
        ("netlink", "veth", {"ifindex": True}, "netlink ifindex of veth: True is not integer"),
        ("netlink", "veth", {"vni": 7}, "netlink vni of veth: not declared"),
        ("netlink", "veth", {"ips": "10.0.0.1"}, "netlink ips of veth: '10.0.0.1' is no list"),
        ("netlink", "veth", {"vfs": [{"age": 3}]}, "netlink vfs of veth[].age: not declared"),
        ("netlink", "veth", {"xdp": []}, "netlink xdp of veth: [] is no map"),
        ("netlink", "veth", {"mtu": None}, "netlink mtu of veth: None is not integer"),
        ("netlink", "netns", {"mtu": 1500}, "netlink mtu of netns: not declared"),
        ("unheard", "veth", {}, "unheard: no such facet"),
    ],
)
def test_what_is_not_declared_is_told(facet: str, type: str, attributes: dict[str, Any], complaint: str) -> None:
    assert undeclared(Record("h/dev:x", facet, type, attributes)) == [complaint]


def test_kinds_of_interfaces_of_tomorrow_carry_what_all_do() -> None:
    assert undeclared(Record("h/dev:x", "netlink", "kind_of_tomorrow", {"mtu": 1500})) == []
