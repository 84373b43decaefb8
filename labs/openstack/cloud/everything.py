"""Creates, updates and deletes one of everything, so that the cloud sends its notifications.

`create`, `update`, `exercise`, `delete`: only that part, in this order; what it is about is found by name.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from labs.openstack import declaration as d
from labs.openstack.cloud.connecting import connect, modes

HOST, PATIENCE = d.COMPUTES[-1].name, 120
PARTS = ("create", "update", "exercise", "delete")
PROJECT, GROUP, VM = "ev-project", "ev-group", "ev-vm"
CHANGED = "2"
"""What a name ends with after it was updated."""


def main() -> None:
    cloud = connect()
    do = {"create": create, "update": update, "exercise": exercise, "delete": delete}
    for part in sys.argv[1:] or PARTS:
        do[part](cloud)


def create(cloud: Any) -> None:
    cloud.identity.create_project(name=PROJECT, domain_id="default")
    network = cloud.network
    net = network.create_network(name="ev-net")
    subnet = network.create_subnet(name="ev-subnet", network_id=net.id, ip_version=4, cidr="10.9.0.0/24")
    group = network.create_security_group(name=GROUP)
    network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22
    )
    network.create_port(name="ev-port", network_id=net.id, security_group_ids=[group.id])
    outside = network.find_network(d.EXTERNAL.name)
    router = network.create_router(
        name="ev-router",
        external_gateway_info={"network_id": outside.id},
        **({"is_ha": True} if _redundant(cloud) else {}),
    )
    network.add_interface_to_router(router, subnet_id=subnet.id)
    server = cloud.compute.create_server(
        name=VM, image_id=cloud.image.find_image("halt").id, flavor_id=cloud.compute.find_flavor("nano").id,
        networks=[{"uuid": net.id}], availability_zone=f"nova:{HOST}",
    )  # fmt: skip
    server = cloud.compute.wait_for_server(server, wait=PATIENCE, interval=1)
    floating = network.create_ip(floating_network_id=outside.id, description=VM)
    network.update_ip(floating, port_id=_nic(cloud, server).id)


def update(cloud: Any) -> None:
    """Renames; the floating IP leads to the loose port instead, the instance is off."""
    network = cloud.network
    cloud.identity.update_project(cloud.identity.find_project(PROJECT), description="changed")
    network.update_network(network.find_network("ev-net"), name=f"ev-net{CHANGED}")
    network.update_subnet(network.find_subnet("ev-subnet"), name=f"ev-subnet{CHANGED}")
    network.update_security_group(network.find_security_group(GROUP), description="changed")
    network.update_router(network.find_router("ev-router"), name=f"ev-router{CHANGED}")
    port = network.update_port(network.find_port("ev-port"), name=f"ev-port{CHANGED}")
    network.update_ip(_floating(cloud), port_id=port.id)
    compute = cloud.compute
    server = compute.update_server(compute.find_server(VM), name=f"{VM}{CHANGED}")
    compute.stop_server(server)
    _wait(compute, server, "SHUTOFF")


def exercise(cloud: Any) -> None:
    """All else that can be done to an instance; it runs at the end."""
    compute = cloud.compute
    server = compute.find_server(f"{VM}{CHANGED}")
    cloud.network.update_ip(_floating(cloud), port_id=None)
    for do, status in (
        (compute.start_server, "ACTIVE"), (compute.pause_server, "PAUSED"), (compute.unpause_server, "ACTIVE"),
        (compute.suspend_server, "SUSPENDED"), (compute.resume_server, "ACTIVE"), (_reboot(compute), "ACTIVE"),
    ):  # fmt: skip
        do(server)
        _wait(compute, server, status)


def delete(cloud: Any) -> None:
    """Of a part that was not updated the names are the first ones."""
    network, compute = cloud.network, cloud.compute
    server = compute.find_server(f"{VM}{CHANGED}") or compute.find_server(VM)
    compute.delete_server(server)
    compute.wait_for_delete(server, wait=PATIENCE)
    network.delete_ip(_floating(cloud))
    router, subnet, net = (_either(network, kind) for kind in ("router", "subnet", "network"))
    network.remove_interface_from_router(router, subnet_id=subnet.id)
    network.delete_router(router)
    network.delete_port(_either(network, "port"))
    group = network.find_security_group(GROUP)
    network.delete_security_group_rule(group.security_group_rules[0]["id"])
    network.delete_security_group(group)
    network.delete_subnet(subnet)
    network.delete_network(net)
    cloud.identity.delete_project(cloud.identity.find_project(PROJECT))


def _redundant(cloud: Any) -> bool:
    """Whether agents do what routers are for, one of several for each; OVN and distributed routers do without."""
    return "legacy" in modes(cloud)


def _either(network: Any, kind: str) -> Any:
    find, short = getattr(network, f"find_{kind}"), {"network": "net"}.get(kind, kind)
    return find(f"ev-{short}{CHANGED}") or find(f"ev-{short}")


def _floating(cloud: Any) -> Any:
    return next(iter(cloud.network.ips(description=VM)))


def _nic(cloud: Any, server: Any) -> Any:
    return next(iter(cloud.network.ports(device_id=server.id)))


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
