"""The lab while it runs: commands in its hosts and in their namespaces, and the note of what was started."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from labs.plain import declaration as d
from labs.plain.holders import Holder

NOTE = "lab.json"
UNDERLAY = "underlay"
"""The namespaces between the hosts: what stands for the data centre."""
TIMEOUT = 60.0


class LabError(Exception):
    """The lab cannot be made or asked; the message says why and what to do."""


class Running:
    """The lab as it runs. `state`: the folder that notes it. `holders`: host, or the underlay → what holds it."""

    def __init__(self, lab: d.Lab, state: Path, holders: dict[str, Holder]) -> None:
        self.lab = lab
        self.state = state
        self.holders = holders

    @property
    def hosts(self) -> dict[str, int]:
        """Host → pid of its first process, which is in all its namespaces."""
        return {name: holder.first for name, holder in self.holders.items() if name != UNDERLAY}

    def enter(self, host: str, *argv: str) -> list[str]:
        """The command that runs a command in a host."""
        return ["nsenter", "--target", str(self.holders[host].first), "--all", "--", *argv]

    def run(self, host: str, *argv: str, check: bool = True, stdin: str = "") -> str:
        """Run a command in a host, or in the underlay; its output. Raises `LabError`."""
        return command(self.enter(host, *argv), check=check, stdin=stdin)

    def inside(self, host: str, netns: str, *argv: str, check: bool = True) -> str:
        """Run a command in a namespace of a host. Raises `LabError`."""
        return self.run(host, "ip", "netns", "exec", netns, *argv, check=check)

    def script(self, host: str, lines: Sequence[str], netns: str = "") -> None:
        """Run lines of `ip` in a host at once. Raises `LabError`."""
        where = ["-netns", netns] if netns else []
        self.run(host, "ip", *where, "-batch", "-", stdin="".join(line + "\n" for line in lines))

    def note(self) -> None:
        """Write down what was started, so that any later process can end it."""
        said = {"hosts": len(self.lab.hosts), "holders": self.holders}
        put(self.state / NOTE, json.dumps(said))
        for name, pid in self.hosts.items():
            put(self.state / f"{name}.pid", f"{pid}\n")


def noted(state: Path) -> Running | None:
    """What a state folder says was started, whether it still runs or not; None when it says nothing.

    Raises `LabError` when the note is there and cannot be understood: it may be the only trace of what runs.
    """
    try:
        said = json.loads((state / NOTE).read_text())
        holders = {str(name): Holder(int(pid), int(started)) for name, (pid, started) in said["holders"].items()}
        return Running(d.lab(int(said["hosts"])), state, holders)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(f"{state / NOTE} is no note of a lab ({error}): nothing was done") from error


def put(file: Path, text: str) -> None:
    """Write a file so that readers find the old one or the new one."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text)
    fresh.replace(file)


def path() -> str:
    """Where commands are looked for: system commands are not on everybody's path."""
    return os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin:/usr/bin:/bin"


def command(argv: Sequence[str], *, check: bool = True, stdin: str = "", timeout: float = TIMEOUT) -> str:
    """Run a command of this machine; its output. Raises `LabError`."""
    environment = {**os.environ, "PATH": path()}
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, env=environment, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{' '.join(argv)}: {error}") from error
    if check and done.returncode:
        raise LabError(f"{' '.join(argv)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout
