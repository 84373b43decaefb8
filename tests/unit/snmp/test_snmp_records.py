"""A switch with VLANs, neighbours of all kinds and a forwarding table, made after the MIBs: no such switch was had."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from calipso.errors import AuthFailed, ParseError
from calipso.model.record import RunEnded, Seen
from calipso.seams import Reply, Request, SourceConfig
from calipso.sources.snmp import SOURCE
from calipso.sources.snmp import parse as p
from calipso.sources.snmp.records import Switch
from tests.support.fabric import answer, leaf

CHASSIS = "switch:02:00:00:00:00:0a"


def made(rows: dict[str, int | str] | None = None, name: str = "leaf1") -> dict[str, dict[str, Any]]:
    switch = Switch(p.Walk(answer(leaf() if rows is None else rows)), name)
    return {record.id: record.attributes for record in switch.records()}


def test_ports_have_the_ids_of_lldp_whatever_their_numbers_are() -> None:
    found = made()
    assert sorted(found) == [CHASSIS, f"{CHASSIS}/port:02:00:00:00:01:01", f"{CHASSIS}/port:Eth1%2F2"]
    first, second = found[f"{CHASSIS}/port:02:00:00:00:01:01"], found[f"{CHASSIS}/port:Eth1%2F2"]
    assert (first["name"], first["ifindex"], first["speed"], first["state"]) == ("Eth1/1", 101, 25000, "up")
    assert (second["name"], second["ifindex"], second["state"]) == ("Eth1/2", 102, "down")


def test_vlans_of_a_port() -> None:
    first = made()[f"{CHASSIS}/port:02:00:00:00:01:01"]
    assert first["pvid"] == 10
    assert first["vlans"] == [{"id": 10, "name": "blue", "untagged": True}, {"id": 20, "untagged": False}]


def test_neighbours_that_are_switches_and_hosts() -> None:
    found = made()
    assert found[f"{CHASSIS}/port:Eth1%2F2"]["switch_ports"] == ["switch:spine/port:Eth9"]
    first = found[f"{CHASSIS}/port:02:00:00:00:01:01"]
    assert first["neighbor_macs"] == ["02:00:00:00:02:01"]
    assert first["neighbor_devices"] == ["h2/dev:eth0"]
    assert "switch_ports" not in first


def test_what_is_learnt_is_told_without_own_and_static_entries() -> None:
    (record,) = Switch(p.Walk(answer(leaf())), "leaf1").forwarding()
    assert record.id == f"{CHASSIS}/port:02:00:00:00:01:01"
    assert record.attributes == {"fdb": [{"mac": "02:00:00:00:02:01", "fid": 10}]}


def test_a_switch_without_lldp_is_known_by_its_bridge_and_its_interfaces() -> None:
    rows = {oid: value for oid, value in leaf().items() if not oid.startswith("1.0.8802.")}
    assert sorted(made(rows)) == [f"{CHASSIS}", f"{CHASSIS}/port:Eth1%2F1", f"{CHASSIS}/port:Eth1%2F2"]
    rows = {oid: value for oid, value in rows.items() if not oid.startswith("1.3.6.1.2.1.17.")}
    assert sorted(made(rows)) == [f"switch:leaf1{end}" for end in ("", "/port:Eth1%2F1", "/port:Eth1%2F2")]


def test_port_lists_begin_with_the_highest_bit() -> None:
    assert list(p.ports_of("c001")) == [1, 2, 16]
    assert list(p.ports_of("zz")) == []


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'[["x","y",1]]', b'[["1.3",2]]'])
def test_what_is_no_walk_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ParseError):
        p.Walk(body)


class Device:
    """A device that gives one answer, or refuses."""

    answers: frozenset[type[Request]] = frozenset()

    def __init__(self, body: bytes | None) -> None:
        self.body = body

    async def ask(self, request: Request) -> Reply:
        if self.body is None:
            raise AuthFailed("wrong digest")
        return Reply(self.body)

    def listen(self, request: Request) -> AsyncIterator[Reply]:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("body", "status"),
    [(json.dumps([]).encode(), ["completed", "completed"]), (b"garbage", ["failed"]), (None, ["failed"])],
)
def test_a_device_that_refuses_removes_nothing(body: bytes | None, status: list[str]) -> None:
    async def collected() -> list[Any]:
        return [each async for each in SOURCE.collect(Device(body), SourceConfig(host="leaf1"))]

    said = asyncio.run(collected())
    assert [each.status for each in said if isinstance(each, RunEnded)] == status
    assert bool([each for each in said if isinstance(each, Seen)]) == (status[0] == "completed")
