"""The lab as an environment of Calipso."""

from __future__ import annotations

import yaml

from labs.plain import declaration as d
from labs.plain.running import Running

FILE = "plain.yaml"


def environment(running: Running) -> str:
    """The environment's YAML: hosts by the files that tell the pids of their first processes."""
    said = {
        "name": "plain",
        "type": "Plain",
        "namespaces": "instances",
        "service_patterns": list(d.PATTERNS),
        "hosts": {host.name: {"pid_file": str(running.state / f"{host.name}.pid")} for host in running.lab.hosts},
    }
    return str(yaml.safe_dump(said, sort_keys=False))
