"""Messages: said once, counted, over when all is well; filtered, viewed, deleted, bounded; kept over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from calipso.errors import NotFound, QueryError
from calipso.model.constants import FIRST_GENERATION, SECOND_GENERATION
from calipso.model.record import Record, RunBegan, RunEnded, RunError, Scope, ScopeGone, Seen
from calipso.operations.message_documents import LEVELS, SourceSystem
from calipso.runtime.system import System
from tests.support.system import ESTATE, ask, estate
from tests.support.waiting import until


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def fails(system: System, scope: Scope, text: str, status: Any = "failed") -> None:
    await system.site(ESTATE).put([RunEnded(scope, status, (RunError(f"{scope.source}@{scope.reporter}", text),))])


async def well(system: System, scope: Scope) -> None:
    await system.site(ESTATE).put([RunBegan(scope), RunEnded(scope, "completed")])


def test_severities_and_source_systems_are_the_original_s() -> None:
    assert LEVELS == FIRST_GENERATION["messages_severity"] == SECOND_GENERATION["messages_severity"]
    assert set(SourceSystem.__args__) == set(SECOND_GENERATION["message_source_systems"])  # type: ignore[attr-defined]


def test_a_failure_is_said_once_counted_and_over(tmp_path: Path) -> None:
    async def work() -> None:
        scope = Scope("linux", "h1")
        async with estate(tmp_path) as system:
            for times in range(1, 51):
                await fails(system, scope, f"no process {4000 + times}")
                (message,) = (await ask(system, "get_messages")).items
                assert message.count == times
            assert message.message == "h1: no process 4050" and message.timestamp < message.received_timestamp
            assert (message.level, message.related_object, message.places) == ("error", "h1", ["scope linux@h1"])
            await well(system, scope)
            (over,) = (await ask(system, "get_messages")).items
            assert over.finished_timestamp and over.places == [] and over.count == 50
            await fails(system, scope, "no process 5000")
            assert (await ask(system, "get_messages")).total == 2

    run(work())


def test_one_cause_in_many_places_is_one_message_until_all_are_well(tmp_path: Path) -> None:
    async def work() -> None:
        scopes = [Scope(source, "h1") for source in ("linux", "ovs", "docker")]
        async with estate(tmp_path) as system:
            for scope in scopes:
                await fails(system, scope, "h1: connection refused")
            await fails(system, Scope("linux", "h2"), "h2: connection refused")
            first, second = (await ask(system, "get_messages")).items
            assert (first.related_object, second.related_object) == ("h2", "h1")
            assert (second.count, len(second.places)) == (1, 3)
            for scope in scopes[:2]:
                await well(system, scope)
            assert (await ask(system, "get_messages", open="yes")).total == 2
            await system.site(ESTATE).put([ScopeGone(scopes[2])])
            (left,) = (await ask(system, "get_messages", open="yes")).items
            assert left.related_object == "h2"

    run(work())


def test_another_failure_of_the_same_place_takes_the_first_one_s_place(tmp_path: Path) -> None:
    async def work() -> None:
        scope = Scope("openstack", "api")
        async with estate(tmp_path) as system:
            await fails(system, scope, "the token has expired")
            await fails(system, scope, "nova answers 503", "partial")
            new, old = (await ask(system, "get_messages")).items
            assert old.finished_timestamp and not new.finished_timestamp
            assert (new.level, new.source_system) == ("warn", "OpenStack")

    run(work())


def test_messages_and_what_holds_survive_a_restart(tmp_path: Path) -> None:
    async def before() -> None:
        async with estate(tmp_path) as system:
            await fails(system, Scope("linux", "h1"), "no route")
            await fails(system, Scope("linux", "h2"), "no route")
            await ask(system, "view_messages", ids=["1"])

    async def after() -> None:
        async with estate(tmp_path) as system:
            second, first = (await ask(system, "get_messages")).items
            assert first.viewed and not second.viewed and not first.finished_timestamp
            await fails(system, Scope("linux", "h1"), "no route")
            assert (await ask(system, "get_messages", related_object="h1")).items[0].count == 2
            await well(system, Scope("linux", "h1"))
            assert [each.related_object for each in (await ask(system, "get_messages", open="yes")).items] == ["h2"]

    run(before())
    run(after())


def test_they_are_filtered_viewed_and_deleted(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            await fails(system, Scope("linux", "h1"), "disk on fire")
            await fails(system, Scope("linux", "h2"), "a bit slow", "partial")
            system.messages.say(ESTATE, "info", "hello", key="hello")
            whole = await ask(system, "get_messages")
            assert whole.levels == {"error": 1, "warn": 1, "info": 1} and whole.total == 3
            for asked, found in (
                ({"level": ("warn",)}, ["h2: a bit slow"]), ({"at_least": "error"}, ["h1: disk on fire"]),
                ({"text": "FIRE"}, ["h1: disk on fire"]), ({"related_object": "h2"}, ["h2: a bit slow"]),
                ({"open": "no"}, ["hello"]), ({"limit": 1}, ["hello"]), ({"since": "+1h"}, None),
                ({"until": "-1h"}, []), ({"viewed": "yes"}, []), ({"source_system": ("Sensu",)}, []),
            ):  # fmt: skip
                if found is not None:
                    shown = [each.message for each in (await ask(system, "get_messages", **asked)).items]
                    assert shown == found, asked
            assert (await ask(system, "view_messages", ids=("1", "2"))).changed == 2
            assert (await ask(system, "view_messages", ids=("1",))).changed == 0
            assert (await ask(system, "get_messages", viewed="no")).total == 1
            assert (await ask(system, "view_messages", viewed=False)).changed == 2
            with pytest.raises(NotFound):
                await ask(system, "delete_messages", ids=("1", "99"))
            assert (await ask(system, "get_messages")).total == 3
            assert (await ask(system, "delete_messages", level=("info", "warn"))).changed == 2
            with pytest.raises(QueryError):
                await ask(system, "delete_messages")
            await fails(system, Scope("linux", "h2"), "a bit slow", "partial")
            assert (await ask(system, "get_messages")).total == 2

    run(work())


def test_they_are_bounded_and_what_is_over_goes_first(tmp_path: Path) -> None:
    async def work() -> None:
        (tmp_path / "config.yaml").write_text("messages: {keep: 20}")
        async with estate(tmp_path) as system:
            await fails(system, Scope("linux", "h1"), "holds")
            for n in range(50):
                system.messages.say(ESTATE, "info", f"note {n}", key=f"note {n}")
            found = await ask(system, "get_messages", limit=0)
            assert found.total == 20 and found.items[-1].message == "h1: holds"

    run(work())


def test_a_flood_of_failures_does_not_flood_the_store(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            kept: list[int] = []
            writer = system.site(ESTATE).writer
            keep = writer.keep

            async def counted(collection: str, documents: Any) -> None:
                kept.append(len(documents))
                await keep(collection, documents)

            writer.keep = counted  # type: ignore[method-assign]
            for n in range(300):
                await writer.put([RunEnded(Scope("linux", f"c{n % 3}"), "failed", (RunError("x", f"try {n}"),))])
            await writer.settled()
            await until(lambda: sum(kept) >= 3)
            assert len(kept) < 10 and (await ask(system, "get_messages")).total == 3

    run(work())


def test_findings_of_a_scan_are_messages_until_they_are_mended(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            scope = Scope("test", "h7")
            lost = Record("h7/dev:eth0", "netlink", "device", {"name": "eth0", "host": "h7", "netns": "h7/netns:x"})

            async def of_it() -> Any:
                return (await ask(system, "get_messages", related_object=lost.id, open="yes")).items

            await system.site(ESTATE).put([Seen(scope, (lost,))])
            for _ in range(2):
                begun = await ask(system, "start_scan")
                await system.scans.finished(ESTATE, begun.id)
            found = (await ask(system, "get_messages", related_object="h7/dev:eth0")).items
            assert sorted((each.level, each.count, each.origin_type) for each in found) == [
                ("error", 2, "manual"), ("warn", 2, "manual")
            ]  # fmt: skip
            await system.site(ESTATE).put([ScopeGone(scope)])
            begun = await ask(system, "start_scan", only="inventory")
            await system.scans.finished(ESTATE, begun.id)
            assert [each.level for each in await of_it()] == ["error"]
            begun = await ask(system, "start_scan")
            await system.scans.finished(ESTATE, begun.id)
            assert await of_it() == []

    run(work())
