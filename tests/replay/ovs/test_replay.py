"""What the source makes of recordings: Open vSwitch 3.1 of labs/plain, and a compute host of OpenStack (ML2/OVS)."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from calipso.model.environment import Environment
from calipso.model.record import Observation, Record, RunEnded, Seen
from calipso.runtime.recording import replay, replay_all

HERE = Path(__file__).parent
PLAIN, COMPUTE = HERE / "ovs@h1.jsonl", HERE / "ovs@cmp1.jsonl"


def said(file: Path) -> list[Observation]:
    return asyncio.run(replay(file))


def records(file: Path) -> dict[tuple[str, str], Record]:
    return {(each.id, each.facet): each for seen in said(file) if isinstance(seen, Seen) for each in seen.records}


@pytest.mark.parametrize("file", [PLAIN, COMPUTE], ids=lambda file: file.stem)
def test_every_part_completes_and_says_the_same_again(file: Path) -> None:
    first = said(file)
    assert {each.status for each in first if isinstance(each, RunEnded)} == {"completed"}
    assert first == said(file)


def test_objects_of_the_lab_host() -> None:
    kinds = Counter(record.type for (_, facet), record in records(PLAIN).items() if facet == "ovs")
    assert (kinds["ovs"], kinds["ovsbridge"], kinds["ovsport"], kinds["patch"]) == (1, 3, 15, 2)
    assert (kinds["vxlan"], kinds["geneve"], kinds["otep"], kinds["segment"]) == (2, 1, 2, 1)


def test_tags_are_explained_by_keyed_ports_and_by_rules() -> None:
    found = records(PLAIN)
    by_port = found["h1/ovs", "ovs.segments"].attributes["segments"]
    by_rule = found["h1/ovs", "ovs.segments.flows"].attributes["segments"]
    assert by_port == [{"tag": 10, "segment": "segment:vxlan/-/10010", "medium": "overlay/vxlan"}]
    assert by_rule == [{"tag": 20, "segment": "segment:vxlan/-/10020", "medium": "overlay/vxlan"}]


def test_a_tunnel_without_a_local_address_has_an_endpoint_without_one() -> None:
    found = records(PLAIN)
    assert "ip" not in found["h1/otep:geneve", "ovs"].attributes
    assert found["h1/otep:vxlan:192.0.2.1", "ovs"].attributes["tunnels"] == [
        "h1/ovs/interface:vx-h2",
        "h1/ovs/interface:vx10-h2",
    ]


def test_a_neutron_port_names_its_segment_network_and_guest() -> None:
    found = records(COMPUTE)
    port = next(r for (id, _), r in found.items() if id.startswith("cmp1/ovs/port:qvo2b3d0d1d"))
    assert port.attributes["tag"] == 1
    assert port.attributes["segment"] == "segment:vxlan/-/1938"
    assert port.attributes["network_id"].startswith("network:63aadad0-")
    nic = next(r for (id, _), r in found.items() if r.type == "nic" and id.endswith("/vnic:fa:16:3e:f7:ed:70"))
    assert nic.attributes["instance"].startswith("instance:4e1ed217-")
    assert nic.attributes["port_id"].startswith("2b3d0d1d-")


def test_the_compute_hosts_rules_tell_the_tags_of_its_tunnels() -> None:
    entries = records(COMPUTE)["cmp1/ovs", "ovs.segments.flows"].attributes["segments"]
    assert {"tag": 1, "segment": "segment:vxlan/-/1938", "medium": "overlay/vxlan"} in entries


def test_no_counter_and_no_age_reaches_a_facet() -> None:
    for file in (PLAIN, COMPUTE):
        for record in records(file).values():
            names = set(record.attributes)
            assert not names & {"statistics", "n_packets", "n_bytes", "duration", "idle_age", "cur_cfg"}, record.id


def test_recordings_give_a_graph_with_every_port_on_its_bridge() -> None:
    graph = asyncio.run(replay_all([PLAIN, COMPUTE], Environment(name="replay"))).graph
    for ord in graph.find("type", "ovsport"):
        assert [link for link in graph.links(ord, ("layer2.ovs",)) if not link.outgoing]
