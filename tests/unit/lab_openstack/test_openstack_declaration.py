"""labs/openstack without running it: its files, its note, what Calipso is told of it."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Any

import pytest
import yaml

from calipso.model.environment import parse_environment
from labs.openstack import declaration as d
from labs.openstack import lab
from labs.openstack.configuration import files, words
from labs.openstack.environment import API, clouds, environment
from labs.openstack.expectation import expected
from labs.openstack.running import Running, noted
from labs.plain.holders import Holder
from labs.plain.running import LabError
from tests.support.openstack_lab import once

OWN = ("/libvirt/", "/rabbitmq/", "/bird/")
"""Where files are in forms of their own."""


@pytest.fixture(params=d.MECHANISMS)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Running:
    return Running(request.param, tmp_path, tmp_path / "cache", {"ctl": Holder(2**22 + 1, 1)})


@pytest.mark.parametrize("host", d.HOSTS, ids=lambda host: host.name)
def test_every_template_is_filled_and_can_be_read(running: Running, host: d.Host) -> None:
    made = dict(files(words(running, host)))
    assert made["/etc/hostname"] == f"{host.name}\n"
    for name, text in made.items():
        assert "$" not in text, name
        if name.endswith((".conf", ".ini")) and not any(own in name for own in OWN):
            configparser.ConfigParser(strict=True, interpolation=None).read_string(once(text), name)


def test_a_host_says_its_own_name_and_addresses(running: Running) -> None:
    host = d.COMPUTES[0]
    made = dict(files(words(running, host)))
    nova = configparser.ConfigParser(interpolation=None)
    nova.read_string(made["/etc/nova/nova.conf"])
    assert (nova["DEFAULT"]["host"], nova["DEFAULT"]["my_ip"]) == (host.name, host.address)
    agent = configparser.ConfigParser(interpolation=None)
    agent.read_string(made["/etc/neutron/plugins/ml2/openvswitch_agent.ini"])
    assert agent["ovs"]["local_ip"] == host.tunnel_address
    assert agent["securitygroup"]["firewall_driver"] == host.firewall


def test_calipso_takes_the_environment(running: Running) -> None:
    told = parse_environment(yaml.safe_load(environment(running)))
    assert set(told.hosts) == {API, *(host.name for host in d.HOSTS)}
    assert told.hosts[API].openstack is not None and told.hosts[API].pid_file.endswith("/outside.pid")
    assert (told.type, told.remarks()) == ("OpenStack", ())
    assert yaml.safe_load(clouds())["clouds"]["openstack"]["auth"]["auth_url"] == d.KEYSTONE.url


def test_state_is_below_calipso_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path))
    assert lab.default_state() == tmp_path / "labs/openstack"
    assert lab.default_cache() == tmp_path / "labs/openstack/cache"


def test_a_noted_lab_is_found_again_and_taken_away_but_its_programs(running: Running) -> None:
    running.venv.mkdir(parents=True)
    (running.state / "ctl" / "etc").mkdir(parents=True)
    running.note()
    again = noted(running.state)
    assert again is not None
    assert (again.mechanism, again.cache, again.holders) == (running.mechanism, running.cache, running.holders)
    assert lab.status(running.state) is None
    assert lab.down(running.state)
    assert [each.name for each in running.state.iterdir()] == ["cache"]
    assert not lab.down(running.state)


def test_a_damaged_note_is_told_and_nothing_is_done(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text("{}")
    with pytest.raises(LabError, match="nothing was done"):
        lab.down(tmp_path)


@pytest.mark.parametrize(("mechanism", "plugged"), [("ovs", "vnic-vconnector"), ("ovn", "vnic-vedge")])
def test_a_guest_is_expected_to_be_plugged_as_the_mechanism_does(mechanism: str, plugged: str) -> None:
    port = {"id": "a" * 36, "mac": "fa:16:3e:00:00:01", "network": "n"}
    facts: dict[str, Any] = {"instances": [{"id": "i", "host": "cmp1", "ports": [port]}], "services": []}
    wanted = expected(facts, mechanism)
    assert {type for type, source, _ in wanted.links if source.startswith("instance:i/")} == {plugged}
    assert ("vconnector" in wanted.objects.values()) == (mechanism == "ovs")
