"""Makes the lab and takes it down. Needs root; nothing outlives `down`, and `down` touches nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from labs.plain import declaration as d
from labs.plain import making
from labs.plain.environment import FILE, environment
from labs.plain.holders import end, hold
from labs.plain.running import NOTE, UNDERLAY, LabError, Running, noted, path, put

COMMANDS = (
    "ip", "unshare", "nsenter", "setpriv", "mount", "ethtool", "ovsdb-tool", "ovsdb-server", "ovs-vswitchd",
    "ovs-vsctl", "ovs-ofctl",
)  # fmt: skip
PACKAGES = "openvswitch-switch iproute2 ethtool util-linux mount"
LEAST = 2


def default_state() -> Path:
    """`labs/plain` below `CALIPSO_HOME`, else below `calipso` in `$XDG_STATE_HOME` or `~/.local/state`."""
    home = os.environ.get("CALIPSO_HOME")
    if home:
        return Path(home).expanduser().absolute() / "labs/plain"
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state) / "calipso/labs/plain"


def up(state: Path | None = None, hosts: int = 2, *, mortal: bool = False) -> Running:
    """Make the lab, or give the one that runs. What fails halfway is taken down again. Raises `LabError`.

    mortal: the lab ends with the thread that makes it, also when that is killed. Otherwise it runs until `down`.
    """
    state = state or default_state()
    running = status(state)
    if running is not None:
        if len(running.lab.hosts) != hosts:
            raise LabError(f"a lab with {len(running.lab.hosts)} hosts runs already: take it down first")
        return running
    _ready(hosts)
    down(state)  # what is left of a lab that runs no more as a whole
    state.mkdir(parents=True, exist_ok=True)
    made = Running(d.lab(hosts), state, {})
    try:
        for name in (UNDERLAY, *(host.name for host in made.lab.hosts)):
            _hold(made, name, mortal)
        for host in made.lab.hosts:
            making.host(made, host)
        making.underlay(made)
        for host in made.lab.hosts:
            making.switch(made, host)
        for host in made.lab.hosts:
            making.guests(made, host)
        put(state / FILE, environment(made))
    except BaseException:
        _end(made)
        raise
    return made


def status(state: Path | None = None) -> Running | None:
    """The lab that runs, None when none does, or only a part of one. Raises `LabError` when its note is damaged."""
    running = noted(state or default_state())
    if running is None or len(running.holders) != len(running.lab.hosts) + 1:
        return None
    return running if all(holder.first for holder in running.holders.values()) else None


def down(state: Path | None = None) -> bool:
    """End what the state folder notes, and take the lab's files out of it; whether there was anything.

    Raises `LabError` when the note is damaged or a process does not end.
    """
    running = noted(state or default_state())
    if running is None:
        return False
    _end(running)
    return True


def _hold(made: Running, name: str, mortal: bool) -> None:
    try:
        made.holders[name] = hold(mortal=mortal)
    except OSError as error:
        raise LabError(f"{name}: namespaces cannot be made: {error}; is that allowed to this user here?") from error
    made.note()


def _end(made: Running) -> None:
    left = end(made.holders.values())
    if left:
        raise LabError(f"these processes do not end: {', '.join(str(each.pid) for each in left)}")
    names = [host.name for host in made.lab.hosts]
    for file in (FILE, NOTE, *(f"{name}.{kind}" for name in names for kind in ("pid", *making.OWN_FILES))):
        (made.state / file).unlink(missing_ok=True)
    if made.state.is_dir() and not any(made.state.iterdir()):
        made.state.rmdir()


def _ready(hosts: int) -> None:
    if hosts < LEAST:
        raise LabError(f"a lab has {LEAST} hosts at least, not {hosts}")
    if os.geteuid() != 0:
        raise LabError("the lab needs root: it makes namespaces and starts servers in them")
    missing = [name for name in COMMANDS if shutil.which(name, path=path()) is None]
    if missing or not Path(making.SCHEMA).exists():
        raise LabError(f"missing: {', '.join(missing) or making.SCHEMA}; on Debian: apt-get install {PACKAGES}")
