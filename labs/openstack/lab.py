"""Makes the lab and takes it down. Needs root; nothing outlives `down` but the cloud's programs."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labs.openstack import database, installing, making, services
from labs.openstack import declaration as d
from labs.openstack.environment import CLOUDS, FILE, SECRET, clouds, environment
from labs.openstack.running import NOTE, OUTSIDE, Running, complete, noted
from labs.plain.holders import end, hold
from labs.plain.running import LabError, put

UP = "for each in /sys/class/net/tap*; do ip link set ${each##*/} up; done"


def default_state() -> Path:
    """`labs/openstack` below `CALIPSO_HOME`, else below `calipso` in `$XDG_STATE_HOME` or `~/.local/state`."""
    home = os.environ.get("CALIPSO_HOME")
    if home:
        return Path(home).expanduser().absolute() / "labs/openstack"
    return Path(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")) / "calipso/labs/openstack"


def default_cache() -> Path:
    """Where the cloud's programs are unless told otherwise: beside the state."""
    return default_state() / "cache"


def up(
    state: Path, cache: Path, mechanism: str = "ovs", *, routers: str = d.ROUTERS[0], overlay: str = "",
    unlisted: bool = False, mortal: bool = False,
) -> Running:  # fmt: skip
    """Make the lab, or give the one that runs. What fails halfway is taken down again, its logs stay.

    mortal: the lab ends with the thread that makes it. Raises `LabError`.
    """
    running = status(state)
    overlay = overlay or d.OVERLAYS[mechanism][0]
    if overlay not in d.OVERLAYS[mechanism]:
        raise LabError(f"{mechanism} makes no networks of {overlay} here: {', '.join(d.OVERLAYS[mechanism])}")
    if running is not None:
        there = running.mechanism, running.routers, running.overlay, running.unlisted
        if there != (mechanism, routers, overlay, unlisted):
            raise LabError(f"a lab with {told(running)} runs already: take it down first")
        return running
    if mechanism != "ovs" and routers != d.ROUTERS[0]:
        raise LabError(f"{routers} routers are of ML2/OVS: {mechanism} has its own")
    installing.ready(mechanism)
    down(state)
    state.mkdir(parents=True, exist_ok=True)
    made = Running(mechanism, state, cache, {}, routers, overlay, unlisted)
    _step("programs", lambda: installing.install(cache))
    try:
        _step("hosts", lambda: _hosts(made, mortal))
        _step("database and bus", lambda: _bases(made))
        _step("identity", lambda: services.identity(made))
        _step("controllers", lambda: services.controllers(made))
        _step("listener", lambda: services.listener(made))
        _step("agents", lambda: services.agents(made))
        _step("instances", lambda: _instances(made))
        put(state / CLOUDS, clouds())
        put(state / SECRET, f"{d.PASSWORD}\n")
        put(state / FILE, environment(made))
    except BaseException:
        _stop(made)
        raise
    return made


def told(running: Running) -> str:
    """What kind of cloud it is."""
    segments = " and segments that are not listed" if running.unlisted else ""
    return f"{running.mechanism}, {running.overlay} and {running.routers} routers{segments}"


def status(state: Path) -> Running | None:
    """The lab that runs, None when none does, or only a part of one. Raises `LabError` when its note is damaged."""
    running = noted(state)
    return running if running is not None and complete(running.holders) else None


def down(state: Path) -> bool:
    """End what the state folder notes, and remove it; whether there was anything. Raises `LabError`."""
    running = noted(state)
    if running is None:
        return False
    _stop(running)
    for name in (*(host.name for host in d.HOSTS), "ssh"):
        shutil.rmtree(state / name, ignore_errors=True)
    for name in (FILE, CLOUDS, SECRET, NOTE, *(f"{name}.pid" for name in running.holders)):
        (state / name).unlink(missing_ok=True)
    if not any(state.iterdir()):
        state.rmdir()
    return True


def _step(name: str, do: Callable[[], object]) -> None:
    """Says how long a part took: the first time takes minutes."""
    began = time.monotonic()
    do()
    print(f"lab: {name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


def _hosts(made: Running, mortal: bool) -> None:
    for name in (OUTSIDE, *(host.name for host in d.HOSTS)):
        try:
            made.holders[name] = hold(mortal=mortal)
        except OSError as error:
            raise LabError(f"{name}: namespaces cannot be made: {error}") from error
        made.note()
    making.keys(made)
    making.wires(made)
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(making.host, made, host) for host in d.HOSTS]:
            done.result()


def _bases(made: Running) -> None:
    services.bus(made)
    database.start(made)
    database.fill(made)


def _instances(made: Running) -> None:
    """Their taps are up: a switch that sets one promiscuous while libvirt sets it up can undo that."""
    made.program("seed", made.mechanism)
    for host in d.COMPUTES:
        made.script(host.name, UP)


def _stop(made: Running) -> None:
    left = end(made.holders.values())
    if left:
        raise LabError(f"these processes do not end: {', '.join(str(each.pid) for each in left)}")
