"""Makes the lab and takes it down. Needs root, iproute2, util-linux and Open vSwitch; nothing outlives `down`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from labs.plain import declaration as d

NAME = "calipso-plain"
COMMANDS = ("ip", "unshare", "nsenter", "ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl")
RUNDIR = "/run/openvswitch"
VSWITCHD = ("ovs-vswitchd", f"unix:{RUNDIR}/db.sock", "--disable-system")
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
STARTED = 22
"""Field of /proc/PID/stat: when a process started, which tells it from a later one with its pid (proc(5))."""


class LabError(Exception):
    """The lab cannot be made; the message says why and what to do."""


class Running:
    """The lab as it runs. `pids`: host → pid of its first process, in all its namespaces."""

    def __init__(self, lab: d.Lab, state: Path, holders: dict[str, tuple[int, int]]) -> None:
        self.lab = lab
        self.state = state
        self.holders = holders
        """Host → (pid of its holder, when that started)."""

    @property
    def pids(self) -> dict[str, int]:
        return {name: _child(pid) for name, (pid, _) in self.holders.items() if name != "underlay"}

    def run(self, host: str, *argv: str, check: bool = True) -> str:
        """Run a command in a host; its output. Raises `LabError`."""
        return _run(["nsenter", "-t", str(_child(self.holders[host][0])), "-a", "--", *argv], check=check)

    def inside(self, host: str, netns: str, *argv: str, check: bool = True) -> str:
        """Run a command in a namespace of a host."""
        return self.run(host, "ip", "netns", "exec", netns, *argv, check=check)


def default_state() -> Path:
    home = os.environ.get("CALIPSO_HOME")
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(home) / "labs/plain" if home else Path(state) / "calipso/labs/plain"


def up(state: Path | None = None, hosts: int = 2) -> Running:
    """Make the lab, or give the one that runs. What fails halfway is taken down again. Raises `LabError`."""
    state = state or default_state()
    running = status(state)
    if running is not None:
        return running
    _ready()
    state.mkdir(parents=True, exist_ok=True)
    lab = d.lab(hosts)
    made = Running(lab, state, {})
    try:
        for name in ("underlay", *(host.name for host in lab.hosts)):
            made.holders[name] = _hold(name)
            _write(made)
        _underlay(made)
        for host in lab.hosts:
            _host(made, host)
        for host in lab.hosts:
            _guests(made, host)
    except BaseException:
        down(state)
        raise
    return made


def status(state: Path | None = None) -> Running | None:
    """The lab that runs, None when none does."""
    state = state or default_state()
    try:
        said = json.loads((state / "lab.json").read_text())
    except (OSError, ValueError):
        return None
    holders = {name: (int(pid), int(started)) for name, (pid, started) in said["holders"].items()}
    if not all(_started(pid) == started for pid, started in holders.values()):
        return None
    return Running(d.lab(len(holders) - 1), state, holders)


def down(state: Path | None = None) -> None:
    """End the holders that were started, and with them everything in their namespaces; remove the state."""
    state = state or default_state()
    try:
        said = json.loads((state / "lab.json").read_text())["holders"]
    except (OSError, ValueError, KeyError):
        said = {}
    ours = [int(pid) for pid, started in said.values() if _started(pid) == started]
    inner = [child for pid in ours if (child := _child(pid))]
    for pid in inner or ours:  # the first process of a pid namespace takes all others with it; its parent ends then
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(map(_started, ours + inner)) and time.monotonic() < deadline:
        for pid in ours:
            _reap(pid)
        time.sleep(0.02)
    for pattern in ("lab.json", "plain.yaml", "*.pid", "*.machine-id"):
        for file in state.glob(pattern):
            file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # somebody keeps other files there: they are not ours to remove
        state.rmdir()


# ── the parts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _ready() -> None:
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes namespaces and starts servers in them")
    missing = [name for name in COMMANDS if shutil.which(name, path=_path()) is None]
    if missing or not Path(SCHEMA).exists():
        raise LabError(
            f"missing: {', '.join(missing) or SCHEMA}; on Debian: apt-get install openvswitch-switch iproute2"
        )


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"


def _run(argv: list[str], *, check: bool = True) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, "PATH": _path()}, timeout=60)
    if check and done.returncode:
        raise LabError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _hold(name: str) -> tuple[int, int]:
    """A process in new namespaces, which all end with it."""
    process = subprocess.Popen(
        ["unshare", "-n", "-m", "-p", "-u", "-i", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
         "sleep", "infinity"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        child = _child(process.pid)
        if child and Path(f"/proc/{child}/comm").read_text().strip() == "sleep":
            return process.pid, _started(process.pid)
        time.sleep(0.01)
    process.kill()
    raise LabError(f"{name}: namespaces could not be made; is this process allowed to?")


def _child(pid: int) -> int:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return int(children[0]) if children else 0


def _started(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[STARTED - 3])


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # not our child: started by an earlier `up`


def _write(made: Running) -> None:
    (made.state / "lab.json").write_text(json.dumps({"holders": made.holders}))
    for name, pid in made.pids.items():
        (made.state / f"{name}.pid").write_text(str(pid))


def _underlay(made: Running) -> None:
    run = made.run
    run("underlay", "ip", "link", "add", "br-underlay", "type", "bridge")
    run("underlay", "ip", "link", "set", "br-underlay", "up")
    for host in made.lab.hosts:
        inner = _child(made.holders[host.name][0])
        run("underlay", "ip", "link", "add", f"to-{host.name}", "type", "veth", "peer", "name", "eth0")
        pid = _child(made.holders["underlay"][0])
        _run(["nsenter", "-t", str(pid), "-n", "ip", "link", "set", "eth0", "netns", str(inner)])
        run("underlay", "ip", "link", "set", f"to-{host.name}", "master", "br-underlay", "up")


def _host(made: Running, host: d.Host) -> None:
    def run(*argv: str) -> None:
        made.run(host.name, *argv)

    run("hostname", host.name)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    run("mkdir", "-p", "/run/netns", "/run/openvswitch")
    if Path("/etc/machine-id").exists():
        (made.state / f"{host.name}.machine-id").write_text(f"{host.number:032x}\n")
        run("mount", "--bind", str(made.state / f"{host.name}.machine-id"), "/etc/machine-id")
    run("ip", "link", "set", "lo", "up")
    database = f"{RUNDIR}/conf.db"
    run("ovsdb-tool", "create", database, SCHEMA)
    for program in (("ovsdb-server", database, f"--remote=punix:{RUNDIR}/db.sock"), VSWITCHD):
        files = (f"--pidfile={RUNDIR}/{program[0]}.pid", f"--log-file={RUNDIR}/{program[0]}.log")
        run(*program, *files, "--detach", "--no-chdir")
        if program is not VSWITCHD:
            run("ovs-vsctl", "--no-wait", "init")
    run("ovs-vsctl", "--timeout=20", *_switch_commands(made.lab, host))
    run("ip", "addr", "add", f"{host.address}/{d.PREFIX}", "dev", "br-vtep")
    run("ip", "link", "set", "br-vtep", "up")
    run("ip", "link", "set", "eth0", "up")
    for network in made.lab.networks:
        if network.by_rule:
            _rules(made, host, network)


def _switch_commands(lab: d.Lab, host: d.Host) -> list[str]:
    words: list[str] = []
    for bridge in d.BRIDGES:
        words += ["--", "add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev"]
    words += ["--", "set", "bridge", "br-tun", "fail_mode=secure", "--", "add-port", "br-vtep", "eth0"]
    for bridge, port, peer in (("br-int", "patch-tun", "patch-int"), ("br-tun", "patch-int", "patch-tun")):
        words += ["--", "add-port", bridge, port, "--", "set", "interface", port, "type=patch", f"options:peer={peer}"]
    for other in lab.others(host):
        for network in lab.networks:
            if not network.by_rule:
                words += ["--", *access_port(lab, host.name, other.name, network)]
        port = d.rule_tunnel(other)
        words += ["--", "add-port", "br-tun", port, "--", "set", "interface", port, "type=vxlan", "options:key=flow",
                  *_ends(host, other)]  # fmt: skip
        port = d.bare_tunnel(other)
        words += ["--", "add-port", "br-tun", port, "--", "set", "interface", port, "type=geneve", "options:key=77",
                  f"options:remote_ip={other.address}"]  # fmt: skip
    return words


def access_port(lab: d.Lab, here: str, there: str, network: d.Network) -> list[str]:
    """The ovs-vsctl words that add a network's access tunnel port from one host to another."""
    hosts = {host.name: host for host in lab.hosts}
    port = d.access_tunnel(network, hosts[there])
    return ["add-port", "br-int", port, f"tag={network.tag}", "--", "set", "port", port, "protected=true",
            "--", "set", "interface", port, "type=vxlan", f"options:key={network.vni}",
            *_ends(hosts[here], hosts[there])]  # fmt: skip


