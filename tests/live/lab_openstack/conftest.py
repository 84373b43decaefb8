"""The lab for these tests, which take minutes and so run only when asked: `CALIPSO_LAB_OPENSTACK=1`, or `=ovn`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from labs.openstack import declaration as d
from labs.openstack import lab as openstack
from labs.openstack.running import Running

ASKED = os.environ.get("CALIPSO_LAB_OPENSTACK", "")
collect_ignore_glob = [] if ASKED else ["test_*.py"]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Mortal: a run that is killed leaves nothing behind either."""
    state = tmp_path_factory.mktemp("openstack") / "state"
    mechanism = ASKED if ASKED in d.MECHANISMS else d.MECHANISMS[0]
    try:
        yield openstack.up(state, openstack.default_cache(), mechanism, mortal=True)
    finally:
        openstack.down(state)
