"""Notifications as a real cloud (2026.2) sent them, each type once: Nova in both forms, Neutron, Keystone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import ParseError
from calipso.sources.openstack.collect import LISTINGS
from calipso.sources.openstack.parse_notifications import (
    Concern,
    Notification,
    ServerState,
    concerns,
    parse_notification,
    state_told,
)

FILE = Path(__file__).parent / "bus/notifications.jsonl"
RECORDED = [json.loads(line) for line in FILE.read_text().splitlines()]
SERVER, NETWORK = "b8f86361-7edc-4a84-a25c-c3b10a264f7a", "f4a9fe13-dd5c-4888-9df9-63e7447bac42"
BY_TYPE = {(row["routing_key"], parse_notification(row["body"]).event_type): row["body"] for row in RECORDED}


def concerned(event: str, topic: str = "notifications") -> set[Concern]:
    return {each for each in concerns(parse_notification(BY_TYPE[f"{topic}.info", event])) if not each.if_unknown}


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: parse_notification(row["body"]).event_type)
def test_every_recorded_one_is_understood(row: dict[str, Any]) -> None:
    notification = parse_notification(row["body"])
    found = concerns(notification)
    assert all(each.listing in LISTINGS for each in found)
    started = notification.event_type.endswith(".start") and row["exchange"] == "neutron"
    silent = started or notification.event_type.startswith(("scheduler.", "compute.exception"))
    assert bool(found) != silent


def test_they_name_their_objects() -> None:
    assert concerned("network.update.end") == {Concern("networks", "id", NETWORK)}
    assert concerned("floatingip.delete.end") == {Concern("floating_ips", "id", "2a0ef69b-128d-4503-bae7-9e6c64eb5948")}
    group = "79518682-e5c3-4ada-8cda-0b248b76224e"
    assert concerned("security_group_rule.delete.end") == {Concern("security_groups", "id", group)}
    assert concerned("router.interface.delete") == {
        Concern("routers", "id", "8e35794f-a1a6-437a-8c43-077108235e83"),
        Concern("ports", "device_id", "8e35794f-a1a6-437a-8c43-077108235e83"),
        Concern("ports", "id", "2e8d6904-544f-4b02-a1df-eb740106e746"),
    }


@pytest.mark.parametrize(
    ("event", "topic"),
    [
        ("compute.instance.update", "notifications"),
        ("instance.update", "versioned_notifications"),
        ("instance.interface_attach.end", "versioned_notifications"),
        ("compute.instance.delete.end", "notifications"),
    ],
)
def test_both_forms_of_nova_name_the_server_and_its_ports(event: str, topic: str) -> None:
    assert concerned(event, topic) == {Concern("servers", "id", SERVER), Concern("ports", "device_id", SERVER)}


NAMED = [f"{kind}.{verb}" for kind in ("network", "subnet", "port", "router") for verb in ("update", "delete")]
ENDED = [
    f"{kind}.{verb}.end" for kind in ("network", "subnet", "port", "router") for verb in ("create", "update", "delete")
]  # fmt: skip
INSTANCE = [
    "create.end", "rebuild.end", "update", "delete.end", "shutdown.start", "power_off.start", "power_off.end",
    "suspend.start", "suspend.end", "power_on.end", "resume.end", "pause.end", "resize.confirm.end", "shelve.end",
    "finish_resize.end", "live_migration_post.end", "live.migration._post.end", "evacuate", "soft_delete.end",
    "interface_attach.end", "interface_detach.end", "unshelve.end", "restore.end", "lock", "create.error",
]  # fmt: skip


@pytest.mark.parametrize("event", [*NAMED, *ENDED, "subnet.create", "port.create", "router.create"])
def test_objects_of_neutron(event: str) -> None:
    word = event.split(".")[0]
    expected = Concern(f"{word}s", "id", "x1")
    for payload in ({word: {"id": "x1"}}, {f"{word}_id": "x1"}, {"id": "x1"}, {f"{word}s": [{"id": "x1"}]}):
        assert concerns(Notification(event, payload)) == (expected,)
    assert concerns(Notification(event, {})) == (Concern(f"{word}s"),), "which one is not told: all of them"


@pytest.mark.parametrize("event", ["create", "create.end", "delete", "delete.end"])
def test_router_interfaces(event: str) -> None:
    found = concerns(Notification(f"router.interface.{event}", {"router_interface": {"id": "r1", "port_id": "p1"}}))
    assert {Concern("routers", "id", "r1"), Concern("ports", "id", "p1")} < set(found)
    assert set(concerns(Notification(f"router.interface.{event}", {}))) == {Concern("routers"), Concern("ports")}


@pytest.mark.parametrize("event", INSTANCE)
def test_instances(event: str) -> None:
    expected = (Concern("servers", "id", "i1"), Concern("ports", "device_id", "i1"))
    assert concerns(Notification(f"compute.instance.{event}", {"instance_id": "i1"})) == expected
    assert concerns(Notification(f"instance.{event}", {"uuid": "i1"})) == expected


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        ("trunk.create.end", {"trunk": {"id": "t1"}}, Concern("trunks", "id", "t1")),
        ("trunk.add_subports.end", {"trunk_id": "t1"}, Concern("trunks", "id", "t1")),
        ("security_group_rule.create.end", {"security_group_rule": {"security_group_id": "g1"}},
         Concern("security_groups", "id", "g1")),
        ("security_group_rule.delete.end", {"security_group_rule_id": "x"}, Concern("security_groups")),
        ("floatingip.update.end", {"floatingip": {"id": "f1"}}, Concern("floating_ips", "id", "f1")),
        ("segment.delete.end", {"segment_id": "s1"}, Concern("segments", "id", "s1")),
        ("agent.update.end", {"agent": {"id": "a1"}}, Concern("agents", "id", "a1")),
        ("bandwidth_limit_rule.create.end", {}, Concern("qos_policies")),
        ("tag.create.end", {"parent_resource": "networks", "parent_resource_id": "n1"},
         Concern("networks", "id", "n1")),
        ("identity.project.deleted", {"resource_info": "p1"}, Concern("projects")),
        ("flavor.create", {}, Concern("flavors")),
        ("image.delete", {"id": "im1"}, Concern("images")),
        ("firewall_group.update.end", {"firewall_group": {"id": "fw1"}}, Concern("firewall_groups")),
        ("firewall_rule.create.end", {"firewall_rule": {"id": "fr1"}}, Concern("firewall_rules")),
        ("vpnservice.delete.end", {"vpnservice_id": "vp1"}, Concern("vpn_services")),
        ("octavia.loadbalancer.create.end", {}, Concern("load_balancers")),
    ],
)  # fmt: skip
def test_the_others(event: str, payload: dict[str, Any], expected: Concern) -> None:
    assert concerns(Notification(event, payload)) == (expected,)


def test_the_state_of_a_server_at_rest_is_told() -> None:
    found = {each.status for row in RECORDED if (each := state_told(parse_notification(row["body"]))) is not None}
    assert found == {"ACTIVE"}
    payload = {
        "uuid": "i1", "state": "stopped", "power_state": "shutdown", "task_state": None, "host": "cmp1",
        "updated_at": "2026-11-21T00:25:03Z",
    }  # fmt: skip
    told = ServerState("i1", "SHUTOFF", "stopped", 4, "cmp1", "2026-11-21T00:25:03Z")
    assert state_told(Notification("instance.power_off.end", payload)) == told
    for less in ({"task_state": "deleting"}, {"state": "building"}, {"host": None}, {"updated_at": None}):
        assert state_told(Notification("instance.power_off.end", payload | less)) is None
    for event in ("instance.power_off.start", "compute.instance.power_off.end", "port.update.end"):
        assert state_told(Notification(event, payload)) is None


def test_groups_of_servers_name_their_members() -> None:
    for event in ("servergroup.addmember", "server_group.add_member", "servergroup.create", "servergroup.delete"):
        for payload in ({"instance_uuids": ["i1"]}, {"members": ["i1"]}):
            assert Concern("servers", "id", "i1") in concerns(Notification(event, payload))
        assert concerns(Notification(event, {})) == ()


def test_aggregates_and_services_are_asked_as_a_whole() -> None:
    assert set(concerns(Notification("aggregate.addhost.end", {}))) == {Concern("aggregates"), Concern("zones")}
    assert {each.listing for each in concerns(Notification("service.update", {}))} >= {"nova_services", "hypervisors"}


@pytest.mark.parametrize("event", ["keypair.create.end", "scheduler.select_destinations.end", "identity.user.created"])
def test_what_no_scan_tells_has_no_effect(event: str) -> None:
    assert concerns(Notification(event, {"keypair": 1})) == ()


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"oslo.message": "{"}', '{"oslo.message": 5}', '{"event_type": 3}'],
)  # fmt: skip
def test_what_is_no_notification_is_told(body: str) -> None:
    with pytest.raises(ParseError):
        parse_notification(body)


def test_an_event_nobody_knows_is_told() -> None:
    with pytest.raises(ParseError):
        concerns(Notification("quantum.teapot.boiled", {}))
