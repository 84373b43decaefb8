"""Every step on flows, over the store in memory and over DuckDB's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from calipso.errors import QueryError
from calipso.model.flow import (
    Flow,
    FlowDhcp,
    FlowDns,
    FlowIcmp,
    FlowLink,
    FlowMetric,
    FlowNetwork,
    FlowPacket,
    FlowTransport,
    FlowVrrp,
)
from calipso.operations.capture_documents import KeptPackets
from calipso.operations.querying import Kept
from calipso.query.evaluate import prepared
from calipso.query.flow_names import ALIASES, flow_name
from calipso.query.run import FlowsWanted
from calipso.query.steps import flows as flow_steps
from calipso.runtime.packet_shelf import matching
from calipso.seams import FlowStore
from calipso.stores.duckdb import DuckFlowStore
from calipso.stores.flows import MemoryFlowStore
from calipso.stores.memory import MemoryStore
from tests.support import packets as p
from tests.support.estate import ENVIRONMENT, Estate, two_hosts
from tests.support.queries import NOW, World, answered, told

S = 1_000_000
VHA, ETH0, GUEST, FAR = "h1/dev:vha", "h1/dev:eth0", "h1/netns:vm-a/dev:eth0", "h2/netns:vm-a/dev:eth0"


def flow(uuid: str, ago: float, **said: Any) -> Flow:
    start, last = NOW - int(ago * S), NOW - int(ago * S) + 5 * S
    given = {
        "tracking_id": "web", "l3_tracking_id": "web3", "layers_path": "Ethernet/IPv4/TCP", "application": "HTTPS",
        "metric": FlowMetric(3, 300, 2, 200, start, last, 7), "network": FlowNetwork("IPV4", "10.0.0.1", "10.0.0.2"),
        "link": FlowLink("ETHERNET", "aa:01:0a", "aa:02:0a"), "transport": FlowTransport("TCP", 40_000, 443),
        "node": ETH0, "host": "h1",
    } | said  # fmt: skip
    return Flow(uuid=uuid, start=start, last=last, **given)


FLOWS = [
    flow("w1", 60, node=VHA, a_object="h1", b_object="h2", finish="tcp_fin",
         last_update=FlowMetric(3, 300, 2, 200, NOW - 60 * S, NOW - 55 * S, 7)),
    flow("w2", 59),
    flow("ping", 30, tracking_id="ping", application="ICMPv4", layers_path="Ethernet/IPv4/ICMPv4", transport=None,
         icmp=FlowIcmp(8, 0, 5), metric=FlowMetric(1, 98, 1, 98), network=FlowNetwork("IPV4", "10.0.0.9", "10.0.0.1"),
         last_update=FlowMetric(2, 200, 0, 0, NOW - 30 * S, NOW - 20 * S)),
    flow("arp", 20, tracking_id="arp", application="ARP", network=None, transport=None, node="h9/dev:eth0"),
    flow("old", 4000, tracking_id="old", last_update=FlowMetric(10, 1000, 0, 0, NOW - 4000 * S, NOW - 3970 * S)),
]  # fmt: skip
SOCKET = {
    "protocol": "tcp", "state": "established", "local_address": "10.0.0.2", "local_port": 443,
    "remote_address": "10.0.0.1", "remote_port": 40_000, "process": "nginx",
}  # fmt: skip


def packets_of(flows: Sequence[str]) -> list[FlowPacket]:
    """One of each flow, one of them of TCP."""
    made = {"w1": p.tcp(b"", 1, 80), "ping": p.udp(b"", 1, 80)}
    frames = {uuid: p.ethernet(p.ipv4(text, 6 if uuid == "w1" else 17), 0x0800) for uuid, text in made.items()}
    return [FlowPacket(uuid, 1, n, len(frames[uuid]), 1, frames[uuid]) for n, uuid in enumerate(flows) if uuid in made]


class Asked(Kept):
    """Remembers what it was asked."""

    def __init__(self, store: FlowStore) -> None:
        said = SimpleNamespace(flows=store, packets=lambda flows: KeptPackets(packets_of(flows)), matching=matching)
        super().__init__(lambda: said)  # type: ignore[arg-type, return-value]
        self.said: list[FlowsWanted] = []

    def find(self, wanted: FlowsWanted) -> list[Flow]:
        self.said.append(wanted)
        return super().find(wanted)


@pytest.fixture(scope="module", params=["memory", "duckdb"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("flows")
    store: FlowStore = MemoryFlowStore() if request.param == "memory" else DuckFlowStore(folder / "f", gather=3)
    store.add(FLOWS[:3])
    store.add(FLOWS[3:])
    estate = Estate()
    estate.changes = two_hosts()
    estate.record("h2", "sockets", "host", sockets=[SOCKET, {**SOCKET, "local_port": 22}])
    graph, _ = MemoryStore(ENVIRONMENT).load().apply(estate.changes, 1)
    made = World(graph, None, {ETH0: {"rx_bytes": 1.0}})
    made.flows = Asked(store)
    yield made
    store.close()


def found(text: str, world: World) -> list[Any]:
    """Flows by their uuids."""
    return [each.uuid if isinstance(each, Flow) else each for each in told(text, world)]


MS = NOW // 1000
CASES: list[tuple[str, list[Any]]] = [
    # which flows
    ("G.Flows()", ["arp", "ping", "w2", "w1"]),
    ("G.At(NOW, '2h').Flows()", ["arp", "ping", "w2", "w1", "old"]),
    ("G.At(NOW, FOREVER).Flows().Count()", [5]),
    ("G.At('-3900s').Flows()", ["old"]),
    ("G.At('-1h', '1h').Flows()", ["old"]),
    ("G.Flows('Application', 'ARP')", ["arp"]),
    ("G.V('h1/dev:vha').Flows()", ["w1"]),
    ("G.V().Has('Host', 'h1').Flows().Count()", [3]),
    ("G.V().Has('Name', 'nobody').Flows()", []),
    ("G.V('h1/dev:vha', 'h1/dev:vha', 'h1/dev:eth0').Flows('TrackingID', 'web')", ["w2", "w1"]),
    ("G.V('h1/dev:vha').ShortestPathTo(Metadata('Name', 'pb')).Flows().Count()", [1]),
    # what they are like
    ("G.Flows().Has('Network', '10.0.0.1')", ["ping", "w2", "w1"]),
    ("G.Flows().Has('Network.A', '10.0.0.1')", ["w2", "w1"]),
    ("G.Flows().Has('network.b', Within('10.0.0.1', '10.0.0.7'))", ["ping"]),
    ("G.Flows().Has('Network', IPV4Range('10.0.0.8/29'))", ["ping"]),
    ("G.Flows().Has('Link', 'AA:01:0A').Count()", [4]),
    ("G.Flows().Has('Transport', 443, 'Link.B', 'AA:02:0a')", ["w2", "w1"]),
    ("G.Flows().Has('Transport.B', GT(400)).Has('Transport.A', LT(50000))", ["w2", "w1"]),
    ("G.Flows().Has('NodeTID', 'h1/dev:vha')", ["w1"]),
    ("G.Flows().Has('FinishType', 'TCP_FIN')", ["w1"]),
    ("G.Flows().Has('FinishType', NE('NOT_FINISHED'))", ["w1"]),
    ("G.Flows().Has('FinishType', 'NOT_FINISHED').Count()", [3]),
    ("G.Flows().Has('ICMP.Type', 8)", ["ping"]),
    ("G.Flows().Has('Metric.ABBytes', GTE(300), 'RTT', 7).Count()", [3]),
    (f"G.Flows().Has('Start', GTE({MS - 30_000}))", ["arp", "ping"]),
    (f"G.Flows().Has('Last', {MS - 15_000})", ["arp"]),
    ("G.Flows().HasKey('Network').Count()", [3]),
    ("G.Flows().HasNot('Transport')", ["arp", "ping"]),
    ("G.Flows().HasEither('Application', 'ARP', 'ICMP.ID', 5)", ["arp", "ping"]),
    ("G.Flows().Has('Application', Regex('HTTP.?')).Has('NoSuchThing', 1)", []),
    # order, parts
    ("G.Flows().Sort()", ["w1", "w2", "ping", "arp"]),
    ("G.Flows().Sort(DESC, 'Start').Limit(2)", ["arp", "ping"]),
    ("G.Flows().Sort(ASC, 'Metric.ABBytes').Limit(1)", ["ping"]),
    ("G.Flows().Sort('Network.A')", ["w2", "w1", "ping", "arp"]),
    ("G.Flows().Limit(1).Has('Application', 'HTTPS')", []),
    ("G.Flows().Has('Application', 'HTTPS').Limit(1)", ["w2"]),
    ("G.Flows().Range(1, 3)", ["ping", "w2"]),
    ("G.Flows().Dedup('TrackingID')", ["arp", "ping", "w2"]),
    ("G.Flows().Dedup()", ["arp", "ping", "w2", "w1"]),
    # values
    ("G.Flows().Values('Network.A')", ["10.0.0.9", "10.0.0.1", "10.0.0.1"]),
    ("G.Flows('Application', 'ARP').Values('link')", [["aa:01:0a", "aa:02:0a"]]),
    ("G.Flows('UUID', 'ping').ValueMap('UUID', 'ICMP', 'Start', 'transport.a')",
     [{"UUID": "ping", "ICMP": {"type": 8, "code": 0, "id": 5}, "Start": MS - 30_000}]),
    ("G.Flows('uuid', 'arp').Keys().Limit(4)", ["application", "fragment_errors", "fragments", "host"]),
    ("G.Flows().Count()", [4]),
    ("G.Flows().Sum('Metric.ABPackets')", [10]),
    ("G.Flows().Sum('metric.ba_bytes')", [698]),
    ("G.Flows().Group().MoreThan(1).Select('web.uuid')", [["w2", "w1"]]),
    ("G.Flows().group().by('Application').by(count())", [{"ARP": 1, "HTTPS": 2, "ICMPv4": 1}]),
    # objects
    ("G.Flows('TrackingID', 'web').Hops()", [VHA, ETH0]),
    ("G.Flows('TrackingID', 'web').CaptureNode()", [ETH0, VHA]),
    ("G.Flows('Application', 'ARP').Node()", []),
    ("G.Flows('UUID', 'w2').Out()", [FAR]),
    ("G.Flows('UUID', 'w2').In()", [GUEST]),
    ("G.Flows('UUID', 'w1').Both()", ["h1", "h2"]),
    ("G.Flows('UUID', 'w1').Both('Name', 'h2')", ["h2"]),
    ("G.Flows('UUID', 'w1').Nodes()", [VHA, "h1", "h2"]),
    ("G.Flows('UUID', 'w2').Nodes().Values('Name')", ["eth0", "eth0", "eth0"]),
    ("G.Flows('UUID', 'w1').Sockets().Values('Process')", ["nginx"]),
    ("G.Flows('UUID', 'ping').Sockets()", []),
    # numbers in time
    ("G.Flows('UUID', 'w2').Metrics('ABBytes')",
     [{"ab_bytes": 300, "start": NOW - 59 * S, "last": NOW - 54 * S}]),
    ("G.Flows('UUID', 'ping').Metrics().Values('ABPackets')", [2]),
    ("G.At(NOW, '10m').Flows().Metrics().Count()", [2]),
    ("G.At(NOW, '10m').Flows('UUID', 'w2').Metrics()", []),
    ("G.At(NOW, '10m').Flows().Metrics().Sum('ABBytes')", [500]),
    ("G.At(NOW, '10m').Flows().Metrics().Keys().Limit(2)", ["ab_bytes", "ab_packets"]),
    ("G.At(NOW, '2h').Flows('UUID', 'old').Metrics().Aggregates(20).Values('ab_packets')", [6, 4]),
    ("G.At(NOW, '2h').Flows('UUID', 'old').Metrics().Aggregates(3600).Sum('ABBytes')", [1000]),
    ("G.At(NOW, '10m').Flows().Metrics().Aggregates().Sum('ABPackets')", [5]),
    # their packets
    ("G.Flows().RawPackets().Count()", [2]),
    ("G.Flows().RawPackets().BPF('tcp port 80').Count()", [1]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_flow_step(world: World, text: str, expected: list[Any]) -> None:
    assert found(text, world) == expected


@pytest.mark.parametrize("text", [text for text, _ in CASES if ".At(" not in text])
def test_the_same_at_the_recorded_time(world: World, text: str) -> None:
    """An hour later, asked as of then: what was going on then."""
    later = World(world.value, None, {}, NOW + 3600 * S)
    later.flows = world.flows
    assert found(text.replace("G.", f"G.At({MS}).", 1), later) == found(text, world)


def test_what_a_store_can_do_it_is_asked_to_do(world: World) -> None:
    asked = world.flows
    assert isinstance(asked, Asked)
    found("G.Flows('Network', '10.0.0.1').Has('Application', 'HTTPS').Sort(DESC, 'Metric.ABBytes').Limit(1)", world)
    since, until = NOW - 600 * S, NOW
    match = {"network": ("10.0.0.1",), "application": ("HTTPS",)}
    assert asked.said[-1] == FlowsWanted(since, until, match, 2, "-metric.ab_bytes")
    found("G.V('h1/dev:vha').Flows().Has('Transport.A', GT(1)).Limit(1)", world)
    assert asked.said[-1] == FlowsWanted(
        since, until, {"node": (VHA, "h1/ovs/interface:vha")}, flow_steps.MOST + 1, "-last"
    )


def test_flows_of_a_path_remember_it(world: World) -> None:
    (way,) = told("g.V('h1/dev:vha').flows().out().path()", world)
    assert [each.uuid if isinstance(each, Flow) else each for each in way] == [VHA, "w1", "h2"]


def test_too_many_flows_are_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_steps, "MOST", 3)
    with pytest.raises(QueryError, match="more than 3 flows"):
        told("G.Flows().Count()", world)
    assert len(told("G.Flows().Limit(3)", world)) == 3


def test_a_slice_of_flows_says_when_it_was(world: World) -> None:
    answer = answered("G.At(NOW, '2h').Flows()", world)
    assert answer.kind == "flows"
    assert prepared("G.At(NOW, '2h').V().Flows().Hops()").flows
    assert answer.at == NOW


def test_packets_of_flows_and_a_filter_of_them(world: World) -> None:
    assert [each.flow for each in told("G.Flows().RawPackets()", world)] == ["ping", "w1"]
    assert [each.flow for each in told("G.Flows().RawPackets().BPF('tcp port 80')", world)] == ["w1"]
    assert told("G.Flows().RawPackets().Count()", world) == [2]
    assert [each.flow for each in told("G.Flows().RawPackets().Limit(1)", world)] == ["ping"]
    assert len(told("G.Flows().RawPackets().Dedup()", world)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("G.V('h1/dev:eth0').Metrics().Aggregates(30)", "no series store"),
        ("G.At(NOW, FOREVER).Flows().Metrics().Aggregates(0)", "at least 1"),
        ("G.Flows().Has('a')", ""),
        ("G.Flows().RawPackets().BPF('port port')", "syntax error"),
        ("G.Flows('a')", "pairs"),
        ("G.V().Hops()", "is asked of flows"),
    ],
)
def test_what_cannot_be_asked(world: World, text: str, message: str) -> None:
    if not message:
        assert told(text, world) == []
        return
    with pytest.raises(QueryError, match=message):
        told(text, world)


def test_every_name_of_the_original_can_be_read() -> None:
    full = flow("f", 1, icmp=FlowIcmp(8, 0, 5), parent="p", capture="c", finish="timeout", host="h1", tunnel="t",
                dns=FlowDns(1), dhcp=FlowDhcp(1), vrrp=FlowVrrp(1))  # fmt: skip
    for name in ALIASES:
        if not name.startswith("TCPMetric"):
            assert flow_name(name).read(full) is not None, name
    assert flow_name("FinishType").read(full) == "TIMEOUT"
