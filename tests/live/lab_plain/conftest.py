"""The lab for a module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labs.plain.running import Running
from tests.support.plain_lab import standing


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with standing(tmp_path_factory.mktemp("lab")) as lab:
        yield lab
