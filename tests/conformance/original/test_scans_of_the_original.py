"""The original's resources of scans, scheduled scans and messages, with all their parameters."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from calipso.runtime.system import System
from tests.conformance.original.test_rest_of_the_original import ENV, Said, get, refused
from tests.support.cloud_served import served


def test_scans(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, system: System) -> None:
        system.sources = type(system.sources)()  # nothing is looked at: what this machine is does not matter
        body: Said = {"environment": "cloud", "status": "draft", "log_level": "info", "scan_only_cliques": True}
        made = await client.post("/scans", json=body)
        assert made.status_code == 201, made.text
        (mine,) = (await get(client, "/scans", **ENV))["scans"]
        assert mine == {"id": made.json()["id"], "environment": "cloud", "status": "draft"}
        whole = await get(client, "/scans", **ENV, id=mine["id"])
        assert whole["scan_only_cliques"] is True and whole["clear"] is False and whole["submit_timestamp"]
        run = await client.post("/scans", json={"env_name": "cloud", "log_level": "warning"})
        assert run.status_code == 201
        for _ in range(100):
            done = await get(client, "/scans", **ENV, id=run.json()["id"])
            if done.get("end_timestamp"):
                break
            await asyncio.sleep(0.1)
        assert done["status"] in ("completed", "completed_with_errors", "failed")
        drafts = (await get(client, "/scans", **ENV, status="draft"))["scans"]
        assert drafts == [mine]
        assert (await get(client, "/scans", **ENV, base_object="nothing"))["scans"] == []
        assert len((await get(client, "/scans", **ENV, page=1, page_size=1))["scans"]) == 1
        assert "env_name" in await refused(client, "/scans")
        assert "status" in await refused(client, "/scans", **ENV, status="asleep")
        for wrong in ({}, {**body, "environment": "nowhere"}, {**body, "status": "asleep"},
                      {**body, "scan_only_links": True}, {**body, "colour": "red"}):  # fmt: skip
            assert (await client.post("/scans", json=wrong)).status_code == 400, wrong

    served(tmp_path, use)


def test_scheduled_scans(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, _: System) -> None:
        body = {"environment": "cloud", "freq": "WEEKLY", "submit_timestamp": "2030-01-01T00:00:00Z", "clear": True}
        made = await client.post("/scheduled_scans", json=body)
        assert made.status_code == 201, made.text
        (mine,) = (await get(client, "/scheduled_scans", environment="cloud"))["scheduled_scans"]
        assert mine["id"] == made.json()["id"] and mine["freq"] == "WEEKLY"
        assert mine["scheduled_timestamp"].startswith("2030-01-01")
        for name, value, count in (("freq", "WEEKLY", 1), ("freq", "DAILY", 0), ("recurrence", "WEEKLY", 1),
                                   ("env_name", "cloud", 1), ("page", "1", 0), ("page_size", "1", 1)):  # fmt: skip
            assert len((await get(client, "/scheduled_scans", **{name: value}))["scheduled_scans"]) == count, name
        assert (await get(client, "/scheduled_scans", id=mine["id"]))["clear"] is True
        for wrong in ({**body, "freq": "SOMETIMES"}, {**body, "environment": "nowhere"}, {"freq": "DAILY"}):
            assert (await client.post("/scheduled_scans", json=wrong)).status_code == 400, wrong

    served(tmp_path, use)


def test_messages(tmp_path: Path) -> None:
    async def use(client: httpx.AsyncClient, system: System) -> None:
        whole = (await get(client, "/messages", **ENV))["messages"]
        counted = (await get(client, "/aggregates", type="message"))["aggregates"]
        assert sum(counted["environments"].values()) == len((await get(client, "/messages"))["messages"])
        asked = {
            "level": "error", "source_system": "Calipso", "related_object": "x", "related_object_type": "host",
            "start_time": "2001-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z", "page": "0", "page_size": "10",
        }  # fmt: skip
        for name, value in asked.items():
            assert len((await get(client, "/messages", **ENV, **{name: value}))["messages"]) <= len(whole)
        assert (await get(client, "/messages", **ENV, end_time="2001-01-01T00:00:00Z"))["messages"] == []
        assert await get(client, "/messages", **ENV, id="999") == {}
        assert "level" in await refused(client, "/messages", level="loud")
        assert "source_system" in await refused(client, "/messages", source_system="Moon")

    served(tmp_path, use)
