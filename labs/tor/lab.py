"""Makes the lab, moves its cables and takes it down. Needs root; nothing outlives `down`."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from labs.plain.holders import Holder, end, hold
from labs.plain.running import LabError, command, path, put
from labs.tor import declaration as d

COMMANDS = ("ip", "unshare", "nsenter", "setpriv", "mount", "lldpd", "lldpcli", "snmpd")
PACKAGES = "lldpd snmpd iproute2 util-linux mount"
AGENTX = "/run/agentx"
CONFIGURATION = "/run/lldpd.conf"
"""Of a host's own: lldpd reads it without the rights to look into the state folder."""
PATIENCE = 10.0
"""Seconds for lldpd to be ready."""
FILE, NOTE, SECRET = "tor.yaml", "lab.json", "community"
FORWARD_LLDP = 0x4000
"""group_fwd_mask of a wire: it passes 01:80:c2:00:00:0e, which a bridge keeps to itself (802.1D table 7-10)."""


class Running:
    """The lab as it runs. `holders`: host, switch or panel → what holds it."""

    def __init__(self, lab: d.Lab, state: Path, holders: dict[str, Holder]) -> None:
        self.lab = lab
        self.state = state
        self.holders = holders

    def run(self, where: str, *argv: str, stdin: str = "") -> str:
        """Run a command in a host, the switch or the panel. Raises `LabError`."""
        return command(["nsenter", "--target", str(self.holders[where].first), "--all", "--", *argv], stdin=stdin)

    def note(self) -> None:
        said = {"cables": self.lab.cables, "ports": self.lab.ports, "holders": self.holders}
        put(self.state / NOTE, json.dumps(said))
        for name, holder in self.holders.items():
            put(self.state / f"{name}.pid", f"{holder.first}\n")

    def move(self, host: str, port: str) -> None:
        """Pull a host's cable out of the switch and put it into a free port. Raises `LabError`."""
        old, self.lab = self.lab.port_of(host), self.lab.moved(host, port)
        self.panel(
            f"link set to-{host} down",
            f"link set to-{old} down",
            f"link set to-{old} nomaster",
            f"link set to-{port} master cable-{host} up",
            f"link set to-{host} up",
        )
        self.note()

    def panel(self, *lines: str) -> None:
        """Run lines of `ip` in the panel. Raises `LabError`."""
        self.run(d.PANEL, "ip", "-batch", "-", stdin="".join(line + "\n" for line in lines))


