"""Waits until the cloud says that every agent and every compute service is alive."""

from __future__ import annotations

import sys
import time
from typing import Any

from labs.openstack import declaration as d
from labs.openstack.cloud.connecting import connect

PATIENCE = 180.0


def main() -> None:
    cloud = connect()
    deadline = time.monotonic() + PATIENCE
    while missing := _missing(cloud, *sys.argv[1:3]):
        if time.monotonic() > deadline:
            sys.exit(f"not alive after {PATIENCE:g} s: {', '.join(missing)}")
        time.sleep(1)


def _missing(cloud: Any, mechanism: str, routers: str) -> list[str]:
    every = "ovn-controller" if mechanism == "ovn" else "neutron-openvswitch-agent"
    wanted = {(every, host.name) for host in d.HOSTS} | {("nova-compute", host.name) for host in d.COMPUTES}
    if mechanism == "ovs":
        wanted |= {(f"neutron-{agent}-agent", host) for agent, host in d.agents(routers)}
    there = {(agent.binary, agent.host) for agent in cloud.network.agents() if agent.is_alive}
    there |= {(service.binary, service.host) for service in cloud.compute.services() if service.state == "up"}
    return sorted(f"{binary} on {host}" for binary, host in wanted - there)


if __name__ == "__main__":
    main()
