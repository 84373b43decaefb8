"""Makes the declared tenants, networks, routers and instances, as far as they are not there.

A guest is a raw disk of 1 MiB whose boot sector halts: it does nothing, but its domain, tap, port and rules are real.
"""

from __future__ import annotations

import io
import sys
import time
from typing import Any

from openstack.exceptions import SDKException

from labs.openstack import declaration as d
from labs.openstack.cloud.connecting import connect, modes
from labs.openstack.cloud.ordering import VIP, order

PATIENCE = 240
NOBODYS = {"network:floatingip", VIP}
"""Owners of ports that are plugged nowhere."""
OF_OVN = {"network:distributed", "network:router_gateway"}
"""Those that no agent plugs: what serves DHCP and metadata; gateways, which on a busy machine may stay down though OVN
has them up: Neutron asks once which chassis it is, and OVN may not know yet."""
HALT = b"\xfa\xf4\xeb\xfc"
"""cli; hlt; and back to hlt."""
PARTITION = bytes([0x80, 0, 2, 0, 0x83, 0, 0x21, 0]) + (1).to_bytes(4, "little") + (2047).to_bytes(4, "little")
"""An entry of the partition table: without one, Glance refuses the disk."""


def main() -> None:
    cloud = connect()
    projects = {net.project: _project(cloud, net.project) for net in d.TENANTS}
    image, flavor = _image(cloud), _flavor(cloud)
    mechanism = sys.argv[1]
    nets = {net.name: _network(cloud, net, projects) for net in d.networks(mechanism)}
    distributed = "dvr_snat" in modes(cloud)
    for net in d.TENANTS:
        _group(cloud, f"web-{net.project}", projects[net.project])
        if d.EXTERNAL.name in nets:
            _router(cloud, net, projects[net.project], nets)
        if distributed:
            _first(cloud, d.CTL.name)
    booting = []
    for vm in d.vms(mechanism):
        booting.append((vm, *_boot(vm, image, flavor, nets)))
        if distributed:
            _first(cloud, vm.host)
    for vm, tenant, server in booting:
        _running(cloud, tenant, server)
        if vm.floating:
            _floating(cloud, server, nets, projects[vm.project])
    if mechanism != "calico":
        order(cloud, projects[d.SERVED].id)
    _settle(cloud)


def _running(cloud: Any, tenant: Any, server: Any) -> None:
    """Wait until an instance runs; what Nova says of one that does not is told: the lab may be gone when one looks."""
    try:
        tenant.compute.wait_for_server(server, status="ACTIVE", wait=PATIENCE, interval=1)
    except SDKException as error:
        now = cloud.compute.get_server(server.id)
        fault = now.fault or {}
        raise SystemExit(
            f"instance {server.name} is {now.status} ({now.task_state or 'no task'}) on {now.hypervisor_hostname}: "
            f"{fault.get('message', 'Nova says nothing of why')}\n{fault.get('details', '')}"
        ) from error


def _project(cloud: Any, name: str) -> Any:
    identity = cloud.identity
    project = identity.find_project(name) or identity.create_project(name=name, domain_id="default")
    user = identity.find_user(name) or identity.create_user(
        name=name, password=d.PASSWORD, domain_id="default", default_project_id=project.id
    )
    identity.assign_project_role_to_user(project, user, identity.find_role("member"))
    identity.assign_project_role_to_user(project, identity.find_user("admin"), identity.find_role("admin"))
    return project


def _image(cloud: Any) -> Any:
    disk = bytearray(1 << 20)
    disk[0 : len(HALT)] = HALT
    disk[446:462] = PARTITION
    disk[510:512] = b"\x55\xaa"
    return cloud.image.find_image("halt") or cloud.image.create_image(
        name="halt", disk_format="raw", container_format="bare", visibility="public", data=io.BytesIO(bytes(disk)),
        hw_video_model="none", validate_checksum=False,
    )  # fmt: skip


def _flavor(cloud: Any) -> Any:
    compute = cloud.compute
    return compute.find_flavor("nano") or compute.create_flavor(name="nano", ram=48, vcpus=1, disk=0, flavor_id="nano")


