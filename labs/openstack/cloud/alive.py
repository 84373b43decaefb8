"""Waits until the cloud says that every agent and every compute service is alive."""

from __future__ import annotations

import sys
import time
from typing import Any

from labs.openstack import declaration as d
from labs.openstack.cloud.connecting import connect

PATIENCE = 180.0
OF_HOSTS = {"ovs": "neutron-openvswitch-agent", "ovn": "ovn-controller", "calico": "calico-felix"}
"""Mechanism driver → the agent that every host has, of Calico every host of instances."""


def main() -> None:
    cloud = connect()
    deadline = time.monotonic() + PATIENCE
    while missing := _missing(cloud, *sys.argv[1:3]):
        if time.monotonic() > deadline:
            sys.exit(f"not alive after {PATIENCE:g} s: {', '.join(missing)}")
        time.sleep(1)


def _missing(cloud: Any, mechanism: str, routers: str) -> list[str]:
    hosts = d.COMPUTES if mechanism == "calico" else d.HOSTS
    wanted = {(OF_HOSTS[mechanism], host.name) for host in hosts} | {("nova-compute", host.name) for host in d.COMPUTES}
    if mechanism == "ovs":
        wanted |= {(f"neutron-{agent}-agent", host) for agent, host in d.agents(routers)}
    there = {(agent.binary, agent.host) for agent in cloud.network.agents() if agent.is_alive}
    there |= {(service.binary, service.host) for service in cloud.compute.services() if service.state == "up"}
    return sorted(f"{binary} on {host}" for binary, host in wanted - there)


if __name__ == "__main__":
    main()
