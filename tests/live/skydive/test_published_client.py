"""The published Python client of Skydive, as it is, against this machine's real graph."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from skydive.rest.client import BadRequest, RESTClient

pytestmark = pytest.mark.live
CALIPSO = [sys.executable, "-m", "calipso"]
LISTENER = [str(Path(sys.executable).parent / "skydive-ws-client")]
NETNS = f"ct-sky-{os.getpid()}"
HOST_END, FAR_END = f"cts{os.getpid() % 100_000}a", f"cts{os.getpid() % 100_000}b"


class Running:
    """A server, the client's arguments for it, and a listener."""

    def __init__(self, home: Path) -> None:
        self.home = home
        said = json.loads((home / "server.json").read_text())
        self.address = said["url"].partition("://")[2]
        self.token = (home / "token").read_text().strip()
        self.rest = RESTClient(self.address, username="admin", password=self.token)

    def listen(self, log: Path, *words: str) -> subprocess.Popen[bytes]:
        arguments = ["--analyzer", self.address, "--username", "admin", "--password", self.token]
        with log.open("wb") as out:
            return subprocess.Popen([*LISTENER, *arguments, *words], stdout=out, stderr=out)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("skydive")
    process = subprocess.Popen(
        [*CALIPSO, "up", "--port", "0"], env={**os.environ, "CALIPSO_HOME": str(home), "NO_COLOR": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        wait(lambda: (home / "server.json").exists(), "the server says where it listens")
        server = Running(home)
        wait(lambda: server.rest.lookup("G.V().Has('Type', 'host').Count()") >= 1, "the first look")
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


@pytest.fixture
def cable() -> Iterator[None]:
    ip("netns", "add", NETNS)
    ip("link", "add", HOST_END, "mtu", "1400", "type", "veth", "peer", "name", FAR_END, "netns", NETNS)
    ip("addr", "add", "192.0.2.77/30", "dev", HOST_END)
    try:
        yield
    finally:
        for words in (("link", "del", HOST_END), ("netns", "del", NETNS)):
            subprocess.run(["ip", *words], check=False, capture_output=True)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def wait(holds: Any, what: str, seconds: float = 20.0) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


def whole(running: Running) -> int:
    return len(running.rest.lookup("G")[0]["Nodes"])


def messages(log: Path) -> list[dict[str, Any]]:
    mark = "Text message received: "
    return [json.loads(line.partition(mark)[2]) for line in log.read_text().splitlines() if mark in line]


@pytest.mark.usefixtures("cable")
def test_a_cable_is_found_by_what_skydive_calls_it(running: Running) -> None:
    query = f"G.V().Has('Name', '{HOST_END}', 'Type', 'veth', 'MTU', 1400)"
    wait(lambda: running.rest.lookup_nodes(query), "the cable's host end")
    (node,) = running.rest.lookup_nodes(query)
    link = json.loads(subprocess.run(["ip", "-j", "link", "show", HOST_END], capture_output=True, check=True).stdout)[0]
    assert node.metadata["MAC"] == link["address"]
    assert node.metadata["IfIndex"] == link["ifindex"]
    wait(lambda: running.rest.lookup_nodes("G.V().Has('IPV4', '192.0.2.77/30')"), "its address")
    assert running.rest.lookup(f"G.V().Has('Name', '{NETNS}').Out().Has('Name', '{FAR_END}').Values('Type')") == [
        "veth"
    ]
    (peer,) = running.rest.lookup_nodes(f"G.V('{node.id}').Both('RelationType', 'layer2')")
    assert (peer.metadata["Name"], peer.metadata["State"]) == (FAR_END, "DOWN")
    edges = running.rest.lookup_edges(f"G.V('{node.id}').BothE().Has('RelationType', 'layer2')")
    assert [{each.parent, each.child} for each in edges] == [{node.id, peer.id}]
    assert edges[0].metadata == {"RelationType": "layer2", "Type": "veth"}
    assert node.revision >= 1
    assert abs(node.created_at / 1000 - time.time()) < 120


def test_the_whole_graph_and_values(running: Running) -> None:
    (graph,) = running.rest.lookup("G")
    ids = {each["ID"] for each in graph["Nodes"]}
    assert {each["Parent"] for each in graph["Edges"]} | {each["Child"] for each in graph["Edges"]} <= ids
    wait(lambda: running.rest.lookup("G.V().Count()") == whole(running), "as many as are counted")
    assert running.rest.lookup("G.V().Has('Name', 'lo', 'Host', Regex('.+')).Limit(1).Values('MTU')") == [65536]
    paths = running.rest.lookup("G.V().Has('Name', 'lo').Limit(1).ShortestPathTo(Metadata('Type', 'host'))")
    assert [each["Metadata"]["Type"] for each in paths[0]] == ["loopback", "host"]
    host = running.rest.lookup_nodes("G.V().Has('Type', 'host')")[0]
    assert host.metadata["KernelVersion"] == os.uname().release
    with pytest.raises(BadRequest, match="did you mean"):
        running.rest.lookup("G.V().Outt()")


def test_a_wrong_password_is_refused(running: Running) -> None:
    with pytest.raises(Exception, match="401"):
        RESTClient(running.address, username="admin", password="wrong").lookup("G.V()")
    with pytest.raises(BadRequest, match="401"):
        RESTClient(running.address).lookup("G.V()")


def test_nodes_edges_and_patches(running: Running) -> None:
    rest = running.rest
    made = rest.node_create(node_id="TOR1", metadata={"Name": "tor one", "Type": "fabric", "Rack": "r7"})
    other = rest.node_create(metadata={"Name": "tor two", "Type": "fabric", "MTU": 9000})
    assert made.id == "TOR1"
    edge = rest.edge_create(made.id, other.id, metadata={"RelationType": "layer2", "Colour": "red"})
    assert [each.id for each in rest.lookup_nodes("G.V('TOR1').Out()")] == [other.id]
    assert [each.id for each in rest.lookup_edges("G.E().Has('Colour', 'red')")] == [edge.id]
    assert rest.lookup("G.V().Has('Rack', 'r7').Values('Name')") == ["tor one"]
    assert rest.lookup("G.V().Has('Type', 'fabric', 'MTU', GT(1500)).Values('Name')") == ["tor two"]
    rest.node_update(made.id, [{"op": "replace", "path": "/Metadata/Rack", "value": "r8"}])
    assert rest.lookup("G.V().Has('Rack', 'r8').Count()") == 1
    assert made.id in {each.id for each in rest.node_list()}
    assert edge.id in {each.id for each in rest.edge_list()}
    with pytest.raises(BadRequest, match="already"):
        rest.node_create(node_id="TOR1", metadata={"Name": "again", "Type": "fabric"})
    rest.edge_delete(edge.id)
    rest.node_delete(made.id)
    rest.node_delete(other.id)
    assert rest.lookup("G.V().Has('Type', 'fabric').Count()") == 0
    assert rest.lookup("G.At('-1s', 60).V().Has('Rack', 'r8').Values('Name')") in (["tor one"], [])


@pytest.mark.usefixtures("cable")
def test_rules_follow_the_graph(running: Running) -> None:
    rest = running.rest
    one = rest.noderule_create("create", metadata={"Name": "node1", "Type": "fabric"})
    two = rest.noderule_create("update", metadata={"Team": "blue"}, query="G.V().Has('MTU', 1400)")
    edge = rest.edgerule_create(
        "G.V().Has('Name', 'node1')", f"G.V().Has('Name', '{HOST_END}')",
        {"RelationType": "layer2", "EdgeName": "my_edge"},
    )  # fmt: skip
    asked = "G.E().Has('RelationType', 'layer2', 'EdgeName', 'my_edge')"
    wait(lambda: len(rest.lookup_edges(asked)) == 1, "the rule's edge")
    wait(lambda: rest.lookup("G.V().Has('Team', 'blue').Count()") >= 1, "the rule's metadata")
    assert [each.uuid for each in rest.edgerule_list()] == [edge.uuid]
    assert {each.uuid for each in rest.noderule_list()} == {one.uuid, two.uuid}
    ip("link", "del", HOST_END)
    wait(lambda: not rest.lookup_edges(asked), "the edge goes with the cable")
    assert rest.lookup(f"G.V().Has('Name', '{HOST_END}').Count()") == 0
    rest.edgerule_delete(edge.uuid)
    rest.noderule_delete(one.uuid)
    rest.noderule_delete(two.uuid)
    assert rest.lookup("G.V().Has('Name', 'node1').Count()") == 0


def test_a_subscriber_is_told_what_comes_changes_and_goes(running: Running, tmp_path: Path) -> None:
    everything, filtered = tmp_path / "all.log", tmp_path / "filtered.log"
    name = f"{HOST_END}x"
    clients = [
        running.listen(everything, "listen", "--sync-request"),
        running.listen(filtered, "listen", "--sync-request", "--gremlin", f"G.V().Has('Name', '{name}')"),
    ]
    try:
        wait(lambda: messages(everything) and messages(filtered), "the snapshots")
        first, few = messages(everything)[0], messages(filtered)[0]
        assert (first["Type"], first["Namespace"], first["Status"]) == ("SyncReply", "Graph", 200)
        there = {each["ID"] for each in first["Obj"]["Nodes"]}
        assert {each.id for each in running.rest.lookup_nodes("G.V().Has('Type', 'host')")} <= there
        assert few["Obj"] == {"Nodes": [], "Edges": []}
        ip("link", "add", name, "type", "bridge")
        wait(lambda: told(everything, "NodeAdded", name) and told(filtered, "NodeAdded", name), "it came")
        ip("link", "set", name, "mtu", "1300")
        wait(lambda: any(each["Metadata"]["MTU"] == 1300 for each in told(filtered, "NodeUpdated", name)), "it changed")
        wait(lambda: [each for each in messages(everything) if each["Type"] == "EdgeAdded"], "its owner")
        ip("link", "del", name)
        wait(lambda: told(everything, "NodeDeleted", name) and told(filtered, "NodeDeleted", name), "it went")
        names = {each["Obj"]["Metadata"]["Name"] for each in messages(filtered)[1:]}
        assert names == {name}
    finally:
        subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)
        for client in clients:
            client.terminate()
            client.wait(10)


def told(log: Path, type: str, name: str) -> list[dict[str, Any]]:
    return [
        each["Obj"] for each in messages(log)
        if each["Type"] == type and each["Obj"]["Metadata"].get("Name") == name
    ]  # fmt: skip


def test_an_alert_goes_off_once_and_again_when_it_was_empty(running: Running, tmp_path: Path) -> None:
    name = f"{HOST_END}y"
    log = tmp_path / "alerts.log"
    listener = running.listen(log, "listen", "--sync-request")
    alert = running.rest.alert_create("", f"G.V().Has('Name', '{name}', 'MTU', 1234).Values('Name')", "graph")

    def fired() -> list[dict[str, Any]]:
        return [each["Obj"] for each in messages(log) if each["Namespace"] == "Alert"]

    try:
        wait(lambda: messages(log), "the snapshot")
        assert alert.uuid in {each.uuid for each in running.rest.alert_list()}
        ip("link", "add", name, "mtu", "1234", "type", "bridge")
        wait(lambda: len(fired()) == 1, "it goes off")
        assert (fired()[0]["UUID"], fired()[0]["ReasonData"]) == (alert.uuid, [name])
        ip("link", "set", name, "up")
        ip("link", "set", name, "mtu", "1300")
        time.sleep(1)
        assert len(fired()) == 1
        ip("link", "set", name, "mtu", "1234")
        wait(lambda: len(fired()) == 2, "it goes off again")
    finally:
        listener.terminate()
        listener.wait(10)
        subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)
        running.rest.alert_delete(alert.uuid)


