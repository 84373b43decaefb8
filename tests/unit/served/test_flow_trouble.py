"""Flows that the store cannot take: those of this process wait, those of agents wait there, and both is said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from calipso.errors import StoreError
from calipso.model.flow import Flow, FlowMetric
from calipso.operations.capture_documents import CaptureSpec
from calipso.runtime.home import Home
from calipso.runtime.system import opened
from calipso.seams import FlowFilter
from calipso.stores.duckdb import DuckFlowStore

T = 1_700_000_000_000_000
FLOW = Flow(uuid="a", tracking_id="t", l3_tracking_id="", layers_path="", application="", start=T, last=T + 5,
            metric=FlowMetric(1, 60))  # fmt: skip


@pytest.mark.parametrize("by", ["take", "deliver"])
def test_a_full_disk_is_told_of_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    real, refusing = DuckFlowStore.add, {"now": True}

    def add(self: DuckFlowStore, flows: Sequence[Flow]) -> None:
        if refusing["now"]:
            raise StoreError("no space left to write")
        real(self, flows)

    async def work() -> None:
        async with opened(Home(tmp_path), "local") as system:
            monkeypatch.setattr(DuckFlowStore, "add", add)
            captures = system.captures("local")
            captures.create(CaptureSpec(query="G.V().Has('Type', 'none')"))
            try:
                getattr(captures.keeping, by)([FLOW])
            except StoreError:
                assert by == "deliver", "who hands them over keeps them"
            (state,) = captures.states()
            assert "flows are not kept" in state.error and "no space left" in state.error
            refusing["now"] = False
            getattr(captures.keeping, by)([FLOW])
            assert captures.states()[0].error == "" and len(captures.flows.find(FlowFilter())) == 1

    asyncio.run(work())
