"""Checks of shape that no linter has: sizes, names, the same parts in every source, no addresses where none belong.

Sizes hold for what is shipped or built with (CODE); names and paths for every file, tests included.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

LONGEST_FILE, LONGEST_FUNCTION = 400, 40
WRITTEN_OUT = "Written by tools/"
"""In the first line of a module that is generated: it is as long as what it is generated from."""
CODE = ("src/", "labs/", "bench/", "tools/", "docs/")
WEAK_NAMES = re.compile(r"(Manager|Helper|Util)", re.IGNORECASE)
MACHINE_PATHS = re.compile(r"(?<![\w./}*~-])/(?:root|tmp|work|home/\w+)/[\w.]+")
TEXTS = (".py", ".sh", ".md", ".toml", ".yaml", ".yml", ".lock", ".json", ".npmrc")
NO_SUFFIX = ("Makefile", ".ci/run", "tools/setup", "tools/check", "tools/test-setup", "tools/bench", "tools/ui")
ADDRESSES = re.compile(r"(https?|file|ftp)://(?!127\.0\.0\.1|localhost)|--(extra-)?index-url|--find-links")
WITHOUT_ADDRESSES = re.compile(
    r"(^|/)(requirements[^/]*\.lock|Makefile|pyproject\.toml|package(-lock)?\.json|\.npmrc)$"
)
SOURCE_PARTS = ("__init__.py", "collect.py", "README.md")
RECORDINGS = 2
PURE = ("model", "graph", "query", "sources", "audit", "diagnose", "path", "policy", "seams")
"""Parts without I/O and clock, if there: the import contract has to name them (DESIGN §4)."""
SWALLOWS = "asyncio.wait_for of Python 3.11 now and then swallows a cancellation; asyncio.timeout does not"
PURITY = "The core and the sources do no I/O and have no clock"


def main() -> int:
    """Print what does not hold; 1 when anything does not."""
    found = list(problems(Path.cwd()))
    for problem in found:
        print(problem)
    return 1 if found else 0


def problems(root: Path) -> Iterator[str]:
    """One line for each thing that does not hold."""
    for name in tracked(root):
        path = root / name
        if path.is_file() and (name.endswith(TEXTS) or name in NO_SUFFIX):
            yield from in_text(name, path.read_text(errors="replace"))
    yield from in_sources(root)
    yield from in_contracts(root)


def tracked(root: Path) -> list[str]:
    """Files that git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return sorted(set(listed.stdout.split("\n")) - {""})


def in_text(name: str, text: str) -> Iterator[str]:
    """What does not hold in one file; `name` is its path below the checkout."""
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATHS.search(line):
            yield f"{name}:{number}: a path of one machine"
        if WITHOUT_ADDRESSES.search(name) and ADDRESSES.search(line):
            yield f"{name}:{number}: an address"
    if WEAK_NAMES.search(name):
        yield f"{name}: does not say what it holds"
    if name.endswith(".py"):
        yield from in_python(name, text)


def in_python(name: str, text: str) -> Iterator[str]:
    """Sizes and names of one module."""
    lines = text.split("\n")
    sized = name.startswith(CODE)
    if sized and text.count("\n") > LONGEST_FILE and WRITTEN_OUT not in lines[0]:
        yield f"{name}: {text.count(chr(10))} lines, more than {LONGEST_FILE}"
    for node in ast.walk(ast.parse(text)):
        if name.startswith("src/") and isinstance(node, ast.Attribute) and ast.unparse(node) == "asyncio.wait_for":
            yield f"{name}:{node.lineno}: {SWALLOWS}"
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if WEAK_NAMES.search(node.name):
            yield f"{name}:{node.lineno}: {node.name} does not say what it is"
        if sized and not isinstance(node, ast.ClassDef) and (size := function_size(node, lines)) > LONGEST_FUNCTION:
            yield f"{name}:{node.lineno}: {node.name} has {size} lines, more than {LONGEST_FUNCTION}"


def function_size(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Lines of a function from its `def`; docstring and blank lines not counted."""
    first = node.body[0]
    told = 0
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        told = sum(1 for line in lines[first.lineno - 1 : first.end_lineno] if line.strip())
    return sum(1 for line in lines[node.lineno - 1 : node.end_lineno] if line.strip()) - told


NOT_TO_BE_HAD = frozenset({"vpp"})
"""Sources whose real thing comes from neither Debian nor PyPI: their README says what they were tested on instead."""


def in_sources(root: Path) -> Iterator[str]:
    """Every source has the same parts, recordings and live tests."""
    folders = root / "src/calipso/sources"
    for folder in sorted(folders.iterdir()) if folders.is_dir() else ():
        if not folder.is_dir() or folder.name.startswith("__"):
            continue
        for part in SOURCE_PARTS:
            if not (folder / part).is_file():
                yield f"src/calipso/sources/{folder.name}: no {part}"
        if not list(folder.glob("parse*.py")):
            yield f"src/calipso/sources/{folder.name}: no parse*.py"
        recordings = len(list((root / "tests/replay" / folder.name).rglob("*.jsonl*")))
        if recordings < RECORDINGS:
            yield f"tests/replay/{folder.name}: {recordings} recordings, a source needs {RECORDINGS}"
        if folder.name not in NOT_TO_BE_HAD and not list((root / "tests/live" / folder.name).rglob("test_*.py")):
            yield f"tests/live/{folder.name}: no live tests"


def in_contracts(root: Path) -> Iterator[str]:
    """A pure part that exists stands in the contract that keeps it pure."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {module for each in contracts if each["name"] == PURITY for module in each["source_modules"]}
    for part in PURE:
        place = root / "src/calipso" / part
        if (place.is_dir() or place.with_suffix(".py").is_file()) and f"calipso.{part}" not in named:
            yield f"pyproject.toml: calipso.{part} is not in the contract {PURITY!r}"


if __name__ == "__main__":
    sys.exit(main())
