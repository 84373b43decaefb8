"""Processes that hold namespaces. All that runs in a lab, and all that it makes, ends with its holders."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

HOLD = (
    "unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc", "--propagation",
    "private", "env", "--ignore-signal=CHLD", "sleep", "infinity",
)  # fmt: skip
"""The first process of a pid namespace is given all orphans; ignoring SIGCHLD leaves none of them dead (wait(2))."""
STARTED = 22
"""Field of /proc/PID/stat: when a process started, which tells it from a later one with its pid (proc(5))."""
PATIENCE = 10.0
"""Seconds for namespaces to come, or to go."""


class Holder(NamedTuple):
    """The process that made a set of namespaces. `started`: in clock ticks since boot."""

    pid: int
    started: int

    @property
    def runs(self) -> bool:
        """Whether it is there, and not another one that got its pid."""
        return started(self.pid) == self.started

    @property
    def first(self) -> int:
        """Pid of the first process in the namespaces, 0 when there is none."""
        return _child(self.pid) if self.runs else 0


def hold(*, mortal: bool) -> Holder:
    """Make a set of namespaces; a mortal one ends with the caller. Raises `OSError` when it may not be made."""
    command = ["setpriv", "--pdeathsig", "KILL", *HOLD] if mortal else list(HOLD)
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            if _command(_child(process.pid)) == "sleep":
                return Holder(process.pid, started(process.pid))
            time.sleep(0.01)
    except BaseException:
        process.kill()
        raise
    process.kill()
    reason = process.communicate()[1].decode(errors="replace").strip()
    raise OSError(reason or "no process came up in the new namespaces")


def end(holders: Iterable[Holder]) -> list[Holder]:
    """End holders and everything in their namespaces; those that would not go.

    The first process of a pid namespace takes all others with it (pid_namespaces(7)); what holds it then takes note
    of its end, and ends too.
    """
    ours = [each for each in holders if each.runs]
    inner = [Holder(pid, started(pid)) for each in ours if (pid := each.first)]
    for each in (*inner, *(each for each in ours if not each.first)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while (left := [each for each in (*ours, *inner) if each.runs]) and time.monotonic() < deadline:
        time.sleep(0.01)
    for each in ours:
        _reap(each.pid)
    return left


def started(pid: int) -> int:
    """When a process started, 0 when it is not there or has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[STARTED - 3])


def _child(pid: int) -> int:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return int(children[0]) if children else 0


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() if pid else ""
    except OSError:
        return ""


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # not our child: started by an earlier `up`
