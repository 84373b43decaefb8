"""The switch of labs/tor by SNMP: versions 2c and 3 with the real net-snmp, and what refuses or does not answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import AuthFailed, ConfigError, TimedOut, TransportError, Unreachable
from calipso.model.environment import SnmpAccess
from calipso.model.record import RunEnded, Seen
from calipso.seams import Exec, Request, Snmp, SourceConfig
from calipso.sources.snmp import SOURCE
from calipso.transports.snmp import SnmpTransport
from labs.tor import declaration as d
from labs.tor import lab as tor

pytestmark = pytest.mark.live
NAME = Snmp(("1.3.6.1.2.1.1.5",))
EVERYTHING = Snmp(("1.3.6.1.2.1",))


@pytest.fixture(scope="module")
def pid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Pid of the switch."""
    state = tmp_path_factory.mktemp("tor") / "lab"
    made = tor.up(state, mortal=True)
    try:
        yield made.holders[d.TOR].first
    finally:
        tor.down(state)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("COMMUNITY", d.COMMUNITY), ("AUTH", d.AUTH_KEY), ("PRIV", d.PRIV_KEY), ("WRONG", "x" * 9)):
        monkeypatch.setenv(f"LAB_{name}", value)
    Path("community").write_text(d.COMMUNITY + "\n")


def access(**said: Any) -> SnmpAccess:
    return SnmpAccess(**{"address": "127.0.0.1", "port": d.SNMP_PORT, **said})


V3 = {"user": d.USER, "auth_key": "env:LAB_AUTH", "priv_key": "env:LAB_PRIV"}


def asked(pid: int, request: Request = NAME, **said: Any) -> list[Any]:
    async def ask() -> bytes:
        return (await SnmpTransport(access(**said), pid).ask(request)).body

    return list(json.loads(asyncio.run(ask())))


V6 = {"address": "::1"}


@pytest.mark.parametrize(
    "said", [{"community": "env:LAB_COMMUNITY"}, {"community": "file:community"}, V3, {**V3, **V6}]
)
def test_who_has_the_right_credentials_is_told(pid: int, said: dict[str, str]) -> None:
    assert asked(pid, **said) == [["1.3.6.1.2.1.1.5.0", "OctetString", d.TOR.encode().hex()]]


def test_a_walk_is_whole_and_in_order(pid: int) -> None:
    rows = [tuple(map(int, oid.split("."))) for oid, _, _ in asked(pid, EVERYTHING, community="env:LAB_COMMUNITY")]
    assert rows == sorted(set(rows)) and len(rows) > 200


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"community": "env:LAB_WRONG"}, Unreachable),
        ({"community": "env:LAB_COMMUNITY", "port": 1}, Unreachable),
        ({**V3, "auth_key": "env:LAB_WRONG"}, AuthFailed),
        ({**V3, "user": "nobody"}, AuthFailed),
        ({"community": "env:LAB_NOT_SET"}, ConfigError),
        ({"community": "public"}, ConfigError),
        ({}, ConfigError),
    ],
)
def test_who_has_not_is_told_why(pid: int, said: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        asked(pid, **said)


def test_a_walk_has_its_time(pid: int) -> None:
    with pytest.raises(TimedOut):
        asked(pid, Snmp(EVERYTHING.oids, timeout=0.001), community="env:LAB_COMMUNITY")


def test_a_device_runs_no_commands(pid: int) -> None:
    with pytest.raises(TransportError):
        asked(pid, Exec(("true",)), community="env:LAB_COMMUNITY")


def test_two_looks_at_an_unchanged_switch_say_the_same(pid: int) -> None:
    async def look() -> list[Any]:
        transport = SnmpTransport(access(community="env:LAB_COMMUNITY"), pid)
        return [each async for each in SOURCE.collect(transport, SourceConfig(host=d.TOR))]

    first, second = asyncio.run(look()), asyncio.run(look())
    assert [each.status for each in first if isinstance(each, RunEnded)] == ["completed", "completed"]
    ports = [
        sorted(each.id for seen in said if isinstance(seen, Seen) for each in seen.records) for said in (first, second)
    ]
    assert ports[0] == ports[1] and len(ports[0]) == 4
