"""A scan of labs/openstack, APIs and three hosts, beside the cloud's own client asked for the same lists. Needs root.

    python bench/openstack_lab.py [STATE FOLDER OF A LAB THAT RUNS]

Without a folder the lab is brought up and taken down again. `scan command`: a process of its own each time, its start
and log-in included, into a folder that knows the lab already. The peer lists eleven kinds of objects, one command
each, with a log-in each, and nothing of the hosts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from labs.openstack import lab
from labs.openstack.environment import CLOUDS, NAME
from labs.openstack.running import Running
from tests.support.openstack_lab import home_of

LISTS = (
    "server list --all-projects", "hypervisor list", "network list", "subnet list", "port list", "router list",
    "floating ip list", "security group list", "network trunk list", "network agent list", "project list",
)  # fmt: skip
ROUNDS = 5


def show(figure: str, value: float, unit: str, **more: float) -> None:
    print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, **more}), flush=True)


def scans(running: Running) -> list[float]:
    """Seconds of each round but the first, which finds everything new."""
    with tempfile.TemporaryDirectory() as folder:
        home = home_of(running, Path(folder))
        taken = []
        for _ in range(ROUNDS + 1):
            began = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "calipso", "scan", "--env", NAME], check=True, stdout=subprocess.DEVNULL,
                env={**os.environ, "CALIPSO_HOME": str(home.path)},
            )  # fmt: skip
            taken.append(time.monotonic() - began)
    return taken[1:]


def lists(running: Running) -> float:
    said = (f"OS_CLIENT_CONFIG_FILE={running.state / CLOUDS}", f"OS_CLOUD={NAME}")
    began = time.monotonic()
    for each in LISTS:
        words = running.beside("env", *said, str(running.venv / "bin/openstack"), *each.split())
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def measure(running: Running) -> None:
    taken = scans(running)
    peer = lists(running)
    mine = median(taken)
    show("scan command", mine, "s", worst=round(max(taken), 3), budget=5.0)
    show("lists by the cloud's client", peer, "s", ratio=round(peer / mine, 1))


def main() -> None:
    if len(sys.argv) > 1:
        running = lab.status(Path(sys.argv[1]))
        if running is None:
            sys.exit(f"no lab runs that {sys.argv[1]} tells of")
        measure(running)
        return
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        try:
            measure(lab.up(state, lab.default_cache(), mortal=True))
        finally:
            lab.down(state)


if __name__ == "__main__":
    main()
