"""Notifications of OpenStack's services: what they are about. What became of it is asked of the API, not read here.

Format: oslo.messaging's envelope 2.0 (`oslo.version`, and `oslo.message`: JSON as text), or the bare message of
services without one; `event_type` and `payload`. Nova's versioned notifications wrap the payload in `nova_object.data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from calipso.errors import ParseError

PARSER = "openstack notification"


class Notification(msgspec.Struct, frozen=True):
    """`timestamp`: text as its sender wrote it, in UTC, of its own clock."""

    event_type: str
    payload: Mapping[str, Any]
    timestamp: str = ""


class Concern(msgspec.Struct, frozen=True, order=True):
    """What has to be asked anew: objects of a listing whose field `by` is `value`; with neither, the whole listing.

    `if_unknown`: only where nobody told of it yet, as what clouds make by themselves.
    """

    listing: str
    by: str = ""
    value: str = ""
    if_unknown: bool = False


class ServerState(msgspec.Struct, frozen=True):
    """What a notification of Nova itself tells of a server at rest. `updated`: as the API's, when it was last saved."""

    id: str
    status: str
    vm_state: str
    power_state: int | None
    host: str
    updated: str


RESTING: Mapping[str, str] = {
    "active": "ACTIVE", "stopped": "SHUTOFF", "paused": "PAUSED", "suspended": "SUSPENDED", "resized": "VERIFY_RESIZE",
}  # fmt: skip
"""State of a server about which nobody is busy → its status (`nova.api.openstack.common`)."""
POWERS: Mapping[str, int] = {"pending": 0, "running": 1, "paused": 3, "shutdown": 4, "crashed": 6, "suspended": 7}
"""`nova.objects.fields.InstancePowerState`."""
OBJECTS: Mapping[str, str] = {
    "network": "networks",
    "subnet": "subnets",
    "port": "ports",
    "router": "routers",
    "floatingip": "floating_ips",
    "trunk": "trunks",
    "security_group": "security_groups",
    "segment": "segments",
    "agent": "agents",
}
"""Neutron: first word of an event's type → listing of the object it tells."""
WHOLE: Mapping[str, tuple[str, ...]] = {
    "policy": ("qos_policies",),
    "rbac_policy": ("networks", "security_groups", "qos_policies"),
    "port_forwarding": ("floating_ips",),
    "floatingip_port_forwarding": ("floating_ips",),
    "l3_agent": ("agents",),
    "dhcp_agent": ("agents",),
    "aggregate": ("aggregates", "zones"),
    "service": ("nova_services", "hypervisors", "zones"),
    "flavor": ("flavors",),
    "image": ("images",),
    "firewall_group": ("firewall_groups",),
    "firewall_policy": ("firewall_policies",),
    "firewall_rule": ("firewall_rules",),
    "vpnservice": ("vpn_services",),
    "ipsec_site_connection": ("ipsec_connections", "vpn_services"),
    "endpoint_group": ("endpoint_groups",),
    "octavia": ("load_balancers",),
    "identity.project": ("projects",),
    "identity.region": ("regions",),
    "identity.service": ("services",),
    "identity.endpoint": ("endpoints",),
}
"""Small listings that are asked as a whole when something of them changed."""
GROUPS = ("server_group", "servergroup")
"""Of servers that are to run together or apart: no object here, their members are."""
WITHOUT_EFFECT = (
    "scheduler.", "compute_task.", "compute.metrics.", "metrics.", "keypair.", "libvirt.", "volume.", "snapshot.",
    "backup.", "compute.exception", "compute.task.", "compute.libvirt.", "identity.", "address_group.",
    "address_scope.", "subnetpool.", "quota.", "quotas.", "metering_label", "metering.", "l3.meter", "log.", "logging.",
    "network_segment_range.", "network_ip_availability.", "availability_zone.", "auto_allocated_topology.",
    "service_profile.", "local_ip", "ndp_proxy.", "conntrack_helper", "port_binding.", "ethertype.", "stack.",
    "orchestration.", "loadbalancer", "ikepolicy.", "ipsecpolicy.", "dns.", "alarm.", "api.", "api_server.", "task.",
    "metadef_", "dhcp.",
)  # fmt: skip
"""What other services and other parts of these tell: nothing of it is in a scan."""
INSTANCE = "instance."
STARTED = ".start"


def parse_notification(text: str) -> Notification:
    """Raises `ParseError` for what is no notification."""
    said = _object(text, text)
    if "oslo.message" in said:
        inner = said["oslo.message"]
        said = _object(inner, text) if isinstance(inner, str) else inner
    if not isinstance(said, dict) or not isinstance(said.get("event_type"), str):
        raise ParseError(PARSER, "has no event_type", excerpt=text[:120])
    payload = said.get("payload")
    while isinstance(payload, dict) and isinstance(payload.get("nova_object.data"), dict):
        payload = payload["nova_object.data"]
    return Notification(
        said["event_type"], payload if isinstance(payload, dict) else {}, str(said.get("timestamp") or "")
    )


