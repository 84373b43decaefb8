"""The commands of the checkout: what CI runs is what the README says; failures are counted and told."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import why_not_live

ROOT = Path(__file__).parents[3]


def test_ci_runs_what_the_readme_says() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make test"]
    assert "make test" in (ROOT / "README.md").read_text()


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_that_are_written_about_exist(page: str) -> None:
    said = set(re.findall(r"\bmake ([a-z-]+)\b", "\n".join(re.findall(r"`[^`]+`|^    .*$|^make .*$",
               (ROOT / page).read_text(), re.MULTILINE))))  # fmt: skip
    assert said
    assert said <= targets()


def test_python_that_is_too_old_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    for name in ("tools/setup", "pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHON": str(old)}
    done = subprocess.run(["bash", "tools/setup"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no Python 3.11 or later" in done.stderr
    assert "make setup PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


TALLY = (
    'set -o pipefail; source <(grep "^count()" tools/check); log={log}; '
    'echo "$(count passed) $(count failed) $(count error)"'
)


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("12 passed in 0.30s", "12 0 0"),
        ("1 failed, 33 passed, 2 skipped, 1 error in 61.20s (0:01:01)", "33 1 1"),
        ("no tests ran in 0.01s", "0 0 0"),
        ("3 passed, 1 xfailed in 1s", "3 0 0"),
    ],
)
def test_closing_lines_are_counted(tmp_path: Path, line: str, counts: str) -> None:
    log = tmp_path / "log"
    log.write_text(f"tests/unit 7 failed\n{line}\n")
    script = TALLY.format(log=log)
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == counts


def test_reasons_for_skipping_live_tests_name_what_is_missing() -> None:
    assert why_not_live(0, []) is None
    assert "root" in (why_not_live(1000, []) or "")
    assert "nft, conntrack" in (why_not_live(0, ["nft", "conntrack"]) or "")


def test_system_commands_are_found_without_their_folder_on_the_path() -> None:
    assert "/usr/sbin" in os.environ["PATH"].split(os.pathsep)