def replug(made: Running, host: str, vm: str) -> None:
    """Give an instance whose cable was pulled a new one, as it was."""
    for each in made.lab.hosts:
        for guest in each.vms:
            if each.name == host and guest.name == vm:
                _plug(made, each, guest)


def _ends(host: d.Host, other: d.Host) -> list[str]:
    return [f"options:local_ip={host.address}", f"options:remote_ip={other.address}"]


def _rules(made: Running, host: d.Host, network: d.Network) -> None:
    outputs = ",".join(f"output:{d.rule_tunnel(other)}" for other in made.lab.others(host))
    for rule in (
        f"priority=10,in_port=patch-int,dl_vlan={network.tag},actions=strip_vlan,set_field:{network.vni}->tun_id,{outputs}",
        f"priority=10,tun_id={network.vni},actions=mod_vlan_vid:{network.tag},output:patch-int",
    ):
        made.run(host.name, "ovs-ofctl", "-O", "OpenFlow13", "add-flow", "br-tun", _openflow13(rule))


def _openflow13(rule: str) -> str:
    """OpenFlow 1.3 spells a new VLAN tag push_vlan and set_field."""
    head, found, rest = rule.partition("mod_vlan_vid:")
    if not found:
        return rule
    tag, _, more = rest.partition(",")
    return f"{head}push_vlan:0x8100,set_field:{int(tag) | 0x1000}->vlan_vid,{more}"


