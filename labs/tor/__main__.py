"""`python -m labs.tor up|down|status|expect|move HOST PORT`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from labs.plain.running import LabError
from labs.tor import declaration as d
from labs.tor import lab
from labs.tor.expectation import expected


def main() -> int:
    """0 when done, 1 with a reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m labs.tor", description="two hosts cabled to a switch")
    parser.add_argument("what", choices=["up", "down", "status", "expect", "move"])
    parser.add_argument("cable", nargs="*", help="for move: the host and the free port that its cable goes to")
    parser.add_argument("--state", type=Path, default=lab.default_state(), help="folder that notes what runs")
    asked = parser.parse_args()
    try:
        do(asked.what, asked.state.absolute(), asked.cable)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


def do(what: str, state: Path, cable: list[str]) -> None:
    """Raises `LabError`."""
    if what == "up":
        lab.up(state)
        print(f"next: calipso env add {state / lab.FILE} && calipso scan --env tor")
        return
    if what == "down":
        print("taken down" if lab.down(state) else "no lab was up")
        return
    running = lab.status(state)
    if what == "expect":
        print(expected(running.lab if running is not None else d.Lab()).text())
        return
    if running is None:
        raise LabError(f"no lab runs that {state} tells of: python -m labs.tor up")
    if what == "move":
        free = set(running.lab.ports) - {port for _, port in running.lab.cables}
        if len(cable) != 2 or cable[0] not in running.lab.hosts or cable[1] not in free:
            raise LabError(f"move one of {', '.join(running.lab.hosts)} to one of {', '.join(sorted(free))}")
        running.move(*cable)
    for host, port in running.lab.cables:
        print(f"{host} {d.NIC}\t{d.TOR} {port}\tnsenter --target {running.holders[host].first} --all")


if __name__ == "__main__":
    sys.exit(main())
