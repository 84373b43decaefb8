"""The lab for these tests. `CALIPSO_LAB_OPENSTACK`: its mechanism driver, `ovs` unless told; `0` for no lab, or the
state folder of one that runs, which is left as it is. `CALIPSO_LAB_ROUTERS`: how it realises routers.
`CALIPSO_LAB_OVERLAY`: the type of tenants' networks. `CALIPSO_LAB_UNLISTED`: whether its API lists no segments.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from calipso.graph.protocol import GraphReader
from labs.openstack import declaration as d
from labs.openstack import installing, services
from labs.openstack import lab as openstack
from labs.openstack.expectation import Expected, expected
from labs.openstack.running import Running
from labs.plain.running import LabError
from tests.support.openstack_lab import home_of, scanned

ASKED = os.environ.get("CALIPSO_LAB_OPENSTACK", "")
MECHANISM = ASKED if ASKED in d.MECHANISMS else d.MECHANISMS[0]
OVERLAY = os.environ.get("CALIPSO_LAB_OVERLAY", "")
UNLISTED = bool(os.environ.get("CALIPSO_LAB_UNLISTED"))
ROUTERS = os.environ.get("CALIPSO_LAB_ROUTERS") or d.ROUTERS[0]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Mortal: a run that is killed leaves nothing behind either."""
    if ASKED in ("0", "no", "none"):
        pytest.skip(f"CALIPSO_LAB_OPENSTACK is {ASKED}: the lab was not wanted")
    if "/" in ASKED:
        running = openstack.status(Path(ASKED))
        assert running is not None, f"no lab runs that {ASKED} tells of"
        yield running
        return
    try:
        installing.ready(MECHANISM)
        installing.install(openstack.default_cache())
    except LabError as error:
        pytest.skip(str(error))
    state = tmp_path_factory.mktemp("openstack") / "state"
    try:
        how = {"routers": ROUTERS, "overlay": OVERLAY, "unlisted": UNLISTED}
        yield openstack.up(state, openstack.default_cache(), MECHANISM, **how, mortal=True)
    finally:
        openstack.down(state)


@pytest.fixture(scope="session")
def facts(lab: Running) -> dict[str, object]:
    """What the cloud's API says, asked by OpenStack's own client."""
    return services.facts(lab)


@pytest.fixture(scope="session")
def wanted(lab: Running, facts: dict[str, object]) -> Expected:
    return expected(facts, lab.mechanism, lab.overlay)


@pytest.fixture(scope="session")
def graph(lab: Running, facts: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> GraphReader:
    """After one scan that met no error, before any test changes the cloud."""
    return scanned(home_of(lab, tmp_path_factory.mktemp("home")))
