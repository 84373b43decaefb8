"""What the shape lint finds, and what it leaves alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tools import lint_shape

HOME_PATH = "/".join(("", "home", "someone", "calipso"))
TEMP_PATH = "/".join(("", "tmp", "calipso-home"))


def found(name: str, text: str) -> list[str]:
    return list(lint_shape.in_text(name, text))


def test_long_files_and_functions_are_named_with_their_size() -> None:
    function = "def long() -> None:\n" + "    pass\n" * 40
    assert found("src/calipso/a.py", function) == ["src/calipso/a.py:1: long has 41 lines, more than 40"]
    assert found("src/calipso/a.py", "x = 1\n" * 401) == ["src/calipso/a.py: 401 lines, more than 400"]
    assert found("tests/unit/a.py", function + "x = 1\n" * 400) == []


def test_docstrings_and_blank_lines_are_free() -> None:
    text = 'def told() -> None:\n    """One.\n\n' + "    More.\n" * 60 + '    """\n' + "\n    pass\n" * 39
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    assert lint_shape.function_size(node, text.split("\n")) == 40
    assert found("src/calipso/a.py", text) == []


@pytest.mark.parametrize("name", ["LinkManager", "path_helper", "StringUtils"])
def test_names_that_say_nothing(name: str) -> None:
    text = f"class {name}:\n    pass\n"
    assert found("tests/unit/a.py", text) == [f"tests/unit/a.py:1: {name} does not say what it is"]


def test_file_names_that_say_nothing() -> None:
    assert found("src/calipso/graph/utils.py", "") == ["src/calipso/graph/utils.py: does not say what it holds"]


@pytest.mark.parametrize("path", [HOME_PATH, TEMP_PATH])
def test_paths_of_one_machine(path: str) -> None:
    assert found("docs/a.md", f"see\n`{path}`\n") == ["docs/a.md:2: a path of one machine"]


@pytest.mark.parametrize("path", ["/proc/42/root/etc", "{base}/tmp/x", "$HOME/tmp/x", "/run/netns/blue", "~/tmp/x"])
def test_paths_that_every_machine_has(path: str) -> None:
    assert found("src/calipso/a.py", f"PATH = {path!r}\n") == []


@pytest.mark.parametrize("name", ["requirements.lock", "Makefile", "pyproject.toml", "ui/package-lock.json"])
def test_addresses_in_build_files(name: str) -> None:
    assert found(name, "x @ https://mirror.example/x\n") == [f"{name}:1: an address"]


def test_addresses_elsewhere_are_prose() -> None:
    assert found("docs/a.md", "see https://keepachangelog.com\n") == []


def test_waiting_that_swallows_cancellations_is_told() -> None:
    text = "import asyncio\n\n\nasync def work(event):\n    await asyncio.wait_for(event.wait(), 1)\n"
    assert found("src/calipso/a.py", text) == [f"src/calipso/a.py:5: {lint_shape.SWALLOWS}"]
    assert found("tests/a.py", text) == []


def source_folder(root: Path, recordings: int) -> Path:
    folder = root / "src/calipso/sources/blue"
    folder.mkdir(parents=True)
    for part in ("__init__.py", "collect.py", "README.md", "parse_links.py"):
        (folder / part).touch()
    for kind in ("replay", "live"):
        (root / "tests" / kind / "blue").mkdir(parents=True)
    (root / "tests/live/blue/test_blue.py").touch()
    for number in range(recordings):
        (root / f"tests/replay/blue/{number}.jsonl").touch()
    return folder


def test_sources_have_one_shape(tmp_path: Path) -> None:
    folder = source_folder(tmp_path, recordings=2)
    assert list(lint_shape.in_sources(tmp_path)) == []
    (folder / "parse_links.py").unlink()
    (tmp_path / "tests/replay/blue/0.jsonl").unlink()
    (tmp_path / "tests/live/blue/test_blue.py").unlink()
    assert list(lint_shape.in_sources(tmp_path)) == [
        "src/calipso/sources/blue: no parse*.py",
        "tests/replay/blue: 1 recordings, a source needs 2",
        "tests/live/blue: no live tests",
    ]


def test_pure_parts_stand_in_their_contract(tmp_path: Path) -> None:
    (tmp_path / "src/calipso/query").mkdir(parents=True)
    (tmp_path / "src/calipso/graph").mkdir()
    contract = f'name = "{lint_shape.PURITY}"\nsource_modules = ["calipso.graph"]\n'
    (tmp_path / "pyproject.toml").write_text(f"[[tool.importlinter.contracts]]\n{contract}")
    assert list(lint_shape.in_contracts(tmp_path)) == [
        f"pyproject.toml: calipso.query is not in the contract {lint_shape.PURITY!r}"
    ]
