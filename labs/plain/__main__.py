"""`python -m labs.plain up|down|status|environment|expect`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from labs.plain import running
from labs.plain.environment import environment
from labs.plain.expectation import expected


def main() -> int:
    """0 when done, 1 with a reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m labs.plain", description=__doc__)
    parser.add_argument("what", choices=["up", "down", "status", "environment", "expect"])
    parser.add_argument("--state", type=Path, default=running.default_state(), help="where the lab notes what runs")
    parser.add_argument("--hosts", type=int, default=2, help="how many hosts, two at least")
    asked = parser.parse_args()
    try:
        return do(asked.what, asked.state, asked.hosts)
    except running.LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def do(what: str, state: Path, hosts: int) -> int:
    if what == "up":
        made = running.up(state, hosts)
        file = state / "plain.yaml"
        file.write_text(environment(made))
        print(f"hosts {', '.join(made.pids)}; environment: {file}")
        print(f"next: calipso add {file} && calipso scan --env plain")
    elif what == "down":
        running.down(state)
    elif what == "expect":
        graph = expected(running.d.lab(hosts))
        for id, (kind, type) in sorted(graph.objects.items()):
            print(f"{id}  {kind}  {type}")
        for link in sorted(graph.links):
            print("  ".join(link))
    else:
        made_or_none = running.status(state)
        if made_or_none is None:
            print("no lab runs", file=sys.stderr)
            return 1
        print(environment(made_or_none) if what == "environment" else made_or_none.pids)
    return 0


if __name__ == "__main__":
    sys.exit(main())
