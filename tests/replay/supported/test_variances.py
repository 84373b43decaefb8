"""Every supported environment: its way to commands is run, and what its evidence says is replayed under it.

What leads into containers runs against stand-ins that read their arguments as the real tools do. Variances with a
recording replay a real cloud of the same drivers under their own name, version and drivers; those with a lab name tests
that run on the real thing. What is known by name only is not supported, and that is told.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from calipso.graph.clique import find_clique
from calipso.graph.protocol import Obj
from calipso.graph.value import Graph
from calipso.model.distributions import COMMANDS, distribution
from calipso.model.environment import Environment, Host, parse_environment
from calipso.model.reaching import Ssh
from calipso.model.scoring import choose, clique_types
from calipso.model.supported import LABS, RECORDINGS, SUPPORTED, VARIANCES, Variance
from calipso.transports.wrap import Wrapping
from tests.replay.openstack.test_worked_examples import CODEC, graph_of, records
from tests.support.standin import install

ROOT = Path(__file__).parents[3]
LIVE = {
    "labs/docker": "tests/live/docker/test_docker_lab.py",
    "labs/openstack": "tests/live/lab_openstack/test_openstack_scan_live.py",
    "labs/plain": "tests/live/lab_plain/test_graph.py",
}
"""Lab → the tests that run on it."""


def named(variance: Variance) -> str:
    return f"{'/'.join(variance.key)} ({variance.evidence})"


def environment_of(variance: Variance) -> Environment:
    return parse_environment(
        {
            "name": "site", "type": variance.type, "distribution": variance.distribution,
            "distribution_version": variance.version, "mechanism_drivers": [variance.mechanism_driver],
            "type_drivers": [variance.type_driver], "hosts": {"h1": {"ssh": {"user": "operator"}}},
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return install(tmp_path_factory.mktemp("standins"))


@cache
def ran(argv: tuple[str, ...], path: str) -> tuple[str, ...]:
    """What the stand-ins tell; ways that are the same are walked once."""
    done = subprocess.run(argv, env={"PATH": path}, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, (argv, done)
    return tuple(done.stdout.splitlines())


@pytest.mark.parametrize("variance", VARIANCES, ids=named)
def test_commands_reach_their_process(variance: Variance, path: str) -> None:
    environment = environment_of(variance)
    assert [each.level for each in environment.remarks()] == ([] if variance in SUPPORTED else ["warning"])
    known = distribution(variance.distribution)
    assert known is not None
    era = known.era(variance.version)
    wrapping = Wrapping(environment.wrap_of(environment.hosts["h1"]))
    homes = {command: era.containers.get(role, "") for role, all in COMMANDS.items() for command in all}
    for command in (*homes, "ip", "uname"):
        said = ran(wrapping.argv((command, "--columns", "a b"), limit=5), path)
        container = homes.get(command, "") if era.enter else ""
        assert ("become root" in said) == known.sudo
        entered = [line.split(" ", 2)[2] for line in said if line.startswith("enter ")]
        full = f"{container}_{variance.version}" if variance.distribution == "Mercury" else container
        assert entered == ([full] if container else [])
        assert said[-1] == f"run {command} --columns a b"
        assert "set LC_ALL=C" in said


@cache
def type_drivers_of(recording: str) -> frozenset[str]:
    """The network types that a physical NIC of the recorded cloud carries."""
    graph = graph_of(recording)
    return frozenset(
        graph.attributes(segment)["network_type"]
        for network in graph.objects() if network.kind == "network"
        if any(link.type == "host_pnic-network" for link in graph.links(network.ord))
        for link in graph.links(network.ord, ("segment-network",))
        if (segment := graph.get(link.other)) is not None
    )  # fmt: skip


BESIDE = {"ml2-ovs-gre": {"flat", "vlan"}}
"""Drivers that a recording carries too and that another one of its mechanism stands for."""


def test_the_recordings_hold_the_drivers_they_stand_for() -> None:
    for name in {each.removeprefix("openstack/") for each in RECORDINGS.values()}:
        declared = {driver for (_, _, driver), file in RECORDINGS.items() if file == f"openstack/{name}"}
        assert type_drivers_of(name) == declared | BESIDE.get(name, set())


REPLAYED = [each for each in VARIANCES if each.recording]


@pytest.mark.parametrize("variance", REPLAYED, ids=named)
def test_the_recorded_cloud_holds_under_it(variance: Variance) -> None:
    recording = variance.recording.removeprefix("openstack/")
    graph, _ = Graph(environment_of(variance), CODEC).apply(list(records(recording)), 1)
    assert kinds(graph) == kinds(graph_of(recording))
    focal = [head for head in graph.objects() if head.kind == "instance"]
    chosen = choose(clique_types(graph.environment), "instance", graph.environment)
    assert focal and chosen is not None
    assert any(variance.type_driver in carried(graph, head) for head in networks(graph))
    assert all(find_clique(graph, head, chosen).links for head in focal)


def kinds(graph: Graph) -> list[tuple[str, str]]:
    return sorted((head.id, head.kind) for head in graph.objects())


def networks(graph: Graph) -> list[Obj]:
    return [head for head in graph.objects() if head.kind == "network"]


def carried(graph: Graph, network: Obj) -> set[str]:
    """The types of a network's segments."""
    links = graph.links(network.ord, ("segment-network",))
    segments = (graph.get(link.other) for link in links)
    return {graph.attributes(each)["network_type"] for each in segments if each is not None}


