"""Checks of shape that no linter has: sizes, names, the same parts in every source, no addresses where none belong."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST_FILE, LONGEST_FUNCTION = 400, 40
CODE = ("src/", "labs/", "bench/", "tools/", "docs/")
WEAK_NAMES = re.compile(r"(Manager|Helper|Util)")
MACHINE_PATHS = re.compile(r"(?<![\w./])/(?:work|root|home/\w+)/\w+")
ADDRESSES = re.compile(r"https?://")
WITHOUT_ADDRESSES = re.compile(r"(^|/)(requirements[^/]*\.lock|Makefile|pyproject\.toml|package-lock\.json|\.npmrc)$")
SOURCE_PARTS = ("__init__.py", "collect.py", "README.md")


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
        if not path.is_file():
            continue
        if WITHOUT_ADDRESSES.search(name) and ADDRESSES.search(path.read_text()):
            yield f"{name}: holds an address"
        if name.endswith((".py", ".sh", ".md", ".toml", ".yaml")) or name in ("Makefile", ".ci/run"):
            yield from _paths(name, path.read_text(errors="replace"))
        if name.endswith(".py"):
            yield from _python(name, path.read_text())
    yield from _sources(root)


def tracked(root: Path) -> list[str]:
    """Files that git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return sorted(set(listed.stdout.split("\n")) - {""})


def _paths(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATHS.search(line) and "MACHINE_PATHS" not in line:
            yield f"{name}:{number}: a path of one machine"


def _python(name: str, text: str) -> Iterator[str]:
    lines = text.count("\n")
    if name.startswith(CODE) and lines > LONGEST_FILE:
        yield f"{name}: {lines} lines, more than {LONGEST_FILE}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and WEAK_NAMES.search(node.name):
            yield f"{name}:{node.lineno}: {node.name} does not say what it is"
        if name.startswith(CODE) and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = function_size(node, text.split("\n"))
            if size > LONGEST_FUNCTION:
                yield f"{name}:{node.lineno}: {node.name} has {size} lines, more than {LONGEST_FUNCTION}"


def function_size(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Lines of a function's body, docstring and blank lines not counted."""
    body = node.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        body = body[1:]
    if not body:
        return 0
    return sum(1 for line in lines[body[0].lineno - 1 : node.end_lineno] if line.strip())


def _sources(root: Path) -> Iterator[str]:
    for folder in sorted((root / "src/calipso/sources").iterdir()):
        if not folder.is_dir() or folder.name.startswith("__"):
            continue
        for part in SOURCE_PARTS:
            if not (folder / part).is_file():
                yield f"src/calipso/sources/{folder.name}: no {part}"
        if not list(folder.glob("parse*.py")):
            yield f"src/calipso/sources/{folder.name}: no parse*.py"
        recordings = list((root / "tests/replay" / folder.name).rglob("*.jsonl"))
        if len(recordings) < 2:
            yield f"tests/replay/{folder.name}: {len(recordings)} recordings, a source needs two"
        if not (root / "tests/live" / folder.name).is_dir():
            yield f"tests/live/{folder.name}: no live tests"


if __name__ == "__main__":
    sys.exit(main())
