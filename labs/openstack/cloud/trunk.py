"""Makes an instance whose NIC is a trunk: its own network untagged, a tenant's as a VLAN in it; `delete` ends it."""

from __future__ import annotations

import sys
import time
from typing import Any

from labs.openstack import declaration as d
from labs.openstack.cloud.connecting import connect

VM, HOST, INNER_VLAN, PATIENCE = "red-trunk", d.COMPUTES[-1].name, 200, 120


def main() -> None:
    cloud = connect(d.TENANTS[0].project)
    network, compute = cloud.network, cloud.compute
    if sys.argv[1:] == ["delete"]:
        delete(network, compute)
    else:
        make(cloud)


def make(cloud: Any) -> None:
    network, compute = cloud.network, cloud.compute
    # the parent on the network with the larger MTU: no subport may have a larger one than its parent
    parent = network.find_port("trunk-parent") or network.create_port(
        name="trunk-parent", network_id=network.find_network(d.VLAN.name).id
    )
    inner = network.find_port("trunk-sub") or network.create_port(
        name="trunk-sub", network_id=network.find_network(d.TENANTS[0].name).id
    )
    below = {"port_id": inner.id, "segmentation_type": "vlan", "segmentation_id": INNER_VLAN}
    trunk = network.find_trunk("trunk0") or network.create_trunk(name="trunk0", port_id=parent.id, sub_ports=[below])
    server = compute.find_server(VM) or compute.create_server(
        name=VM, image_id=cloud.image.find_image("halt").id, flavor_id=compute.find_flavor("nano").id,
        networks=[{"port": parent.id}], availability_zone=f"nova:{HOST}",
    )  # fmt: skip
    compute.wait_for_server(server, wait=PATIENCE, interval=1)
    deadline = time.monotonic() + PATIENCE
    while network.get_trunk(trunk.id).status != "ACTIVE" or network.get_port(inner.id).status != "ACTIVE":
        if time.monotonic() > deadline:
            sys.exit(f"the trunk is not active after {PATIENCE} s")
        time.sleep(1)


def delete(network: Any, compute: Any) -> None:
    server = compute.find_server(VM)
    compute.delete_server(server)
    compute.wait_for_delete(server, wait=PATIENCE)
    network.delete_trunk(network.find_trunk("trunk0"))
    for name in ("trunk-sub", "trunk-parent"):
        network.delete_port(network.find_port(name))


if __name__ == "__main__":
    main()
