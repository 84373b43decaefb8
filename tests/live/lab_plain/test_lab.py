"""labs/plain is what it says: hosts of their own, traffic through real tunnels, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labs.plain import declaration as d
from labs.plain import lab as plain
from labs.plain import making
from labs.plain.running import NOTE, LabError, Running, noted

pytestmark = pytest.mark.live


def test_instances_talk_on_their_network_through_the_tunnel(lab: Running) -> None:
    for network in lab.lab.networks:
        first, second = (vm for host in lab.lab.hosts for vm in host.vms if vm.network == network)
        before = tunnelled(lab, network)
        largest = str(d.MTU - 28)  # IPv4 and ICMP headers
        said = lab.inside("h1", first.name, "ping", "-c", "1", "-W", "5", "-M", "do", "-s", largest, second.address)
        assert "1 received" in said
        deadline = time.monotonic() + 10  # the switch counts now and then
        while tunnelled(lab, network) <= before:
            assert time.monotonic() < deadline, "it did not go by the network's tunnel"
            time.sleep(0.1)


def tunnelled(lab: Running, network: d.Network) -> int:
    """Packets that the first host has sent by a network's tunnel."""
    other = lab.lab.host("h2")
    by_rule = network.by_rule
    bridge, port = ("br-tun", d.rule_tunnel(other)) if by_rule else ("br-int", d.access_tunnel(network, other))
    said = re.search(r"tx pkts=(\d+)", lab.run("h1", "ovs-ofctl", "-O", "OpenFlow13", "dump-ports", bridge, port))
    assert said is not None
    return int(said[1])


def test_the_router_routes_between_networks_and_the_dhcp_servers_ports_answer(lab: Running) -> None:
    for address in ("10.20.0.12", "10.10.0.2"):
        assert "1 received" in lab.inside("h1", "vm-a", "ping", "-c", "1", "-W", "5", address)
    cut_off = lab.inside("h1", "dhcp-10", "ping", "-c", "1", "-W", "1", "10.30.0.1", check=False)
    assert "1 received" not in cut_off


def test_a_connection_crosses_the_tunnel(lab: Running) -> None:
    serve = "import socket; s = socket.create_server(('10.10.0.12', 9000)); print(flush=True); c, _ = s.accept()\n"
    serve += "total = 0\nwhile part := c.recv(65536): total += len(part)\nprint(total)"
    send = "import socket; socket.create_connection(('10.10.0.12', 9000), 5).sendall(b'x' * 1_000_000)"
    python = ["timeout", "10", sys.executable, "-c"]
    server = subprocess.Popen(
        lab.enter("h2", "ip", "netns", "exec", "vm-c", *python, serve), stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None and server.stdout.readline() == "\n"
    lab.inside("h1", "vm-a", *python, send)
    assert server.communicate(timeout=10)[0].strip() == "1000000"


def test_each_host_is_a_host_of_its_own(lab: Running) -> None:
    for host in lab.lab.hosts:
        assert lab.run(host.name, "uname", "-n").strip() == host.name
        names = {line.split()[0] for line in lab.run(host.name, "ip", "netns", "list").splitlines()}
        assert names == {each.name for each in (*host.vms, *host.services)}
        devices = set(lab.run(host.name, "ls", "/sys/class/net").split())
        assert {"lo", "eth0", *d.BRIDGES} < devices
        for file in making.OWN_FILES:
            if Path("/etc", file).exists():
                assert lab.run(host.name, "cat", f"/etc/{file}") != Path("/etc", file).read_text()
        assert len(lab.run(host.name, "ps", "-e", "-o", "pid=").split()) < 10, "it sees its own processes only"
    bridges = lab.run("h1", "ovs-vsctl", "list-br").split()
    assert sorted(bridges) == sorted(d.BRIDGES)


def test_the_machine_below_has_no_trace_of_the_lab_but_its_processes(lab: Running) -> None:
    assert not {each.name for host in lab.lab.hosts for each in host.vms} & names_below()
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert "to-h1" not in links and "vha" not in links and "br-underlay" not in links
    assert str(lab.state) not in Path("/proc/self/mountinfo").read_text()


def names_below() -> set[str]:
    return set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()


# ── up and down ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_up_gives_the_lab_that_runs_and_down_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    before = names_below()
    made = plain.up(state, mortal=True)
    pids = [*made.hosts.values(), *(holder.pid for holder in made.holders.values())]
    servers = [pid for host in made.hosts for pid in processes(made, host)]
    assert len(servers) >= 4, "two servers a host"
    assert plain.up(state).holders == made.holders
    with pytest.raises(LabError, match="2 hosts runs already"):
        plain.up(state, hosts=3)
    assert plain.down(state)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in (*pids, *servers))
    assert not state.exists() and names_below() == before
    assert plain.status(state) is None and not plain.down(state)


def processes(made: Running, host: str) -> list[int]:
    """Pids, as this machine counts, of what runs in a host's pid namespace."""
    own = os.readlink(f"/proc/{made.hosts[host]}/ns/pid")
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _namespace(name) == own]


def _namespace(pid: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def test_down_leaves_what_is_not_the_labs(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    plain.up(tmp_path, mortal=True)
    plain.down(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_a_lab_that_lost_a_host_is_made_anew(tmp_path: Path) -> None:
    state = tmp_path / "state"
    made = plain.up(state, mortal=True)
    os.kill(made.hosts["h2"], signal.SIGKILL)
    deadline = time.monotonic() + 5
    while made.holders["h2"].runs and time.monotonic() < deadline:
        os.waitpid(made.holders["h2"].pid, 0)
    assert plain.status(state) is None
    again = plain.up(state, mortal=True)
    try:
        assert not made.holders["h1"].runs, "what was left of the first is gone"
        assert again.run("h2", "uname", "-n").strip() == "h2"
    finally:
        plain.down(state)


def test_what_fails_halfway_is_taken_down_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state"
    made: list[Running] = []

    def fails(running: Running, host: d.Host) -> None:
        made.append(running)
        running.run(host.name, "false")

    monkeypatch.setattr(making, "guests", fails)
    with pytest.raises(LabError, match="false: exit code 1"):
        plain.up(state, mortal=True)
    assert made and not any(holder.runs for holder in made[0].holders.values())
    assert not state.exists()


def test_a_mortal_lab_ends_with_whoever_made_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    script = f"from pathlib import Path; from labs.plain import lab; lab.up(Path({str(state)!r}), mortal=True); "
    maker = subprocess.Popen(
        [sys.executable, "-c", script + "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert maker.stdout is not None and maker.stdout.readline() == b"\n", "it did not come up"
    made = noted(state)
    assert made is not None and all(holder.runs for holder in made.holders.values())
    maker.kill()
    maker.communicate()
    deadline = time.monotonic() + 5
    while any(holder.runs for holder in made.holders.values()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(holder.runs for holder in made.holders.values())
    plain.down(state)


def test_the_command_line_brings_it_up_tells_of_it_and_takes_it_down(tmp_path: Path) -> None:
    def said(what: str, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "labs.plain", what, "--state", str(tmp_path / "state")],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    try:
        assert "no lab runs" in said("status", 1)
        assert "calipso scan --env plain" in said("up")
        assert said("status").count("nsenter") == 2
        assert said("environment") == (tmp_path / "state" / "plain.yaml").read_text()
    finally:
        assert said("down") == "taken down\n"
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / NOTE).write_text("{")
    assert "nothing was done" in said("down", 1)