def state_told(notification: Notification) -> ServerState | None:
    """The state of a server, of versioned notifications at the end of something: the others do not tell their age."""
    payload = notification.payload
    if not (notification.event_type.startswith(INSTANCE) and notification.event_type.endswith(".end")):
        return None
    id, state, updated, host = (payload.get(name) for name in ("uuid", "state", "updated_at", "host"))
    if payload.get("task_state") is not None or not isinstance(state, str) or state not in RESTING:
        return None
    if not (isinstance(id, str) and isinstance(updated, str) and isinstance(host, str)):
        return None
    return ServerState(id, RESTING[state], state, POWERS.get(str(payload.get("power_state"))), host, updated)


def concerns(notification: Notification) -> tuple[Concern, ...]:
    """What has to be asked anew; nothing for what no scan tells. Raises `ParseError` for an event nobody knows.

    An event that does not tell which object it is about concerns all objects of its kind.
    """
    event = notification.event_type.removeprefix("compute.") if _of_instance(notification) else notification.event_type
    payload = notification.payload
    if event.startswith(INSTANCE) or event in ("detach_interface", "attach_interface"):
        return _instance(payload)
    word, _, rest = event.partition(".")
    if event.startswith("router.interface."):
        return _interface(payload)
    if word in OBJECTS or word in ("security_group_rule", "tag") or (word.endswith("_rule") and word not in WHOLE):
        return () if rest.endswith("start") else _object_told(word, payload)
    if word in GROUPS:
        members = payload.get("members") or payload.get("instance_uuids") or ()
        return tuple(each for id in members if isinstance(id, str) for each in _server(id))
    known = WHOLE.get(".".join(event.split(".")[:2])) or WHOLE.get(word)
    if known is not None:
        return () if event.endswith(STARTED) else tuple(map(Concern, known))
    if event.startswith(WITHOUT_EFFECT):
        return ()
    raise ParseError(PARSER, f"nobody knows {event!r}", excerpt=event[:120])


def _of_instance(notification: Notification) -> bool:
    return notification.event_type.startswith("compute.instance.")


def _instance(payload: Mapping[str, Any]) -> tuple[Concern, ...]:
    """A server and its ports: building, moving, resizing and ending it bind them elsewhere, or not at all."""
    args = payload.get("args")
    inner = args.get("instance") if isinstance(args, Mapping) else None
    for said in (payload, inner if isinstance(inner, Mapping) else {}):
        for name in ("instance_id", "instance_uuid", "uuid"):
            if isinstance(said.get(name), str) and said[name]:
                return _server(said[name])
    return (Concern("servers"),)


def _server(id: str) -> tuple[Concern, ...]:
    return (Concern("servers", "id", id), Concern("ports", "device_id", id))


def _interface(payload: Mapping[str, Any]) -> tuple[Concern, ...]:
    said = payload.get("router_interface") or payload.get("router.interface") or payload
    router, port = (said.get("id"), said.get("port_id")) if isinstance(said, Mapping) else (None, None)
    if not isinstance(router, str):
        return (Concern("routers"), Concern("ports"))
    found = [Concern("routers", "id", router), Concern("ports", "device_id", router)]
    return (*found, Concern("ports", "id", port)) if isinstance(port, str) else tuple(found)


def _object_told(word: str, payload: Mapping[str, Any]) -> tuple[Concern, ...]:
    if word == "tag":
        kind = str(payload.get("parent_resource") or "").replace("-", "_").removesuffix("s")
        word, payload = kind, {"id": payload.get("parent_resource_id")}
        if kind not in OBJECTS:
            return ()
    elif word == "security_group_rule":
        rule = payload.get(word)
        group = rule.get("security_group_id") if isinstance(rule, Mapping) else None
        word, payload = "security_group", {"id": group}
    elif word.endswith("_rule"):
        return (Concern("qos_policies"),) if "meter" not in word else ()
    listing = OBJECTS[word]
    found = tuple(Concern(listing, "id", id) for id in _ids(word, payload)) or (Concern(listing),)
    return (*found, *_named(payload.get("port"))) if word == "port" else found


def _named(port: object) -> Iterator[Concern]:
    """What a port names: whose it is, and groups and networks that come to be without an event (default, for HA)."""
    if not isinstance(port, Mapping):
        return
    groups = port.get("security_groups")
    for listing, ids in (
        ("networks", [port.get("network_id")]), ("security_groups", groups if isinstance(groups, list) else []),
    ):  # fmt: skip
        yield from (Concern(listing, "id", id, if_unknown=True) for id in ids if isinstance(id, str) and id)
    owner, device = str(port.get("device_owner") or ""), port.get("device_id")
    for beginning, listing in (("compute:", "servers"), ("network:router", "routers")):
        if owner.startswith(beginning) and isinstance(device, str) and device:
            yield Concern(listing, "id", device)


def _ids(word: str, payload: Mapping[str, Any]) -> list[str]:
    """Ids of the objects told: several where they were made at once (`networks: [{…}, …]`)."""
    one, many = payload.get(word), payload.get(f"{word}s")
    said = [payload.get("id"), payload.get(f"{word}_id")]
    said += [each.get("id") for each in (one, *(many if isinstance(many, list) else ())) if isinstance(each, Mapping)]
    return sorted({id for id in said if isinstance(id, str) and id})


def _object(text: str, whole: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(PARSER, str(error), excerpt=whole[:120]) from None
    if not isinstance(found, dict):
        raise ParseError(PARSER, "is no JSON object", excerpt=whole[:120])
    return found
