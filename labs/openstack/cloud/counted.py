"""Prints what the cloud has, as JSON: kind → how many."""

from __future__ import annotations

import json

from labs.openstack.cloud.connecting import connect


def main() -> None:
    cloud = connect()
    network = cloud.network
    kinds = {
        "instances": cloud.compute.servers(all_projects=True, status="ACTIVE"), "networks": network.networks(),
        "subnets": network.subnets(), "routers": network.routers(), "ports": network.ports(),
        "floating IPs": network.ips(), "agents": network.agents(),
    }  # fmt: skip
    print(json.dumps({kind: len(list(each)) for kind, each in kinds.items()}))


if __name__ == "__main__":
    main()
