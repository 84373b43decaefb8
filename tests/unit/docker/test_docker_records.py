"""What the source makes of an engine's documents: namespaces, shared ones, networks, failures."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from calipso.model.record import RunEnded, Seen
from calipso.seams import Namespaces, SourceConfig
from calipso.sources.docker import SOURCE
from calipso.sources.docker.parse import parse_event, since
from tests.support.docker_said import ANSWERS, NETWORK, OVERLAY, SIDE, WEB, FakeEngine, container, records


def test_a_sandbox_key_leads_to_the_namespace_other_sources_name() -> None:
    engine = FakeEngine()
    engine.answers |= {Namespaces}
    path = f"/run/docker/netns/{WEB[:12]}"
    listed = {"inode": 2, "paths": ["/run/netns/web", path], "processes": [[7, 1]]}
    engine.namespaces = msgspec.json.encode({"root": {"inode": 1}, "namespaces": [listed]})
    assert records(engine)[f"container:{WEB}"].attributes["netns"] == "h/netns:web"
    assert records()[f"container:{WEB}"].attributes["netns"] == f"h/netns:{WEB[:12]}", "without the list: by its name"


def test_a_container_that_shares_anothers_namespace_is_there_too() -> None:
    found = records()
    assert found[f"container:{SIDE}"].attributes["netns"] == found[f"container:{WEB}"].attributes["netns"]
    loop = {
        **ANSWERS,
        f"/containers/{WEB}/json": container(WEB, "web", HostConfig={"NetworkMode": f"container:{SIDE}"}),
    }
    assert "netns" not in records(FakeEngine(loop))[f"container:{WEB}"].attributes, "a circle leads nowhere"


def test_what_does_not_run_has_no_namespace_and_no_nics() -> None:
    ended = records()["container:" + "9" * 64].attributes
    assert (ended["state"], ended["exit_code"]) == ("down", 3) and "netns" not in ended


def test_nics_carry_what_the_engine_says_of_their_place() -> None:
    nic = records()[f"container:{WEB}/vnic:02:42:ac:1e:00:02"].attributes
    assert nic["addresses"] == ["172.30.0.2/24", "fd00:30::2/64"]
    assert nic["network_id"] == f"network:{NETWORK}"
    assert f"container:{WEB}/vnic:02:42:ac:12:00:03" in records(), "the NIC on docker_gwbridge, which only it tells"


def test_an_overlay_tells_segment_endpoint_and_peers() -> None:
    found = records()
    assert found["segment:vxlan/-/4097"].attributes["network_id"] == f"network:{OVERLAY}"
    assert found["h/otep:vxlan"].attributes["peer_ips"] == ["192.0.2.2"]


def test_environment_variables_are_never_read() -> None:
    assert "hidden" not in repr(records())


def test_podman_networks_of_one_name_on_two_hosts_are_two() -> None:
    found = records(FakeEngine(socket="/run/podman/podman.sock"))
    assert f"network:{NETWORK}@h" in found
    assert "h" not in found, "host facts come from the one engine that has an identity"


def test_a_container_that_went_away_meanwhile_is_left_out() -> None:
    without = {path: said for path, said in ANSWERS.items() if WEB not in path}
    found = records(FakeEngine(without))
    assert f"container:{WEB}" not in found and f"container:{SIDE}" in found


@pytest.mark.parametrize("broken", [b"<html>", b"[]", b'{"ID": 3}'])
def test_an_answer_that_is_none_fails_the_run_and_says_nothing(broken: bytes) -> None:
    async def collect() -> list[object]:
        engine = FakeEngine({**ANSWERS, "/info": broken})
        return [each async for each in SOURCE.collect(engine, SourceConfig(host="h"))]

    said = asyncio.run(collect())
    ended = [each for each in said if isinstance(each, RunEnded)]
    assert [each.status for each in ended] == ["failed"] and ended[0].errors
    assert not [each for each in said if isinstance(each, Seen)]


def test_without_an_engine_nothing_is_said() -> None:
    assert records(FakeEngine(socket="/elsewhere/docker.sock")) == {}


def test_events_that_change_nothing_wake_nobody() -> None:
    assert parse_event(b'{"Type":"container","Action":"exec_create: sh","Actor":{"ID":"x"}}') is None
    assert parse_event(b'{"Type":"image","Action":"pull","Actor":{"ID":"x"}}') is None
    said = parse_event(b'{"Type":"network","Action":"connect","Actor":{"ID":"n","Attributes":{"container":"c"}}}')
    assert said is not None and said.actor.attributes == {"container": "c"}


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("2024-01-01T00:00:02.5Z", "1704067202.500000000"),
        ("2024-01-01T01:00:02.123456789+01:00", "1704067202.123456789"),
        ("2024-01-01T00:00:02Z", "1704067202.000000000"),
        ("soon", ""),
        ("", ""),
    ],
)
def test_events_are_asked_since_the_engines_own_time(told: str, wanted: str) -> None:
    assert since(told) == wanted


def test_podman_names_networks_by_name_and_means_their_object() -> None:
    place = {**ANSWERS[f"/containers/{WEB}/json"]["NetworkSettings"]["Networks"]["appnet"], "NetworkID": "appnet"}
    named = container(WEB, "web", NetworkSettings={"SandboxKey": "/run/netns/n", "Networks": {"appnet": place}})
    engine = FakeEngine({**ANSWERS, f"/containers/{WEB}/json": named}, socket="/run/podman/podman.sock")
    assert records(engine)[f"container:{WEB}"].attributes["network_ids"] == [f"network:{NETWORK}@h"]