def _network(cloud: Any, net: d.Network, projects: dict[str, Any]) -> Any:
    found = cloud.network.find_network(net.name)
    if found:
        return found
    said: dict[str, Any] = {"project_id": projects[net.project].id} if net.project else {}
    below: dict[str, Any] = dict(said)
    if net.project:
        gateway = net.cidr.replace(".0/24", ".254")
        below |= {"dns_nameservers": ["192.0.2.53"], "host_routes": [
            {"destination": "198.51.100.0/24", "nexthop": gateway}]}  # fmt: skip
    else:
        said |= {"provider_physical_network": d.PHYSNET, "provider_network_type": "vlan" if net.vlan else "flat"}
    if net.vlan:
        said |= {"provider_segmentation_id": net.vlan, "is_shared": True}
    if net.external:
        said |= {"is_router_external": True}
        pool = {key: net.cidr.replace(".0/24", f".{last}") for key, last in (("start", 100), ("end", 200))}
        below |= {"gateway_ip": d.PROVIDER_GATEWAY, "is_dhcp_enabled": False, "allocation_pools": [pool]}
    made = cloud.network.create_network(name=net.name, **said)
    cloud.network.create_subnet(name=f"{net.name}-subnet", network_id=made.id, ip_version=4, cidr=net.cidr, **below)
    return made


def _router(cloud: Any, net: d.Network, project: Any, nets: dict[str, Any]) -> None:
    network, name = cloud.network, f"router-{net.project}"
    if not network.find_router(name):
        outside = {"network_id": nets[d.EXTERNAL.name].id}
        router = network.create_router(name=name, project_id=project.id, external_gateway_info=outside)
        network.add_interface_to_router(router, subnet_id=network.find_subnet(f"{net.name}-subnet").id)


def _group(cloud: Any, name: str, project: Any) -> None:
    network = cloud.network
    if not network.find_security_group(name):
        made = network.create_security_group(name=name, project_id=project.id)
        own = {"security_group_id": made.id, "direction": "ingress", "project_id": project.id}
        network.create_security_group_rule(protocol="tcp", port_range_min=80, port_range_max=80, **own)
        network.create_security_group_rule(protocol="icmp", remote_ip_prefix="0.0.0.0/0", **own)


def _boot(vm: d.Vm, image: Any, flavor: Any, nets: dict[str, Any]) -> tuple[Any, Any]:
    tenant = connect(vm.project)
    server = tenant.compute.find_server(vm.name) or tenant.compute.create_server(
        name=vm.name, image_id=image.id, flavor_id=flavor.id,
        networks=[{"uuid": nets[each].id} for each in vm.networks],
        availability_zone=f"nova:{vm.host}", security_groups=[{"name": f"web-{vm.project}"}],
    )  # fmt: skip
    return tenant, server


def _floating(cloud: Any, server: Any, nets: dict[str, Any], project: Any) -> None:
    port = next(iter(cloud.network.ports(device_id=server.id)))
    if not list(cloud.network.ips(port_id=port.id)):
        outside = nets[d.EXTERNAL.name].id
        cloud.network.create_ip(floating_network_id=outside, port_id=port.id, project_id=project.id)


def _first(cloud: Any, host: str) -> None:
    """Until a host has its way for floating IPs: two routers that come at once make two, one of which stays unused."""
    owner = "network:floatingip_agent_gateway"
    deadline = time.monotonic() + PATIENCE
    while not any(port.status == "ACTIVE" and port.binding_host_id == host
                  for port in cloud.network.ports(device_owner=owner)):  # fmt: skip
        if time.monotonic() > deadline:
            sys.exit(f"no way for floating IPs on {host} after {PATIENCE} s")
        time.sleep(1)


def _settle(cloud: Any) -> None:
    """Until every port that anything plugs is active."""
    deadline = time.monotonic() + PATIENCE
    nobodys = NOBODYS if modes(cloud) else {*NOBODYS, *OF_OVN}
    while down := [port.id for port in cloud.network.ports()
                   if port.status != "ACTIVE" and port.device_owner not in nobodys]:  # fmt: skip
        if time.monotonic() > deadline:
            sys.exit(f"ports not active after {PATIENCE} s: {', '.join(down)}")
        time.sleep(1)


if __name__ == "__main__":
    main()
