"""`python -m labs.docker up|down|status`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from labs.docker import lab
from labs.plain.running import LabError


def main() -> int:
    """0 when done, 1 with a reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m labs.docker", description="two hosts with Docker engines")
    parser.add_argument("what", choices=["up", "down", "status"])
    parser.add_argument("--state", type=Path, default=lab.default_state(), help="folder that notes what runs")
    asked = parser.parse_args()
    state = asked.state.absolute()
    try:
        if asked.what == "up":
            made = lab.up(state)
            print(f"hosts {', '.join(made.holders)}; environment: {state / lab.FILE}")
            print(f"next: calipso env add {state / lab.FILE} && calipso scan --env docker")
        elif asked.what == "down":
            print("taken down" if lab.down(state) else "no lab was up")
        else:
            print((state / lab.NOTE).read_text() if (state / lab.NOTE).exists() else "no lab is up")
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
