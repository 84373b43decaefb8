"""Environments come, change and go while the server runs; a host that cannot be looked at holds nobody up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.served.test_server import CALIPSO, ask, environment, server, wait

pytestmark = pytest.mark.live


def told(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CALIPSO, *words], env=environment(home), capture_output=True, text=True, timeout=60)


@pytest.fixture
def holder() -> Iterator[int]:
    """A host made of namespaces; it ends with the test."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sleep", "120"]
    process = subprocess.Popen(command)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        wait(lambda: children.read_text().split(), "the host's first process")
        first = children.read_text().split()[0]
        subprocess.run(["nsenter", "-t", first, "-n", "ip", "tuntap", "add", "t0", "mode", "tap"], check=True)
        yield int(first)
    finally:
        process.kill()
        process.wait()


def kinds(home: Path, env: str) -> dict[str, str]:
    said = ask(home, "get", "interface", "--env", env, "-o", "json")
    return {item["id"]: item["kind"] for item in json.loads(said or "[]")}


def test_an_environment_is_added_changed_tried_and_ended_at_run_time(tmp_path: Path, holder: int) -> None:
    home, file, pid = tmp_path / "home", tmp_path / "made.yaml", tmp_path / "h1.pid"
    text = f"name: made\nhosts:\n  h1: {{pid: {holder}}}\n  h2: {{pid_file: {pid}}}\n"
    file.write_text(text)
    with server(home):
        added = told(home, "env", "add", str(file))
        assert added.returncode == 0, added.stderr
        wait(lambda: "h1/dev:lo" in kinds(home, "made"), "the good host, though the other one is broken")
        tried = json.loads(told(home, "env", "test", "made", "-o", "json").stdout)
        assert {each["status"] for each in tried if each["host"] == "h2"} == {"failed"}
        assert any("pid_file" in error["message"] for each in tried for error in each["errors"])
        assert {each["status"] for each in tried if each["source"] == "linux" and each["host"] == "h1"} == {"ok"}
        pid.write_text(f"{holder}\n")
        wait(lambda: "h2/dev:lo" in kinds(home, "made"), "the other host, once its pid is known", 20)
        stale = [s for s in json.loads(ask(home, "sources", "--env", "made", "-o", "json")) if s["stale"]]
        assert not stale
        assert kinds(home, "made")["h1/dev:t0"] == "device"
        file.write_text(text + "pnics: [t0]\n")
        assert told(home, "env", "add", str(file)).returncode == 0
        wait(lambda: kinds(home, "made")["h1/dev:t0"] == "host_pnic", "what it is called by the new options")
        assert "pnics" in ask(home, "env", "show", "made")
        posts = json.loads(ask(home, "schedule", "--env", "made", "-o", "json"))
        assert ("h1", "linux", "running") in {(each["host"], each["source"], each["state"]) for each in posts}
        assert told(home, "env", "remove", "made").returncode == 0
        assert told(home, "get", "interface", "--env", "made").returncode == 1
        assert told(home, "env", "add", str(file)).returncode == 0
        wait(lambda: "h1/dev:lo" in kinds(home, "made"), "the same again")
        history = json.loads(ask(home, "history", "h1/dev:lo", "--env", "made", "-o", "json"))
        assert [e["op"] for e in history["events"]].count("appeared") == 1, "its history was kept"
    with server(home):
        assert kinds(home, "made")["h1/dev:t0"] == "host_pnic"


def test_what_is_wrong_with_a_file_is_named_and_changes_nothing(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "bad.yaml"
    for text, words in (
        ("name: bad\nhosts: {h1: {pidd: 3}}\n", "hosts.h1.pidd"),
        ("name: bad\ntype: OpenStak\n", "OpenStack"),
        ("name: bad\n  hosts: [\n", "bad.yaml:"),
        ("hosts: {}\n", "needs a name"),
    ):
        file.write_text(text)
        done = told(home, "env", "add", str(file))
        assert done.returncode == 2 and words in done.stderr, done.stderr
    assert [each["name"] for each in json.loads(ask(home, "env", "list", "-o", "json"))] == ["local"]
    assert told(home, "env", "remove", "local").returncode == 1
    assert told(home, "env", "show", "nothing").returncode == 1