def test_a_program_publishes_a_topology(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "topology.json"
    nodes = [
        {"ID": "TOR_TEST", "Host": "", "Metadata": {"Name": "Test TOR", "Type": "fabric"}},
        {"ID": "PORT_TEST", "Host": "", "Metadata": {"Name": "Test port", "Type": "fabric"}},
        {"ID": "BAD_NODE", "Host": "", "Metadata": {"Name": "Bad node"}},
        {"ID": "BAD_NETNS", "Host": "", "Metadata": {"Name": "Bad netns", "Type": "netns"}},
    ]
    edges = [
        {"ID": "TOR_L2LINK", "Host": "", "Parent": "TOR_TEST", "Child": "PORT_TEST",
         "Metadata": {"RelationType": "layer2"}},
        {"ID": "BAD_LINK", "Host": "", "Parent": "", "Child": "", "Metadata": {"RelationType": "layer2"}},
    ]  # fmt: skip
    file.write_text(json.dumps({"Nodes": nodes, "Edges": edges}))
    assert running.listen(tmp_path / "add.log", "add", str(file)).wait(30) == 0
    wait(
        lambda: running.rest.lookup("G.V().Has('Name', 'Test TOR').Out().Values('Name')") == ["Test port"],
        "what was published",
    )
    assert running.rest.lookup_nodes("G.V('TOR_TEST')")
    assert running.rest.lookup("G.V().Has('Name', Regex('Bad.*')).Count()") == 0
    file.write_text(json.dumps({"Nodes": nodes[:2]}))
    assert running.listen(tmp_path / "delete.log", "delete", str(file)).wait(30) == 0
    wait(lambda: running.rest.lookup("G.V().Has('Type', 'fabric').Count()") == 0, "it is gone")
    running.rest.edge_delete("TOR_L2LINK")


def test_status_and_what_is_not_there(running: Running) -> None:
    status = running.rest.request("/api/status")
    assert {"Agents", "Publishers", "Subscribers", "Alerts", "Captures", "Probes"} <= set(status)
    assert running.rest.capture_list() == []
    with pytest.raises(BadRequest, match="target_type"):
        running.rest.capture_create("G.V().Has('Name', 'nobody')", target="192.0.2.1:2055", target_type="sideways")
    assert running.rest.capture_list() == []
    made = running.rest.capture_create("G.V().Has('Name', 'nobody')", target_type="local")
    assert [each.uuid for each in running.rest.capture_list()] == [made.uuid]
    running.rest.capture_delete(made.uuid)
    assert running.rest.capture_list() == []


def test_captures_and_injections(running: Running, cable: None) -> None:
    """What is injected at one end of a cable is counted at the other."""
    ip("link", "set", HOST_END, "up")
    ip("-n", NETNS, "link", "set", FAR_END, "up")
    wait(lambda: running.rest.lookup(f"G.V().Has('Name', '{FAR_END}', 'State', 'UP').Count()") == 1, "the cable")
    capture = running.rest.capture_create(f"G.V().Has('Name', '{HOST_END}')", name="far", layer_key_mode="L3",
                                          reassemble_tcp=True, extra_tcp_metric=True, ip_defrag=True)  # fmt: skip
    wait(lambda: [each.count for each in running.rest.capture_list() if each.uuid == capture.uuid] == [1], "a point")
    mac = running.rest.lookup(f"G.V().Has('Name', '{HOST_END}').Values('MAC')")[0]
    injection = running.rest.injection_create(
        src_query=f"G.V().Has('Name', '{FAR_END}')", dst_ip="192.0.2.77", dst_mac=mac, src_ip="192.0.2.78", type="udp4",
        src_port=4000, dst_port=4001, payload="calipso", count=5, interval=10,
    )  # fmt: skip
    (there,) = [each for each in running.rest.injection_list() if each.uuid == injection.uuid]
    assert (there.dstip, there.dstport, there.count) == ("192.0.2.77", 4001, 5) and there.trackingid
    wait(lambda: counted(running, there.trackingid) == [(5, 5 * (14 + 28 + 7))], "all of them are counted")
    running.rest.injection_delete(injection.uuid)
    running.rest.capture_delete(capture.uuid)
    assert not [each for each in running.rest.capture_list() if each.uuid == capture.uuid]
    assert not [each for each in running.rest.injection_list() if each.uuid == injection.uuid]


def counted(running: Running, tracking: str) -> list[tuple[int, int]]:
    """Packets and bytes of a flow's sender, at every point."""
    asked = urllib.request.Request(
        f"http://{running.address}/api/v1/flows?tracking_id={tracking}",
        headers={"Authorization": f"Bearer {running.token}"},
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        metrics = [each["metric"] for each in json.load(answer)["flows"]]
    return [(m["ab_packets"] + m["ba_packets"], m["ab_bytes"] + m["ba_bytes"]) for m in metrics]
