"""The lab for a module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labs.plain import lab as plain
from labs.plain.running import Running


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Mortal: a run that is killed leaves nothing behind either."""
    state = tmp_path_factory.mktemp("lab") / "state"
    made = plain.up(state, mortal=True)
    try:
        yield made
    finally:
        plain.down(state)
