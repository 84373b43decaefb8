"""The lab while it runs: commands and servers in its hosts, and the note of what was started."""

from __future__ import annotations

import contextlib
import ctypes
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from labs.openstack import declaration as d
from labs.plain.holders import Holder
from labs.plain.running import LabError, command, put

NOTE = "lab.json"
OUTSIDE = "outside"
"""The namespaces between the hosts: the wires, and who looks at the cloud from outside of its hosts."""
HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
RUN, LOGS = "/run/lab", "/var/log/lab"
NETWORK = 0x40000000
"""CLONE_NEWNET of linux/sched.h."""
SLOW = 600.0
"""Seconds for a command that migrates a database or makes an instance."""
START = (
    "d=$1 n=$2; shift 2; p=$(cat /run/lab/$n.pid 2>/dev/null) && kill -0 $p 2>/dev/null && exit; cd /;"
    ' TMPDIR=/run/lab/tmp setsid "$@" >>$d/$n.log 2>&1 </dev/null & echo $! >/run/lab/$n.pid'
)
"""Starts a server. Its temporary files are its host's own: pids repeat between hosts, and some name files by them."""


class Running:
    """The lab as it runs. `state`: the folder that notes it. `cache`: what outlives it: the cloud's programs.

    `holders`: host, or the outside → what holds it. `routers`: how they are realised (`declaration.ROUTERS`).
    `overlay`: the type of tenants' networks (`declaration.OVERLAYS`). `unlisted`: Neutron lists no segments.
    """

    def __init__(
        self, mechanism: str, state: Path, cache: Path, holders: dict[str, Holder], routers: str = d.ROUTERS[0],
        overlay: str = "", unlisted: bool = False,
    ) -> None:  # fmt: skip
        self.mechanism = mechanism
        self.routers = routers
        self.overlay = overlay or d.OVERLAYS[mechanism][0]
        self.unlisted = unlisted
        self.state = state
        self.cache = cache
        self.holders = holders

    @property
    def venv(self) -> Path:
        """The cloud's programs."""
        return self.cache / "venv"

    @property
    def path(self) -> str:
        """Where servers in hosts find programs."""
        return f"{HERE / 'bin'}:{self.venv / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"

    def enter(self, host: str, *argv: str) -> list[str]:
        """The command that runs a command in a host."""
        own = (f"PATH={self.path}", "PYTHONUNBUFFERED=1", "MALLOC_ARENA_MAX=1")
        unset = ("--unset=PYTHONDONTWRITEBYTECODE", "--unset=PYTHONPATH", "--unset=VIRTUAL_ENV")
        return ["nsenter", "--target", str(self.holders[host].first), "--all", "--", "env", *unset, *own, *argv]

    def beside(self, *argv: str) -> list[str]:
        """A command's words, in the network outside of the hosts only: files and pids are this machine's."""
        return ["nsenter", "--target", str(self.holders[OUTSIDE].first), "--net", "--", *argv]

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """What this thread connects, and every thread it starts, is outside of the hosts as long as this lasts.

        Raises `OSError` when namespaces may not be entered.
        """
        with open("/proc/thread-self/ns/net") as here, open(f"/proc/{self.holders[OUTSIDE].first}/ns/net") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    def run(self, host: str, *argv: str, check: bool = True, stdin: str = "", timeout: float = 60.0) -> str:
        """Run a command in a host, or outside of them; its output. Raises `LabError`."""
        return command(self.enter(host, *argv), check=check, stdin=stdin, timeout=timeout)

    def script(self, host: str, text: str) -> str:
        """Run lines of shell in a host. Raises `LabError`."""
        return self.run(host, "sh", "-euc", text)

    def serve(self, host: str, name: str, *argv: str) -> None:
        """Start a server in a host, unless it runs. Raises `LabError`."""
        self.run(host, "sh", "-c", START, "sh", LOGS, name, *argv)

    def program(self, name: str, *arguments: str) -> str:
        """Run one of `labs.openstack.cloud` outside of the hosts, with the cloud's Python. Raises `LabError`."""
        module = ("env", f"PYTHONPATH={CHECKOUT}", "python", "-m", f"labs.openstack.cloud.{name}")
        return self.run(OUTSIDE, *module, *arguments, timeout=SLOW)

    def answers(self, host: str, *argv: str) -> bool:
        """Whether a command ends well in a host."""
        try:
            self.run(host, *argv)
        except LabError:
            return False
        return True

    def log(self, host: str, name: str) -> Path:
        """Where a server's log is, seen from this machine."""
        return self.state / host / "var" / "log" / "lab" / f"{name}.log"

    def note(self) -> None:
        """Write down what was started, so that any later process can end it."""
        said = {
            "mechanism": self.mechanism, "routers": self.routers, "overlay": self.overlay,
            "unlisted": self.unlisted, "cache": str(self.cache), "holders": self.holders,
        }  # fmt: skip
        put(self.state / NOTE, json.dumps(said))
        for name, holder in self.holders.items():
            put(self.state / f"{name}.pid", f"{holder.first}\n")


def _enter(namespace: int) -> None:
    """Move this thread (setns(2)); Python has it from 3.12 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def noted(state: Path) -> Running | None:
    """What a state folder says was started, whether it still runs or not; None when it says nothing.

    Raises `LabError` when the note is there and cannot be understood: it may be the only trace of what runs.
    """
    try:
        said = json.loads((state / NOTE).read_text())
        holders = {str(name): Holder(int(pid), int(started)) for name, (pid, started) in said["holders"].items()}
        how = str(said["routers"]), str(said.get("overlay", "")), said.get("unlisted") is True
        return Running(str(said["mechanism"]), state, Path(said["cache"]), holders, *how)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(f"{state / NOTE} is no note of a lab ({error}): nothing was done") from error


def wait(seconds: float, what: str, done: Callable[[], bool]) -> None:
    """Until something holds. Raises `LabError` when it takes too long."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {seconds:g} s")
        time.sleep(0.3)


def complete(holders: dict[str, Holder]) -> bool:
    """Whether all of the lab is there."""
    return set(holders) == {OUTSIDE, *(host.name for host in d.HOSTS)} and all(each.first for each in holders.values())
