"""Every step, predicate and alias of the tables, on the live graph and, with the same answer, on a store's past."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from calipso.errors import QueryError
from calipso.graph.value import FacetChange
from calipso.model import ids
from calipso.query.names import ALIASES
from calipso.query.plan import Spec
from calipso.query.predicate_table import PREDICATES
from calipso.query.table import SPECS
from calipso.stores.memory import MemoryStore
from calipso.stores.sqlite import SqliteStore
from tests.support.estate import ENVIRONMENT, Estate, two_hosts
from tests.support.queries import World, told

THEN, LATER = 1_000_000, 2_000_000
ROUTES = [
    {"dst": "default", "gateway": "192.0.2.254", "family": 4},
    {"dst": "192.0.2.0/24", "family": 4},
    {"dst": "192.0.2.9/32", "gateway": "192.0.2.7", "metric": 50},
    {"dst": "fd00::/8", "gateway": "fd00::1", "family": 6},
    {"dst": "203.0.113.0/24", "type": "blackhole"},
]
SOCKETS = [
    {"protocol": "tcp", "state": "listen", "local_address": "0.0.0.0", "local_port": 22, "pid": 7, "process": "sshd"},
    {
        "protocol": "udp",
        "state": "established",
        "local_address": "192.0.2.1",
        "local_port": 68,
        "remote_address": "192.0.2.9",
        "remote_port": 67,
    },
]


def records() -> list[FacetChange]:
    """The estate, with what its hosts' tables say."""
    estate = Estate()
    estate.changes = two_hosts()
    eth0, vha = ids.device("h1", "eth0"), ids.device("h1", "vha")
    estate.record("h1", "sockets", "host", sockets=SOCKETS)
    estate.record(eth0, "netlink.routes", "veth", routes=ROUTES)
    estate.record(eth0, "netlink.neighbors", "veth", neighbors=[{"ip": "192.0.2.7", "mac": "02:00:00:00:00:07"}])
    estate.record(
        ids.device("h2", "eth0"),
        "netlink",
        "veth",
        host="h2",
        netns="h2",
        name="eth0",
        ifindex=2,
        mtu=1400,
        state="down",
        mac="02:00:00:00:00:02",
        peer_nsid=0,
        peer_ifindex=9,
        addresses=["192.0.2.2/24", "fe80::2/64"],
        ips=["192.0.2.2"],
        features={"rx-gro": True, "tx-nocache-copy": False},
        flags=["UP", "BROADCAST"],
        driver="veth",
        speed=10000,
    )
    estate.record(vha, "libvirt@h1", "veth", alias='it\'s "so"\\', peer_mac="aa:01:0a")
    estate.record(
        ids.ovs_interface(ids.ovs("h1"), "r10"),
        "ovs",
        "internal",
        host="h1",
        ovs=ids.ovs("h1"),
        netns="h1",
        port=ids.ovs_port(ids.ovs("h1"), "r10"),
        bridge=ids.ovs_bridge(ids.ovs("h1"), "br-int"),
        name="r10",
        mtu=1500,
        owner=ids.ovs_bridge(ids.ovs("h1"), "br-int"),
        attached_mac="ac:01:16",
        external_ids={"vm-uuid": "5f0", "iface-id": "9c1", "attached-mac": "ac:01:16"},
        other_config={"a.b": "c"},
    )
    return estate.changes


