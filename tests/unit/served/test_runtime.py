"""What the runtime promises: nothing visible that is not kept, one writer, moments as people say them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from calipso.errors import ConfigError, Conflict, QueryError, StoreError, Unreachable
from calipso.graph.value import Delta, Graph
from calipso.model.environment import Environment
from calipso.model.record import Observation, Record, RunBegan, RunEnded, Scope, Seen
from calipso.runtime import at, lock, tokens
from calipso.runtime.collect import Collection
from calipso.runtime.home import Home
from calipso.runtime.ring import Ring
from calipso.runtime.system import opened
from calipso.seams import Manifest, SourceConfig, Transport
from calipso.stores.sqlite.store import SqliteStore
from tests.support.estate import CODEC, ENVIRONMENT
from tests.support.waiting import until

NOON = at.moment("2026-01-31T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("now", 0),
        ("-5m", -300),
        ("2h", -7200),
        ("-1.5d", -129600),
        ("-250ms", -0.25),
        ("2026-01-31T13:00:00+00:00", 3600),
        ("2026-01-31T12:00:00+01:00", -3600),
    ],
)
def test_moments(text: str, seconds: float) -> None:
    assert at.moment(text, NOON) == NOON + int(seconds * 1e6)


@pytest.mark.parametrize("text", ["teatime", "5", "-5 minutes", "2026-13-01"])
def test_what_is_no_moment_is_told_the_forms(text: str) -> None:
    with pytest.raises(QueryError) as error:
        at.moment(text)
    assert "-5m" in error.value.hint


def test_the_ring_gives_the_value_that_was_current_or_nothing() -> None:
    numbers, ring = random.Random(1), Ring()
    ticks, value = [], Graph(ENVIRONMENT, CODEC)
    for _ in range(400):
        later = value.copy()
        later.ts = value.ts + numbers.choice([50_000, 400_000, 3_000_000, 90_000_000])
        ring.add(value, later.ts)
        ticks.append((value, later.ts))
        value = later
    given = 0
    for held, end in ticks:
        for moment in (held.ts, (held.ts + end) // 2, end - 1):
            found = ring.get(moment)
            assert found is None or found is held
            given += found is held
    assert given > 0 and len(ring._values) < 130


def test_the_token_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token = tokens.admin_token(file)
    assert token == tokens.admin_token(file) and file.stat().st_mode & 0o777 == 0o600
    assert tokens.matches(token, token) and not tokens.matches(token[:-1], token)
    file.write_text("short")
    with pytest.raises(ConfigError, match="holds no token"):
        tokens.admin_token(file)


def test_one_writer_a_folder(tmp_path: Path) -> None:
    first = lock.WriterLock(tmp_path / "lock", tmp_path / "server.json")
    first.announce("http://127.0.0.1:1")
    found = lock.running(tmp_path / "lock", tmp_path / "server.json")
    assert found is not None and found.url == "http://127.0.0.1:1"
    with pytest.raises(Conflict):
        lock.WriterLock(tmp_path / "lock", tmp_path / "server.json")
    first.release()
    assert lock.running(tmp_path / "lock", tmp_path / "server.json") is None
    lock.WriterLock(tmp_path / "lock", tmp_path / "server.json").release()


def test_the_folder_follows_the_variables() -> None:
    assert Home.default({"CALIPSO_HOME": "/x/y"}).path == Path("/x/y")
    assert Home.default({"XDG_STATE_HOME": "/s", "HOME": "/h"}).path == Path("/s/calipso")
    assert Home.default({"HOME": "/h"}).path == Path("/h/.local/state/calipso")


def record(name: str) -> Record:
    return Record(f"h1/dev:{name}", "netlink", "tun", {"name": name, "host": "h1"})


def test_nothing_is_visible_before_it_is_kept_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refusing = SqliteStore.append, {"now": True}

    def append(self: SqliteStore, delta: Delta, marks: Mapping[str, int]) -> None:
        if refusing["now"]:
            raise StoreError("the disk is full")
        real(self, delta, marks)

    async def work() -> None:
        home = Home(tmp_path)
        async with opened(home, "local") as system:
            monkeypatch.setattr(SqliteStore, "append", append)
            monkeypatch.setattr("calipso.runtime.writer.RETRY", 0.05)
            site = system.site("local")
            putting = asyncio.create_task(site.put([Seen(Scope("test", "h1"), (record("a"),))]))
            await until(lambda: "disk is full" in site.trouble)
            assert site.graph().resolve("h1/dev:a") is None
            refusing["now"] = False
            await putting
            assert site.graph().resolve("h1/dev:a") is not None and site.trouble == ""
        async with opened(home, "local") as system:
            assert system.site("local").graph().resolve("h1/dev:a") is not None

    asyncio.run(work())


class Broken:
    """A source that says something and then fails in a way nobody foresaw."""

    manifest = Manifest(name="broken", title="Broken", facets=("netlink",), types=("tun",))

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        scope = Scope("broken", config.host)
        yield RunBegan(scope)
        yield Seen(scope, (record("b"),))
        raise self.error

    watch = collect


class Whole(Broken):
    """One that works."""

    manifest = Manifest(name="whole", title="Whole", facets=("netlink",), types=("tun",))

    async def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        scope = Scope("whole", config.host)
        yield RunBegan(scope)
        yield Seen(scope, (record("w"),))
        yield RunEnded(scope, "completed")


class Nothing:
    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("error", [Unreachable("h1: nobody there"), ZeroDivisionError("a bug")])
def test_a_source_that_fails_is_data_and_others_go_on(tmp_path: Path, error: Exception) -> None:
    async def work() -> None:
        async with opened(Home(tmp_path), "local") as system:
            sources = {"broken": Broken(error), "whole": Whole(error)}
            collection = Collection(
                Environment(name="local"), sources, lambda host: Nothing(), this_host="h1"  # type: ignore[arg-type,return-value]
            )  # fmt: skip
            site = system.site("local")
            errors = [error for post in collection.posts for error in await collection.look(post, site.writer)]
            await site.writer.settled()
            assert [each.where for each in errors] == ["broken@h1"]
            states = {state.scope.source: state for state in site.scopes()}
            assert states["broken"].stale and not states["whole"].stale
            assert {head.name for head in site.writer.graph.objects()} == {"b", "w"}

    asyncio.run(work())
