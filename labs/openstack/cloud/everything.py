"""Creates, updates and deletes one of everything, so that the cloud sends its notifications."""

from __future__ import annotations

import sys
import time
from typing import Any

from labs.openstack import declaration as d
from labs.openstack.cloud.connecting import connect

HOST, PATIENCE = d.COMPUTES[-1].name, 120


def main() -> None:
    cloud = connect()
    identity, network = cloud.identity, cloud.network
    project = identity.create_project(name="ev-project", domain_id="default")
    identity.update_project(project, description="changed")
    net = network.create_network(name="ev-net")
    network.update_network(net, name="ev-net2")
    subnet = network.create_subnet(name="ev-subnet", network_id=net.id, ip_version=4, cidr="10.9.0.0/24")
    network.update_subnet(subnet, name="ev-subnet2")
    group = network.create_security_group(name="ev-group")
    network.update_security_group(group, description="changed")
    rule = network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22
    )
    port = network.create_port(name="ev-port", network_id=net.id, security_group_ids=[group.id])
    network.update_port(port, name="ev-port2")
    router = _router(network, subnet)
    floating = network.create_ip(floating_network_id=network.find_network(d.EXTERNAL.name).id)
    network.update_ip(floating, port_id=port.id)
    network.update_ip(floating, port_id=None)
    _instance(cloud, net)
    network.delete_ip(floating)
    network.remove_interface_from_router(router, subnet_id=subnet.id)
    network.delete_router(router)
    network.delete_port(port)
    network.delete_security_group_rule(rule)
    network.delete_security_group(group)
    network.delete_subnet(subnet)
    network.delete_network(net)
    identity.delete_project(project)


def _router(network: Any, subnet: Any) -> Any:
    outside = {"network_id": network.find_network(d.EXTERNAL.name).id}
    router = network.create_router(name="ev-router", external_gateway_info=outside)
    network.update_router(router, name="ev-router2")
    network.add_interface_to_router(router, subnet_id=subnet.id)
    return router


def _instance(cloud: Any, net: Any) -> None:
    compute = cloud.compute
    server = compute.create_server(
        name="ev-vm", image_id=cloud.image.find_image("halt").id, flavor_id=compute.find_flavor("nano").id,
        networks=[{"uuid": net.id}], availability_zone=f"nova:{HOST}",
    )  # fmt: skip
    server = compute.wait_for_server(server, wait=PATIENCE, interval=1)
    compute.update_server(server, name="ev-vm2")
    for do, status in (
        (compute.pause_server, "PAUSED"), (compute.unpause_server, "ACTIVE"), (compute.suspend_server, "SUSPENDED"),
        (compute.resume_server, "ACTIVE"), (_reboot(compute), "ACTIVE"), (compute.stop_server, "SHUTOFF"),
        (compute.start_server, "ACTIVE"),
    ):  # fmt: skip
        do(server)
        _wait(compute, server, status)
    compute.delete_server(server)
    compute.wait_for_delete(server, wait=PATIENCE)


def _wait(compute: Any, server: Any, status: str) -> None:
    """Until nothing goes on any more: the status alone stays as it is during a reboot."""
    deadline = time.monotonic() + PATIENCE
    while (now := compute.get_server(server)).status != status or now.task_state is not None:
        if now.status == "ERROR" or time.monotonic() > deadline:
            sys.exit(f"{server.name} is {now.status} ({now.task_state}), not {status}")
        time.sleep(1)


def _reboot(compute: Any) -> Any:
    """A guest that halts takes no other notice of it."""
    return lambda server: compute.reboot_server(server, "HARD")


if __name__ == "__main__":
    main()
