"""Compiles the C core with the machine's compiler: `python -m calipso.native.build [FOLDER]`.

The set-up and the wheel call it where a compiler is; nothing needs it. The library stands beside its source.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE / "flowcore.c"
NAME = "_flowcore.so"
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-fPIC", "-shared", "-fvisibility=default")


def build(folder: Path = HERE, flags: tuple[str, ...] = FLAGS) -> Path | None:
    """The library, made anew when its source is newer; None without a compiler or when it fails, and that is said."""
    made = folder / NAME
    if made.exists() and made.stat().st_mtime >= SOURCE.stat().st_mtime:
        return made
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        return None
    draft = made.with_suffix(".new")
    done = subprocess.run(
        [compiler, *flags, "-o", str(draft), str(SOURCE)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(f"calipso: the C core was not built, captures are slower:\n{done.stderr}")
        return None
    draft.replace(made)
    return made


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE) or "no compiler: captures count in Python")
