"""A library of the product built with AddressSanitizer and UndefinedBehaviorSanitizer, and a script run against it.

In a process of its own, as the sanitizers have to be there before the interpreter's memory is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from calipso.native.build import FLAGS

SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")


def run_sanitized(folder: Path, source: Path, script: str) -> str:
    """What a script prints that is given the path of the library as its argument; fails with what was found.

    Skips without a compiler that has the sanitizers.
    """
    found = _compiler()
    if found is None:
        pytest.skip("needs gcc with its sanitizers: apt-get install gcc")
    name, asan = found
    made, run = folder / "sanitized.so", folder / "run.py"
    subprocess.run([name, *FLAGS, *SANITIZED, "-o", str(made), str(source)], check=True)
    run.write_text(script)
    done = subprocess.run(
        [sys.executable, str(run), str(made)], capture_output=True, text=True, timeout=110, check=False,
        env=os.environ | {"LD_PRELOAD": asan, "ASAN_OPTIONS": "detect_leaks=0", "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def _compiler() -> tuple[str, str] | None:
    """A compiler whose sanitizers can be linked, and their library."""
    for name, library in (("gcc", "libasan.so"), ("cc", "libasan.so")):
        if shutil.which(name):
            said = subprocess.run([name, f"-print-file-name={library}"], capture_output=True, text=True, check=True)
            if os.path.isabs(said.stdout.strip()):
                return name, os.path.realpath(said.stdout.strip())
    return None