def test_labs_are_there_and_tested() -> None:
    for key, lab in LABS.items():
        assert any(each.key == key for each in VARIANCES), key
        assert (ROOT / lab / "__main__.py").is_file() and (ROOT / LIVE[lab]).is_file()


def test_the_engine_of_the_recordings_is_of_the_version_that_the_lab_stands_for() -> None:
    for host in ("d1", "d2"):
        text = (ROOT / f"tests/replay/docker/docker@{host}.jsonl").read_text()
        assert set(re.findall(r'ServerVersion\\":\\"(\d+\.\d+)', text)) == {"20.10"}
    assert {version for kind, _, version, *_ in LABS if kind == "Docker"} == {"20.10"}


def test_there_are_enough_and_each_once() -> None:
    assert len({each.key for each in VARIANCES}) == len(VARIANCES) >= 60
    assert len(SUPPORTED) >= 60 and {each for each in VARIANCES if each.lab or each.recording} == set(SUPPORTED)


FIRST = {
    ("Apex", "Euphrates", "OVS", "vxlan"), *(("Devstack", "Mitaka", "VPP", t) for t in ("vlan", "vxlan")),
    *(("Mercury", each, "OVS", "vlan") for each in ("10239", "10307", "10918", "11190")),
    *(("Mirantis", v, "OVS", t) for v in ("6.0", "7.0", "8.0", "9.0", "9.1", "10.0") for t in ("vlan", "vxlan")),
    *(("RDO", v, "OVS", t) for v in ("Liberty", "Mitaka") for t in ("vlan", "vxlan")),
    *(("RDO", "Mitaka", "VPP", t) for t in ("vlan", "vxlan")), ("Stratoscale", "2.1.6", "OVS", "vlan"),
}  # fmt: skip
BUILDS = ("13840", "16074", "19312", "18079", "18606", "11190", "15310")
SECOND = {
    *(("Kubernetes", v, m, t) for v in ("1.9", "1.10", "1.14", "1.17") for m in ("Flannel", "VPP", "Calico")
      for t in ("vxlan", "vlan", "bgp", "ipip")),
    *(("Mercury", v, m, t) for v in BUILDS for m in ("OVS", "VPP") for t in ("vlan", "vxlan")),
    *(("Kolla", v, m, t) for v in ("train", "stein", "rocky", "queens") for m in ("OVS", "VPP", "LXB")
      for t in ("vlan", "vxlan", "gre")),
    *(("RDO", v, m, t) for v in ("Liberty", "Mitaka") for m in ("OVS", "VPP") for t in ("vlan", "vxlan")),
}  # fmt: skip


@pytest.mark.parametrize("original", [FIRST, SECOND], ids=["first", "second"])
def test_all_that_the_original_lists_is_listed(original: set[tuple[str, str, str, str]]) -> None:
    assert original <= {each.key[1:] for each in VARIANCES}
    assert len(FIRST) == 26


def test_what_a_host_says_itself_comes_first_and_labs_are_left_alone() -> None:
    environment = parse_environment(
        {
            "name": "site", "distribution": "kolla", "distribution_version": "train", "type": "OpenStack",
            "hosts": {"root": {"ssh": {"user": "root"}, "wrap": {"virsh": "", "*": "doas"}}, "lab": {"pid": 4}},
        }
    )  # fmt: skip
    root = environment.wrap_of(environment.hosts["root"])
    assert root["*"] == "doas" and root["virsh"] == "" and root["ovs-vsctl"] == "docker exec openvswitch_vswitchd"
    assert environment.wrap_of(environment.hosts["lab"]) == {}
    here = environment.wrap_of(Host())
    assert "*" not in here and here["virsh"] == "docker exec nova_libvirt"
    assert "*" not in environment.wrap_of(Host(ssh=Ssh(user="root")))
    assert Environment().wrap_of(Host(wrap={"ip": "sudo"})) == {"ip": "sudo"}


@pytest.mark.parametrize(
    ("name", "version", "command", "way"),
    [
        ("Mercury", "18606", "virsh", "docker exec --user root novalibvirt_18606"),
        ("Mercury", "", "virsh", ""),
        ("CVIM", "28000", "ovs-vsctl", "docker exec --user root --workdir /root ovs_vswitch_28000"),
        ("TripleO", "Queens", "virsh", "docker exec nova_libvirt"),
        ("TripleO", "Train", "virsh", "podman exec nova_libvirt"),
        ("RHOSP", "17.1", "virsh", "podman exec nova_virtqemud"),
        ("RHOSP", "18.0", "virsh", ""),
        ("TripleO", "Train", "ovs-vsctl", ""),
        ("Kolla", "", "ovs-vsctl", "docker exec openvswitch_vswitchd"),
        ("Kolla", "2031.1", "vppctl", "docker exec neutron_vpp"),
        ("OSH", "2024.1", "virsh", "crictl exec name=libvirt"),
        ("Sunbeam", "2024.1", "ovs-ofctl", "snap run --shell openstack-hypervisor.ovs-vsctl"),
    ],
)
def test_ways(name: str, version: str, command: str, way: str) -> None:
    known = distribution(name)
    assert known is not None and known.wrap(version, "root").get(command, "") == way
