"""What stands before commands: pure functions of words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from calipso.errors import ConfigError
from calipso.model.environment import parse_environment
from calipso.model.reaching import wrapper
from calipso.runtime.system import transport_to
from calipso.transports.local import LocalTransport
from calipso.transports.ssh import SshTransport
from calipso.transports.wrap import ENVIRONMENT, Wrapping, command_name
from tests.support.standin import install

ENV = ("env", *(f"{key}={value}" for key, value in ENVIRONMENT.items()))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", ()),
        ("sudo", ("sudo", "-n", "--")),
        ("sudo -u ovs", ("sudo", "-n", "-u", "ovs", "--")),
        ("docker exec ovs_vswitchd", ("docker", "exec", "ovs_vswitchd")),
        ("sudo podman exec 'a b'", ("sudo", "-n", "--", "podman", "exec", "a b")),
        ("nsenter -t 12 -n", ("nsenter", "-t", "12", "-n", "--")),
        ("kubectl -n x exec ovn-0 -c ovs", ("kubectl", "-n", "x", "exec", "ovn-0", "-c", "ovs", "--")),
        ("lxc exec juju-1", ("lxc", "exec", "juju-1", "--")),
        ("sudo lxc-attach -n c1", ("sudo", "-n", "--", "lxc-attach", "-n", "c1", "--")),
        ("ip netns exec blue", ("ip", "netns", "exec", "blue")),
    ],
)  # fmt: skip
def test_words(said: str, words: tuple[str, ...]) -> None:
    assert wrapper(said, "wrap.x") == words


@pytest.mark.parametrize(
    "said",
    [
        "docker",
        "docker run x",
        "rm -rf",
        "sh -c",
        "sudo docker run x",
        "ip link",
        "sudo 'a",
        "lxc-attach c1",
        "snap run x",
        "lxc c1",
        "crictl exec name=a$b",
        "snap run --shell x.y more",
    ],
)
def test_what_is_no_wrapper(said: str) -> None:
    with pytest.raises(ConfigError, match=r"^wrap\.x"):
        wrapper(said, "wrap.x")


def test_a_running_container_is_found_by_name_and_a_snap_keeps_its_path(tmp_path: Path) -> None:
    path = install(tmp_path)

    def said(way: str) -> list[str]:
        argv = Wrapping({"*": "sudo", "virsh": way}).argv(("virsh", "list", "a  b", "$HOME"))
        done = subprocess.run(argv, env={"PATH": path}, capture_output=True, text=True, timeout=30, check=True)
        return done.stdout.splitlines()

    entered = said("crictl exec name=libvirt")
    assert entered[:2] == ["become root", "enter crictl libvirt"] and entered[-1] == "run virsh list a  b $HOME"
    assert any(line.startswith("set PATH=") for line in entered)
    entered = said("snap run --shell openstack-hypervisor.virsh")
    assert entered == [
        "become root", "enter snap openstack-hypervisor.virsh", "set LC_ALL=C", "run virsh list a  b $HOME",
    ]  # fmt: skip


def test_a_commands_own_runs_inside_of_the_one_for_all() -> None:
    wrapping = Wrapping({"*": "sudo", "ovs-vsctl": "docker exec ovs", "uname": ""})
    sudo, docker = ("sudo", "-n", "--"), ("docker", "exec", "ovs")
    assert wrapping.argv(("ip", "link")) == (*sudo, *ENV, "ip", "link")
    assert wrapping.argv(("/usr/bin/ovs-vsctl", "show")) == (*sudo, *docker, *ENV, "/usr/bin/ovs-vsctl", "show")
    assert wrapping.argv(("env", "A=b", "ovs-vsctl")) == (*sudo, *docker, *ENV, "env", "A=b", "ovs-vsctl")
    assert wrapping.argv(("uname",)) == (*ENV, "uname")
    entered = ("nsenter", "--net=/x", "--")
    assert wrapping.argv(("ip",), entered) == (*sudo, *entered, *ENV, "ip")
    limited = ("timeout", "-s", "KILL", "3")
    assert wrapping.argv(("ovs-vsctl",), limit=2.5) == (*sudo, *limited, *docker, *ENV, "ovs-vsctl")
    assert Wrapping().argv(("ip",), limit=3) == (*limited, *ENV, "ip") and not Wrapping()


def test_the_name_of_a_command() -> None:
    assert [command_name(argv) for argv in [("/sbin/ip", "-j"), ("env", "A=1", "b"), ("env",), ()]] == [
        "ip",
        "b",
        "env",
        "",
    ]


@pytest.mark.parametrize(
    ("host", "field"),
    [
        ({"ssh": {"pasword": "x"}}, "hosts.h.ssh.pasword"),
        ({"ssh": {"password": "hunter2"}}, "hosts.h.ssh.password"),
        ({"ssh": {"passphrase": "env:"}}, "hosts.h.ssh.passphrase"),
        ({"ssh": {"port": 70000}}, "hosts.h.ssh.port"),
        ({"ssh": {"jump": ["-oProxyCommand=x"]}}, "hosts.h.ssh.jump"),
        ({"ssh": {}, "pid": 4}, "hosts.h.ssh"),
        ({"ssh": None}, "hosts.h.ssh"),
        ({"ssh": "h"}, "hosts.h.ssh"),
        ({"wrap": {"ip": "rm"}}, "hosts.h.wrap.ip"),
        ({"wrap": {"a b": "sudo"}}, "hosts.h.wrap.a b"),
    ],
)
def test_errors_name_the_field(host: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_environment({"name": "e", "hosts": {"h": host}}, "file")
    assert caught.value.where.startswith(f"file.{field}") and "hunter2" not in str(caught.value)


def test_the_host_chooses_its_transport() -> None:
    said = {"far": {"ssh": {"user": "root"}, "wrap": {"*": "sudo"}}, "near": {"wrap": {"ovs-vsctl": "docker exec ovs"}}}
    hosts = parse_environment({"name": "e", "hosts": said}).hosts
    assert hosts["far"].ssh is not None and hosts["far"].ssh.host == "far"
    assert isinstance(transport_to(hosts["far"]), SshTransport) and isinstance(
        transport_to(hosts["near"]), LocalTransport
    )