def _guests(made: Running, host: d.Host) -> None:
    for vm in host.vms:
        _vm(made, host, vm)
    for service in host.services:
        made.run(host.name, "ip", "netns", "add", service.name)
        made.inside(host.name, service.name, "ip", "link", "set", "lo", "up")
        for port in service.ports:
            _service_port(made, host, service, port)


def _vm(made: Running, host: d.Host, vm: d.Vm) -> None:
    def run(*argv: str) -> None:
        made.run(host.name, *argv)

    run("ip", "netns", "add", vm.name)
    made.inside(host.name, vm.name, "ip", "link", "set", "lo", "up")
    if vm.bridge:
        here, there = bridge_cable(vm)
        run("ip", "link", "add", vm.bridge, "type", "bridge")
        run("ip", "link", "add", here, "type", "veth", "peer", "name", there)
        run("ip", "link", "set", here, "master", vm.bridge)
        for device in (vm.bridge, here, there):
            run("ip", "link", "set", device, "up")
        run("ovs-vsctl", "--timeout=20", "add-port", "br-int", there, f"tag={vm.network.tag}")
    _plug(made, host, vm)


def _plug(made: Running, host: d.Host, vm: d.Vm) -> None:
    """The cable between an instance and its host."""

    def run(*argv: str) -> None:
        made.run(host.name, *argv)

    near = near_end(vm)
    run("ip", "link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", vm.name)
    made.inside(host.name, vm.name, "ip", "link", "set", "eth0", "address", d.mac(host, vm.name))
    made.inside(host.name, vm.name, "ip", "addr", "add", f"{vm.address}/{d.PREFIX}", "dev", "eth0")
    made.inside(host.name, vm.name, "ip", "link", "set", "eth0", "up")
    run("ip", "link", "set", near, "up")
    if vm.bridge:
        run("ip", "link", "set", near, "master", vm.bridge)
    else:
        run("ovs-vsctl", "--timeout=20", "add-port", "br-int", near, f"tag={vm.network.tag}")


def near_end(vm: d.Vm) -> str:
    """The host's end of an instance's cable."""
    return "vh" + vm.name.removeprefix("vm-")


def bridge_cable(vm: d.Vm) -> tuple[str, str]:
    """The cable from a Linux bridge to br-int: (its end in the bridge, its end in br-int)."""
    short = vm.bridge.removeprefix("br-")
    return f"p{short}", f"p{short}o"


def _service_port(made: Running, host: d.Host, service: d.Service, port: d.ServicePort) -> None:
    address = d.mac(host, port.port)
    words = ["add-port", "br-int", port.port, f"tag={port.network.tag}", "--", "set", "interface", port.port,
             "type=internal", f'mac="{address}"']  # fmt: skip
    if port.told:
        words.append(f'external_ids:attached-mac="{address}"')
    made.run(host.name, "ovs-vsctl", "--timeout=20", *words)
    made.run(host.name, "ip", "link", "set", port.port, "netns", service.name)
    if port.device != port.port:
        made.inside(host.name, service.name, "ip", "link", "set", port.port, "name", port.device)
    made.inside(host.name, service.name, "ip", "addr", "add", f"{port.address}/{d.PREFIX}", "dev", port.device)
    made.inside(host.name, service.name, "ip", "link", "set", port.device, "up")
