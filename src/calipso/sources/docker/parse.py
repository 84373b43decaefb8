"""What an engine answers, as the parts of it that are read: Docker Engine API 1.24 and later, and Podman's form of it.

Field names and meanings: the API's published schema (`ContainerInspect`, `Network`, `SystemInfo`, `EventMessage`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from calipso.errors import ParseError


class Base(msgspec.Struct, frozen=True, rename="pascal"):
    """Fields are named as the API does, in Pascal case; what is not declared is passed over."""


class Endpoint(Base, frozen=True):
    """A container's place in a network."""

    network_id: str = msgspec.field(name="NetworkID", default="")
    endpoint_id: str = msgspec.field(name="EndpointID", default="")
    mac_address: str = ""
    ip_address: str = msgspec.field(name="IPAddress", default="")
    ip_prefix_len: int = msgspec.field(name="IPPrefixLen", default=0)
    gateway: str = ""
    global_ipv6_address: str = msgspec.field(name="GlobalIPv6Address", default="")
    global_ipv6_prefix_len: int = msgspec.field(name="GlobalIPv6PrefixLen", default=0)
    ipv6_gateway: str = msgspec.field(name="IPv6Gateway", default="")


class Published(Base, frozen=True):
    """Where a container's port is published."""

    host_ip: str = ""
    host_port: str = ""


class NetworkSettings(Base, frozen=True):
    sandbox_key: str = ""
    ports: dict[str, list[Published] | None] | None = None
    networks: dict[str, Endpoint | None] | None = None


class State(Base, frozen=True):
    status: str = ""
    pid: int = 0
    exit_code: int = 0
    started_at: str = ""


class HostConfig(Base, frozen=True):
    network_mode: str = ""


class Config(Base, frozen=True):
    """`Env` is left out: it holds secrets."""

    hostname: str = ""
    image: str = ""
    labels: dict[str, str] | None = None


class Container(Base, frozen=True):
    id: str
    name: str = ""
    created: str = ""
    image: str = ""
    platform: str = ""
    state: State = State()
    host_config: HostConfig = HostConfig()
    config: Config = Config()
    network_settings: NetworkSettings = NetworkSettings()


class Listed(Base, frozen=True):
    """A container in the list of all."""

    id: str


class Pool(Base, frozen=True):
    subnet: str = ""
    gateway: str = ""
    ip_range: str = msgspec.field(name="IPRange", default="")


class Ipam(Base, frozen=True):
    config: list[Pool] | None = None


class Member(Base, frozen=True):
    """A container's end in a network, as the network tells it."""

    endpoint_id: str = msgspec.field(name="EndpointID", default="")
    mac_address: str = ""
    ipv4_address: str = msgspec.field(name="IPv4Address", default="")
    ipv6_address: str = msgspec.field(name="IPv6Address", default="")


class Peer(Base, frozen=True):
    """A node of the swarm that takes part in an overlay."""

    name: str = ""
    ip: str = msgspec.field(name="IP", default="")


class Network(Base, frozen=True):
    id: str
    name: str = ""
    driver: str = ""
    scope: str = ""
    internal: bool = False
    attachable: bool = False
    ingress: bool = False
    enable_ipv6: bool = msgspec.field(name="EnableIPv6", default=False)
    ipam: Ipam = msgspec.field(name="IPAM", default=Ipam())
    options: dict[str, str] | None = None
    labels: dict[str, str] | None = None
    peers: list[Peer] | None = None
    containers: dict[str, Member] | None = None


class Swarm(Base, frozen=True):
    node_id: str = msgspec.field(name="NodeID", default="")
    node_addr: str = ""
    local_node_state: str = ""
    control_available: bool = False


class Engine(Base, frozen=True):
    """`/info`."""

    id: str = msgspec.field(name="ID", default="")
    name: str = ""
    server_version: str = ""
    driver: str = ""
    cgroup_driver: str = ""
    system_time: str = ""
    swarm: Swarm = Swarm()


class Actor(Base, frozen=True):
    id: str = msgspec.field(name="ID", default="")
    attributes: dict[str, str] | None = None


class Event(Base, frozen=True):
    type: str = ""
    action: str = ""
    actor: Actor = Actor()


Document = TypeVar("Document")

_QUIET = ("exec_", "health_status", "top", "attach", "detach", "resize", "copy", "export", "archive-path", "extract-to")
"""Actions that change no container."""


def parse(body: bytes, form: type[Document], what: str) -> Document:
    """A document of the API. Raises `ParseError`."""
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(f"docker {what}", str(error), excerpt=body[:120].decode(errors="replace")) from None


def parse_event(body: bytes) -> Event | None:
    """An event that may change what is there, else None. Raises `ParseError`."""
    event = parse(body, Event, "event")
    if event.type not in ("container", "network", "node") or event.action.startswith(_QUIET):
        return None
    return event


def since(system_time: str) -> str:
    """The engine's own time (RFC 3339) as `/events` wants it: seconds and nanoseconds; "" when it tells none."""
    whole, dot, fraction = system_time.partition(".")
    digits = fraction[: next((i for i, c in enumerate(fraction) if not c.isdigit()), len(fraction))]
    zone = fraction[len(digits) :] if dot else ""
    try:
        seconds = datetime.fromisoformat(whole + zone).timestamp()
    except ValueError:
        return ""
    return f"{int(seconds)}.{digits.ljust(9, '0')[:9]}"


def known(attributes: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in attributes.items() if value is not None and value not in ("", [], {})}
