"""Programs that tests have run."""

from __future__ import annotations

from pathlib import Path


def script(file: Path, text: str) -> None:
    """A shell script of ours, in a folder that is ours alone."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
