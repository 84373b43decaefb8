"""Orders what a cloud may serve besides: a load balancer, and where Neutron knows them a firewall and a VPN."""

from __future__ import annotations

from typing import Any

from labs.openstack import declaration as d

VIP = "Octavia"
"""Owner of the port of a load balancer's address."""
FIREWALLS, VPNS = "fwaas_v2", "vpnaas"
STRONG = {"auth_algorithm": "sha256", "encryption_algorithm": "aes-256", "pfs": "group14"}
"""Its database takes none of the algorithms that VPNaaS 29 has as defaults."""
FAR = "198.51.100.7"


def order(cloud: Any, project: str) -> None:
    """Whatever of it is not there yet."""
    known = {each.alias for each in cloud.network.extensions()}
    if FIREWALLS in known:
        _firewall(cloud.network, project)
    if VPNS in known:
        _vpn(cloud.network, project)
    if not cloud.load_balancer.find_load_balancer(f"lb-{d.SERVED}"):
        subnet = _subnet(cloud.network)
        port = cloud.network.create_port(
            name=f"lb-{d.SERVED}", network_id=subnet.network_id, project_id=project, device_owner=VIP
        )
        cloud.load_balancer.create_load_balancer(name=f"lb-{d.SERVED}", vip_port_id=port.id, project_id=project)


def _subnet(network: Any) -> Any:
    return network.find_subnet(f"net-{d.SERVED}-subnet")


def _firewall(network: Any, project: str) -> None:
    """On the port by which the router serves its network."""
    name = f"fw-{d.SERVED}"
    if network.find_firewall_group(name):
        return
    own = {"project_id": project}
    rules = [
        network.create_firewall_rule(name="web", action="allow", protocol="tcp", destination_port="80", **own).id,
        network.create_firewall_rule(name="rest", action="deny", **own).id,
    ]
    policy = network.create_firewall_policy(name=f"{name}-policy", firewall_rules=rules, **own)
    router = network.find_router(f"router-{d.SERVED}")
    inside = next(
        each.id for each in network.ports(device_id=router.id)
        if any(fixed["subnet_id"] == _subnet(network).id for fixed in each.fixed_ips)
        and each.device_owner != "network:router_centralized_snat"
    )  # fmt: skip
    network.create_firewall_group(name=name, ports=[inside], ingress_firewall_policy_id=policy.id, **own)


def _vpn(network: Any, project: str) -> None:
    """From the router to a site that is not there."""
    name = f"vpn-{d.SERVED}"
    if network.find_vpn_service(name):
        return
    own = {"project_id": project}
    exchange = network.create_vpn_ike_policy(name=f"{name}-ike", ike_version="v2", **STRONG, **own)
    policy = network.create_vpn_ipsec_policy(name=f"{name}-ipsec", **STRONG, **own)
    router = network.find_router(f"router-{d.SERVED}")
    service = network.create_vpn_service(name=name, router_id=router.id, **own)
    here = network.create_vpn_endpoint_group(type="subnet", endpoints=[_subnet(network).id], **own)
    there = network.create_vpn_endpoint_group(type="cidr", endpoints=["10.8.0.0/16"], **own)
    network.create_vpn_ipsec_site_connection(
        name="to-the-branch", vpnservice_id=service.id, ikepolicy_id=exchange.id, ipsecpolicy_id=policy.id,
        peer_address=FAR, peer_id=FAR, psk=d.KEY_OF_VPN, local_ep_group_id=here.id, peer_ep_group_id=there.id, **own,
    )  # fmt: skip
