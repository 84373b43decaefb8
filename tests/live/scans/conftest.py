"""A lab of its own for each test: they break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labs.plain import lab as plain
from labs.plain.running import Running


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Running]:
    """Mortal: a run that is killed leaves nothing behind either."""
    state = tmp_path / "lab"
    made = plain.up(state, mortal=True)
    try:
        yield made
    finally:
        plain.down(state)
