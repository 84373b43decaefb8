"""lldpcli's JSON in its many forms: one, several and none of a thing, with and without a name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from calipso.errors import ParseError, TransportError
from calipso.model.attributes import undeclared
from calipso.model.record import Record, RunEnded, Seen
from calipso.seams import Reply
from calipso.sources.lldp import SOURCE
from calipso.sources.lldp.parse import parse_chassis, parse_interfaces, parse_neighbors
from calipso.sources.lldp.records import records
from tests.support.told_host import ToldHost, looked

BRIDGE = [{"type": "Bridge", "enabled": True}, {"type": "Router", "enabled": False}]
STATION = [{"type": "Bridge", "enabled": False}, {"type": "Station", "enabled": True}]


def heard(chassis: Any, port: Any, **more: Any) -> dict[str, Any]:
    return {"via": "LLDP", "rid": "1", "age": "0 day, 00:00:09", "chassis": chassis, "port": port, **more}


def answer(interface: Any) -> bytes:
    return json.dumps({"lldp": {"interface": interface} if interface is not None else {}}).encode()


def chassis(kind: str, value: str, capability: Any = None) -> dict[str, Any]:
    return {"id": {"type": kind, "value": value}, **({"capability": capability} if capability else {})}


def port(kind: str, value: str, **more: Any) -> dict[str, Any]:
    return {"id": {"type": kind, "value": value}, **more}


def made(interface: Any) -> dict[str, Record]:
    found = records("h1", parse_neighbors(answer(interface)), None)
    assert [each for record in found for each in undeclared(record)] == []
    return {record.id: record for record in found}


@pytest.mark.parametrize(
    ("kind", "value", "id"),
    [
        ("mac", "02:AA:bb:cc:dd:01", "switch:02:aa:bb:cc:dd:01"),
        ("local", "leaf 1", "switch:leaf%201"),
        ("ifname", "ge-0/0/1", "switch:ge-0%2F0%2F1"),
        ("ip", "192.0.2.9", "switch:192.0.2.9"),
        ("ifalias", "uplink", "switch:uplink"),
    ],
)
def test_a_chassis_of_any_subtype_is_a_switch(kind: str, value: str, id: str) -> None:
    found = made({"eth0": heard({"leaf1": chassis(kind, value, BRIDGE)}, port("ifname", "Eth1/1"))})
    assert found[id].attributes["name"] == "leaf1"
    assert f"{id}/port:Eth1%2F1" in found


def test_several_neighbours_on_several_devices() -> None:
    found = made(
        [
            {"eth1": heard({"a": chassis("mac", "02:00:00:00:00:0a", BRIDGE)}, port("ifname", "p1"))},
            {"eth0": heard({"a": chassis("mac", "02:00:00:00:00:0a", BRIDGE)}, port("ifname", "p2"))},
            {"eth0": heard({"b": chassis("mac", "02:00:00:00:00:0b", BRIDGE)}, port("local", "7"))},
        ]
    )
    assert found["h1/dev:eth0"].attributes["switch_ports"] == [
        "switch:02:00:00:00:00:0a/port:p2",
        "switch:02:00:00:00:00:0b/port:7",
    ]


def test_a_switch_without_a_name_and_without_capabilities() -> None:
    found = made({"eth0": heard(chassis("mac", "02:00:00:00:00:0a"), port("mac", "02:00:00:00:00:1A", descr="Gi0/1"))})
    assert found["switch:02:00:00:00:00:0a"].attributes["name"] == "02:00:00:00:00:0a"
    there = found["switch:02:00:00:00:00:0a/port:02:00:00:00:00:1a"].attributes
    assert (there["name"], there["mac"]) == ("Gi0/1", "02:00:00:00:00:1a")


def test_a_host_at_the_other_end_is_told_and_makes_no_switch() -> None:
    found = made(
        {"eth0": heard({"h2": chassis("mac", "02:00:00:00:00:0b", STATION)}, port("mac", "02:00:00:00:00:0b"))}
    )
    assert list(found) == ["h1/dev:eth0"]
    (neighbor,) = found["h1/dev:eth0"].attributes["lldp_neighbors"]
    assert (neighbor["name"], neighbor["is_switch"]) == ("h2", False)


def test_what_a_port_tells_of_itself() -> None:
    said = port("ifname", "p1", descr="to rack 4", mfs="9216", aggregation="12", **{
        "auto-negotiation": {"supported": True, "enabled": True, "current": "10GbaseT"}})  # fmt: skip
    vlans = [{"vlan-id": "20", "pvid": False, "value": "red"}, {"vlan-id": "10", "pvid": True, "value": "blue"}]
    found = made({"eth0": heard({"a": chassis("local", "a", BRIDGE)}, said, vlan=vlans)})
    assert found["switch:a/port:p1"].attributes == {
        "name": "p1", "switch": "switch:a", "port_id": "p1", "port_id_subtype": "ifname", "description": "to rack 4",
        "largest_frame": 9216, "aggregation": 12, "medium": "10GbaseT", "pvid": 10,
        "vlans": [{"id": 10, "name": "blue"}, {"id": 20, "name": "red"}],
        "neighbor_devices": ["h1/dev:eth0"],
    }  # fmt: skip


def test_nobody_is_heard() -> None:
    assert parse_neighbors(answer(None)) == []


def test_who_the_host_is() -> None:
    body = {
        "local-chassis": {"chassis": {"h1": {**chassis("mac", "02:00:00:00:00:01"), "mgmt-ip": ["::1", "10.0.0.1"]}}}
    }
    own = parse_chassis(json.dumps(body).encode())
    assert own is not None and own.addresses == ("10.0.0.1", "::1")
    ports = parse_interfaces(answer({"eth0": {"status": "RX and TX", "port": port("ifname", "eth0")}}))
    assert ports["eth0"].id == "eth0"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff", b'{"lldp": 3, "x": [}'])
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_neighbors(body)


@pytest.mark.parametrize(
    ("reply", "known", "status"),
    [
        (Reply(b"", 127), (), []),
        (Reply(b"", 127), ("",), ["failed"]),
        (Reply(b"", 1, b"unable to connect to socket /run/lldpd.socket\nmore"), (), []),
        (Reply(b"", 1, b"unable to connect to socket /run/lldpd.socket\nmore"), ("",), ["failed"]),
        (Reply(b"garbage"), (), ["failed"]),
        (None, ("",), ["failed"]),
    ],
)
def test_a_host_without_lldpd_and_one_whose_lldpd_does_not_answer(
    reply: Reply | None, known: tuple[str, ...], status: list[str]
) -> None:
    """Where lldpd never ran nothing is said; where it was heard before, its silence is a failure."""

    host = ToldHost({"lldpcli": reply} if reply else {}, away=reply is None)
    said = looked(SOURCE, host, known=known)
    assert [each.status for each in said if isinstance(each, RunEnded)] == status
    assert not [each for each in said if isinstance(each, Seen)]


def test_a_host_that_cannot_be_asked_says_nothing_of_lldpd() -> None:
    """Whether lldpd runs there is not known: the look fails as a whole, and leaves no scope behind."""

    with pytest.raises(TransportError):
        looked(SOURCE, ToldHost(away=True))
