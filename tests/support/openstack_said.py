"""A made-up cloud that says everything its APIs can say, and a transport that answers for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from calipso.model.record import Observation, Record, Seen
from calipso.seams import Http, Reply, Request, SourceConfig
from calipso.sources.openstack import SOURCE
from calipso.sources.openstack.collect import EXTENSIONS, LISTINGS

Row = dict[str, Any]
SERVICES = ["compute", "identity", "image", "load-balancer", "network", "placement"]
COMMON: Row = {
    "description": "said",
    "tags": ["b", "a"],
    "project_id": "p1",
    "admin_state_up": True,
    "status": "ACTIVE",
}
QOS: Row = {"qos_policy_id": "q1"}

OBJECTS: dict[str, list[Row]] = {
    "regions": [{"id": "one", "description": "first", "parent_region_id": "all"}],
    "services": [{"id": "s1", "type": "compute", "name": "nova"}],
    "endpoints": [
        {"id": "e1", "service_id": "s1", "interface": "public", "url": "https://compute", "region_id": "one"},
    ],
    "projects": [
        {"id": "p1", "name": "red", "description": "said", "domain_id": "default", "parent_id": "default"},
    ],
    "servers": [{
        "id": "i1", "name": "web", "status": "ACTIVE", "tenant_id": "p1", "OS-EXT-SRV-ATTR:host": "cmp1",
        "OS-EXT-SRV-ATTR:hypervisor_hostname": "node-7", "OS-EXT-SRV-ATTR:instance_name": "instance-01",
        "OS-EXT-SRV-ATTR:hostname": "web", "OS-EXT-AZ:availability_zone": "az1", "OS-EXT-STS:task_state": "rebooting",
        "OS-EXT-STS:vm_state": "active", "OS-EXT-STS:power_state": 1, "created": "2026-01-01T00:00:00Z",
        "os-extended-volumes:volumes_attached": [{"id": "v1"}], "image": {"id": "im1"}, "flavor": {"id": "f1"},
        "addresses": {"net": [{"addr": "10.0.0.5", "version": 4}]}, "description": "said", "locked": True,
        "tags": ["b", "a"], "OS-EXT-SRV-ATTR:user_data": "never", "metadata": {"password": "never"},
    }],
    "flavors": [{"id": "f1", "name": "small", "vcpus": 2, "ram": 512, "disk": 1}],
    "images": [{"id": "im1", "name": "debian"}],
    "hypervisors": [
        {"id": 1, "hypervisor_hostname": "cmp1.example.org", "service": {"host": "cmp1"}, "hypervisor_type": "QEMU",
         "hypervisor_version": 7002022, "host_ip": "192.0.2.21", "state": "up", "status": "enabled"},
        {"id": 2, "hypervisor_hostname": "1b50a0ae", "service": {"host": "ctl"}, "hypervisor_type": "ironic"},
    ],
    "nova_services": [
        {"id": 1, "binary": "nova-compute", "host": "cmp1", "zone": "az1", "status": "disabled", "state": "up",
         "disabled_reason": "broken fan"},
        {"id": 2, "binary": "nova-conductor", "host": "ctl", "zone": "internal", "status": "enabled", "state": "up"},
    ],
    "aggregates": [{"id": 3, "name": "fast", "uuid": "a3", "availability_zone": "az1", "hosts": ["cmp1"],
                    "metadata": {"ssd": "true"}}],
    "zones": [{"zoneName": "az1", "zoneState": {"available": True}, "hosts": {"cmp1": {}}}],
    "networks": [{
        "id": "n1", "name": "net", "mtu": 1450, "shared": False, "router:external": False, "vlan_transparent": True,
        "port_security_enabled": True, "provider:network_type": "vlan", "provider:physical_network": "physnet1",
        "provider:segmentation_id": 101, "subnets": ["sn1"], "availability_zones": ["az1"],
        "dns_domain": "example.org.", **COMMON, **QOS,
    }],
    "segments": [{"id": "sg1", "network_id": "n1", "network_type": "vlan", "physical_network": "physnet1",
                  "segmentation_id": 101, "name": "rack 1"}],
    "subnets": [{
        "id": "sn1", "name": "subnet", "network_id": "n1", "cidr": "2001:db8::/64", "ip_version": 6,
        "gateway_ip": "2001:db8::1", "enable_dhcp": True, "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac",
        "allocation_pools": [{"start": "2001:db8::2", "end": "2001:db8::ff"}], "segment_id": "sg1",
        "host_routes": [{"destination": "::/0", "nexthop": "2001:db8::9"}], "dns_nameservers": ["2001:db8::53"],
        "service_types": ["compute:nova"], "subnetpool_id": "pool", **COMMON,
    }],
    "ports": [{
        "id": "po1", "name": "port", "network_id": "n1", "mac_address": "FA-16-3E-00-00-01", "device_id": "i1",
        "device_owner": "compute:nova", "port_security_enabled": True, "binding:host_id": "cmp1",
        "binding:vnic_type": "normal", "binding:vif_type": "ovs", "binding:vif_details": {"port_filter": True},
        "binding:profile": {"pci_slot": "0000:05:00.1"}, "security_groups": ["g1"], "dns_name": "web",
        "fixed_ips": [{"subnet_id": "sn1", "ip_address": "2001:DB8::5"}],
        "allowed_address_pairs": [{"ip_address": "10.0.0.9", "mac_address": "fa:16:3e:00:00:01"}], **COMMON, **QOS,
    }],
    "routers": [{
        "id": "r1", "name": "router", "distributed": True, "ha": True, "availability_zones": ["az1"],
        "routes": [{"destination": "::/0", "nexthop": "2001:db8::9"}],
        "external_gateway_info": {"network_id": "n1", "enable_snat": True,
                                  "external_fixed_ips": [{"subnet_id": "sn1", "ip_address": "2001:db8::7"}]}, **COMMON,
    }],
    "floating_ips": [{
        "id": "fl1", "floating_ip_address": "192.0.2.9", "floating_network_id": "n1", "fixed_ip_address": "10.0.0.5",
        "port_id": "po1", "router_id": "r1", "port_forwardings": [{"external_port": 80, "internal_port": 8080}],
        "dns_domain": "example.org.", **COMMON, **QOS,
    }],
    "trunks": [{"id": "t1", "name": "trunk", "port_id": "po9", **COMMON,
                "sub_ports": [{"port_id": "po1", "segmentation_type": "vlan", "segmentation_id": 200}]}],
    "security_groups": [{
        "id": "g1", "name": "web", "stateful": True, "shared": False, **COMMON, "security_group_rules": [{
            "id": "ru1", "direction": "ingress", "ethertype": "IPv4", "protocol": 6, "port_range_min": 80,
            "port_range_max": 81, "remote_ip_prefix": "0.0.0.0/0", "remote_group_id": "g1",
            "remote_address_group_id": "ag1", "description": "said",
        }],
    }],
    "qos_policies": [{"id": "q1", "name": "slow", "rules": [{"id": "qr1", "type": "bandwidth_limit", "max_kbps": 9}]}],
    "load_balancers": [{
        **COMMON, "id": "lb1", "name": "web",
        "provisioning_status": "ACTIVE", "operating_status": "ONLINE", "provider": "amphora", "vip_address": "10.1.0.9",
        "vip_port_id": "port1", "vip_network_id": "n1", "vip_subnet_id": "sn1", "availability_zone": "east",
        "listeners": [{"id": "li1"}], "pools": [{"id": "po1"}], "created_at": "2026-01-31T00:00:00",
    }],
    "firewall_groups": [{
        **COMMON, "id": "fw1", "name": "edge", "shared": False, "ports": ["po1"],
        "ingress_firewall_policy_id": "fp1", "egress_firewall_policy_id": "fp1",
    }, {
        **COMMON, "id": "fw2", "name": "shared", "shared": True, "ports": [],
        "ingress_firewall_policy_id": "fp2", "egress_firewall_policy_id": "fp2",
    }, {
        **COMMON, "id": "fw3", "name": "of others", "shared": True, "ports": [], "egress_firewall_policy_id": "hidden",
    }],
    "firewall_policies": [
        {"id": "fp1", "name": "web only", "firewall_rules": ["fr2", "fr1"], "audited": True},
        {"id": "fp2", "name": "also of others", "firewall_rules": ["fr-not-seen", "fr1"]},
    ],
    "firewall_rules": [
        {"id": "fr1", "name": "rest", "action": "deny", "ip_version": 4, "enabled": True},
        {"id": "fr2", "name": "web", "action": "allow", "protocol": "tcp", "ip_version": 4, "enabled": True,
         "source_ip_address": "10.9.0.0/16", "source_port": "1024:65535", "destination_ip_address": "10.0.0.5",
         "destination_port": "443"},
    ],
    "vpn_services": [{
        **COMMON, "id": "vp1", "name": "branch", "router_id": "r1", "subnet_id": None,
        "external_v4_ip": "192.0.2.7", "external_v6_ip": "2001:DB8::7",
    }],
    "ipsec_connections": [{
        **COMMON, "id": "ic1", "name": "to the branch", "vpnservice_id": "vp1", "peer_address": "198.51.100.7",
        "peer_id": "branch", "peer_cidrs": [], "local_ep_group_id": "eg1", "peer_ep_group_id": "eg2",
        "initiator": "bi-directional", "mtu": 1500, "psk": "never", "ikepolicy_id": "ik1",
    }],
    "endpoint_groups": [{"id": "eg1", "type": "subnet", "endpoints": ["sn1"]},
                        {"id": "eg2", "type": "cidr", "endpoints": ["10.8.0.0/16"]}],
    "agents": [{
        "id": "ag1", "host": "cmp1", "agent_type": "L3 agent", "binary": "neutron-l3-agent", "admin_state_up": True,
        "alive": True, "availability_zone": "az1", "configurations": {
            "bridge_mappings": {"physnet1": "br-ex"}, "interface_mappings": {"physnet2": "eth2"}, "routers": 9,
            "tunnel_types": ["vxlan"], "tunneling_ip": "192.0.2.21",
        },
    }],
    "providers": [
        {"uuid": "rp1", "name": "cmp1.example.org", "root_provider_uuid": "rp1", "parent_provider_uuid": None},
        {"uuid": "rp2", "name": "cmp1.example.org_numa0", "root_provider_uuid": "rp1", "parent_provider_uuid": "rp1"},
        {"uuid": "rp3", "name": "1b50a0ae", "root_provider_uuid": "rp3", "parent_provider_uuid": None},
    ],
}  # fmt: skip
"""Listing → objects."""
VCPU: Row = {"VCPU": {"total": 8, "reserved": 1, "allocation_ratio": 4.0, "min_unit": 1, "max_unit": 8, "step_size": 1}}
DETAILED: dict[str, Row] = {
    "/resource_providers/rp1/inventories": {"resource_provider_generation": 7, "inventories": VCPU},
    "/resource_providers/rp2/inventories": {"inventories": {"PCPU": {"total": 2, "generation": 4}}},
    "/resource_providers/rp1/traits": {"traits": ["HW_CPU_X86_SSE2", "COMPUTE_NODE"]},
    "/os-quota-sets/p1": {"quota_set": {"id": "p1", "cores": 20, "ram": -1}},
    "/quotas/p1": {"quota": {"port": 500}},
    "/routers/r1/l3-agents": {"agents": [{"id": "ag2", "host": "cmp2", "ha_state": "standby"},
                                         {"id": "ag1", "host": "cmp1", "ha_state": "active"}]},
}  # fmt: skip
"""Path → what is told of one object; of others there is nothing."""


class MadeUpCloud:
    """Answers in pages of `size`; `statuses` (listing → status) are what is refused. `asked` is what was asked."""

    answers: frozenset[type[Request]] = frozenset({Http})

    def __init__(self, objects: dict[str, list[Row]] | None = None, *, size: int = 1000, oldest: bool = False) -> None:
        self.objects = OBJECTS if objects is None else objects
        self.size = size
        self.oldest = oldest
        self.statuses: dict[str, int] = {}
        self.services = list(SERVICES)
        self.extensions = ["fwaas_v2", "vpnaas"]
        self.asked: list[Http] = []

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Http)
        self.asked.append(request)
        if request.endpoint == "openstack:":
            return Reply(json.dumps({"region": "one", "services": self.services}).encode(), 200)
        if self.oldest and request.headers:
            return Reply(b'{"error": "no such version"}', 406)
        return self.page(request)

    def page(self, request: Http) -> Reply:
        service, parts = request.endpoint.removeprefix("openstack:"), urlsplit(request.path)
        if (service, parts.path) == ("network", EXTENSIONS.path) and EXTENSIONS.key not in self.statuses:
            known = [{"alias": alias, "name": alias} for alias in ("router", *self.extensions)]
            return Reply(json.dumps({EXTENSIONS.key: known}).encode(), 200)
        name = next((
            name for name, each in LISTINGS.items()
            if (each.service, each.path.partition("?")[0]) == (service, parts.path)
        ), "")  # fmt: skip
        for refused in (name, parts.path, parts.path.removeprefix("/")):
            if refused in self.statuses:
                return Reply(b"refused", self.statuses[refused])
        if not name:
            told = DETAILED.get(parts.path)
            return Reply(json.dumps(told or {}).encode(), 200 if told else 404)
        start = int(parse_qs(parts.query).get("marker", ["0"])[0])
        fields = parse_qs(parts.query).get("fields")
        found = [{key: row[key] for key in fields or row if key in row} for row in self.objects.get(name, [])]
        body: Row = {LISTINGS[name].key: found[start : start + self.size]}
        if start + self.size < len(found):
            following = f"https://cloud/prefix{parts.path}?marker={start + self.size}"
            following += "".join(f"&fields={each}" for each in fields or ())
            if service == "identity":
                body["links"] = {"next": following}
            elif service == "image":
                body["next"] = following
            else:
                body[f"{LISTINGS[name].key}_links"] = [
                    {"rel": "previous", "href": ""},
                    {"rel": "next", "href": following},
                ]
        return Reply(json.dumps(body).encode(), 200)

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise AssertionError("nothing is listened to")

    async def close(self) -> None:
        """Nothing is open."""


def said_by(cloud: MadeUpCloud, parts: frozenset[str] | None = None, **options: Any) -> list[Observation]:
    config = SourceConfig(host="openstack", options=options, parts=parts)

    async def read() -> list[Observation]:
        return [each async for each in SOURCE.collect(cloud, config)]

    return asyncio.run(read())


def records_of(observations: list[Observation]) -> dict[tuple[str, str], Record]:
    """(id, facet) → record."""
    found = [record for each in observations if isinstance(each, Seen) for record in each.records]
    return {(each.id, each.facet): each for each in found}


def everything() -> list[Record]:
    return list(records_of(said_by(MadeUpCloud())).values())
