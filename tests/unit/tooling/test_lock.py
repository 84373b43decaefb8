"""Lock files: plain pins that meet what the project asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import lock

PROJECT = """
[project]
dependencies = ["PyYAML>=6", "rich>=13.9"]
[project.optional-dependencies]
test = ["pytest>=8"]
"""
PINS = {
    "requirements.lock": "editables==0.5\nhatchling==1.27\npyyaml==6.0.3\nrich==15.0.0\n",
    "requirements-dev.lock": "pytest==9.2.0\n",
    "requirements-docs.lock": "",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    for name, text in PINS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_pins_that_fit(checkout: Path) -> None:
    assert list(lock.problems(checkout)) == []


def test_a_requirement_without_pin_and_a_pin_that_is_too_old(checkout: Path) -> None:
    (checkout / "requirements-dev.lock").write_text("")
    (checkout / "requirements.lock").write_text(PINS["requirements.lock"].replace("rich==15.0.0", "rich==12.0"))
    assert set(lock.problems(checkout)) == {
        "requirements.lock: rich==12.0 is not >=13.9: run `make lock`",
        "requirements-dev.lock: rich==12.0 is not >=13.9: run `make lock`",
        "requirements-dev.lock: no pin for pytest>=8: run `make lock`",
        "requirements-docs.lock: rich==12.0 is not >=13.9: run `make lock`",
    }


@pytest.mark.parametrize(
    "line",
    ["rich", "rich>=13", "rich==15 --hash=sha256:0", "rich @ file:wheels/rich.whl", "--index-url=x", "x==1; python<4"],
)
def test_anything_but_a_plain_pin_is_refused(checkout: Path, line: str) -> None:
    (checkout / "requirements-dev.lock").write_text(f"pytest==9.2.0\n{line}\n")
    assert list(lock.problems(checkout)) == [f"requirements-dev.lock:2: not a plain pin: {line!r}: run `make lock`"]
