"""Bodies of the OpenStack APIs as typed documents; what is not known here is left out.

Format: the API references of Keystone v3, Nova v2.1 (microversions 2.1 to 2.100), Neutron v2.0 and Glance v2.
"""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import field

from calipso.errors import ParseError

Text = str | None


class Document(msgspec.Struct, kw_only=True):
    """One object of a listing."""


Form = TypeVar("Form", bound=Document)


class About(Document):
    """What the transport's session is bound to."""

    region: str = ""
    services: list[str] = []


class Extension(Document):
    """What a Neutron can do besides."""

    alias: str
    name: Text = None


# ── Keystone ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Region(Document):
    id: str
    description: Text = None
    parent_region_id: Text = None


class Service(Document):
    id: str
    type: str
    name: Text = None


class Endpoint(Document):
    id: str
    service_id: str
    interface: str
    url: str
    region_id: Text = None
    enabled: bool = True


class Project(Document):
    id: str
    name: str
    domain_id: Text = None
    parent_id: Text = None
    description: Text = None
    enabled: bool = True
    is_domain: bool = False


# ── Nova, Glance ──────────────────────────────────────────────────────────────────────────────────────────────────


class Server(Document):
    """`flavor` is embedded from microversion 2.47 on, before that only its id; `image` is "" for a boot volume.

    What users give their servers (`user_data`, `metadata`, key pairs) is not read: it may hold secrets.
    """

    id: str
    name: str = ""
    status: str = ""
    tenant_id: Text = None
    host: Text = field(default=None, name="OS-EXT-SRV-ATTR:host")
    node: Text = field(default=None, name="OS-EXT-SRV-ATTR:hypervisor_hostname")
    domain_name: Text = field(default=None, name="OS-EXT-SRV-ATTR:instance_name")
    hostname: Text = field(default=None, name="OS-EXT-SRV-ATTR:hostname")
    zone: Text = field(default=None, name="OS-EXT-AZ:availability_zone")
    task_state: Text = field(default=None, name="OS-EXT-STS:task_state")
    vm_state: Text = field(default=None, name="OS-EXT-STS:vm_state")
    power_state: int | None = field(default=None, name="OS-EXT-STS:power_state")
    volumes: list[dict[str, Any]] = field(default_factory=list, name="os-extended-volumes:volumes_attached")
    addresses: dict[str, list[dict[str, Any]]] = {}
    flavor: dict[str, Any] = {}
    image: dict[str, Any] | str | None = None
    created: Text = None
    updated: Text = None
    description: Text = None
    locked: bool = False
    tags: list[str] = []


class Flavor(Document):
    id: str
    name: str
    vcpus: int = 0
    ram: int = 0
    disk: int = 0


class Image(Document):
    id: str
    name: Text = None


class Hypervisor(Document):
    id: int | str
    hypervisor_hostname: str
    service: dict[str, Any]
    hypervisor_type: Text = None
    hypervisor_version: int | None = None
    host_ip: Text = None
    state: Text = None
    status: Text = None


class NovaService(Document):
    id: int | str
    binary: str
    host: str
    zone: Text = None
    status: Text = None
    state: Text = None
    disabled_reason: Text = None
    forced_down: bool = False


class Aggregate(Document):
    id: int
    name: str
    uuid: Text = None
    availability_zone: Text = None
    hosts: list[str] = []
    metadata: dict[str, str] = {}


class ZoneState(Document):
    available: bool


class Zone(Document):
    name: str = field(name="zoneName")
    state: ZoneState = field(name="zoneState")
    hosts: dict[str, Any] | None = None


# ── Neutron ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Network(Document):
    """`segments` instead of the three provider attributes where a network has several (multi-provider)."""

    id: str
    name: str = ""
    project_id: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    mtu: int | None = None
    shared: bool | None = None
    external: bool | None = field(default=None, name="router:external")
    port_security_enabled: bool | None = None
    vlan_transparent: bool | None = None
    network_type: Text = field(default=None, name="provider:network_type")
    physical_network: Text = field(default=None, name="provider:physical_network")
    segmentation_id: int | None = field(default=None, name="provider:segmentation_id")
    segments: list[dict[str, Any]] = []
    subnets: list[str] = []
    availability_zones: list[str] = []
    description: Text = None
    dns_domain: Text = None
    qos_policy_id: Text = None
    tags: list[str] = []


class Segment(Document):
    id: str
    network_id: str
    network_type: str
    physical_network: Text = None
    segmentation_id: int | None = None
    name: Text = None


