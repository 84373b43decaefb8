"""Every operation that reads can be asked about the past, or has none: then it is named here, with the reason."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from calipso.errors import QueryError
from calipso.operations.registry import OPERATIONS
from calipso.runtime.access import Journal
from tests.support.system import ask, estate

OF_NOW = {
    "get_model": "what this version knows",
    "get_supported_environments": "what this version was tried with",
    "get_environments": "configuration, which files hold: their history is where files have theirs",
    "get_agents": "who is connected; their coming and going is told by messages and runs",
    "get_schedule": "what is due",
    "get_scan_schedules": "what is due; the scans there were are `get_scans`",
    "show_scan": "one scan by its id, whenever it was",
    "get_captures": "what is being captured; what was captured are flows",
    "get_alerts": "what is set up; when they went off is `get_firings`",
    "get_workflows": "what is set up",
    "get_tokens": "who may come in; who did what is `get_audit`",
    "get_users": "who may sign in; who did what is `get_audit`",
    "who_am_i": "whose token asks",
    "get_user_topology": "what is set up; what it was in the graph is asked of the graph",
    "export_user_topology": "what is set up",
}


def test_every_read_takes_a_moment_or_two_or_has_no_past() -> None:
    without = []
    for each in OPERATIONS:
        names = {field.encode_name for field in msgspec.structs.fields(each.request)}
        timed = "at" in names or names >= {"since", "until"} or names >= {"start", "end"}
        if each.method == "GET" and not timed:
            without.append(each.name)
    assert sorted(without) == sorted(OF_NOW)


def test_of_the_future_nothing_is_answered(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            with pytest.raises(QueryError, match="2999-01-01 is in the future"):
                await ask(system, "get_objects", at="2999-01-01")

    asyncio.run(work())


def test_who_did_what_is_asked_of_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(1_700_000_000_000_000 + hour * 3_600_000_000 for hour in range(4))
    monkeypatch.setattr("calipso.runtime.access.now", lambda: next(times))

    async def work() -> None:
        async with estate(tmp_path) as system:
            journal = Journal(system.journal.file)
            for n in range(4):
                journal.note("grafana", f"deed{n}", "done", {})
            whole = {"who": "grafana", "limit": 0}
            assert [each.what for each in (await ask(system, "get_audit", **whole)).items] == [
                "deed3", "deed2", "deed1", "deed0",
            ]  # fmt: skip
            some = {"since": "2023-11-14T23:00:00Z", "until": "2023-11-15T00:30:00Z"}
            assert [each.what for each in (await ask(system, "get_audit", **whole, **some)).items] == ["deed2", "deed1"]
            page = await ask(system, "get_audit", who="grafana", limit=1, **some)
            more = await ask(system, "get_audit", who="grafana", limit=1, **some, cursor=page.next)
            assert [each.what for each in (*page.items, *more.items)] == ["deed2", "deed1"] and not more.next
            with pytest.raises(QueryError, match="earlier"):
                await ask(system, "get_audit", since="2024-01-01T00:00:00Z", until="2023-01-01T00:00:00Z")

    asyncio.run(work())


@pytest.mark.parametrize("name", ["get_scans", "get_firings", "get_injections", "get_messages", "get_flows"])
def test_what_happened_is_asked_of_a_time(name: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            if name == "get_scans":
                await ask(system, "start_scan", draft=True)
                assert len((await ask(system, name, since="-1h")).items) == 1
            answer = await ask(system, name, until="2020-01-01T00:00:00Z")
            assert not (answer.flows if name == "get_flows" else answer.items)
            with pytest.raises(QueryError, match="earlier"):
                await ask(system, name, since="now", until="-1h")

    asyncio.run(work())


def test_the_original_counts_what_there_was(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            now = await ask(system, "count_original", type="environment")
            ts = system.site("estate").graph().ts
            assert await ask(system, "count_original", type="environment", at="now") == now
            from calipso.operations.scans import _as_of

            assert await ask(system, "count_original", type="environment", at=_as_of(ts)) == now

    asyncio.run(work())
