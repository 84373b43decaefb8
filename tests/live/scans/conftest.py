"""A lab of its own for each test: they break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labs.plain.running import Running
from tests.support.plain_lab import standing


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Running]:
    with standing(tmp_path / "lab") as lab:
        yield lab