class Subnet(Document):
    id: str
    network_id: str
    cidr: Text = None
    name: str = ""
    project_id: Text = None
    ip_version: int | None = None
    gateway_ip: Text = None
    enable_dhcp: bool | None = None
    ipv6_ra_mode: Text = None
    ipv6_address_mode: Text = None
    allocation_pools: list[dict[str, str]] = []
    host_routes: list[dict[str, str]] = []
    dns_nameservers: list[str] = []
    service_types: list[str] = []
    segment_id: Text = None
    subnetpool_id: Text = None
    description: Text = None
    tags: list[str] = []


class Port(Document):
    id: str
    network_id: str
    mac_address: str
    name: Text = None
    project_id: Text = None
    device_id: Text = None
    device_owner: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    port_security_enabled: bool | None = None
    host: Text = field(default=None, name="binding:host_id")
    vnic_type: Text = field(default=None, name="binding:vnic_type")
    vif_type: Text = field(default=None, name="binding:vif_type")
    vif_details: dict[str, Any] | None = field(default=None, name="binding:vif_details")
    profile: dict[str, Any] | None = field(default=None, name="binding:profile")
    fixed_ips: list[dict[str, str]] = []
    security_groups: list[str] = []
    allowed_address_pairs: list[dict[str, str]] = []
    description: Text = None
    dns_name: Text = None
    qos_policy_id: Text = None
    tags: list[str] = []


class Router(Document):
    id: str
    name: str = ""
    project_id: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    distributed: bool | None = None
    ha: bool | None = None
    external_gateway_info: dict[str, Any] | None = None
    routes: list[dict[str, Any]] = []
    availability_zones: list[str] = []
    description: Text = None
    tags: list[str] = []


class FloatingIp(Document):
    id: str
    floating_ip_address: str
    floating_network_id: str
    project_id: Text = None
    fixed_ip_address: Text = None
    port_id: Text = None
    router_id: Text = None
    status: Text = None
    description: Text = None
    qos_policy_id: Text = None
    port_forwardings: list[dict[str, Any]] = []
    tags: list[str] = []


class Trunk(Document):
    id: str
    port_id: str
    name: Text = None
    project_id: Text = None
    status: Text = None
    admin_state_up: bool | None = None
    sub_ports: list[dict[str, Any]] = []
    description: Text = None
    tags: list[str] = []


class Rule(Document):
    id: str
    direction: str
    ethertype: Text = None
    protocol: str | int | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: Text = None
    remote_group_id: Text = None
    remote_address_group_id: Text = None
    description: Text = None


class SecurityGroup(Document):
    id: str
    name: str = ""
    project_id: Text = None
    description: Text = None
    stateful: bool | None = None
    shared: bool | None = None
    rules: list[Rule] = field(default_factory=list, name="security_group_rules")
    tags: list[str] = []


class QosPolicy(Document):
    id: str
    name: Text = None
    rules: list[dict[str, Any]] = []


class Agent(Document):
    id: str
    host: str
    agent_type: str
    binary: str
    admin_state_up: bool | None = None
    alive: bool | None = None
    availability_zone: Text = None
    configurations: dict[str, Any] = {}


# ── Placement ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Provider(Document):
    """`root`: of its tree of providers, from microversion 1.14 on."""

    uuid: str
    name: str
    root: Text = field(default=None, name="root_provider_uuid")

    @property
    def id(self) -> str:
        return self.uuid


def about(body: bytes) -> About:
    """Raises `ParseError`."""
    try:
        return msgspec.json.decode(body, type=About)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError("openstack session", str(error), excerpt=body[:120].decode(errors="replace")) from None


def detail(body: bytes, key: str) -> Any:
    """What one object's answer has below `key`. Raises `ParseError`."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])[key]
    except KeyError:
        raise ParseError(f"openstack {key}", "not in the answer", excerpt=body[:120].decode(errors="replace")) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(f"openstack {key}", str(error), excerpt=body[:120].decode(errors="replace")) from None


def page(body: bytes, key: str, form: type[Form]) -> tuple[list[Form], str]:
    """The objects of one page below `key`, and the query of the next page, "" after the last. Raises `ParseError`."""
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
        found = msgspec.convert(said[key], list[form])  # type: ignore[valid-type]
    except KeyError:
        raise ParseError(f"openstack {key}", "not in the answer", excerpt=body[:120].decode(errors="replace")) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(f"openstack {key}", str(error), excerpt=body[:120].decode(errors="replace")) from None
    return found, urlsplit(_next(said, key)).query


def _next(said: dict[str, Any], key: str) -> str:
    """Nova and Neutron: `KEY_links`; Keystone: `links`; Glance: `next`."""
    links = said.get(f"{key}_links")
    if isinstance(links, list):
        return next((str(each.get("href", "")) for each in links if each.get("rel") == "next"), "")
    links = said.get("links")
    if isinstance(links, dict):
        return str(links.get("next") or "")
    return str(said.get("next") or "")
