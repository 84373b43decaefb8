"""Makes the lab and takes it down: hosts, the cable between them, engines, networks, containers."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from labs.docker import declaration as d
from labs.plain.holders import Holder, end, hold
from labs.plain.running import LabError, command, put

NOTE = "lab.json"
FILE = "docker.yaml"
IMAGE = "lab/busybox:1"
BUSYBOX = Path("/bin/busybox")
PATIENCE = 60.0
NEEDS = ("dockerd", "docker", "nsenter", "unshare", "ip", "busybox")
CGROUPS = Path("/sys/fs/cgroup")


class Running:
    """The lab as it runs. `holders`: host → what holds its namespaces."""

    def __init__(self, state: Path, holders: dict[str, Holder]) -> None:
        self.state = state
        self.holders = holders

    def pid(self, host: str) -> int:
        return self.holders[host].first

    def enter(self, host: str, *argv: str) -> list[str]:
        return ["nsenter", "--target", str(self.pid(host)), "--all", "--", *argv]

    def run(self, host: str, *argv: str, check: bool = True, stdin: str = "") -> str:
        """Run a command in a host; its output. Raises `LabError`."""
        return command(self.enter(host, *argv), check=check, stdin=stdin)

    def docker(self, host: str, *argv: str) -> str:
        return self.run(host, "docker", *argv).strip()

    def inspect(self, host: str, kind: str, name: str) -> dict[str, Any]:
        """What the engine says of a container or network."""
        found: dict[str, Any] = json.loads(self.docker(host, kind, "inspect", name))[0]
        return found

    def cgroup(self, host: str) -> str:
        """Where the engine puts its containers: a place of its own, so that what is left can be told."""
        return f"calipso-lab-{self.holders[host].pid}"

    def note(self) -> None:
        put(self.state / NOTE, json.dumps(self.holders))
        for name in self.holders:
            put(self.state / f"{name}.pid", f"{self.pid(name)}\n")
        hosts = {name: {"pid_file": str(self.state / f"{name}.pid")} for name in self.holders}
        put(self.state / FILE, yaml.safe_dump({"name": "docker", "type": "Docker", "hosts": hosts}, sort_keys=False))


def default_state() -> Path:
    """Where the note is unless told otherwise."""
    return Path(tempfile.gettempdir()) / "calipso-lab-docker"


def up(state: Path, *, mortal: bool = False) -> Running:
    """Make the lab; it ends with the caller when mortal. Raises `LabError` and leaves nothing behind."""
    missing = [name for name in NEEDS if shutil.which(name) is None]
    if missing:
        raise LabError(f"needs {', '.join(missing)}: apt-get install docker.io busybox-static iproute2 util-linux")
    if (state / NOTE).exists():
        raise LabError(f"{state / NOTE} tells of a lab: take it down first")
    state.mkdir(parents=True, exist_ok=True)
    made = Running(state, {})
    try:
        for host in d.HOSTS:
            made.holders[host.name] = hold(mortal=mortal)
        made.note()
        for host in d.HOSTS:
            _host(made, host)
        _cable(made)
        for host in d.HOSTS:
            _engine(made, host)
        for host in d.HOSTS:
            _answers(made, host)
        _swarm(made)
        _fill(made)
    except BaseException:
        _end(made)
        raise
    return made


def down(state: Path) -> bool:
    """End what the note tells of; whether there was something."""
    with contextlib.suppress(FileNotFoundError):
        said = json.loads((state / NOTE).read_text())
        _end(Running(state, {name: Holder(*each) for name, each in said.items()}))
        return True
    return False


def _end(made: Running) -> None:
    places = [made.cgroup(host) for host in made.holders]
    left = end(made.holders.values())
    if left:
        raise LabError(f"would not end: {left}")
    for place in places:
        _remove_cgroups(place)
    for name in made.holders:
        shutil.rmtree(made.state / name, ignore_errors=True)
        (made.state / f"{name}.pid").unlink(missing_ok=True)
    for name in (NOTE, FILE, "image.tar"):
        (made.state / name).unlink(missing_ok=True)


def _remove_cgroups(name: str) -> None:
    """Control groups of containers that ended with their host: nobody else removes them."""
    for top in [CGROUPS / name, *CGROUPS.glob(f"*/{name}")]:
        for folder in sorted((each for each in top.rglob("*") if each.is_dir()), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        with contextlib.suppress(OSError):
            top.rmdir()


def _host(made: Running, host: d.Host) -> None:
    made.run(host.name, "hostname", host.name)
    made.run(host.name, "mount", "-t", "tmpfs", "tmpfs", "/run")
    made.run(host.name, "mkdir", "/run/docker")
    made.run(host.name, "ip", "link", "set", "lo", "up")


def _cable(made: Running) -> None:
    one, other = d.HOSTS
    pid = str(made.pid(other.name))
    made.run(one.name, "ip", "link", "add", d.UPLINK, "type", "veth", "peer", "name", "peer0")
    command(["nsenter", "--target", str(made.pid(one.name)), "--net", "ip", "link", "set", "peer0", "netns", pid])
    made.run(other.name, "ip", "link", "set", "peer0", "name", d.UPLINK)
    for host in d.HOSTS:
        made.run(host.name, "ip", "address", "add", f"{host.address}/24", "dev", d.UPLINK)
        made.run(host.name, "ip", "link", "set", d.UPLINK, "up")
        if host.routed:
            via = next(each.address for each in d.HOSTS if each is not host)
            made.run(host.name, "ip", "route", "add", "default", "via", via)


def _engine(made: Running, host: d.Host) -> None:
    """The engine writes no rules for iptables: the lab is about what is connected, and its kernel may lack them."""
    folder = made.state / host.name
    folder.mkdir()
    argv = (
        "dockerd", "--storage-driver=vfs", f"--data-root={folder}/data", "--exec-root=/run/docker",
        "--pidfile=/run/docker.pid", "--host=unix:///run/docker.sock", "--iptables=false", "--ip6tables=false",
        "--exec-opt=native.cgroupdriver=cgroupfs", f"--cgroup-parent=/{made.cgroup(host.name)}",
    )  # fmt: skip
    with (folder / "dockerd.log").open("wb") as log:
        subprocess.Popen(
            made.enter(host.name, *argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _answers(made: Running, host: d.Host) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if "Server" in made.run(host.name, "docker", "version", check=False):
            break
        time.sleep(0.2)
    else:
        log = made.state / host.name / "dockerd.log"
        raise LabError(f"the engine of {host.name} does not answer: {log.read_text()[-500:]}")
    image = made.state / "image.tar"
    if not image.exists():
        with tarfile.open(image, "w") as archive:
            archive.add(BUSYBOX, "bin/busybox")
    made.docker(host.name, "import", str(image), IMAGE)


def _swarm(made: Running) -> None:
    first, *others = d.HOSTS
    made.docker(first.name, "swarm", "init", "--advertise-addr", first.address)
    token = made.docker(first.name, "swarm", "join-token", "--quiet", "worker")
    for host in others:
        made.docker(
            host.name, "swarm", "join", "--token", token, "--advertise-addr", host.address, f"{first.address}:2377"
        )
    made.docker(first.name, "network", "create", "--driver", "overlay", "--attachable", d.OVERLAY)


def _fill(made: Running) -> None:
    for network in d.NETWORKS:
        words = ["--driver", network.driver]
        for subnet in network.subnets:
            words += ["--subnet", subnet, *(["--ipv6"] if ":" in subnet else [])]
        for option in network.options:
            words += ["--opt", option]
        made.docker(network.host, "network", "create", *words, network.name)
    for container in d.CONTAINERS:
        start(made, container)


def start(made: Running, container: d.Container) -> None:
    """Run a container of the lab's image."""
    words = ["--detach", "--name", container.name, "--network", container.network]
    if container.publish:
        words += ["--publish", container.publish]
    made.docker(container.host, "run", *words, IMAGE, "/bin/busybox", "sleep", "86400")
    for network in container.also:
        made.docker(container.host, "network", "connect", network, container.name)
