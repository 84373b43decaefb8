"""Parts of an agent that need no server: its queue on disk, the looks it is in the middle of, its sending."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calipso.errors import ParseError, StoreError
from calipso.model.environment import Environment, Host
from calipso.model.record import Observation, Record, RunBegan, RunEnded, RunResumed, Scope, ScopeGone, Seen
from calipso.runtime import feed, turn
from calipso.runtime.agent import Agent, Server
from calipso.runtime.delivery import WINDOW
from calipso.runtime.runs import Runs
from calipso.runtime.spool import Spool, SpoolFull
from calipso.seams import Manifest, SourceConfig, Transport
from calipso.transports.local import LocalTransport
from tests.support.waiting import until

SCOPE = Scope("linux", "h1", "netns:blue")


def seen(*names: str) -> Seen:
    return Seen(SCOPE, tuple(Record(f"h1/dev:{name}", "netlink", "tun", {"name": name}) for name in names))


def test_a_spool_keeps_what_was_not_delivered_over_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    assert [spool.put(b"a"), spool.put(b"b"), spool.put(b"c")] == [1, 2, 3]
    spool.delivered(1)
    spool.close()
    again = Spool(tmp_path / "spool.db")
    assert again.id == spool.id
    assert again.after(0) == [(2, b"b"), (3, b"c")]
    again.delivered(3)
    assert (len(again), again.size) == (0, 0)
    again.close()
    assert Spool(tmp_path / "spool.db").put(b"d") == 4, "numbers are never given twice"


def test_a_full_spool_says_so_and_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", largest=10)
    spool.put(b"12345678")
    with pytest.raises(SpoolFull):
        spool.put(b"123")
    assert spool.clear() == 1
    assert spool.put(b"123") == 2
    (tmp_path / "other.db").write_bytes(b"not a database, and long enough to be none" * 100)
    with pytest.raises(StoreError, match=r"other\.db"):
        Spool(tmp_path / "other.db")


def test_looks_are_resumed_as_far_as_the_server_has_them() -> None:
    runs = Runs()
    runs.note(1, [RunBegan(SCOPE), seen("a")])
    runs.note(2, [seen("b")])
    runs.note(3, [RunEnded(SCOPE, "completed"), RunBegan(SCOPE), seen("c")])
    assert runs.resume(0) == []
    assert runs.resume(1) == [RunResumed(SCOPE, (("h1/dev:a", "netlink"),))]
    assert runs.resume(2) == [RunResumed(SCOPE, (("h1/dev:a", "netlink"), ("h1/dev:b", "netlink")))]
    assert runs.resume(3) == [RunResumed(SCOPE, (("h1/dev:c", "netlink"),))]
    runs.delivered(3)
    assert runs.resume(3) == [RunResumed(SCOPE, (("h1/dev:c", "netlink"),))]
    assert runs.whole == {SCOPE}
    runs.note(4, [ScopeGone(SCOPE)])
    assert runs.whole == set()


def test_parts_come_back_as_they_were_and_garbage_is_refused() -> None:
    said = (RunBegan(SCOPE), seen("a", "b"), RunEnded(SCOPE, "completed"))
    number, body = feed.unframe(feed.frame(7, feed.pack(said)))
    assert (number, feed.unpack(body)) == (7, said)
    for bad in (b"", b"1234567", feed.frame(1, b"garbage")):
        with pytest.raises(ParseError):
            feed.unpack(feed.unframe(bad)[1])


class Deaf:
    """A source whose watch hears only the second time that it is to end, as `asyncio.wait_for` of Python 3.11 may."""

    manifest = Manifest(name="deaf", title="test", facets=("netlink",), types=("tun",), watches=True)

    def __init__(self) -> None:
        self.begun = False

    def collect(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        return self.watch(transport, config)

    async def watch(self, transport: Transport, config: SourceConfig) -> AsyncIterator[Observation]:
        yield RunBegan(SCOPE)
        self.begun = True
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()


def test_an_agent_that_is_told_to_stop_ends_though_a_source_does_not_hear_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "INSISTED", 0.05)
    spool, source = Spool(tmp_path / "spool.db"), Deaf()
    welcome = feed.Welcome(0, Environment(name="e", hosts={"h1": Host()}))
    spool.remember("welcome", msgspec.json.encode(welcome).decode())

    async def scenario() -> None:
        agent = Agent(Server("http://127.0.0.1:9"), "e", "h1", spool, {"deaf": source}, lambda _: LocalTransport())
        running = asyncio.create_task(agent.run())
        while not source.begun:  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.01)
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=30)
        assert done and running.cancelled()

    asyncio.run(scenario())
    spool.close()


def test_answers_that_come_while_sending_are_not_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        spool = Spool(tmp_path / "spool.db")
        agent = Agent(Server("http://nowhere"), "e", "h1", spool, {}, lambda _: LocalTransport())
        sent: list[int] = []

        class Socket:
            """Everything is acknowledged at once when the window is full, and never again."""

            async def send(self, data: bytes) -> None:
                sent.append(feed.unframe(data)[0])
                if len(sent) == WINDOW:
                    agent._note(WINDOW)

        for _ in range(WINDOW + 3):
            spool.put(b"part")
        sending: asyncio.Task[Any] = asyncio.create_task(agent._changes.send(Socket()))  # type: ignore[arg-type]
        await until(lambda: len(sent) == WINDOW + 3)
        assert sent == list(range(1, WINDOW + 4))
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    asyncio.run(scenario())


def test_an_agent_whose_parts_were_dropped_waits_for_new_ones(tmp_path: Path) -> None:
    class Socket:
        def __init__(self) -> None:
            self.sent: list[int] = []

        async def send(self, data: bytes) -> None:
            self.sent.append(feed.unframe(data)[0])

    async def scenario() -> None:
        spool, socket = Spool(tmp_path / "spool.db"), Socket()
        agent = Agent(Server("http://nowhere"), "e", "h1", spool, {}, lambda _: LocalTransport())
        spool.put(b"a")
        spool.clear()
        sending: asyncio.Task[Any] = asyncio.create_task(agent._changes.send(socket))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        assert socket.sent == []
        agent._spool([seen("a")])
        await until(lambda: socket.sent)
        assert socket.sent == [2]
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    asyncio.run(scenario())
