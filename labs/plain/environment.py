"""The lab as an environment of Calipso."""

from __future__ import annotations

import yaml

from labs.plain.running import Running


def environment(running: Running) -> str:
    """The environment's YAML: hosts by the pids of their first processes."""
    hosts = {name: {"pid_file": str(running.state / f"{name}.pid")} for name in running.pids}
    said = {
        "name": "plain",
        "type": "Plain",
        "namespaces": "instances",
        "service_patterns": ["router-", "dhcp-"],
        "hosts": hosts,
    }
    return str(yaml.safe_dump(said, sort_keys=False))
