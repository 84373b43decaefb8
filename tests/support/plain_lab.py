"""`labs/plain` for as long as tests want it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labs.plain import lab as plain
from labs.plain.running import Running


@contextmanager
def standing(folder: Path) -> Iterator[Running]:
    """Mortal: a run that is killed leaves nothing behind either."""
    state = folder / "state"
    try:
        yield plain.up(state, mortal=True)
    finally:
        plain.down(state)
