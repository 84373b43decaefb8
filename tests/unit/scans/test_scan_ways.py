"""How a scan goes about its work: whom it asks, how many at a time, how long, beside a watch; and what it clears."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from calipso.errors import QueryError, Unreachable
from calipso.model.record import RunEnded, Scope, Seen
from tests.support.system import ESTATE, ask, estate
from tests.support.waiting import until
from tests.unit.scans.acting import NAME, Actor, acting
from tests.unit.scans.test_scan_life import devices, run, scanned, stale

MANY = "{" + ", ".join(f"h{n}: {{}}" for n in range(6)) + "}"


def test_an_object_is_looked_at_where_it_was_told(tmp_path: Path) -> None:
    async def work() -> None:
        first, second = Actor(), Actor("other")
        async with acting(tmp_path, first, second) as system:
            await scanned(system)
            first.looks.clear()
            second.looks.clear()
            done = await scanned(system, object_id="h1/dev:other-tap0")
            assert (done.status, done.object_id) == ("completed", "h1/dev:other-tap0")
            assert (first.looks, second.looks) == ([], ["h1"])
            assert second.wanted == [None, None, frozenset({""})]
            assert done.scopes == ["other@h1", "other@h1:netns:blue"], "what was looked at, wanted or not"
            await scanned(system, object_id="h2")
            assert (first.looks, second.looks) == (["h2"], ["h1", "h2"])

    run(work())


def test_an_object_that_nothing_looks_at_any_more_fails_in_words(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            begun = await ask(system, "start_scan", object_id="h1/netns:vm-a")
            done = await system.scans.finished(ESTATE, begun.id)
            assert done.status == "failed" and "it was told by test@h1" in done.reason

    run(work())


@pytest.mark.parametrize(("settings", "most"), [("scans: {hosts: 2}", 2), ("scans: {hosts: 6}", 6)])
def test_so_many_hosts_at_a_time(tmp_path: Path, settings: str, most: int) -> None:
    async def work() -> None:
        actor = Actor()
        actor.held = {f"h{n}": asyncio.Event() for n in range(6)}
        async with acting(tmp_path, actor, hosts=MANY, settings=settings) as system:
            await ask(system, "start_scan", environment=NAME)
            await until(lambda: actor.together == most)
            for event in actor.held.values():
                event.set()
            assert (await system.scans.finished(NAME, "1")).status == "completed"
            assert actor.most == most

    run(work())


def test_so_many_sources_at_a_time_on_one_host(tmp_path: Path) -> None:
    async def work() -> None:
        actors = [Actor(f"actor{n}") for n in range(5)]
        hold = asyncio.Event()
        for actor in actors:
            actor.held["h1"] = hold
        async with acting(tmp_path, *actors, hosts="{h1: {}}", settings="scans: {per_host: 2}") as system:
            await ask(system, "start_scan", environment=NAME)
            await until(lambda: sum(actor.together for actor in actors) == 2)
            now = await ask(system, "show_scan", environment=NAME, id="1")
            assert [look.status for look in now.progress.looks] == ["running"] * 2 + ["waiting"] * 3
            hold.set()
            assert (await system.scans.finished(NAME, "1")).status == "completed"

    run(work())


def test_a_look_that_does_not_end_is_ended(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        actor.held["h1"] = asyncio.Event()
        async with acting(tmp_path, actor, settings="scans: {patience: 0.2}") as system:
            done = await scanned(system)
            assert done.status == "completed_with_errors"
            assert [(error.host, error.message) for error in done.errors] == [("h1", "not done within 0.2 s")]
            assert stale(system) == {"actor@h1"}
            actor.held.clear()
            assert (await scanned(system)).status == "completed" and not stale(system)

    run(work())


def test_a_watch_steps_aside_for_a_scan_and_goes_on(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor(watches=True)
        async with acting(tmp_path, actor) as system:
            system.watch(NAME)
            await until(lambda: sorted(actor.watched) == ["h1", "h2"])
            actor.devices = {"h1": ["tap1"], "h2": ["tap2"]}
            done = await scanned(system)
            assert (done.status, actor.most) == ("completed", 2)
            assert devices(system) == {"h1/dev:tap1", "h2/dev:tap2"}
            await until(lambda: len(actor.watched) == 4)
            posts = await ask(system, "get_schedule", environment=NAME)
            assert {(post.state, post.failures) for post in posts.items} == {("running", 0)}

    run(work())


def test_a_host_that_cannot_be_looked_at_as_declared_is_an_error(tmp_path: Path) -> None:
    async def work() -> None:
        async with acting(tmp_path, Actor(), hosts=f"{{h1: {{}}, h2: {{pid_file: {tmp_path}/none}}}}") as system:
            done = await scanned(system)
            assert done.status == "completed_with_errors"
            (error,) = done.errors
            assert error.host == "h2" and "holds no pid" in error.message

    run(work())


def test_an_agent_that_is_away_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calipso.runtime.looking.AGENT_PATIENCE", 0.1)

    async def work() -> None:
        async with acting(tmp_path, Actor(), hosts="{h1: {}, h2: {agent: true}}") as system:
            done = await scanned(system)
            assert done.status == "completed_with_errors"
            assert [(error.host, error.message) for error in done.errors] == [("h2", "the agent is away")]

    run(work())


def test_clear_ends_what_nothing_looks_at_any_more_but_not_after_an_error(tmp_path: Path) -> None:
    async def work() -> None:
        actor = Actor()
        async with acting(tmp_path, actor) as system:
            await scanned(system)
            await system.put_environment(f"name: {NAME}\nhosts: {{h1: {{}}, h3: {{}}}}\n")
            actor.failing["h3"] = Unreachable("h3: no route")
            done = await scanned(system, clear=True)
            assert done.cleared == [] and "h2/dev:tap0" in devices(system)
            actor.failing.clear()
            done = await scanned(system, clear=True)
            assert sorted(done.cleared) == ["actor@h2", "actor@h2:netns:blue"]
            assert devices(system) == {"h1/dev:tap0", "h3/dev:tap0"} and not stale(system)

    run(work())


def test_links_and_cliques_without_looking(tmp_path: Path) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            for only in ("links", "cliques"):
                begun = await ask(system, "start_scan", only=only)
                await system.scans.finished(ESTATE, begun.id)
            links = await ask(system, "show_scan", id="1")
            assert (links.status, links.corrected) == ("completed", 0) and links.links > 50
            assert links.progress.total == 0
            cliques = await ask(system, "show_scan", id="2")
            assert {"instance", "vservice", "network"} <= set(cliques.cliques)

    run(work())


@pytest.mark.parametrize(
    "plan",
    [{"object_id": "h1", "clear": True}, {"object_id": "h1", "only": "links"}, {"clear": True, "only": "cliques"}],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, plan: dict[str, object]) -> None:
    async def work() -> None:
        async with estate(tmp_path) as system:
            with pytest.raises(QueryError):
                await ask(system, "start_scan", **plan)

    run(work())


def test_the_newest_are_kept(tmp_path: Path) -> None:
    async def work() -> None:
        async with acting(tmp_path, Actor(), settings="scans: {keep: 3}") as system:
            for _ in range(5):
                await scanned(system)
            assert [each.id for each in (await ask(system, "get_scans", environment=NAME)).items] == ["5", "4", "3"]
            assert (await ask(system, "get_scans", environment=NAME, limit=1)).total == 3
            assert (await ask(system, "show_scan", environment=NAME)).id == "5"
        async with acting(tmp_path, Actor()) as system:
            assert (await scanned(system)).id == "6"

    run(work())


def test_what_was_seen_meanwhile_by_others_stays(tmp_path: Path) -> None:
    """An import into the same environment is no part of a scan."""

    async def work() -> None:
        actor = Actor()
        async with acting(tmp_path, actor) as system:
            other = Scope("import", "h8")
            await system.site(NAME).put([Seen(other, (actor.device("h8", "tap8"),)), RunEnded(other, "completed")])
            assert (await scanned(system)).status == "completed"
            assert "h8/dev:tap8" in devices(system)

    run(work())
