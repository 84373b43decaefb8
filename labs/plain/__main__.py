"""`python -m labs.plain up|down|status|environment|expect`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from labs.plain import declaration as d
from labs.plain import lab
from labs.plain.environment import FILE, environment
from labs.plain.expectation import expected
from labs.plain.running import LabError


def main() -> int:
    """0 when done, 1 with a reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m labs.plain", description="two hosts made of namespaces, and more")
    parser.add_argument("what", choices=["up", "down", "status", "environment", "expect"])
    parser.add_argument("--state", type=Path, default=lab.default_state(), help="folder that notes what runs")
    parser.add_argument("--hosts", type=int, default=lab.LEAST, help=f"how many hosts, {lab.LEAST} at least")
    asked = parser.parse_args()
    try:
        return do(asked.what, asked.state.absolute(), asked.hosts)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def do(what: str, state: Path, hosts: int) -> int:
    if what == "up":
        made = lab.up(state, hosts)
        print(f"hosts {', '.join(made.hosts)}; environment: {state / FILE}")
        print(f"next: calipso env add {state / FILE} && calipso scan --env plain")
    elif what == "down":
        print("taken down" if lab.down(state) else "no lab was up")
    elif what == "expect":
        print(expected(d.lab(hosts)).text())
    else:
        running = lab.status(state)
        if running is None:
            raise LabError(f"no lab runs that {state} tells of: python -m labs.plain up")
        if what == "environment":
            print(environment(running), end="")
        else:
            for name, pid in running.hosts.items():
                print(f"{name}\tpid {pid}\tnsenter --target {pid} --all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
