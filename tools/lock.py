"""Writes the lock files from pyproject.toml: names and versions only, no addresses; `--check` says whether they fit.

requirements.lock: to run, and what installs the checkout itself. requirements-dev.lock: to test and lint, on top of it.
requirements-docs.lock: to build the documentation. Versions are resolved by pip on the Python that runs this.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

INSTALLERS = ("hatchling", "editables")
"""What `pip install --editable .` needs when it does not download its own."""
LOCKS: dict[str, tuple[str, ...]] = {
    "requirements.lock": (),
    "requirements-dev.lock": ("test", "lint", "bench"),
    "requirements-docs.lock": ("docs",),
}
"""File → extras of pyproject.toml."""


def main() -> int:
    """Write the lock files, or with `--check` print what does not fit; 1 when anything does not."""
    root = Path.cwd()
    if "--check" in sys.argv[1:]:
        found = list(problems(root))
        for problem in found:
            print(problem)
        return 1 if found else 0
    running = resolve(root, wanted(root, "requirements.lock"))
    for name in LOCKS:
        pins = running if name == "requirements.lock" else resolve(root, wanted(root, name), running)
        shown = pins if pins is running else {each: pins[each] for each in pins if each not in running}
        lines = [f"{each}=={shown[each]}" for each in sorted(shown, key=str.lower)]
        (root / name).write_text("\n".join(lines) + "\n")
        print(f"{name}: {len(lines)} packages")
    return 0


def wanted(root: Path, lock: str) -> list[str]:
    """The requirements that a lock file has to meet, as pyproject.toml says them."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    out = [*project["dependencies"], *INSTALLERS]
    for extra in LOCKS[lock]:
        out += project.get("optional-dependencies", {}).get(extra, [])
    return out


def resolve(root: Path, requirements: Sequence[str], fixed: dict[str, str] | None = None) -> dict[str, str]:
    """Name → version of all that pip would install for them; `fixed` are versions that stay as they are."""
    pins = [f"{name}=={version}" for name, version in (fixed or {}).items()]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    done = subprocess.run([*command, *requirements, *pins], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise SystemExit("pip found no set of versions")
    return {each["metadata"]["name"]: each["metadata"]["version"] for each in json.loads(done.stdout)["install"]}


def read(lock: Path) -> dict[str, str]:
    """Canonical name → version. Raises `ValueError` on a line that is no plain pin."""
    out: dict[str, str] = {}
    for number, line in enumerate(lock.read_text().splitlines(), 1):
        name, same, version = line.partition("==")
        if not same or not version or set(line) & set(" ;@/\\"):
            raise ValueError(f"{lock.name}:{number}: not a plain pin: {line!r}")
        out[canonicalize_name(name)] = version
    return out


def problems(root: Path) -> Iterator[str]:
    """One line for each requirement of pyproject.toml that no pin meets, and each line that is no pin."""
    try:
        running = read(root / "requirements.lock")
        pins = {name: running | read(root / name) for name in LOCKS}
    except (ValueError, FileNotFoundError) as error:
        yield f"{error}: run `make lock`"
        return
    for name, pinned in pins.items():
        for requirement in map(Requirement, wanted(root, name)):
            version = pinned.get(canonicalize_name(requirement.name))
            if version is None:
                yield f"{name}: no pin for {requirement}: run `make lock`"
            elif not requirement.specifier.contains(version, prereleases=True):
                yield f"{name}: {requirement.name}=={version} is not {requirement.specifier}: run `make lock`"


if __name__ == "__main__":
    sys.exit(main())
