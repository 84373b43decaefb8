"""Two recorded hosts, read again without a kernel."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.record import Measured, Observation, Record, RunEnded, Seen
from calipso.seams import SourceConfig
from calipso.sources.linux import SOURCE
from calipso.transports.replay import ReplayTransport

HERE = Path(__file__).parent
Facets = dict[tuple[str, str], Record]


def replay(host: str) -> list[Observation]:
    async def collect() -> list[Observation]:
        lines = (HERE / f"{host}.jsonl").read_text().splitlines()
        return [each async for each in SOURCE.collect(ReplayTransport(lines), SourceConfig(host=host))]

    return asyncio.run(collect())


def facets(observations: list[Observation]) -> Facets:
    out: Facets = {}
    for each in observations:
        if isinstance(each, Seen):
            for record in each.records:
                assert (record.id, record.facet) not in out, "one record an id and facet"
                out[record.id, record.facet] = record
    return out


def statuses(observations: list[Observation]) -> dict[str, str]:
    return {each.scope.part: each.status for each in observations if isinstance(each, RunEnded)}


@pytest.fixture(scope="module")
def node1() -> list[Observation]:
    return replay("node1")


@pytest.fixture(scope="module")
def node2() -> list[Observation]:
    return replay("node2")


def test_a_readable_host_is_complete(node1: list[Observation]) -> None:
    found = facets(node1)
    assert set(statuses(node1).values()) == {"completed"}
    host = found["node1", "linux"].attributes
    assert host["namespaces_complete"] is True
    assert host["fqdn"] == "node1.example.net"
    assert host["machine_id"] == "1" * 32
    assert host["addresses"] == ["198.51.100.1/24", "2001:db8::1/64"]
    assert "very-secret" not in host["kernel_command_line"]


def test_a_cable_that_leaves_the_host_names_no_namespace(node1: list[Observation]) -> None:
    eth0 = facets(node1)["node1/dev:eth0", "netlink"]
    assert eth0.type == "veth"
    assert eth0.attributes["mac"] == "02:00:00:00:01:01"
    assert eth0.attributes["ips"] == ["198.51.100.1", "2001:db8::1"]
    assert "peer_netns" not in eth0.attributes
    assert "peer_nsid" in eth0.attributes and "peer_ifindex" in eth0.attributes


def test_cables_between_namespaces_meet(node1: list[Observation]) -> None:
    found = facets(node1)
    inside = found["node1/netns:vm-a/dev:eth0", "netlink"].attributes
    outside = found["node1/dev:tap-a", "netlink"].attributes
    assert (inside["peer_netns"], inside["peer_ifindex"]) == ("node1", outside["ifindex"])
    assert (outside["peer_netns"], outside["peer_ifindex"]) == ("node1/netns:vm-a", inside["ifindex"])
    assert outside["master"] == found["node1/dev:br0", "netlink"].attributes["ifindex"]
    assert outside["bridge_port_state"] == "forwarding"
    assert inside["state"] == outside["state"] == "up"


def test_a_tunnel_says_its_endpoint_and_segment(node1: list[Observation]) -> None:
    found = facets(node1)
    tunnel = found["node1/dev:vxlan10", "netlink"].attributes
    assert tunnel["vni"] == 10 and tunnel["local_ip"] == "198.51.100.1" and tunnel["udp_port"] == 4789
    assert tunnel["segment"] == "segment:vxlan/-/10"
    assert (tunnel["underlay_netns"], tunnel["underlay_ifindex"]) == (
        "node1",
        found["node1/dev:eth0", "netlink"].attributes["ifindex"],
    )
    endpoint = found["node1/otep:vxlan:198.51.100.1", "netlink"]
    assert endpoint.type == "otep" and endpoint.attributes["tunnels"] == ["node1/dev:vxlan10"]
    assert found["segment:vxlan/-/10", "netlink"].attributes["segmentation_id"] == 10
    assert {"mac": "02:00:00:00:0b:01", "state": "permanent", "dst": "198.51.100.2", "flags": ["self"]} in found[
        "node1/dev:vxlan10", "netlink.fdb"
    ].attributes["fdb"]


def test_a_child_names_its_parent(node1: list[Observation]) -> None:
    found = facets(node1)
    child = found["node1/dev:mv0", "netlink"]
    assert child.type == "macvlan" and child.attributes["macvlan_mode"] == "bridge"
    assert child.attributes["parent_ifindex"] == found["node1/dev:eth0", "netlink"].attributes["ifindex"]
    tap = found["node1/dev:tap0", "netlink"]
    assert tap.type == "tun" and tap.attributes["tun_mode"] == "tap" and tap.attributes["alias"] == "a tap"


def test_tables_are_facets_of_devices_and_namespaces(node1: list[Observation]) -> None:
    found = facets(node1)
    routes = found["node1/dev:eth0", "netlink.routes"].attributes["routes"]
    assert any(each["dst"] == "203.0.113.0/24" and each["gateway"] == "198.51.100.254" for each in routes)
    neighbors = found["node1/dev:eth0", "netlink.neighbors"].attributes["neighbors"]
    assert {"ip": "198.51.100.2", "state": "permanent", "mac": "02:00:00:00:02:01"} in neighbors
    inside = found["node1/netns:vm-a", "netlink.rules"].attributes
    assert [each["dst"] for each in inside["routes"]] == ["192.0.2.0/24"]
    assert any(
        each["priority"] == 500 and each["from"] == "10.0.0.0/24" and each["table"] == 100 for each in inside["rules"]
    )


def test_rules_are_without_counters(node1: list[Observation]) -> None:
    rules = facets(node1)["node1", "netfilter"].attributes["nftables"]
    (rule,) = [each["rule"] for each in rules if "rule" in each]
    assert {"counter": {}} in rule["expr"]


def test_counters_are_measured_and_never_recorded(node1: list[Observation]) -> None:
    measured = {id: metrics for each in node1 if isinstance(each, Measured) for id, metrics in each.metrics.items()}
    assert measured["node1/dev:lo"].keys() >= {"rx_bytes", "tx_bytes", "rx_dropped"}
    for record in facets(node1).values():
        assert not record.attributes.keys() & {"rx_bytes", "tx_packets", "counters", "conntrack_count"}


def test_what_cannot_be_read_is_unknown_not_absent(node2: list[Observation]) -> None:
    found = facets(node2)
    host = found["node2", "linux"].attributes
    assert host["namespaces_complete"] is False
    assert host["unreadable_namespaces"] == ["node2/netns:broken"]
    assert found["node2/netns:broken", "netlink"].attributes["state"] == "unknown"
    assert statuses(node2)["netns:broken"] == "failed"
    assert statuses(node2)["root"] == "completed"
    assert statuses(node2)["tunnels"] == "partial"


def test_namespaces_without_a_name_are_found_through_processes(node2: list[Observation]) -> None:
    unnamed = [
        id
        for id, facet in facets(node2)
        if facet == "netlink" and id.startswith("node2/netns:ino:") and "/dev:" not in id
    ]
    assert len(unnamed) == 1
    assert (f"{unnamed[0]}/dev:lo", "netlink") in facets(node2)


def test_routes_of_several_next_hops_are_on_each_device(node2: list[Observation]) -> None:
    found = facets(node2)
    for device in ("node2/dev:eth0", "node2/dev:eth1"):
        (route,) = [
            each for each in found[device, "netlink.routes"].attributes["routes"] if each["dst"] == "192.0.2.0/25"
        ]
        assert [hop["weight"] for hop in route["nexthops"]] == [2, 1]
    unattached = found["node2", "netlink.rules"].attributes["routes"]
    assert [(each["dst"], each["type"]) for each in unattached] == [("2001:db8:dead::/48", "unreachable")]


def test_iptables_rules_of_a_namespace(node2: list[Observation]) -> None:
    rules = facets(node2)["node2/netns:qrouter-1", "netfilter"].attributes
    assert "-A POSTROUTING -s 10.1.0.0/24 -j MASQUERADE" in rules["iptables"]["nat"]


def test_a_tunnel_without_local_address(node2: list[Observation]) -> None:
    endpoint = facets(node2)["node2/otep:vxlan", "netlink"].attributes
    assert "ip" not in endpoint and endpoint["tunnels"] == ["node2/dev:v100"]


@pytest.mark.parametrize("host", ["node1", "node2"])
def test_reading_twice_gives_the_same(host: str) -> None:
    assert facets(replay(host)) == facets(replay(host))


@pytest.mark.parametrize("host", ["node1", "node2"])
def test_secrets_are_not_in_the_recordings(host: str) -> None:
    assert "very-secret" not in (HERE / f"{host}.jsonl").read_text()
