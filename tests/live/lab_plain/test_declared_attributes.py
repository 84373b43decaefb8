"""A lab host and the machine below, read for real, say only what is declared."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.model.attributes import METRICS, undeclared
from calipso.model.record import Measured, Seen
from calipso.runtime.system import opened
from labs.plain.running import Running
from tests.live.lab_plain.seeing import NAME, home

pytestmark = pytest.mark.live
KERNEL = {each.name for each in METRICS}


async def looked_at(lab: Running, folder: Path, environment: str) -> tuple[set[str], set[str], dict[str, set[str]]]:
    """The facets that were seen, what of their records is not declared, and source → names of its metrics."""
    facets: set[str] = set()
    complaints: set[str] = set()
    metrics: dict[str, set[str]] = {}
    async with opened(home(lab, folder)) as system:
        collection = system.collection(environment)
        try:
            for post in collection.posts:
                async for said in post.source.collect(post.transport, post.config):
                    if isinstance(said, Seen):
                        facets |= {record.facet for record in said.records}
                        complaints |= {each for record in said.records for each in undeclared(record)}
                    elif isinstance(said, Measured):
                        found = metrics.setdefault(post.source.manifest.name, set())
                        found |= {name for values in said.metrics.values() for name in values}
        finally:
            await collection.close()
    return facets, complaints, metrics


@pytest.mark.parametrize("environment", [NAME, "local"])
def test_a_pass_says_only_what_is_declared(lab: Running, tmp_path: Path, environment: str) -> None:
    facets, complaints, metrics = asyncio.run(looked_at(lab, tmp_path, environment))
    assert complaints == set()
    assert metrics["linux"] <= KERNEL
    assert facets >= {"linux", "netlink", "netlink.routes"}
    if environment == NAME:
        assert facets >= {"ovs", "ovs.flows", "ovs.segments", "ovs.segments.flows"}
