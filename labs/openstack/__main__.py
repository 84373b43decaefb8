"""`python -m labs.openstack programs|up|down|status|environment|change WHAT|enter HOST -- COMMAND…`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from labs.openstack import declaration as d
from labs.openstack import installing, lab, services
from labs.openstack.environment import CLOUDS, FILE, NAME, environment
from labs.openstack.running import OUTSIDE
from labs.plain.running import LabError

CHANGES = {"trunk": ("delete",), "everything": ("create", "update", "exercise", "delete")}
"""Programs of `cloud` that change it, and parts of what they do."""


def main() -> int:
    """0 when done, 1 with a reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m labs.openstack", description="OpenStack on three hosts")
    parser.add_argument("--state", type=Path, default=lab.default_state(), help="folder that notes what runs")
    parser.add_argument("--cache", type=Path, default=lab.default_cache(), help="folder of the cloud's programs")
    parser.add_argument("--mech", choices=d.MECHANISMS, default=d.MECHANISMS[0], help="ML2 mechanism driver")
    parser.add_argument("--routers", choices=d.ROUTERS, default=d.ROUTERS[0], help="how ML2/OVS realises routers")
    parser.add_argument("--overlay", default="", help="type of tenants' networks; with ML2/OVS vxlan or gre")
    parser.add_argument("--unlisted", action="store_true", help="without Neutron's plug-in `segments`, as is usual")
    parser.add_argument("what", choices=["programs", "up", "down", "status", "environment", "change", "enter"])
    parser.add_argument(
        "command",
        nargs="*",
        help=f"for enter: a host or {OUTSIDE}, then -- and a command; for change: {', '.join(CHANGES)}",
    )
    asked = parser.parse_args()
    try:
        do(asked)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


def do(asked: argparse.Namespace) -> None:
    """Raises `LabError`."""
    state: Path = asked.state.absolute()
    if asked.what == "up":
        how = {"routers": asked.routers, "overlay": asked.overlay, "unlisted": asked.unlisted}
        lab.up(state, asked.cache.absolute(), asked.mech, **how)
        print(f"next: calipso env add {state / FILE} && calipso scan --env {NAME}")
        return
    if asked.what == "programs":
        installing.ready(asked.mech)
        installing.install(asked.cache.absolute())
        return
    if asked.what == "down":
        print("taken down" if lab.down(state) else "no lab was up")
        return
    running = lab.status(state)
    if running is None:
        raise LabError(f"no lab runs that {state} tells of: python -m labs.openstack up")
    if asked.what == "environment":
        print(environment(running), end="")
    elif asked.what == "change":
        if running.mechanism == "calico":
            raise LabError("these changes are of networks that Calico's cloud does not have")
        what, *parts = asked.command or [""]
        if what not in CHANGES or not set(parts) <= set(CHANGES[what]):
            known = "; ".join(f"{name}, or of it {' '.join(some)}" for name, some in CHANGES.items())
            raise LabError(f"change what? {known}")
        running.program(what, *parts)
    elif asked.what == "enter":
        where, *command = asked.command or [OUTSIDE]
        if where not in running.holders:
            raise LabError(f"enter one of {', '.join(running.holders)}, not {where}")
        own = (f"OS_CLIENT_CONFIG_FILE={state / CLOUDS}", f"OS_CLOUD={NAME}")
        shell = (*own, *(command or ["bash"]))
        path = f"PATH={os.environ.get('PATH', os.defpath)}:{running.venv / 'bin'}"  # this machine's programs first
        words = running.beside("env", path, *shell) if where == OUTSIDE else running.enter(where, "env", *shell)
        os.execvp(words[0], words)
    else:
        for name, holder in running.holders.items():
            print(f"{name}\tpid {holder.first}\tnsenter --target {holder.first} --all")
        print(", ".join(f"{count} {kind}" for kind, count in services.facts(running)["counts"].items()))


if __name__ == "__main__":
    sys.exit(main())