def default_state() -> Path:
    """`labs/tor` below `CALIPSO_HOME`, else below `calipso` in `$XDG_STATE_HOME` or `~/.local/state`."""
    home = os.environ.get("CALIPSO_HOME")
    if home:
        return Path(home).expanduser().absolute() / "labs/tor"
    return Path(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")) / "calipso/labs/tor"


def up(state: Path, *, mortal: bool = False) -> Running:
    """Make the lab, or give the one that runs. What fails halfway is taken down again. Raises `LabError`."""
    running = status(state)
    if running is not None:
        return running
    _ready()
    down(state)
    state.mkdir(parents=True, exist_ok=True)
    made = Running(d.Lab(), state, {})
    try:
        for name in (d.PANEL, d.TOR, *made.lab.hosts):
            try:
                made.holders[name] = hold(mortal=mortal)
            except OSError as error:
                raise LabError(f"{name}: namespaces cannot be made: {error}") from error
            made.note()
            _bare(made, name)
        _cables(made)
        _answer(made)
        _speak(made, d.TOR, made.lab.ports, "-x", "-X", AGENTX)
        for host in made.lab.hosts:
            _speak(made, host, (d.NIC,))
        made.panel(*(f"link set to-{each} up" for cable in made.lab.cables for each in cable))
        put(state / SECRET, d.COMMUNITY + "\n")
        put(state / FILE, environment(made))
    except BaseException:
        _end(made)
        raise
    return made


def status(state: Path) -> Running | None:
    """The lab that runs, None when none does, or only a part of one."""
    running = _noted(state)
    if running is None or len(running.holders) != len(running.lab.hosts) + 2:
        return None
    return running if all(holder.first for holder in running.holders.values()) else None


def down(state: Path) -> bool:
    """End what the state folder notes; whether there was anything. Raises `LabError`."""
    running = _noted(state)
    if running is None:
        return False
    _end(running)
    return True


def environment(running: Running) -> str:
    """The environment's YAML: hosts by the files that tell the pids of their first processes."""
    hosts: dict[str, dict[str, object]] = {
        name: {"pid_file": str(running.state / f"{name}.pid")} for name in (*running.lab.hosts, d.TOR)
    }
    community = f"file:{running.state / SECRET}"
    hosts[d.TOR]["snmp"] = {"address": "127.0.0.1", "port": d.SNMP_PORT, "community": community}
    sources: dict[str, dict[str, object]] = {"linux": {}, "lldp": {}, "snmp": {}}
    said = {"name": "tor", "type": "Plain", "hosts": hosts, "sources": sources}
    return str(yaml.safe_dump(said, sort_keys=False))


def _ready() -> None:
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes namespaces and starts servers in them")
    missing = [name for name in COMMANDS if shutil.which(name, path=path()) is None]
    if missing:
        raise LabError(f"missing: {', '.join(missing)}; on Debian: apt-get install {PACKAGES}")


def _bare(made: Running, name: str) -> None:
    made.run(name, "hostname", name)
    made.run(name, "mount", "-t", "sysfs", "sysfs", "/sys")
    made.run(name, "mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    made.run(name, "mkdir", "-p", "/run/lldpd")
    hostname = made.state / f"{name}.hostname"
    put(hostname, f"{name}\n")
    made.run(name, "mount", "--bind", str(hostname), "/etc/hostname")
    made.run(name, "ip", "link", "set", "lo", "up")


def _cables(made: Running) -> None:
    """A wire from every NIC and every port to the panel, in which a bridge for each host makes two of them one."""
    lab, panel = made.lab, made.holders[d.PANEL]
    ends = [(host, d.NIC, lab.host_mac(host)) for host in lab.hosts]
    ends += [(d.TOR, port, lab.port_mac(port)) for port in lab.ports]
    lines = []
    for where, device, mac in ends:
        far = f"to-{where if where != d.TOR else device}"
        pid = made.holders[where].first
        lines.append(f"link add {far} type veth peer name {device} address {mac} netns {pid}")
    for host, port in lab.cables:
        lines.append(f"link add cable-{host} type bridge group_fwd_mask {FORWARD_LLDP}")
        lines.append(f"link set cable-{host} up")
        lines += [f"link set to-{each} master cable-{host}" for each in (host, port)]
    # in its network only: a host's pid counts in the machine's own process list
    _batch(["nsenter", "--target", str(panel.first), "--net"], lines)
    for host in lab.hosts:
        made.run(host, "ip", "link", "set", d.NIC, "up")
    tor = ["link add br0 type bridge", *(f"link set {port} master br0 up" for port in lab.ports), "link set br0 up"]
    made.run(d.TOR, "ip", "-batch", "-", stdin="\n".join(tor))


def _batch(enter: Sequence[str], lines: Sequence[str]) -> None:
    command([*enter, "ip", "-batch", "-"], stdin="".join(line + "\n" for line in lines))


def _answer(made: Running) -> None:
    """SNMP on the switch's loopback; lldpd is a part of it (RFC 2741)."""
    lines = (
        f"agentAddress udp:127.0.0.1:{d.SNMP_PORT},udp6:[::1]:{d.SNMP_PORT}",
        f"rocommunity {d.COMMUNITY}",
        f"createUser {d.USER} SHA {d.AUTH_KEY} AES {d.PRIV_KEY}",
        f"rouser {d.USER} priv",
        "master agentx",
        f"agentXSocket {AGENTX}",
    )
    made.run(d.TOR, "tee", "/run/snmpd.conf", stdin="".join(line + "\n" for line in lines))
    own = ("env", "MIBS=", "SNMP_PERSISTENT_DIR=/run/snmp")
    made.run(d.TOR, *own, "snmpd", "-C", "-c", "/run/snmpd.conf", "-Lf", "/run/snmpd.log", "-p", "/run/snmpd.pid")


def _speak(made: Running, name: str, devices: Sequence[str], *options: str) -> None:
    """LLDP on some devices, with frames often enough that nobody has to wait.

    By a file: what is configured before lldpd has read its own is lost. And before a cable is in: what lldpd says of
    itself before that would be believed for two minutes.
    """
    lines = (
        f"configure lldp tx-interval {d.INTERVAL}",
        f"configure lldp tx-hold {d.HOLD}",
        "configure lldp portidsubtype ifname",
        f"configure system hostname {name}",
    )
    made.run(name, "tee", CONFIGURATION, stdin="".join(line + "\n" for line in lines))
    made.run(name, "lldpd", "-I", ",".join(devices), "-C", devices[0], "-O", CONFIGURATION, *options)
    deadline = time.monotonic() + PATIENCE
    while f"Transmit delay: {d.INTERVAL}\n" not in made.run(name, "lldpcli", "show", "configuration"):
        if time.monotonic() > deadline:
            raise LabError(f"{name}: lldpd does not take its configuration from {CONFIGURATION}")
        time.sleep(0.05)


def _noted(state: Path) -> Running | None:
    try:
        said = json.loads((state / NOTE).read_text())
        lab = d.Lab(tuple(said["ports"]), tuple((host, port) for host, port in said["cables"]))
        holders = {str(name): Holder(int(pid), int(started)) for name, (pid, started) in said["holders"].items()}
        return Running(lab, state, holders)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(f"{state / NOTE} is no note of a lab ({error}): nothing was done") from error


def _end(made: Running) -> None:
    left = end(made.holders.values())
    if left:
        raise LabError(f"these processes do not end: {', '.join(str(each.pid) for each in left)}")
    names = (d.PANEL, d.TOR, *made.lab.hosts)
    for file in (FILE, NOTE, SECRET, *(f"{name}.{kind}" for name in names for kind in ("pid", "hostname"))):
        (made.state / file).unlink(missing_ok=True)
    if made.state.is_dir() and not any(made.state.iterdir()):
        made.state.rmdir()
