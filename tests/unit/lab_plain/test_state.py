"""What labs/plain refuses, and what it leaves alone: told without making any namespace."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from calipso.model.environment import parse_environment
from labs.plain import declaration as d
from labs.plain import lab as plain
from labs.plain.environment import environment
from labs.plain.holders import Holder, started
from labs.plain.running import NOTE, LabError, Running, noted


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_process_that_got_the_pid_of_a_holder_is_left_alone(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    earlier = Holder(stranger.pid, started(stranger.pid) - 1)
    Running(d.lab(), tmp_path, {"underlay": earlier, "h1": earlier, "h2": earlier}).note()
    assert plain.status(tmp_path) is None
    assert plain.down(tmp_path)
    assert stranger.poll() is None
    assert not tmp_path.exists()


def test_a_part_of_a_lab_is_none(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    Running(d.lab(), tmp_path, {"underlay": Holder(stranger.pid, started(stranger.pid))}).note()
    assert plain.status(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"holders": {}}', '{"hosts": 2, "holders": {"h1": "x"}}'])
def test_a_damaged_note_is_told_and_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / NOTE).write_text(text)
    for ask in (plain.status, plain.down, plain.up):
        with pytest.raises(LabError, match="is no note of a lab"):
            ask(tmp_path)
    assert (tmp_path / NOTE).read_text() == text


def test_what_is_not_there_is_not_up_and_takes_nothing_down(tmp_path: Path) -> None:
    assert plain.status(tmp_path / "none") is None
    assert plain.down(tmp_path / "none") is False
    assert noted(tmp_path) is None and tmp_path.exists()


def test_it_needs_root_two_hosts_and_its_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabError, match="2 hosts at least"):
        plain.up(tmp_path / "lab", hosts=1)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LabError, match="needs root"):
        plain.up(tmp_path / "lab")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(plain, "COMMANDS", ("ip", "no-such-command"))
    with pytest.raises(LabError, match=r"missing: .*no-such-command.*apt-get install openvswitch-switch"):
        plain.up(tmp_path / "lab")
    assert not (tmp_path / "lab").exists()


def test_where_the_state_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CALIPSO_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert plain.default_state() == tmp_path / ".local/state/calipso/labs/plain"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert plain.default_state() == tmp_path / "state/calipso/labs/plain"
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path / "home"))
    assert plain.default_state() == tmp_path / "home/labs/plain"


def test_the_environment_is_one(tmp_path: Path) -> None:
    said = parse_environment(yaml.safe_load(environment(Running(d.lab(3), tmp_path, {}))))
    assert (said.name, said.namespaces, said.service_patterns) == ("plain", "instances", ("router-", "dhcp-"))
    assert {name: host.pid_file for name, host in said.hosts.items()} == {
        name: str(tmp_path / f"{name}.pid") for name in ("h1", "h2", "h3")
    }


def test_the_note_tells_what_runs(tmp_path: Path) -> None:
    holders = {"underlay": Holder(10, 1), "h1": Holder(11, 2), "h2": Holder(12, 3)}
    Running(d.lab(), tmp_path, holders).note()
    again = noted(tmp_path)
    assert again is not None and again.holders == holders and len(again.lab.hosts) == 2
    assert json.loads((tmp_path / NOTE).read_text())["hosts"] == 2
