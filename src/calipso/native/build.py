"""Compiles what runs below the interpreter: `python -m calipso.native.build [FOLDER]`.

The C core that counts frames, what skims facets and what puts an index in order, with the machine's compiler, and the
eBPF program, with clang. The set-up and the wheel call it where compilers are; nothing needs any of them. All stand
beside their sources.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCE, SKIM_SOURCE, PLACES_SOURCE = HERE / "flowcore.c", HERE / "skim.c", HERE / "places.c"
PROGRAM_SOURCE = HERE / "flow.bpf.c"
NAME, SKIM, PLACES, PROGRAM = "_flowcore.so", "_skim.so", "_places.so", "_flow.bpf.o"
COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-fPIC", "-shared", "-fvisibility=default")
PROGRAM_FLAGS = ("-O2", "-g", "-std=gnu11", "-Wall", "-Wextra", "-target", "bpf", "-c")
"""With -g: the types of maps and functions are among what the debugger would read."""


def build(folder: Path = HERE, flags: tuple[str, ...] = FLAGS) -> Path | None:
    """The library, made anew when its source is newer; None without a compiler or when it fails, and that is said."""
    return _compiled(SOURCE, folder / NAME, COMPILERS, flags, "the C core was not built, captures are slower")


def build_skim(folder: Path = HERE, flags: tuple[str, ...] = FLAGS) -> Path | None:
    """What skims facets in the same way."""
    said = "the skimming of facets was not built, first questions about an attribute are slower"
    return _compiled(SKIM_SOURCE, folder / SKIM, COMPILERS, flags, said)


def build_places(folder: Path = HERE, flags: tuple[str, ...] = FLAGS) -> Path | None:
    """What puts an index in order in the same way."""
    said = "the ordering of an index was not built, a restart is slower"
    return _compiled(PLACES_SOURCE, folder / PLACES, COMPILERS, flags, said)


def build_program(folder: Path = HERE) -> Path | None:
    """The eBPF program in the same way; None without a clang that compiles for eBPF."""
    return _compiled(PROGRAM_SOURCE, folder / PROGRAM, ("clang",), PROGRAM_FLAGS, "the eBPF program was not built")


def _compiled(source: Path, made: Path, names: tuple[str, ...], flags: tuple[str, ...], failed: str) -> Path | None:
    newest = max(each.stat().st_mtime for each in (source, *source.parent.glob("*.h")))
    if made.exists() and made.stat().st_mtime >= newest:
        return made
    compiler = next((found for name in names if (found := shutil.which(name))), None)
    if compiler is None:
        return None
    draft = made.with_suffix(f".{os.getpid()}.new")  # of its own: two set-ups may run at once
    done = subprocess.run(
        [compiler, *flags, "-o", str(draft), str(source)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        draft.unlink(missing_ok=True)
        sys.stderr.write(f"calipso: {failed}:\n{done.stderr}")
        return None
    draft.replace(made)
    return made


if __name__ == "__main__":
    there = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    print(build(there) or "no compiler: captures count in Python")
    print(build_skim(there) or "no compiler: attributes are looked for in Python")
    print(build_places(there) or "no compiler: an index is put in order in Python")
    print(build_program(there) or "no clang: captures do without eBPF")
