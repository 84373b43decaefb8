"""`calipso scan`, `scans` and `messages` without a server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from calipso.cli.main import app
from calipso.errors import Unreachable
from tests.unit.scans.acting import NAME, Actor

RUNNER = CliRunner()


@pytest.fixture
def actor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """The only source there is; the environment has two hosts."""
    made = Actor()
    monkeypatch.setenv("CALIPSO_HOME", str(tmp_path))
    monkeypatch.setattr("calipso.runtime.system.installed_sources", lambda: {"actor": made})
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / f"{NAME}.yaml").write_text(f"name: {NAME}\nhosts: {{h1: {{}}, h2: {{}}}}\n")
    return made


def calipso(*words: str) -> Result:
    return RUNNER.invoke(app, [*words], catch_exceptions=False)


def test_a_scan_its_list_and_its_looks(actor: Actor) -> None:
    done = calipso("scan", "--env", NAME, "--inventory", "first")
    assert done.exit_code == 0 and "scan 1 completed: 4 objects, 2 links" in done.stderr
    (listed,) = json.loads(calipso("scans", "list", "-o", "json").stdout)
    assert (listed["id"], listed["environment"], listed["inventory"]) == ("1", NAME, "first")
    shown = calipso("scans", "show", "--env", NAME)
    assert "2/2" in shown.stdout and "h1" in shown.stdout and "actor" in shown.stdout


def test_what_went_wrong_decides_the_exit_code_and_is_a_message(actor: Actor) -> None:
    actor.failing["h2"] = Unreachable("h2: no route")
    partly = calipso("scan", "--env", NAME)
    assert partly.exit_code == 3 and "actor@h2: h2: no route" in partly.stderr
    actor.failing["h1"] = Unreachable("h1: no route")
    assert calipso("scan", "--env", NAME).exit_code == 1
    listed = calipso("messages", "list", "--open")
    assert "h2: no route" in listed.stdout and "holds" in listed.stdout and "scan 2 failed" in listed.stdout
    assert "3 changed" in calipso("messages", "viewed", "--env", NAME).stderr
    assert json.loads(calipso("messages", "list", "--new", "-o", "json").stdout) == []
    assert "3 deleted" in calipso("messages", "delete", "--level", "error", "--env", NAME).stderr


def test_drafts_schedules_and_cancelling(actor: Actor) -> None:
    assert calipso("scan", "--env", NAME, "--draft", "--cliques-only").exit_code == 0
    assert calipso("scans", "start", "1", "--env", NAME).exit_code == 0
    assert calipso("scan", "--env", NAME, "--draft").exit_code == 0
    assert "scan 2 is aborted" in calipso("scans", "cancel", "2", "--env", NAME).stderr
    added = calipso("scans", "schedule", "add", "cron", "--cron", "30 2 * * *", "--env", NAME, "-o", "json")
    assert json.loads(added.stdout)[0]["scheduled_timestamp"].endswith("02:30:00.000Z")
    assert "never" in calipso("scans", "schedule", "disable", "1", "--env", NAME).stdout
    assert "30 2 * * *" in calipso("scans", "schedule", "enable", "1", "--env", NAME).stdout
    assert calipso("scans", "schedule", "remove", "1", "--env", NAME).exit_code == 0
    assert json.loads(calipso("scans", "schedule", "list", "-o", "json").stdout) == []


def test_the_first_run_is_said_as_the_help_says_it(actor: Actor) -> None:
    """By the clocks of the schedule's zone, which need not be this machine's."""

    def first(*words: str) -> datetime:
        done = calipso("scans", "schedule", "add", "daily", "--env", NAME, "-o", "json", *words)
        assert done.exit_code == 0, done.stderr
        return datetime.fromisoformat(json.loads(done.stdout)[0]["scheduled_timestamp"])

    now = datetime.now(UTC)
    at_night = first("--at", "02:30")
    assert (at_night.hour, at_night.minute) == (2, 30) and now < at_night <= now + timedelta(days=1, minutes=1)
    soon = first("--at", "+2h")
    assert now + timedelta(hours=1, minutes=59) < soon < now + timedelta(hours=2, minutes=10)
    abroad = first("--at", "2099-02-01T02:30", "--zone", "Asia/Tokyo")
    assert abroad == datetime(2099, 1, 31, 17, 30, tzinfo=UTC)
    assert first("--at", "2099-02-01T02:30:00+02:00", "--zone", "Asia/Tokyo") == datetime(2099, 2, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("scan", "--links-only", "--cliques-only"), "exclude each other"),
        (("scan", "--object", "h1", "--clear"), "one object"),
        (("scans", "cancel"), "no scan runs"),
        (("scans", "schedule", "add", "sometimes"), "sometimes"),
        (("scans", "schedule", "add", "once", "--at", "-2h"), "never run"),
        (("scans", "schedule", "add", "once", "--at", "25:00"), "25:00"),
        (("scans", "schedule", "add", "once", "--zone", "Nowhere"), "Nowhere"),
        (("messages", "list", "--at-least", "loud"), "loud"),
        (("messages", "delete"), "which"),
    ],
)
def test_what_is_wrong_is_said_as_usage(actor: Actor, words: tuple[str, ...], hint: str) -> None:
    said = calipso(*words)
    assert said.exit_code == 2 and hint in said.stderr
