"""Compiling what runs below the interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from calipso.native.build import PLACES, build_places


def test_set_ups_at_once_all_end_with_it(tmp_path: Path) -> None:
    if build_places() is None:
        pytest.skip("needs a C compiler: `make test` as root installs gcc")
    order = "import pathlib, sys; from calipso.native.build import build_places as b; b(pathlib.Path(sys.argv[1]))"
    several = [subprocess.Popen([sys.executable, "-c", order, str(tmp_path)]) for _ in range(4)]
    assert [each.wait(60) for each in several] == [0] * 4
    assert [path.name for path in tmp_path.iterdir()] == [PLACES]


def test_what_does_not_compile_is_told_and_leaves_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if build_places() is None:
        pytest.skip("needs a C compiler: `make test` as root installs gcc")
    assert build_places(tmp_path, ("-shared", "-DAPI=nonsense", "-Werror")) is None
    assert "the ordering of an index was not built" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []
