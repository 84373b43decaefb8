"""The product as a user starts it: it finds this machine, tells changes at once, and survives being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.live
CALIPSO = [sys.executable, "-m", "calipso"]
NAME = f"ct-srv-{os.getpid()}"


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "CALIPSO_HOME": str(home), "NO_COLOR": "1"}


def ask(home: Path, *words: str) -> str:
    return subprocess.run([*CALIPSO, *words], env=environment(home), capture_output=True, text=True, timeout=60).stdout


@contextmanager
def server(home: Path, stop: int = signal.SIGTERM) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*CALIPSO, "up", "--port", "0"], env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        wait(lambda: (home / "server.json").exists(), "the server says where it listens", 40)
        yield process
    finally:
        process.send_signal(stop)
        process.wait(10)


def wait(holds: object, what: str, seconds: float = 10.0) -> float:
    began = time.monotonic()
    while not holds():  # type: ignore[operator]
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def netns() -> Iterator[str]:
    yield NAME
    subprocess.run(["ip", "netns", "del", NAME], capture_output=True, check=False)


def test_every_interface_of_the_machine_is_there_with_namespace_and_routes(tmp_path: Path) -> None:
    listed = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, check=True).stdout)
    routes = json.loads(subprocess.run(["ip", "-j", "route"], capture_output=True, check=True).stdout)

    def found() -> dict[str, dict[str, object]]:
        said = ask(tmp_path, "get", "interface", "-o", "json")
        return {item["name"]: item for item in json.loads(said or "[]") if "/netns:" not in item["id"]}

    with server(tmp_path):
        wait(lambda: {each["ifname"] for each in listed} <= set(found()), "every interface")
        for route in routes:
            attributes = found()[route["dev"]]["attributes"]
            assert route["dst"] in [each["dst"] for each in attributes["routes"]]  # type: ignore[index]


def test_a_namespace_is_told_as_it_comes_and_goes_and_stays_in_history(tmp_path: Path, netns: str) -> None:
    with server(tmp_path):
        wait(lambda: json.loads(ask(tmp_path, "get", "-o", "json") or "{}").get("total"), "the first look")
        watching = subprocess.Popen(
            [*CALIPSO, "watch", "-o", "json"], env=environment(tmp_path), stdout=subprocess.PIPE, text=True
        )
        try:
            time.sleep(1.5)
            subprocess.run(["ip", "netns", "add", netns], check=True)
            added = told(watching, "added", netns)
            subprocess.run(["ip", "netns", "del", netns], check=True)
            removed = told(watching, "removed", netns)
        finally:
            watching.kill()
            watching.wait()
        assert added < 3 and removed < 3, f"told after {added:.2f} s and {removed:.2f} s"
        events = json.loads(ask(tmp_path, "history", netns, "-o", "json"))
        assert [e["op"] for e in events["events"] if e["op"] in ("appeared", "vanished")] == ["appeared", "vanished"]
        assert events["alive"] is False


def told(watching: subprocess.Popen[str], op: str, name: str) -> float:
    """Seconds until the watcher prints it."""
    began = time.monotonic()
    assert watching.stdout is not None
    for line in watching.stdout:
        said = json.loads(line).get("object", {})
        if said.get("op") == op and said.get("id", "").endswith(f"netns:{name}"):
            return time.monotonic() - began
    pytest.fail(f"the watcher ended without telling {op} {name}")


def test_killed_and_started_again_it_knows_what_it_knew(tmp_path: Path, netns: str) -> None:
    subprocess.run(["ip", "netns", "add", netns], check=True)
    with server(tmp_path, stop=signal.SIGKILL):
        wait(lambda: netns in ask(tmp_path, "get", "netns"), "the namespace")
    before = json.loads(ask(tmp_path, "get", "netns", netns, "-o", "json"))
    subprocess.run(["ip", "netns", "del", netns], check=True)
    with server(tmp_path):
        wait(lambda: netns not in ask(tmp_path, "get", "netns"), "what went meanwhile is seen to be gone")
        history = json.loads(ask(tmp_path, "history", netns, "-o", "json"))
    assert history["id"] == before["id"] and not history["alive"]


def test_it_stops_at_once_even_with_a_client_watching(tmp_path: Path) -> None:
    with server(tmp_path) as process:
        watching = subprocess.Popen([*CALIPSO, "watch"], env=environment(tmp_path), stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        process.wait(10)
        assert time.monotonic() - began < 8 and process.returncode == 0
        watching.kill()
        watching.wait()
    assert not (tmp_path / "server.json").exists()
