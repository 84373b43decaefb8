"""Scans as documents: what each status means, and what stands in the graph after each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calipso.errors import Conflict, NotFound, Unreachable
from calipso.operations.scan_documents import Plan
from calipso.runtime.scans import DIED, STOPPED
from calipso.runtime.system import System
from tests.support.system import ask
from tests.support.waiting import until
from tests.unit.scans.acting import NAME, Actor, acting


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def devices(system: System) -> set[str]:
    return {head.id for head in system.site(NAME).graph().objects() if head.type == "tun"}


def stale(system: System) -> set[str]:
    return {state.scope.key for state in system.site(NAME).scopes() if state.stale}


async def scanned(system: System, **plan: Any) -> Any:
    begun = await ask(system, "start_scan", environment=NAME, **plan)
    await system.scans.finished(NAME, begun.id)
    return await ask(system, "show_scan", environment=NAME, id=begun.id)


def test_a_scan_is_kept_with_its_looks_and_results(tmp_path: Path) -> None:
    async def first() -> None:
        async with acting(tmp_path, Actor()) as system:
            done = await scanned(system, inventory="before the upgrade")
            assert (done.id, done.status, done.errors, done.findings) == ("1", "completed", [], [])
            assert done.objects == 4 and done.kinds["host"] == 2 and done.links == 2
            looks = [(each.source, each.host, each.status, each.done, each.total) for each in done.progress.looks]
            assert looks == [("actor", "h1", "completed", 2, 2), ("actor", "h2", "completed", 2, 2)]
            assert done.submit_timestamp <= done.start_timestamp <= done.end_timestamp

    async def then() -> None:
        async with acting(tmp_path, Actor()) as system:
            (kept,) = (await ask(system, "get_scans", inventory="before the upgrade", environment=NAME)).items
            assert (kept.id, kept.status, kept.objects) == ("1", "completed", 4)
            then = await ask(system, "get_objects", environment=NAME, kind="host", at=kept.as_of)
            assert {item.id for item in then.items} == {"h1", "h2"}
            assert (await scanned(system)).id == "2"

    run(first())
    run(then())


def test_one_host_unreachable_deletes_nothing_and_the_next_good_scan_heals(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        async with acting(tmp_path, actor) as system:
            await scanned(system)
            before = devices(system)
            actor.failing["h2"] = Unreachable("h2: connection refused")
            for times in (1, 2):
                done = await scanned(system)
                assert done.status == "completed_with_errors"
                (error,) = done.errors
                assert (error.source, error.host, error.message) == ("actor", "h2", "h2: connection refused")
                assert devices(system) == before and stale(system) == {"actor@h2:attempt"}
                (message,) = (await ask(system, "get_messages", environment=NAME)).items
                assert (message.level, message.message, message.count) == ("error", "h2: connection refused", times)
                assert message.related_object == "h2" and not message.finished_timestamp
            actor.failing.clear()
            actor.devices["h2"] = ["tap9"]
            assert (await scanned(system)).status == "completed"
            assert devices(system) == {"h1/dev:tap0", "h2/dev:tap9"} and not stale(system)
            (message,) = (await ask(system, "get_messages", environment=NAME)).items
            assert message.finished_timestamp and message.places == []

    run(work())


def test_a_part_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        actor.partial.add("h1")
        async with acting(tmp_path, actor) as system:
            done = await scanned(system)
            assert done.status == "completed_with_errors"
            (error,) = done.errors
            assert (error.host, error.place, error.message) == ("h1", "netns:blue", "open: permission denied")
            assert [look.status for look in done.progress.looks] == ["partial", "completed"]

    run(work())


def test_a_scan_that_sees_nothing_at_all_has_failed(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        actor.failing = {"h1": Unreachable("h1: no route"), "h2": ZeroDivisionError("a bug")}
        async with acting(tmp_path, actor) as system:
            done = await scanned(system)
            assert done.status == "failed" and done.reason == "nothing could be looked at: h1: no route"
            assert [error.message for error in done.errors] == ["h1: no route", "ZeroDivisionError: a bug"]
            texts = [each.message for each in (await ask(system, "get_messages", environment=NAME)).items]
            assert f"scan 1 failed: {done.reason}" in texts
            actor.failing.clear()
            assert (await scanned(system)).status == "completed"
            assert (await ask(system, "get_messages", environment=NAME, open="yes")).items == []

    run(work())


def test_one_at_a_time_the_next_waits_or_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        actor.held["h1"] = asyncio.Event()
        async with acting(tmp_path, actor) as system:
            first = await ask(system, "start_scan", environment=NAME)
            assert first.status == "running"
            with pytest.raises(Conflict, match="scan 1 is running"):
                await ask(system, "start_scan", environment=NAME)
            second = await ask(system, "start_scan", environment=NAME, queue=True)
            assert second.status == "pending"
            await until(lambda: "h2" in actor.looks)
            now = await ask(system, "show_scan", environment=NAME, id="1")
            at_h1 = now.progress.looks[0]
            assert (at_h1.host, at_h1.status, at_h1.current) == ("h1", "running", "whole")
            actor.held["h1"].set()
            done = await system.scans.finished(NAME, second.id)
            assert done.status == "completed" and actor.looks.count("h1") == 2
            assert done.started >= system.scans.one(NAME, "1").ended

    run(work())


def test_a_cancelled_scan_keeps_what_it_found_and_says_what_is_old(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        actor.held["h1"] = asyncio.Event()
        async with acting(tmp_path, actor) as system:
            await ask(system, "start_scan", environment=NAME)
            waiting = await ask(system, "start_scan", environment=NAME, queue=True)
            await until(lambda: "h2/dev:tap0" in devices(system))
            assert (await ask(system, "cancel_scan", environment=NAME, id=waiting.id)).status == "aborted"
            done = await ask(system, "cancel_scan", environment=NAME)
            assert (done.status, done.reason) == ("aborted", "it was cancelled")
            assert [look.status for look in done.progress.looks] == ["aborted", "completed"]
            assert stale(system) == {"actor@h1"} and devices(system) == {"h2/dev:tap0"}
            with pytest.raises(Conflict, match="has ended"):
                await ask(system, "cancel_scan", environment=NAME, id="1")
            actor.held.clear()
            assert (await scanned(system)).status == "completed" and not stale(system)

    run(work())


def test_what_ran_when_the_process_died_is_aborted_and_what_waited_goes_on(tmp_path: Path) -> None:
    async def dies() -> None:
        actor = Actor()
        actor.held["h1"] = asyncio.Event()
        async with acting(tmp_path, actor) as system:
            await ask(system, "start_scan", environment=NAME)
            await ask(system, "start_scan", environment=NAME, queue=True)
            await until(lambda: "h2/dev:tap0" in devices(system))
            store = system.site(NAME).store
            running = system.scans.one(NAME, "1")
            system.scans.close = stopped(system.scans.close, store, running)  # type: ignore[method-assign]

    def stopped(close: Callable[[], Any], store: Any, running: Any) -> Callable[[], Any]:
        async def as_if_killed() -> None:
            await close()
            store.put_document("scans", "000000000001", msgspec.to_builtins(running))

        return as_if_killed

    async def begins() -> None:
        async with acting(tmp_path, Actor()) as system:
            died = await ask(system, "show_scan", environment=NAME, id="1")
            assert (died.status, died.reason) == ("aborted", DIED)
            assert "running" not in {look.status for look in died.progress.looks}
            system.watch(NAME)
            assert (await system.scans.finished(NAME, "2")).status == "completed"

    run(dies())
    run(begins())


def test_a_server_that_stops_ends_its_scan_in_words(tmp_path: Path) -> None:
    async def stops() -> None:
        actor = Actor()
        actor.held["h1"] = asyncio.Event()
        async with acting(tmp_path, actor) as system:
            await ask(system, "start_scan", environment=NAME)
            await until(lambda: actor.together)

    async def begins() -> None:
        async with acting(tmp_path, Actor()) as system:
            assert system.scans.one(NAME, "1").reason == STOPPED

    run(stops())
    run(begins())


def test_a_draft_is_written_down_and_started_later(tmp_path: Path) -> None:
    async def work() -> None:
        async with acting(tmp_path, Actor()) as system:
            draft = await ask(system, "start_scan", environment=NAME, draft=True, only="inventory")
            assert draft.status == "draft"
            await ask(system, "start_scan", environment=NAME, id=draft.id)
            done = await system.scans.finished(NAME, draft.id)
            assert (done.status, done.plan.only) == ("completed", "inventory")
            with pytest.raises(Conflict, match="not a draft"):
                await ask(system, "start_scan", environment=NAME, id=draft.id)

    run(work())


def test_an_environment_that_changes_ends_its_scan(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        actor.held["h1"] = asyncio.Event()
        async with acting(tmp_path, actor) as system:
            await ask(system, "start_scan", environment=NAME)
            await until(lambda: actor.together)
            await system.put_environment(f"name: {NAME}\nhosts: {{h2: {{}}}}\n")
            assert system.scans.one(NAME, "1").reason == "the environment was changed"
            assert (await scanned(system)).status == "completed" and actor.looks.count("h1") == 1

    run(work())


def test_scans_of_nothing_are_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with acting(tmp_path, Actor()) as system:
            with pytest.raises(NotFound, match="h9"):
                await system.scans.start(NAME, Plan(object_id="h9"))
            with pytest.raises(NotFound, match="no scan '7'"):
                await ask(system, "show_scan", environment=NAME, id="7")
            with pytest.raises(NotFound, match="no environment"):
                await ask(system, "start_scan", environment="elsewhere")

    run(work())


def test_who_waits_for_a_scan_hears_of_its_end_also_when_it_never_began(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        actor.held["h1"] = asyncio.Event()
        async with acting(tmp_path, actor) as system:
            await ask(system, "start_scan", environment=NAME)
            waiting = [asyncio.create_task(ask(system, "scan", environment=NAME, queue=True)) for _ in range(2)]
            await until(lambda: len(system.scans.all(NAME)) == 3)
            await ask(system, "cancel_scan", environment=NAME, id="2")
            assert (await asyncio.wait_for(waiting[0], 5)).status == "aborted"
            await system.remove_environment(NAME, purge=False)
            with pytest.raises(NotFound):
                await asyncio.wait_for(waiting[1], 5)

    run(work())