@pytest.fixture(scope="module", params=["live", "sqlite", "memory"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The estate: as it is, or as of a moment after which everything changed."""
    folder = tmp_path_factory.mktemp("store")
    store: Any = SqliteStore(folder / "a.db", ENVIRONMENT) if request.param == "sqlite" else MemoryStore(ENVIRONMENT)
    graph, delta = store.load().apply(records(), THEN)
    store.append(delta)
    if request.param != "live":
        gone = [FacetChange(change.id, change.facet, None) for change in records()[::2]]
        store.append(graph.apply(gone, LATER)[1])
    counters = {"h1/dev:eth0": {"rx_bytes": 7.0, "tx_bytes": 1.0}, "h2/dev:eth0": {"rx_bytes": 5.0}}
    reader = graph if request.param == "live" else store.graph(THEN)
    yield World(reader, None, counters)
    store.close()


H1 = "h1/dev:"
CASES: list[tuple[str, list[Any]]] = [
    # where a query begins and goes
    ("G.V('h1')", ["h1"]),
    ("g.v('h1/ovs/interface:vha')", ["h1/dev:vha"]),
    ("G.V().Has('Name', 'vm-a').As('a').G.V('h1').Select('a')", ["h1/netns:vm-a", "h2/netns:vm-a"]),
    ("G.E('ownership|h1|h1/netns:vm-a')", [("ownership", "h1", "h1/netns:vm-a")]),
    ("G.E().Has('RelationType', 'layer2', 'Type', 'patch').Count()", [2]),
    ("G.V('h1').Out('Type', 'netns')", ["h1/netns:vm-a", "h1/netns:vm-b", "h1/netns:router-r"]),
    ("G.V('h1/netns:vm-a').In()", ["h1"]),
    ("G.V('h1/dev:pb').Both('layer2.veth')", ["h1/dev:pbo"]),
    ("G.V('h1/dev:pb').Both('RelationType', 'layer2', 'Type', 'bridge')", ["h1/dev:br-b"]),
    ("G.V('h1/netns:vm-a').Out('role')", ["h1/netns:vm-a/dev:eth0"]),
    ("G.V('h1/netns:vm-a').Out('instance-vnic')", ["h1/netns:vm-a/dev:eth0"]),
    (
        "G.V('h1/netns:vm-a').OutE('RelationType', 'ownership')",
        [("ownership", "h1/netns:vm-a", "h1/netns:vm-a/dev:eth0")],
    ),
    ("G.V('h1/netns:vm-a').InE()", [("ownership", "h1", "h1/netns:vm-a")]),
    ("G.V('h1/netns:vm-a').BothE().Count()", [2]),
    ("G.V('h1/netns:vm-a').InE().OutV()", ["h1/netns:vm-a"]),
    ("G.V('h1/netns:vm-a').InE().InV()", ["h1"]),
    ("G.V('h1/netns:vm-a').InE().BothV()", ["h1", "h1/netns:vm-a"]),
    ("G.At('now').V('h1')", ["h1"]),
    ("G.Context(NOW).V('h1')", ["h1"]),
    ("G.Workflow('names', 'h1', 7)", ["names", "h1", 7]),
    ("G.Workflow('names').Count()", [1]),
    # what is kept
    ("G.V().Has('Name', 'eth0', 'Host', 'h1', 'kind', 'host_pnic')", ["h1/dev:eth0"]),
    ("G.V().Has('features.rx-gro')", ["h2/dev:eth0"]),
    ("g.V().has('netns', 'name', 'vm-a').has('host', 'h1')", ["h1/netns:vm-a"]),
    ("G.V().HasKey('Sockets')", ["h1"]),
    ("G.V().Has('Host', 'h2', 'Type', 'veth').HasNot('peer_netns')", ["h2/dev:eth0"]),
    ("G.V().HasEither('Name', 'h1', 'Name', 'h2')", ["h1", "h2"]),
    ("g.V().hasLabel('vconnector')", ["h1/dev:br-b", "h2/dev:br-b"]),
    ("g.E().hasLabel('layer3').count()", [2]),
    ("g.V().hasId('h1', 'h2')", ["h1", "h2"]),
    (
        "g.V().has('type', 'ovsport').where(out('layer2').has('type', 'patch')).values('name')",
        ["patch-tun", "patch-int", "patch-tun", "patch-int"],
    ),
    ("g.V().has('host', 'h1').has('type', 'netns').filter(out('ownership').has('name', 'r10'))", ["h1/netns:router-r"]),
    ("g.V().hasId('h1', 'h1/dev:br-b').not(__.out('layer2'))", ["h1"]),
    ("g.V().has('host', 'h1').and(has('type', 'netns'), out('ownership').has('name', 'r10'))", ["h1/netns:router-r"]),
    ("g.V().has('host', 'h1').or(has('name', 'br-b'), has('name', 'pb'))", ["h1/dev:br-b", "h1/dev:pb"]),
    ("g.V().values('mtu').is(P.lt(1500))", [1400]),
    ("g.V('h1/netns:vm-a').both().both().simplePath().has('type', 'netns').count()", [2]),
    ("g.V('h1/netns:vm-a').both().both().cyclicPath().dedup()", ["h1/netns:vm-a"]),
    # what is left out, and order
    ("G.V().Has('Type', 'netns').Dedup('Name').Values('Name')", ["vm-a", "vm-b", "router-r"]),
    ("g.V().has('type', 'netns').dedup().by('host').values('host')", ["h1", "h2"]),
    ("G.V().Has('Type', 'netns').Limit(1)", ["h1/netns:vm-a"]),
    ("G.V().Has('Type', 'netns').Range(1, 3)", ["h1/netns:vm-b", "h1/netns:router-r"]),
    ("G.V().Has('Type', 'netns').Range(4, -1).Count()", [2]),
    ("g.V().has('type', 'netns').skip(5)", ["h2/netns:router-r"]),
    ("g.V().has('type', 'netns').tail(2).values('name')", ["vm-b", "router-r"]),
    ("G.V().Has('Type', 'bridge').Sort('MAC').Values('MAC')", ["ac:01:12", "ac:02:12"]),
    ("G.V().Has('Type', 'bridge').Sort(DESC, 'MAC').Values('MAC')", ["ac:02:12", "ac:01:12"]),
    ("G.V().Has('Type', 'host').Sort()", ["h1", "h2"]),
    ("G.V().Has('Type', 'host').Sort(ASC)", ["h1", "h2"]),
    (
        "g.V().has('type', 'netns').order().by('name', desc).by('host', asc).limit(2)",
        ["h1/netns:vm-b", "h2/netns:vm-b"],
    ),
    ("g.V('h1/netns:vm-a', 'h1').order().by(out().count(), Order.desc).values('name')", ["h1", "vm-a"]),
    # several links at once
    ("G.V('h1/netns:vm-a').Descendants()", ["h1/netns:vm-a", "h1/netns:vm-a/dev:eth0"]),
    ("G.V('h1').Descendants(0).Has('Type', 'patch').Values('Name')", ["patch-tun", "patch-int"]),
    (
        "G.V('h1/ovs/bridge:br-tun').Descendants('layer2', 2).Has('Name', 'patch-tun', 'Type', 'patch')",
        [],
    ),
    (
        "G.V('h1/ovs/interface:patch-tun').Ascendants(0)",
        ["h1/ovs/interface:patch-tun", "h1/ovs/bridge:br-int", "h1/ovs", "h1"],
    ),
    ("G.V('h1/dev:pb').Neighbors('layer2', 1)", ["h1/dev:pb", "h1/dev:br-b", "h1/dev:pbo"]),
    (
        "G.V('h1/netns:vm-b/dev:eth0').ShortestPathTo(Metadata('Name', 'br-int'), Metadata('RelationType', 'layer2'))",
        [
            [
                "h1/netns:vm-b/dev:eth0",
                "h1/dev:vhb",
                "h1/dev:br-b",
                "h1/dev:pb",
                "h1/dev:pbo",
                "h1/ovs/port:pbo",
                "h1/ovs/bridge:br-int",
            ]
        ],
    ),
    (
        "G.V('h1/netns:vm-a/dev:eth0').ShortestPathTo(Metadata('ID', 'h2/netns:vm-a/dev:eth0'), "
        "Metadata('RelationType', Within('layer2', 'layer3')))",
        [
            [
                "h1/netns:vm-a/dev:eth0",
                "h1/dev:vha",
                "h1/ovs/port:vha",
                "h1/ovs/bridge:br-int",
                "h1/ovs/port:vx10",
                "h1/ovs/interface:vx10",
                "h2/ovs/interface:vx10",
                "h2/ovs/port:vx10",
                "h2/ovs/bridge:br-int",
                "h2/ovs/port:vha",
                "h2/dev:vha",
                "h2/netns:vm-a/dev:eth0",
            ]
        ],
    ),
    ("G.V('h1/netns:vm-a').ShortestPathTo(Metadata('Name', 'h1')).PathNodes()", ["h1/netns:vm-a", "h1"]),
    (
        "G.V('h1/netns:vm-a').ShortestPathTo(Metadata('Name', 'h1')).SubGraph().E()",
        [("ownership", "h1", "h1/netns:vm-a")],
    ),
    ("g.V('h1/netns:vm-a').out('ownership').path().by('name')", [["vm-a", "eth0"]]),
    (
        "g.V('h1/netns:vm-a').outE('ownership').inV().path()",
        [["h1/netns:vm-a", ("ownership", "h1/netns:vm-a", "h1/netns:vm-a/dev:eth0"), "h1/netns:vm-a"]],
    ),
    # again and again
    ("g.V('h1/netns:vm-a').repeat(out('ownership')).times(1)", ["h1/netns:vm-a/dev:eth0"]),
    ("g.V('h1/ovs/interface:patch-tun').repeat(__.in('ownership')).until(has('type', 'host'))", ["h1"]),
    ("g.V('h1/ovs/interface:patch-tun').repeat(__.in('ownership')).emit()", ["h1/ovs/bridge:br-int", "h1/ovs", "h1"]),
    (
        "g.V('h1/ovs/interface:patch-tun').emit(has('type', 'patch')).repeat(__.in('ownership')).times(2)",
        ["h1/ovs/interface:patch-tun", "h1/ovs"],
    ),
    ("g.V('h1').until(has('type', 'host')).repeat(out())", ["h1"]),
    # values
    ("G.V('h1', 'h2').Values('Name')", ["h1", "h2"]),
    ("g.V('h2/dev:eth0').values('mtu', 'state')", [1400, "down"]),
    ("G.V('h2/dev:eth0').ValueMap('Name', 'MTU', 'nonsense')", [{"Name": "eth0", "MTU": 1400}]),
    (
        "G.V().Has('Type', 'segment').Has('segmentation_id', 10010).Keys()",
        [["id", "key", "kind", "name", "network_type", "parent", "segmentation_id", "type"]],
    ),
    ("g.V('h1').id()", ["h1"]),
    ("g.V('h1').label()", ["host"]),
    (
        "g.V('h1/netns:vm-a').project('n', 'devices').by('name').by(out('ownership').count())",
        [{"n": "vm-a", "devices": 1}],
    ),
    ("g.V('h1').project('n').by('name').select('n')", ["h1"]),
    # one of many
    ("G.V().Count()", [64]),
    ("G.V().Has('Type', 'ovsport', 'Host', 'h1').Count()", [8]),
    ("G.V().Has('MTU').Sum('MTU')", [2900]),
    ("g.V().min('mtu')", [1400]),
    ("g.V().max('mtu')", [1500]),
    ("g.V().values('mtu').mean()", [1450.0]),
    ("g.V().has('type', 'host').values('name').fold()", [["h1", "h2"]]),
    ("g.V().has('type', 'host').values('name').fold().unfold()", ["h1", "h2"]),
    ("g.V().has('type', 'netns').group().by('host').by(count())", [{"h1": 3, "h2": 3}]),
    ("g.V().has('type', 'host').group().by('type').by('name')", [{"host": ["h1", "h2"]}]),
    ("g.V().has('type', 'netns').groupCount().by('name')", [{"router-r": 2, "vm-a": 2, "vm-b": 2}]),
    # kept for later
    ("G.V('h1').As('a').Out().Has('Type', 'netns').As('b').Select('a', 'b').Count()", [4]),
    ("G.V().Has('Host', 'h1', 'Type', Within('netns', 'host')).SubGraph().E().Count()", [3]),
    ("G.V('h1').OutE('ownership').Has('target', 'h1/netns:vm-a').SubGraph().V()", ["h1", "h1/netns:vm-a"]),
    (
        "G.V('h1', 'h1/dev:pb', 'h1/dev:br-b').SubGraph('RelationType', 'layer2').E()",
        [("layer2.master", "h1/dev:br-b", "h1/dev:pb")],
    ),
    # tables of an object
    (
        "G.V('h1/dev:eth0').NextHop('192.0.2.9')",
        [{"h1/dev:eth0": {"IP": "192.0.2.7", "IfIndex": 2, "MAC": "02:00:00:00:00:07"}}],
    ),
    ("G.V('h1').NextHop('198.51.100.1')", [{"h1": {"IP": "192.0.2.254", "IfIndex": 2}}]),
    ("G.V('h1').NextHop('fd00::9')", [{"h1": {"IP": "fd00::1", "IfIndex": 2}}]),
    ("G.V('h1/dev:eth0').NextHop('192.0.2.44')", [{"h1/dev:eth0": {"IP": "192.0.2.44", "IfIndex": 2}}]),
    ("G.V('h1').Sockets().Has('State', 'LISTEN').Values('Process')", ["sshd"]),
    ("G.V().Sockets().Has('RemotePort', 67).Values('Protocol')", ["UDP"]),
    ("G.V().Has('Name', 'eth0').Metrics()", [{"rx_bytes": 7.0, "tx_bytes": 1.0}, {"rx_bytes": 5.0}]),
    ("G.V().Has('Name', 'eth0').Metrics('RxBytes')", [{"rx_bytes": 7.0}, {"rx_bytes": 5.0}]),
    ("G.V().Metrics().Sum()", [{"rx_bytes": 12.0, "tx_bytes": 1.0}]),
    ("G.V().Metrics().Sum('rx_bytes')", [12.0]),
    # predicates
    ("G.V().Has('MTU', EQ(1400))", ["h2/dev:eth0"]),
    ("G.V().Has('MTU', NE(1500)).Values('IPV4')", [["192.0.2.2/24"]]),
    ("G.V().Has('Name', NE('vm-a'), 'Type', 'netns', 'Host', 'h1').Count()", [2]),
    ("G.V().Has('Type', 'netns', 'MTU', NEE(1500)).Count()", [6]),
    ("G.V().Has('MTU', LT(1500))", ["h2/dev:eth0"]),
    ("G.V().Has('MTU', LTE(1400))", ["h2/dev:eth0"]),
    ("G.V().Has('MTU', GT(1400)).Values('Name')", ["r10"]),
    ("G.V().Has('MTU', GTE(1400)).Count()", [2]),
    ("G.V().Has('MTU', Inside(1399, 1401))", ["h2/dev:eth0"]),
    ("G.V().Has('MTU', Inside(1400, 1500))", []),
    ("G.V().Has('MTU', Outside(1450, 1499)).Count()", [2]),
    ("G.V().Has('MTU', Between(1400, 1500))", ["h2/dev:eth0"]),
    ("G.V().Has('Name', Within('h1', 'h2'))", ["h1", "h2"]),
    ("G.V().Has('Type', 'ovsbridge', 'Host', 'h1').Has('Name', Without('br-int')).Values('Name')", ["br-tun"]),
    ("G.V().Has('Name', Regex('vm-.')).Count()", [4]),
    ("G.V().Has('Name', Regex('^vm-a$')).Count()", [2]),
    ("G.V().Has('Name', Regex('vm'))", []),
    ("g.V().has('type', 'netns').has('name', notRegex('vm-.')).count()", [2]),
    ("G.V().Has('IPV4', IPV4Range('192.0.2.2/31')).Count()", [2]),
    ("G.V().Has('IPV4', IPV4('192.0.2.2/31')).Count()", [2]),
    ("G.V().Has('IPV6', IPV6('fe80::/10'))", ["h2/dev:eth0"]),
    ("G.V().Has('IPV6', IPV6Range('fe80::/10'))", ["h2/dev:eth0"]),
    ("G.V().Has('ips', IPRange('192.0.2.0/31'))", ["h1/dev:eth0"]),
    ("g.V().has('type', 'netns').has('name', TextP.startingWith('vm')).count()", [4]),
    ("g.V().has('type', 'netns').has('name', endingWith('-r')).count()", [2]),
    ("g.V().has('type', 'netns').has('name', containing('m-b')).count()", [2]),
    ("g.V().has('type', 'netns').has('name', notStartingWith('vm')).count()", [2]),
    ("g.V().has('type', 'netns').has('name', notEndingWith('-r')).count()", [4]),
    ("g.V().has('type', 'netns').has('name', notContaining('m-')).count()", [2]),
    ("g.V().has('mtu', P.gt(1000).and(lt(1450)))", ["h2/dev:eth0"]),
    ("g.V().has('mtu', lt(1000).or(gt(1450))).values('name')", ["r10"]),
    ("g.V().has('mtu', not(eq(1500)))", ["h2/dev:eth0"]),
    ("g.V().has('mtu', P.neq(1500))", ["h2/dev:eth0"]),
    ("g.V().has('mtu', eq(1500).negate())", ["h2/dev:eth0"]),
    ("G.V().Has('MTU', null).Has('Type', 'netns').Count()", [6]),
    ("G.V().Has('MTU', NE(NULL)).Count()", [2]),
    ("G.V().Has('features.rx-gro', true)", ["h2/dev:eth0"]),
    ("G.V().Has('features.rx-gro', 1)", []),
    ("G.V().Has('MTU', -1)", []),
    ("G.V().Has('MTU', 1400.0)", ["h2/dev:eth0"]),
    ("G.V().Has('IfIndex', 99999999999999999999999999)", []),
    ("G.V().Has('Name', 5)", []),
    ("G.V().Has('Name', null)", []),
    ("G.V().Has('MAC', 'AC:01:12').Values('Name')", ["br-b"]),
    ("G.V().Has('Name', '')", []),
    ("G.V().Has('', 'x')", []),
    ("G.V().Has('\\n\"', 'x')", []),
    # texts
    ("G.V().Has('alias', 'it\\'s \"so\"\\\\')", ["h1/dev:vha"]),
    ('G.V().Has("alias", "it\'s \\"so\\"\\\\")', ["h1/dev:vha"]),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_step_or_predicate(world: World, text: str, expected: list[Any]) -> None:
    found = told(text, world)
    if ".Keys()" in text:
        found = [found]
    assert found == expected


ORIGINAL = """
    G V E Context At Has HasKey HasNot HasEither Out In Both OutE InE BothE OutV InV BothV ShortestPathTo Dedup Limit
    Range Sort Values ValueMap Keys Count Sum SubGraph As Select Descendants Ascendants Neighbors NextHop Sockets
    Metrics Aggregates Flows Hops CaptureNode Node Nodes RawPackets BPF Group MoreThan Workflow
"""
STANDARD = """
    where repeat path project order has hasLabel hasId skip tail fold group groupCount select as
"""
ORIGINAL_PREDICATES = """
    NE NEE LT GT LTE GTE Inside Outside Between Within Without Regex IPV4Range
"""
WORDS = ("Metadata(", "ASC", "DESC", "NOW", "FOREVER", "NULL", "until(", "times(", "emit(", ".by(")


def cases() -> str:
    from tests.unit.query.test_flow_steps import CASES as FLOW_CASES

    return " ".join(text for text, _ in (*CASES, *FLOW_CASES)) + " .G(). "


def test_every_step_and_predicate_has_a_case() -> None:
    texts = cases().lower()
    for spec in SPECS:
        missing = [name for name in spec.names if f"{name.lower()}(" not in texts]
        assert not missing, missing
    for predicate in PREDICATES:
        missing = [name for name in predicate.names if f"{name.lower()}(" not in texts]
        assert not missing, missing


def test_everything_of_the_original_and_of_the_standard_is_there_and_has_a_case() -> None:
    texts = cases()
    steps = {name.lower() for spec in SPECS for name in spec.names}
    assert not {*(ORIGINAL + STANDARD).lower().split()} - steps
    assert not {*ORIGINAL_PREDICATES.lower().split()} - {n.lower() for each in PREDICATES for n in each.names}
    assert not [word for word in WORDS if word not in texts]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.names[0])
def test_every_example_of_the_reference_is_answered(world: World, spec: Spec) -> None:
    if "Flows()" in spec.example:
        with pytest.raises(QueryError, match="no flow store"):
            told(spec.example, world)
    elif spec.names[0] == "At":
        assert told("G.At(NOW).V().Count()", world) == told("G.V().Count()", world)
    else:
        told(spec.example, world)


@pytest.mark.parametrize("predicate", PREDICATES, ids=lambda predicate: predicate.names[0])
def test_every_example_of_a_predicate_is_answered(world: World, predicate: Any) -> None:
    told(f"G.V().{predicate.example}", world)


ALIASED = {
    "ID": "h1",
    "@ID": "h1",
    "TID": "h1",
    "Name": "eth0",
    "Type": "veth",
    "Kind": "host_pnic",
    "Host": "h2",
    "@Host": "h2",
    "MAC": "02:00:00:00:00:02",
    "MTU": 1400,
    "State": "DOWN",
    "IPV4": "192.0.2.2/24",
    "IPV6": "fe80::2/64",
    "IfIndex": 2,
    "Driver": "veth",
    "Speed": 10000,
    "LinkFlags": "UP",
    "PeerIfIndex": 9,
    "LinkNetNsID": 0,
    "LinkNetNsName": "h1",
    "MasterIndex": 12,
    "Vlan": 10,
    "Vlans": 20,
    "LocalIP": "192.0.2.1",
    "RemoteIP": "192.0.2.2",
    "VNI": "10010",
    "ExtID.vm-id": "5f0",
    "ExtID.vm-uuid": "5f0",
    "ExtID.iface-id": "9c1",
    "ExtID.attached-mac": "AC:01:16",
    "Ovs.OtherConfig.a.b": "c",
    "Features.rx-gro": True,
    "Hostname": "h1",
    "Manager": "libvirt",
    "Probe": "libvirt@h1",
    "attributes.mtu": 1400,
    "attributes.features.rx-gro": True,
    "facets.libvirt.peer_mac": "aa:01:0a",
    "Libvirt.PeerMac": "aa:01:0a",
    "Neighbors.MAC": None,
    "neighbors.ip": "192.0.2.7",
    "sockets.local_port": 22,
}


@pytest.mark.parametrize(("name", "value"), [each for each in ALIASED.items() if each[1] is not None])
def test_names_of_skydive_and_ours(world: World, name: str, value: Any) -> None:
    said = f"'{value}'" if isinstance(value, str) else str(value).lower()
    assert told(f"G.V().Has('{name}', {said}).Count()", world)[0] > 0
    assert told(f"G.V().Has('Name', Regex('.*')).Has('{name}', {said}).Count()", world)[0] > 0


def test_every_alias_can_be_asked(world: World) -> None:
    for name in ALIASES:
        told(f"G.V().Has('{name}', 'x')", world)
        told(f"G.V().Values('{name}')", world)
