"""The lab with its engines, for a module's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from labs.docker import lab as docker


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[docker.Running]:
    """Mortal: a run that is killed leaves nothing behind either."""
    if any(shutil.which(name) is None for name in docker.NEEDS):
        pytest.skip("needs docker.io and busybox-static: `make test` as root installs them")
    state = tmp_path_factory.mktemp("lab") / "state"
    made = docker.up(state, mortal=True)
    try:
        yield made
    finally:
        docker.down(state)
